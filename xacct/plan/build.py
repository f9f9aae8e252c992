"""
From grants, expanded, and what their accounts hold, to one plan.

Grants are taken one after the other, each against what the ones before it leave, so that two grants that
share a provider make it once. Findings and the access delta are computed here, and nowhere else for a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Blueprint, Grant, Intent
from xacct.errors import Problem, XacctError
from xacct.iam.things import (
    AccountThings,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    PolicyAttachment,
    ThingKey,
)
from xacct.lint.context import LintContext
from xacct.lint.model import Finding
from xacct.plan.contract import check_contract
from xacct.plan.diff import Difference, diff_grant, diff_removal
from xacct.plan.model import AccountPlan, Change, GrantRef, Plan
from xacct.plan.perform import after_changes
from xacct.plan.reach import Reach, reach_of
from xacct.plan.snapshot import ReadScope, Snapshot

__all__ = ["PlanOptions", "find_in", "grant_digest", "lint_context", "make_plan", "read_scopes"]


@attrs.frozen(kw_only=True)
class PlanOptions:
    """
    What a plan is made under.

    ``created_at`` is ISO 8601 in UTC and ``today`` its day, passed in because the core has no clock.
    ``owned_accounts`` are those the project names as the user's own. ``removal`` plans the removal of what
    the grants made; ``force_foreign`` takes off what others attached.
    """

    target: str
    created_at: str
    today: date
    offline: bool = False
    removal: bool = False
    force_foreign: bool = False
    owned_accounts: frozenset[str] = frozenset()


def read_scopes(expansions: Iterable[Expansion], *, path: str = "/xacct/") -> dict[str, ReadScope]:
    """Say what must be read of which account to plan these grants."""
    keys: dict[str, set[ThingKey]] = {}
    for expansion in expansions:
        for account, things in expansion.things.items():
            keys.setdefault(account, set()).update(thing.key for thing in things)
    return {account: ReadScope(keys=frozenset(found), path=path) for account, found in keys.items()}


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
    """What has been planned so far in one account."""

    snapshot: Snapshot
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
        self.problems: list[Problem] = []
        going = {expansion.role.name for expansion in expansions if expansion.role and options.removal}
        self.work = {
            account: _AccountWork(_without(snapshot, going)) for account, snapshot in snapshots.items()
        }

    def add(self, expansion: Expansion) -> None:
        for account in expansion.order:
            work = self.work[account]
            difference = self.difference(expansion, account, work.snapshot)
            self.problems += difference.problems
            before = work.snapshot.things
            after = after_changes(before, difference.changes)
            work.snapshot = attrs.evolve(work.snapshot, things=after)
            work.changes += difference.changes
            work.grants.append(_reference(expansion, account, removal=self.options.removal))
            work.reach += reach_of(
                expansion.grant.name, difference.changes, before, after, work.snapshot.policy_documents
            )
            if not self.options.removal:
                work.findings += find_in(expansion, account, self.options, self.expansions)

    def difference(self, expansion: Expansion, account: str, snapshot: Snapshot) -> Difference:
        compare = diff_removal if self.options.removal else diff_grant
        return compare(
            expansion.grant.name,
            expansion.things[account],
            snapshot,
            force_foreign=self.options.force_foreign,
        )

    def account_plan(self, account: str) -> AccountPlan:
        from xacct.plan.reach import overall
        from xacct.plan.rights import required_permissions
        from xacct.plan.work import steps_of_changes

        work = self.work[account]
        containment = {found.role: found.containment for found in work.reach if found.role}
        partition = work.snapshot.things.partition
        steps = steps_of_changes(work.changes, containment)
        return AccountPlan(
            account=account,
            partition=partition,
            grants=tuple(work.grants),
            changes=tuple(work.changes),
            access_delta=tuple(row for found in work.reach for row in found.rows),
            verdict=overall(found.verdict for found in work.reach),
            containment=containment,
            findings=tuple(work.findings),
            required_permissions=required_permissions(
                steps,
                account,
                partition,
                ReadScope(keys=frozenset(change.key for change in work.changes)),
                work.snapshot.things,
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


def _reference(expansion: Expansion, account: str, *, removal: bool) -> GrantRef:
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


# -- findings ------------------------------------------------------------------------------------------------


def find_in(
    expansion: Expansion, account: str, options: PlanOptions, others: Sequence[Expansion] = ()
) -> list[Finding]:
    """What the rules find in what one grant asks for in one account, with what the grant accepts marked."""
    from xacct.lint.accept import Acceptance, accept
    from xacct.lint.check import check_policy, check_role

    things = AccountThings(account, expansion.things[account], expansion.partition)
    context = lint_context(expansion, account, options, others)
    found: list[Finding] = []
    for role in things.roles:
        found += check_role(role, things.policies_of_role(role.name), context)
    carried = _documents_on_roles(things)
    for thing in things:
        if isinstance(thing, (GroupPolicy, ManagedPolicy)) and thing.key not in carried:
            found += check_policy(thing.document, "permission", context)
    placed = [_placed(finding, expansion) for finding in found]
    if account == expansion.account:
        placed += check_contract(expansion)
    accepted = tuple(
        Acceptance(rule=item.rule, reason=item.reason, until=item.until) for item in expansion.grant.accept
    )
    return [*accept(placed, accepted, options.today)]


def _documents_on_roles(things: AccountThings) -> set[object]:
    attached = {
        thing.policy_arn
        for thing in things
        if isinstance(thing, PolicyAttachment) and thing.holder_type is HolderType.ROLE
    }
    return {
        thing.key
        for thing in things
        if isinstance(thing, ManagedPolicy) and thing.arn(things.account, things.partition) in attached
    }


def lint_context(
    expansion: Expansion, account: str, options: PlanOptions, others: Sequence[Expansion] = ()
) -> LintContext:
    """What the rules are told about the accounts of this grant, and about the other grants of the run."""
    trusted = frozenset(expansion.values.get("trusted_account", ()))
    vendor = expansion.blueprint.intent is Intent.VENDOR
    elsewhere = {
        value: other.grant.name
        for other in others
        if other.grant.name != expansion.grant.name
        for value in other.values.get("external_id", ())
    }
    return LintContext(
        account=account,
        partition=expansion.partition,
        owned_accounts=options.owned_accounts | {expansion.account} | (frozenset() if vendor else trusted),
        third_party_accounts=trusted if vendor else frozenset(),
        role=expansion.role_arn,
        grant=expansion.grant.name,
        external_ids_elsewhere=elsewhere,
        today=options.today,
    )


def _placed(finding: Finding, expansion: Expansion) -> Finding:
    """Name the line of the grant that a finding about its documents comes from, as near as can be told."""
    grant = expansion.grant
    text = finding.path.lower() + finding.message.lower()
    if "externalid" in text or "external id" in text:
        path = "parameters.external_id"
    elif finding.rule.startswith("XA4"):
        path = "permissions"
    else:
        path = "parameters"
    return attrs.evolve(
        finding, grant=grant.name, file=grant.file, line=grant.line(path) or grant.line("name")
    )
