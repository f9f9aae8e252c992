"""Whether a saved plan still fits: account, grants and blueprints as they were when it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xacct.errors import Problem, StalePlanError
from xacct.iam.things import GroupMember, GroupPolicy, PolicyAttachment, Role, RolePolicy, Thing
from xacct.plan.model import AccountPlan, Change, ChangeKind, Plan
from xacct.plan.revoke import is_revocation
from xacct.plan.snapshot import ReadScope, Snapshot

__all__ = ["check_fresh", "scopes_of"]


def scopes_of(plan: Plan) -> dict[str, ReadScope]:
    """What must be read again to check a plan."""
    return {
        account.account: ReadScope(keys=frozenset(change.key for change in account.changes))
        for account in plan.accounts
    }


def check_fresh(plan: Plan, snapshots: Mapping[str, Snapshot], digests: Mapping[str, str | None]) -> None:
    """
    Compare each thing of the plan with what stands now.

    ``digests`` has, by grant, what the grant's file and blueprint come to today; None where the file is gone
    or says nothing any more; a grant that is missing is not compared. Raises StalePlanError with everything
    that moved.
    """
    moved = [
        problem
        for account in plan.accounts
        for problem in (*_moved_things(account, snapshots[account.account]), *_moved_grants(account, digests))
    ]
    if moved:
        raise StalePlanError(dict.fromkeys(moved))


_FIX = "make the plan anew, and look at what it shows"


def _moved_things(account: AccountPlan, snapshot: Snapshot) -> Iterator[Problem]:
    real = [change for change in account.changes if change.kind is not ChangeKind.NONE]
    held = snapshot.things.things
    if real and all(_reached(change, held.get(change.key)) for change in real):
        yield Problem(
            "all that the plan would do stands already: it was applied before",
            account.account,
            "nothing is left to do; xacct plan shows where things stand",
            "applied-before",
        )
        return
    for change in account.changes:
        live = held.get(change.key)
        if not _same(change.before, live):
            yield Problem(_what_moved(change.before, live, str(change.key)), account.account, _FIX, "stale")
    planned = {change.key for change in account.changes}
    for thing in _held_but_unplanned(account, snapshot):
        if thing.key not in planned:
            yield Problem(f"{thing.key} was added since the plan was made", account.account, _FIX, "stale")


def _reached(change: Change, live: Thing | None) -> bool:
    """Whether the thing is as the plan would leave it; a role that was made has an ID by now."""
    if change.before is None and change.after is not None:
        return live == change.after
    return _same(change.after, live)


def _same(one: Thing | None, other: Thing | None) -> bool:
    if isinstance(one, Role) and isinstance(other, Role) and one.unique_id != other.unique_id:
        return False
    return one == other


def _what_moved(before: Thing | None, live: Thing | None, name: str) -> str:
    if live is None:
        return f"{name} is gone"
    if before is None:
        return f"{name} exists now"
    if isinstance(before, Role) and isinstance(live, Role) and before.unique_id != live.unique_id:
        return f"{name} was deleted and made anew: its unique ID is {live.unique_id}, not {before.unique_id}"
    return f"{name} changed"


def _held_but_unplanned(account: AccountPlan, snapshot: Snapshot) -> Iterator[Thing]:
    holders = {change.name for change in account.changes if isinstance(change.before or change.after, Role)}
    groups = {change.name for change in account.changes if change.type.value == "group"}
    for thing in snapshot.things:
        match thing:
            case RolePolicy() if thing.role in holders and not is_revocation(thing):
                yield thing
            case PolicyAttachment() if thing.holder in holders:
                yield thing
            case GroupPolicy() | GroupMember() if thing.group in groups:
                yield thing
            case _:
                pass


def _moved_grants(account: AccountPlan, digests: Mapping[str, str | None]) -> Iterator[Problem]:
    for grant in account.grants:
        if grant.name in digests and digests[grant.name] != grant.digest:
            gone = digests[grant.name] is None
            yield Problem(
                f"the grant {grant.name} {'is gone' if gone else 'or its blueprint changed'}",
                grant.file or "",
                _FIX,
                "stale",
            )
