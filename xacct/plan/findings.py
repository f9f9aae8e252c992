"""What the rules and the contract find in a grant, at the lines of the grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Grant, Intent
from xacct.iam.things import (
    AccountThings,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    PolicyAttachment,
)
from xacct.lint.context import LintContext
from xacct.lint.model import Finding
from xacct.plan.contract import check_contract
from xacct.plan.options import PlanOptions

__all__ = ["ExternalIds", "external_ids", "find_in", "lint_context"]

ExternalIds: TypeAlias = Mapping[str, Sequence[str]]
"""The grants of a run, by name, that each external ID stands in."""


def external_ids(expansions: Iterable[Expansion]) -> ExternalIds:
    """Which external ID stands in which grants: two vendors, or two customers of one, must not share it."""
    found: dict[str, list[str]] = {}
    for expansion in expansions:
        for value in expansion.values.get("external_id", ()):
            found.setdefault(value, []).append(expansion.grant.name)
    return found


def find_in(
    expansion: Expansion, account: str, options: PlanOptions, ids: ExternalIds | None = None
) -> list[Finding]:
    """
    What the rules find in what one grant asks for in one account, with what the grant accepts marked.

    ``ids`` are the external IDs of all grants of the run.
    """
    from xacct.lint.accept import Acceptance, accept
    from xacct.lint.check import check_policy, check_role

    things = AccountThings(account, expansion.things[account], expansion.partition)
    context = lint_context(expansion, account, options, ids)
    found: list[Finding] = []
    for role in things.roles:
        found += check_role(role, things.policies_of_role(role.name), context)
    carried = _documents_on_roles(things)
    for thing in things:
        if isinstance(thing, (GroupPolicy, ManagedPolicy)) and thing.key not in carried:
            found += check_policy(thing.document, "permission", context)
    placed = list(dict.fromkeys(_placed(finding, expansion) for finding in found))
    if account == expansion.account:
        placed += check_contract(expansion)
    accepted = tuple(
        Acceptance(rule=item.rule, reason=item.reason, until=item.until) for item in expansion.grant.accept
    )
    return [_at_acceptance(finding, expansion.grant) for finding in accept(placed, accepted, options.today)]


def _at_acceptance(finding: Finding, grant: Grant) -> Finding:
    """Findings about acceptances stand at their line of the grant."""
    if not finding.path.startswith("accept."):
        return finding
    return attrs.evolve(finding, grant=grant.name, file=grant.file, line=grant.line(finding.path))


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
    expansion: Expansion, account: str, options: PlanOptions, ids: ExternalIds | None = None
) -> LintContext:
    """What the rules are told about the accounts of this grant, and about the other grants of the run."""
    trusted = frozenset(expansion.values.get("trusted_account", ()))
    vendor = expansion.blueprint.intent is Intent.VENDOR
    own = expansion.values.get("external_id", ())
    elsewhere = {
        value: name for value in own for name in (ids or {}).get(value, ()) if name != expansion.grant.name
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
    if finding.rule == "XA314" and grant.expires is not None:
        finding = attrs.evolve(
            finding,
            message=f"the grant's last day was {grant.expires.isoformat()}: nobody gets in any more",
            fix="give a later expires, or take the access back whole with xacct destroy",
            path="expires",
        )
        path = "expires"
    elif "externalid" in text or "external id" in text:
        path = "parameters.external_id"
    elif finding.rule.startswith("XA4"):
        path = "permissions"
    else:
        path = "parameters"
    return attrs.evolve(
        finding, grant=grant.name, file=grant.file, line=grant.line(path) or grant.line("name")
    )
