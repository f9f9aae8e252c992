"""
The one place where the sandbox's state changes.

An entity is never altered: a handler puts a new value in the place of the old, so every change passes
through ``World.put`` and ``World.remove``, is known to the store, and can be undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from xacct.sandbox.entities import Entity

__all__ = ["World"]

E = TypeVar("E", bound=Entity)
_Place = tuple[str, str, str]


class World:
    """
    All accounts, in memory.

    ``changes`` holds what was put or removed since the last ``settle``, for the store to write;
    ``roll_back`` undoes it.
    """

    def __init__(self) -> None:
        self._entities: dict[tuple[str, str], dict[str, Entity]] = {}
        self.changes: dict[_Place, Entity | None] = {}
        self._before: dict[_Place, Entity | None] = {}

    def get(self, kind: type[E], scope: str, key: str) -> E | None:
        found = self._entities.get((kind.kind, scope), {}).get(key)
        return found if isinstance(found, kind) else None

    def all(self, kind: type[E], scope: str) -> Iterator[E]:
        """Yield the entities of a kind in the order of their keys; safe against changes on the way."""
        held = self._entities.get((kind.kind, scope), {})
        for key in sorted(held):
            entity = held[key]
            if isinstance(entity, kind):
                yield entity

    def count(self, kind: type[Entity], scope: str) -> int:
        return len(self._entities.get((kind.kind, scope), {}))

    def everywhere(self, kind: type[E]) -> Iterator[E]:
        """Yield the entities of a kind in all accounts."""
        for held_kind, scope in sorted(self._entities):
            if held_kind == kind.kind:
                yield from self.all(kind, scope)

    def put(self, entity: E) -> E:
        self._change((entity.kind, entity.scope, entity.key), entity)
        return entity

    def remove(self, entity: Entity) -> None:
        self._change((entity.kind, entity.scope, entity.key), None)

    def load(self, place: _Place, entity: Entity | None) -> None:
        """Take over what the store read; no change of ours."""
        kind, scope, key = place
        table = self._entities.setdefault((kind, scope), {})
        if entity is None:
            table.pop(key, None)
        else:
            table[key] = entity

    def clear(self) -> None:
        self._entities.clear()
        self.settle()

    def settle(self) -> None:
        self.changes.clear()
        self._before.clear()

    def roll_back(self) -> None:
        for place, entity in self._before.items():
            self.load(place, entity)
        self.settle()

    def _change(self, place: _Place, entity: Entity | None) -> None:
        kind, scope, key = place
        if place not in self._before:
            self._before[place] = self._entities.get((kind, scope), {}).get(key)
        self.load(place, entity)
        self.changes[place] = entity
