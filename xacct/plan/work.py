"""From a plan to the work that apply does: steps in phases, grouped by grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xacct.errors import InputError
from xacct.iam.things import ThingType
from xacct.plan.model import AccountPlan, Change, ChangeKind, Containment, Plan
from xacct.plan.order import order_changes
from xacct.plan.steps import Step
from xacct.values import frozen

__all__ = ["GrantSteps", "canary_first", "steps_of_changes", "work_of"]

_SHARED = (ThingType.OIDC_PROVIDER, ThingType.SAML_PROVIDER)


@frozen(kw_only=True)
class GrantSteps:
    """
    The steps of one grant in one account, in their order.

    ``grant`` is None for what several grants share. Of the same grant there may be several of these, one an
    account and phase; what a run did for a grant is undone over all of them.
    """

    grant: str | None
    account: str
    steps: tuple[Step, ...]


def work_of(plan: Plan, *, now: str = "") -> list[list[GrantSteps]]:
    """
    The work of a plan in phases; a phase starts when the one before it is through.

    Shared providers come before the grants and go after them. One that changes does so after the grants where
    somebody loses trust: those who lose it must not be vouched for by what the provider has become. A grant
    that works in several accounts has its turn in one after the other, in the plan's order; grants and
    accounts of one phase may run side by side.
    ``now`` (ISO 8601) is what a revocation shows.
    """
    first: list[GrantSteps] = []
    last: list[GrantSteps] = []
    turns: dict[str | None, list[GrantSteps]] = {}
    for account in plan.accounts:
        shared = [change for change in account.changes if change.type in _SHARED]
        losing = any(found.trust_loses for found in account.containment.values())
        after = (ChangeKind.DELETE, ChangeKind.UPDATE) if losing else (ChangeKind.DELETE,)
        later = [change for change in shared if change.kind in after]
        first += _part(account, None, [change for change in shared if change not in later], now)
        last += _part(account, None, later, now)
        own = [change for change in account.changes if change.type not in _SHARED]
        for grant, mine in _by_grant(own).items():
            turns.setdefault(grant, []).extend(_part(account, grant, mine, now))
    longest = max((len(parts) for parts in turns.values()), default=0)
    middle = [[parts[turn] for parts in turns.values() if turn < len(parts)] for turn in range(longest)]
    return [phase for phase in (first, *middle, last) if phase]


def canary_first(
    phases: Sequence[Sequence[GrantSteps]], canary: str
) -> tuple[list[list[GrantSteps]], list[list[GrantSteps]]]:
    """
    Part the work into that of one grant, or of the grants of one account, and the rest.

    What the canary's accounts share and make goes with the canary. Raises InputError when nothing of it is to
    be done.
    """
    parts = [part for phase in phases for part in phase]
    chosen = {part.grant for part in parts if part.grant and canary in (part.grant, part.account)}
    accounts = {part.account for part in parts if part.grant in chosen}
    if not chosen:
        raise InputError(
            f"the plan changes nothing of {canary}, so it can't go first",
            where="--canary",
            fix="name a grant or an account of which the plan changes something",
            code="usage",
        )

    def is_first(part: GrantSteps) -> bool:
        if part.grant is not None:
            return part.grant in chosen
        return part.account in accounts and any(step.after is not None for step in part.steps)

    first = [[part for part in phase if is_first(part)] for phase in phases]
    rest = [[part for part in phase if not is_first(part)] for phase in phases]
    return [phase for phase in first if phase], [phase for phase in rest if phase]


def _part(account: AccountPlan, grant: str | None, changes: Sequence[Change], now: str) -> list[GrantSteps]:
    steps = order_changes(changes, account.containment, now=now)
    return [GrantSteps(grant=grant, account=account.account, steps=tuple(steps))] if steps else []


def steps_of_changes(changes: Sequence[Change], containment: Mapping[str, Containment]) -> list[Step]:
    """All steps of one account in order, for counting and for the rights they need."""
    return [step for mine in _by_grant(changes).values() for step in order_changes(mine, containment)]


def _by_grant(changes: Iterable[Change]) -> dict[str | None, list[Change]]:
    found: dict[str | None, list[Change]] = {}
    for change in changes:
        found.setdefault(change.grant, []).append(change)
    return found
