"""
Drift: what somebody did to an account since the last apply, told from what the grant asks for now.

Three states are compared: the grant, what the last apply left, and the account. The second is not stored
anywhere; the digest that apply leaves on a role tells it all the same. Where the grant has that digest, the
last apply left what the grant says; where the account has it, what the account holds; where neither has, both
have moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from xacct.blueprint.expand import Expansion
from xacct.errors import Problem
from xacct.iam.ownership import TAG_DIGEST
from xacct.iam.things import Role, Thing, ThingKey, ThingType
from xacct.plan.diff import diff_grant
from xacct.plan.held import live_digest
from xacct.plan.model import Change, ChangeKind, Reason
from xacct.plan.snapshot import Snapshot
from xacct.values import frozen

__all__ = ["DriftRow", "GrantDrift", "Standing", "TrailEvent", "drift_of"]


class Standing(StrEnum):
    """
    How a grant, its last apply and the account stand to one another.

    ``pending``: the grant moved, the account did not. ``both``: each moved. ``missing``: the account has no
    such role: it was deleted, or never made. ``not_ours``: what stands under that name is another's.
    """

    SAME = "same"
    DRIFTED = "drifted"
    PENDING = "pending"
    BOTH = "both"
    MISSING = "missing"
    NOT_OURS = "not_ours"

    @property
    def is_drift(self) -> bool:
        return self not in (Standing.SAME, Standing.PENDING)


@frozen(kw_only=True)
class DriftRow:
    """
    One aspect in which the grant and the account differ; ``aspect`` is empty where one has no such thing.

    ``applied`` is what the last apply left, known only where ``applied_known``.
    """

    key: ThingKey
    aspect: str
    grant: Thing | None
    live: Thing | None
    applied: Thing | None = None
    applied_known: bool = False


@frozen(kw_only=True)
class TrailEvent:
    """A change that CloudTrail recorded: when (ISO 8601), which call, by whom, from where."""

    at: str
    call: str
    principal: str
    source: str = ""


@frozen(kw_only=True)
class GrantDrift:
    """One grant in one account. ``problems`` say why what stands there is not ours."""

    grant: str
    account: str
    role: str | None
    standing: Standing
    rows: tuple[DriftRow, ...] = ()
    problems: tuple[Problem, ...] = ()


def drift_of(expansion: Expansion, account: str, snapshot: Snapshot) -> GrantDrift:
    """Compare one grant with one account, and both with what the last apply left."""
    desired = expansion.things[account]
    difference = diff_grant(expansion.grant.name, desired, snapshot)
    changes = [change for change in difference.changes if _differs(change)]
    wanted = next((thing for thing in desired if isinstance(thing, Role)), None)
    standing = Standing.NOT_OURS if difference.problems else _standing(wanted, changes, snapshot)
    return GrantDrift(
        grant=expansion.grant.name,
        account=account,
        role=wanted.name if wanted else None,
        standing=standing,
        rows=() if difference.problems else tuple(row for item in changes for row in _rows(item, standing)),
        problems=difference.problems,
    )


def _differs(change: Change) -> bool:
    """Whether grant and account differ there; what others attached to a role of ours counts."""
    if change.kind is not ChangeKind.NONE:
        return True
    return change.reason is Reason.FOREIGN and change.type is ThingType.POLICY_ATTACHMENT


def _standing(wanted: Role | None, changes: list[Change], snapshot: Snapshot) -> Standing:
    if not changes:
        return Standing.SAME
    actual = snapshot.things.role(wanted.name) if wanted else None
    if wanted is None or actual is None:
        made = any(change.before is not None for change in changes)
        return Standing.DRIFTED if made or wanted is None else Standing.MISSING
    applied = actual.tags.get(TAG_DIGEST)
    grant_moved = applied != wanted.tags.get(TAG_DIGEST)
    live_moved = applied != live_digest(snapshot.things, actual)
    if grant_moved and not live_moved:
        return Standing.PENDING
    return Standing.BOTH if grant_moved else Standing.DRIFTED


def _rows(change: Change, standing: Standing) -> Iterator[DriftRow]:
    wanted = None if change.reason is Reason.FOREIGN else change.after
    live = change.before
    applied = {Standing.DRIFTED: wanted, Standing.PENDING: live}.get(standing)
    aspects = change.aspects if change.kind is ChangeKind.UPDATE else ("",)
    for aspect in aspects:
        yield DriftRow(
            key=change.key,
            aspect=aspect,
            grant=wanted,
            live=live,
            applied=applied,
            applied_known=standing in (Standing.DRIFTED, Standing.PENDING) and _is_in_digest(change),
        )


def _is_in_digest(change: Change) -> bool:
    """The digest is of a role with its inline policies and the names of its attached ones."""
    return change.type in (ThingType.ROLE, ThingType.ROLE_POLICY, ThingType.POLICY_ATTACHMENT)
