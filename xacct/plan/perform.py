"""Carrying steps out on values: what an account holds after a call, without an account."""

from __future__ import annotations

from collections.abc import Iterable

from xacct.iam.things import AccountThings, Thing, ThingKey
from xacct.plan.model import Change, ChangeKind
from xacct.plan.steps import Step

__all__ = ["after_changes", "after_steps"]


def after_steps(things: AccountThings, steps: Iterable[Step]) -> AccountThings:
    """What the account holds after these calls."""
    held: dict[ThingKey, Thing] = dict(things.things)
    for step in steps:
        _replace(held, step.key, step.after)
    return AccountThings(things.account, held, things.partition)


def after_changes(things: AccountThings, changes: Iterable[Change]) -> AccountThings:
    """What the account holds after these changes."""
    held: dict[ThingKey, Thing] = dict(things.things)
    for change in changes:
        if change.kind is not ChangeKind.NONE:
            _replace(held, change.key, change.after)
    return AccountThings(things.account, held, things.partition)


def _replace(held: dict[ThingKey, Thing], key: ThingKey, thing: Thing | None) -> None:
    if thing is None:
        held.pop(key, None)
    else:
        held[key] = thing
