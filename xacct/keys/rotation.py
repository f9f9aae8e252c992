"""
The steps that are left of changing a user's key for a new one.

Two things are remembered outside IAM: the place where the secret is kept tells which key it holds, and a
note without secrets tells which keys were there before and which one was made. From both, and the keys as
they are, the rest follows, wherever the last run stopped:

- a key that was made and whose secret did not reach its place is of no use to anybody: it is deleted, and
  another is made;
- a key whose secret is in its place is tried, then the old ones are made inactive;
- only ``finish`` deletes, and only inactive keys beside an active one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

from xacct.errors import InputError
from xacct.keys.model import KEYS_PER_USER, AccessKey
from xacct.values import frozen

__all__ = [
    "Deactivate",
    "Delete",
    "Discard",
    "Make",
    "Note",
    "RotationState",
    "Step",
    "Store",
    "Verify",
    "remaining_steps",
    "spare_key",
]


@frozen(kw_only=True)
class Note:
    """
    What a run wrote down before it made a key.

    ``place`` is where the secret was to go; ``made`` is the new key's ID, ``shown`` tells that its secret was
    shown.
    """

    user: str
    before: tuple[str, ...]
    started: datetime
    place: str = ""
    made: str | None = None
    shown: bool = False


@frozen(kw_only=True)
class RotationState:
    """
    Where things stand. ``held`` is the ID of the key in ``place``, None where none is.

    ``replace`` is the key that the user gave free for deletion, where both places are taken.
    """

    user: str
    keys: tuple[AccessKey, ...]
    held: str | None = None
    note: Note | None = None
    place: str = ""
    replace: str | None = None
    finish: bool = False

    def key(self, key_id: str | None) -> AccessKey | None:
        return next((key for key in self.keys if key.id == key_id), None)


@frozen
class Discard:
    """Delete a key of an earlier run, whose secret nobody has."""

    key_id: str


@frozen
class Delete:
    key_id: str


@frozen
class Make:
    """Make a new key, and see that it works before anything of the old one is given up."""


@frozen
class Store:
    """Put the new secret in its place."""


@frozen
class Verify:
    """Try the key as it is kept; ``key_id`` is None for the one that is still to be made."""

    key_id: str | None = None


@frozen
class Deactivate:
    key_id: str


_SKEW = timedelta(hours=1)  # this machine's clock against IAM's

Step: TypeAlias = Discard | Delete | Make | Store | Verify | Deactivate


def remaining_steps(state: RotationState) -> tuple[Step, ...]:
    """
    What is left to do, in order; nothing when the rotation, or its finish, is done.

    Raises InputError when the user has to decide first: which of two keys may go, or whether to finish.
    """
    if state.finish:
        return tuple(_finishing(state))
    note = state.note
    if note is None or (note.made is not None and state.key(note.made) is None):
        return tuple(_afresh(state))
    made = _made_by(state, note)
    if made is None:
        return tuple(_afresh(state))
    if note.place != state.place:
        raise _elsewhere(state, note)
    if not (state.held == made.id or note.shown):
        return (Discard(made.id or ""), *_making(state, (made.id or "",)))
    return (Verify(made.id), *_deactivating(state, {made.id}))


def _elsewhere(state: RotationState, note: Note) -> InputError:
    return InputError(
        f"an earlier run made {note.made or 'a key'} for {state.user} and may have put its secret "
        f"elsewhere: {note.place}",
        where=state.user,
        fix="run the same with that place, so that the rotation comes to its end there",
        code="other-place",
    )


def _made_by(state: RotationState, note: Note) -> AccessKey | None:
    """The key that the noted run made; without its ID, the unused one that came since."""
    if note.made is not None:
        return state.key(note.made)
    since = [
        key
        for key in state.keys
        if key.id not in note.before and key.last_used is None and key.created >= note.started - _SKEW
    ]
    return since[0] if len(since) == 1 else None


def _afresh(state: RotationState) -> Iterator[Step]:
    gone: tuple[str, ...] = ()
    if state.replace is not None and (state.key(state.replace) or len(state.keys) >= KEYS_PER_USER):
        if state.key(state.replace) is None:
            raise InputError(
                f"{state.user} has no key {state.replace}",
                where="--replace",
                fix=f"its keys are {', '.join(key.id or '' for key in state.keys) or 'none'}",
                code="key",
            )
        gone = (state.replace,)
        yield Delete(state.replace)
    elif len(state.keys) >= KEYS_PER_USER:
        raise _full(state)
    yield from _making(state, gone)


def _making(state: RotationState, gone: tuple[str, ...]) -> Iterator[Step]:
    yield Make()
    yield Store()
    yield Verify()
    yield from _deactivating(state, set(gone))


def _deactivating(state: RotationState, kept: set[str | None]) -> Iterator[Step]:
    yield from (Deactivate(key.id or "") for key in state.keys if key.is_active and key.id not in kept)


def _finishing(state: RotationState) -> Iterator[Step]:
    active = [key for key in state.keys if key.is_active]
    note = state.note
    if note is not None and _made_by(state, note) is not None and len(active) == len(state.keys):
        raise InputError(
            f"the rotation of {state.user} has not come to its end",
            where="--finish",
            fix=f"run xacct keys rotate {state.user} again, without --finish",
            code="unfinished",
        )
    idle = [key for key in state.keys if not key.is_active]
    if idle and not active:
        raise InputError(
            f"{state.user} has no active key; deleting the inactive one would leave none",
            where="--finish",
            fix=f"rotate first: xacct keys rotate {state.user} --profile-name NAME",
            code="last-key",
        )
    yield from (Delete(key.id or "") for key in idle)


def spare_key(keys: tuple[AccessKey, ...]) -> AccessKey:
    """The key that would be missed least: an inactive one, one never used, the one used longest ago."""
    return min(
        keys,
        key=lambda key: (key.is_active, key.last_used or datetime.min.replace(tzinfo=key.created.tzinfo)),
    )


def _full(state: RotationState) -> InputError:
    spare = spare_key(state.keys)
    told = "; ".join(f"{key.id} {_use_of(key)}" for key in state.keys)
    return InputError(
        f"{state.user} has {len(state.keys)} keys already, and IAM allows {KEYS_PER_USER}: {told}",
        where=state.user,
        fix=f"let the one go that is missed least, if nobody uses it: --replace {spare.id}",
        code="two-keys",
    )


def _use_of(key: AccessKey) -> str:
    status = "" if key.is_active else "is inactive, "
    if key.last_used is None:
        return f"{status}was never used"
    service = f" with {key.service}" if key.service else ""
    return f"{status}was last used on {key.last_used.date().isoformat()}{service}"
