"""What ``xacct simulate`` wires together: one grant's role, from its file or live, and one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xacct.cli.wiring import Wiring
from xacct.errors import InputError

if TYPE_CHECKING:
    from xacct.blueprint.expand import Expansion
    from xacct.evaluate.model import ContextValue
    from xacct.iam.policy import PolicyDocument
    from xacct.plan.access import RoleAccess
    from xacct.plan.simulate import Simulation

__all__ = ["role_access", "simulate"]


def role_access(wiring: Wiring, path: str, *, live: bool = False) -> tuple[Expansion, RoleAccess]:
    """
    The role of one grant as the access delta and the simulator take it.

    From the grant's file, or with ``live`` as it stands in the account. Raises InputError when the path
    holds no grant or several, or when the grant has no role.
    """
    from xacct.iam.things import AccountThings
    from xacct.plan.build import read_scopes
    from xacct.plan.reach import role_access

    grants = wiring.grants([path])
    if len(grants) != 1:
        raise InputError(f"{path} holds {len(grants)} grants", fix="name a file with one", code="usage")
    [expansion] = wiring.expansions(grants, offline=not live)
    if expansion.role is None:
        raise InputError(
            f"the grant {grants[0].name} makes no role", where=path, fix="name a grant with a role"
        )
    things = AccountThings(expansion.account, expansion.things[expansion.account], expansion.partition)
    documents: Mapping[str, PolicyDocument] = {}
    if live:
        snapshot = wiring.read(read_scopes([expansion]))[expansion.account]
        things, documents = snapshot.things, snapshot.policy_documents
    access = role_access(things, things.role(expansion.role.name), documents)
    if access is None:
        raise InputError(
            f"account {expansion.account} has no role {expansion.role.name}",
            where=path,
            fix=f"apply the grant first: xacct apply {path}",
            code="no-role",
        )
    return expansion, access


def simulate(
    wiring: Wiring,
    path: str,
    *,
    principal: str,
    action: str,
    resource: str | None,
    context: Mapping[str, ContextValue],
    partial: bool,
    live: bool,
) -> Simulation:
    """Decide one request against a grant, now."""
    from xacct.plan.simulate import simulate

    expansion, access = role_access(wiring, path, live=live)
    region = wiring.settings.region or next(iter(_regions(expansion)), "eu-west-1")
    defaults = {
        "aws:CurrentTime": wiring.now_text,
        "aws:TokenIssueTime": wiring.now_text,
        "aws:RequestedRegion": region,
    }
    return simulate(
        access,
        action=action,
        principal=principal,
        resource=resource,
        context=context,
        defaults=defaults,
        partial=partial,
    )


def _regions(expansion: Expansion) -> list[str]:
    return [region for entry in expansion.grant.permissions for region in entry.regions]
