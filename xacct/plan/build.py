"""
From grants, expanded, and what their accounts hold, to one plan.

Grants are taken one after the other, each against what the ones before it leave, so that two grants that
share a provider make it once. Findings and the access delta are computed here, and nowhere else for a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Blueprint, Grant
from xacct.errors import Problem, XacctError
from xacct.iam.things import AccountThings, ThingKey
from xacct.lint.model import Finding
from xacct.plan.diff import Difference, diff_grant
from xacct.plan.findings import external_ids, find_in
from xacct.plan.holdings import Holdings
from xacct.plan.model import AccountPlan, Change, GrantRef, Plan
from xacct.plan.options import PlanOptions
from xacct.plan.perform import after_changes
from xacct.plan.providers import missing_providers, named_providers
from xacct.plan.prune import Wanted, gone_grants, left_behind, prune
from xacct.plan.reach import Reach, reach_of
from xacct.plan.removal import diff_removal
from xacct.plan.snapshot import ReadScope, Snapshot

__all__ = [
    "compose",
    "grant_digest",
    "grant_reference",
    "make_plan",
    "read_scopes",
    "wanted_of",
]


def wanted_of(expansions: Iterable[Expansion]) -> dict[str, Wanted]:
    """What the grants ask for, account by account."""
    keys: dict[str, set[ThingKey]] = {}
    grants: dict[str, set[str]] = {}
    for expansion in expansions:
        for account, things in expansion.things.items():
            keys.setdefault(account, set()).update(thing.key for thing in things)
            grants.setdefault(account, set()).add(expansion.grant.name)
    return {account: Wanted(grants=grants[account], keys=keys[account]) for account in keys}


def read_scopes(
    expansions: Iterable[Expansion], *, path: str = "/xacct/", ours: bool = False
) -> dict[str, ReadScope]:
    """Say what must be read of which account to plan these grants; ``ours`` to prune as well."""
    expansions = list(expansions)
    named = {expansion.account: named_providers(expansion) for expansion in expansions}
    return {
        account: ReadScope(
            keys=frozenset(wanted.keys) | named.get(account, frozenset()),
            path=path,
            ours=ours,
            providers=ours,
            grants=frozenset(wanted.grants),
        )
        for account, wanted in wanted_of(expansions).items()
    }


def make_plan(
    expansions: Sequence[Expansion], snapshots: Mapping[str, Snapshot], options: PlanOptions
) -> Plan:
    """
    Compose the plan of all grants over all accounts, accounts in the order in which they are worked on.

    Raises XacctError when something in the way is not ours, with all such problems at once.
    """
    planner = _Planner(snapshots, options, expansions)
    for expansion in reversed(expansions) if options.removal else expansions:
        planner.add(expansion)
    planner.add_leftovers()
    if planner.problems:
        raise XacctError(planner.problems)
    order = [account for expansion in expansions for account in expansion.order]
    if options.removal:
        order.reverse()
    accounts = tuple(planner.account_plan(account) for account in dict.fromkeys(order))
    return Plan(
        target=options.target, created_at=options.created_at, accounts=accounts, offline=options.offline
    )


@attrs.define
class _AccountWork:
    """What has been planned so far in one account; ``holdings`` are its things as the plan leaves them."""

    read: Snapshot
    holdings: Holdings
    grants: list[GrantRef] = attrs.field(factory=list)
    changes: list[Change] = attrs.field(factory=list)
    findings: list[Finding] = attrs.field(factory=list)
    reach: list[Reach] = attrs.field(factory=list)


class _Planner:
    def __init__(
        self, snapshots: Mapping[str, Snapshot], options: PlanOptions, expansions: Sequence[Expansion]
    ) -> None:
        self.options = options
        self.expansions = expansions
        self.external_ids = external_ids(expansions)
        self.problems: list[Problem] = []
        # What each account holds or will hold, so that a grant may name it.
        self.known = {
            account: wanted.keys | snapshots[account].things.things.keys()
            for account, wanted in wanted_of(expansions).items()
        }
        going = {expansion.role.name for expansion in expansions if expansion.role and options.removal}
        self.work = {
            account: _AccountWork(_without(snapshot, going), Holdings.of(snapshot.things))
            for account, snapshot in snapshots.items()
        }

    def add(self, expansion: Expansion) -> None:
        for account in expansion.order:
            work = self.work[account]
            grant = expansion.grant.name
            before = work.holdings.around(grant, (thing.key for thing in expansion.things[account]))
            difference = self.difference(expansion, account, attrs.evolve(work.read, things=before))
            self.problems += difference.problems
            if account == expansion.account and not (self.options.removal or self.options.offline):
                self.problems += missing_providers(expansion, self.known[account])
            work.grants.append(grant_reference(expansion, account, removal=self.options.removal))
            self.take(account, grant, difference.changes, before)
            if not self.options.removal:
                work.findings += find_in(expansion, account, self.options, self.external_ids)

    def add_leftovers(self) -> None:
        """What stands under our tag though no grant asks for it: shown, or removed where that is asked."""
        options = self.options
        for account, wanted in wanted_of(self.expansions).items():
            work = self.work[account]
            snapshot = attrs.evolve(work.read, things=work.holdings.whole())
            if options.prune:
                changes = prune(snapshot, wanted, options.today, force=options.force_foreign)
            else:
                changes = left_behind(snapshot, wanted)
            for grant in dict.fromkeys(change.grant or "" for change in changes):
                own = [change for change in changes if (change.grant or "") == grant]
                around = work.holdings.around(grant, (change.key for change in own))
                self.take(account, grant, own, around)
            work.grants += gone_grants(changes, {grant.name for grant in work.grants})

    def take(self, account: str, grant: str, changes: Sequence[Change], before: AccountThings) -> None:
        """Note changes and whose access they touch; what comes after sees the account as they leave it."""
        work = self.work[account]
        after = after_changes(before, changes)
        work.holdings.take(changes)
        work.changes += changes
        work.reach += reach_of(grant, changes, before, after, work.read.policy_documents)

    def difference(self, expansion: Expansion, account: str, snapshot: Snapshot) -> Difference:
        grant, things, options = expansion.grant.name, expansion.things[account], self.options
        if options.removal:
            return diff_removal(grant, things, snapshot, force_foreign=options.force_foreign)
        return diff_grant(
            grant,
            things,
            snapshot,
            force_foreign=options.force_foreign,
            adopt=grant in options.adopt,
        )

    def account_plan(self, account: str) -> AccountPlan:
        work = self.work[account]
        return compose(work.holdings.whole(), work.grants, work.changes, work.reach, work.findings)


def compose(
    things: AccountThings,
    grants: Sequence[GrantRef],
    changes: Sequence[Change],
    reach: Sequence[Reach],
    findings: Sequence[Finding] = (),
) -> AccountPlan:
    """The plan of one account from its parts; ``things`` are what the account holds after the changes."""
    from xacct.plan.reach import overall
    from xacct.plan.revoke import sessions_left
    from xacct.plan.rights import required_permissions
    from xacct.plan.work import steps_of_changes

    containment = {found.role: found.containment for found in reach if found.role}
    steps = steps_of_changes(changes, containment)
    return AccountPlan(
        account=things.account,
        partition=things.partition,
        grants=tuple(grants),
        changes=tuple(changes),
        access_delta=tuple(row for found in reach for row in found.rows),
        verdict=overall(found.verdict for found in reach),
        containment=containment,
        sessions=tuple(sessions_left(changes, containment)),
        findings=tuple(findings),
        required_permissions=required_permissions(
            steps,
            things.account,
            things.partition,
            ReadScope(keys=frozenset(change.key for change in changes)),
            things,
        ),
    )


def _without(snapshot: Snapshot, going: set[str]) -> Snapshot:
    """The snapshot as providers' users will be once these roles are gone."""
    users = {
        arn: tuple(name for name in names if name not in going)
        for arn, names in snapshot.provider_users.items()
    }
    return attrs.evolve(snapshot, provider_users=users)


def grant_digest(grant: Grant, blueprint: Blueprint) -> str:
    """What a plan remembers of a grant and its blueprint, to see later whether they moved."""
    return f"{grant.digest[:32]}{blueprint.digest[:32]}"


def grant_reference(expansion: Expansion, account: str, *, removal: bool) -> GrantRef:
    """The grant as the plan names it; what is told to a reviewer is told in the trusting account."""
    notes: list[str] = []
    if account == expansion.account and not removal:
        notes += expansion.notes
        if expansion.account_wide:
            names = [action.partition(":")[2] for action in expansion.account_wide]
            notes.append(
                f"{len(names)} of Lightsail's actions take no resource, so no tag or ARN limits them here; "
                f"they reach the whole account: {', '.join(names)}"
            )
        notes += [f"left out: {left.action}: {left.why}" for left in expansion.left_out]
    return GrantRef(
        name=expansion.grant.name,
        blueprint=expansion.blueprint.name,
        digest=grant_digest(expansion.grant, expansion.blueprint),
        file=expansion.grant.file,
        notes=tuple(notes),
    )
