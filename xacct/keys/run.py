"""Carrying a rotation out, step by step; cut off anywhere, the next run goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, assert_never

import attrs

from xacct.keys.model import AccessKey
from xacct.keys.rotation import (
    Deactivate,
    Delete,
    Discard,
    Make,
    Note,
    RotationState,
    Step,
    Store,
    Verify,
    remaining_steps,
)
from xacct.values import frozen

__all__ = ["KeyService", "NewKey", "Notes", "Place", "Rotated", "rotate"]


@frozen(kw_only=True)
class NewKey:
    """A key with its secret, which IAM tells once; never printed, never compared."""

    id: str
    secret: str = attrs.field(repr=False, eq=False)


class KeyService(Protocol):
    """IAM, as far as a rotation needs it."""

    def keys(self, user: str) -> tuple[AccessKey, ...]: ...
    def make(self, user: str) -> NewKey: ...
    def deactivate(self, user: str, key_id: str) -> None: ...
    def delete(self, user: str, key_id: str) -> None: ...
    def verify(self, user: str, key: NewKey) -> None:
        """Raises XacctError when the key does not work, or is somebody else's."""
        ...


class Place(Protocol):
    """
    Where the new secret goes. ``keeps`` is False for one that only shows it; ``identity`` is the same for the
    same place, from wherever it is named.
    """

    keeps: bool

    @property
    def identity(self) -> str: ...

    def read(self) -> NewKey | None:
        """The key that is kept there now."""
        ...

    def store(self, key: NewKey) -> None: ...


class Notes(Protocol):
    """What is remembered from one run to the next."""

    def load(self, user: str) -> Note | None: ...
    def save(self, note: Note) -> None: ...
    def clear(self, user: str) -> None: ...


@frozen(kw_only=True)
class Rotated:
    """What a run did, and the keys as they are after it."""

    user: str
    steps: tuple[Step, ...]
    made: str | None
    keys: tuple[AccessKey, ...]


@attrs.define
class _Runner:
    service: KeyService
    place: Place | None
    notes: Notes
    user: str
    new: NewKey | None = None
    note: Note | None = None

    def perform(self, step: Step, before: tuple[AccessKey, ...], now: datetime) -> None:
        match step:
            case Discard(key_id=key_id) | Delete(key_id=key_id):
                self.service.delete(self.user, key_id)
            case Make():
                self._make(before, now)
            case Store():
                self._store()
            case Verify():
                self._verify(step)
            case Deactivate(key_id=key_id):
                self.service.deactivate(self.user, key_id)
            case _:
                assert_never(step)

    def _make(self, before: tuple[AccessKey, ...], now: datetime) -> None:
        held = tuple(key.id for key in before if key.id is not None)
        place = self.place.identity if self.place is not None else ""
        self.note = Note(user=self.user, before=held, started=now, place=place)
        self.notes.save(self.note)
        self.new = self.service.make(self.user)
        self.note = attrs.evolve(self.note, made=self.new.id)
        self.notes.save(self.note)
        # Tried before it takes the place of the old one, whose secret may be nowhere else.
        self.service.verify(self.user, self.new)

    def _store(self) -> None:
        assert self.place is not None and self.new is not None and self.note is not None
        self.place.store(self.new)
        if not self.place.keeps:
            self.note = attrs.evolve(self.note, shown=True)
            self.notes.save(self.note)

    def _verify(self, step: Verify) -> None:
        kept = self.place.read() if self.place is not None else None
        wanted = step.key_id or (self.new.id if self.new else None)
        if kept is not None and kept.id == wanted:
            self.service.verify(self.user, kept)


def _applies(step: Step, place: Place | None) -> bool:
    """What was only shown can't be tried from where it is kept."""
    return not isinstance(step, Verify) or (place is not None and place.keeps)


def rotate(
    service: KeyService,
    place: Place | None,
    notes: Notes,
    user: str,
    *,
    now: datetime,
    replace: str | None = None,
    finish: bool = False,
    on_step: Callable[[Step], None] = lambda _: None,
) -> Rotated:
    """
    Do what is left of a rotation, or with ``finish`` delete the inactive keys.

    ``place`` is needed unless ``finish``. ``on_step`` is told of each step before it is done. Raises
    InputError when the user has to decide something, XacctError when IAM refuses; what was done stands, and
    the next run goes on from there.
    """
    keys = service.keys(user)
    kept = place.read() if place is not None else None
    state = RotationState(
        user=user,
        keys=keys,
        held=kept.id if kept else None,
        note=notes.load(user),
        place=place.identity if place is not None else "",
        replace=replace,
        finish=finish,
    )
    steps = tuple(step for step in remaining_steps(state) if _applies(step, place))
    gone = {step.key_id for step in steps if isinstance(step, Discard | Delete)}
    runner = _Runner(service, place, notes, user, note=state.note)
    for step in steps:
        on_step(step)
        runner.perform(step, tuple(key for key in keys if key.id not in gone), now)
    notes.clear(user)
    return Rotated(
        user=user, steps=steps, made=runner.new.id if runner.new else None, keys=service.keys(user)
    )
