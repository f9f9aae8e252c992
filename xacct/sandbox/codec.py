"""
Entities to JSON and back.

Nothing in the state file names code: the kind picks one of the known classes, and every field is checked
against its type before a value is made.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from xacct.sandbox.entities import ENTITIES, Entity

__all__ = ["StateError", "entity_from_text", "entity_to_text"]

_BY_KIND = {entity.kind: entity for entity in ENTITIES}


class StateError(ValueError):
    """A row of the state file that is not what this version writes."""


def entity_to_text(entity: Entity) -> str:
    return json.dumps(attrs.asdict(entity), ensure_ascii=False, separators=(",", ":"))


def entity_from_text(kind: str, text: str) -> Entity:
    """Raises StateError when the kind is unknown or the text does not fit it."""
    if kind not in _BY_KIND:
        raise StateError(f"unknown kind {kind!r}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StateError(f"{kind}: {error}") from None
    entity = _read(_BY_KIND[kind], data, kind)
    assert isinstance(entity, Entity)
    return entity


@cache
def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in attrs.fields(cls)}


def _read(hint: Any, value: Any, place: str) -> Any:
    if attrs.has(hint):
        return _read_object(hint, value, place)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _read_union(hint, value, place)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(get_args(hint)[0], item, place) for item in value)
    if origin is Mapping and isinstance(value, dict):
        return {key: _read(get_args(hint)[1], item, f"{place}.{key}") for key, item in value.items()}
    if hint in (str, int) and type(value) is hint:
        return value
    raise StateError(f"{place} is not a {hint}")


def _read_union(hint: Any, value: Any, place: str) -> Any:
    if value is None:
        return None
    (inner,) = (option for option in get_args(hint) if option is not type(None))
    return _read(inner, value, place)


def _read_object(cls: Any, value: Any, place: str) -> Any:
    hints = _hints(cls)
    if not isinstance(value, dict) or not value.keys() <= hints.keys():
        raise StateError(f"{place} has unknown fields")
    fields = {name: _read(hints[name], item, f"{place}.{name}") for name, item in value.items()}
    try:
        return cls(**fields)
    except TypeError as error:
        raise StateError(f"{place}: {error}") from None
