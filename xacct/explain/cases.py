"""From what a grant asks for to the case that is explained: who is trusted, and in which way."""

from __future__ import annotations

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Intent
from xacct.evaluate.principals import BUILT_IN_IDENTITY_PROVIDERS
from xacct.explain.case import Case, Party
from xacct.explain.matching import allowing, names_action
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect, PrincipalType, TypedPrincipal
from xacct.iam.things import AccountThings, GroupMember, User
from xacct.plan.access import HolderAccess, RoleAccess
from xacct.plan.reach import role_access

__all__ = ["case_of", "in_the_way_of"]


def case_of(expansion: Expansion, *, reveal: bool = False) -> Case:
    """See a grant's things as a case."""
    things = AccountThings(expansion.account, expansion.things[expansion.account], expansion.partition)
    access = role_access(things, expansion.role, {})
    unknown: tuple[str, ...] = ()
    if access is not None:
        unknown = access.unknown_policies
        # What limits further, or adds, without its document being at hand, is told beside the rest.
        access = attrs.evolve(access, boundary_unknown=False, unknown_policies=())
    found = Case(
        expansion=expansion,
        party=_party(expansion, access),
        access=access,
        holders=_holders(expansion) if access is None else None,
        boundary=_boundary(expansion),
        unknown_policies=unknown,
        reveal=reveal,
    )
    return _as_shown(found) if found.is_mixed else found


def in_the_way_of(case: Case, action: str) -> Case | None:
    """The case as seen by those who get a session by this call of STS alone; None where nobody may by it."""
    if case.access is None or not allowing(case.access.trust, action):
        return None
    kept = [
        attrs.evolve(one, actions=(action,)) if one.effect is Effect.ALLOW else one
        for one in case.access.trust.statements
        if one.effect is Effect.DENY or names_action(one, action)
    ]
    access = attrs.evolve(case.access, trust=attrs.evolve(case.access.trust, statements=tuple(kept)))
    found = attrs.evolve(case, access=access, party=_party(case.expansion, access))
    return _as_shown(found) if found.is_mixed else found


def _as_shown(case: Case) -> Case:
    """Of a trust of several kinds, as seen by the caller of the example."""
    if case.witness is None or case.access is None:
        return case
    principal = TypedPrincipal(PrincipalType.AWS, case.witness.principal).canonical
    if "-provider/" in principal.value or principal.value in BUILT_IN_IDENTITY_PROVIDERS:
        principal = attrs.evolve(principal, type=PrincipalType.FEDERATED)
    elif Arn.try_parse(principal.value) is None:
        principal = attrs.evolve(principal, type=PrincipalType.SERVICE)
    statements = [
        attrs.evolve(one, principals=(principal,))
        for one in case.access.trust.statements
        if one.effect is Effect.ALLOW
    ]
    alone = attrs.evolve(case.access, trust=attrs.evolve(case.access.trust, statements=tuple(statements)))
    return attrs.evolve(case, party=_party(case.expansion, alone))


def _boundary(expansion: Expansion) -> str | None:
    if expansion.role is not None:
        return expansion.role.boundary
    users = [thing for thing in expansion.things[expansion.account] if isinstance(thing, User)]
    return next((user.boundary for user in users if user.boundary), None)


def _party(expansion: Expansion, access: RoleAccess | None) -> Party:
    if access is None:
        return Party.GROUP
    allowing = [one for one in access.trust.statements if one.effect is Effect.ALLOW]
    principals = [principal for one in allowing for principal in one.principals or ()]
    kinds = {principal.type for principal in principals}
    if PrincipalType.FEDERATED in kinds:
        saml = any(":saml-provider/" in principal.value for principal in principals)
        return Party.SAML if saml else Party.WEB
    if kinds == {PrincipalType.SERVICE}:
        return Party.SERVICE
    keys = {condition.key.lower() for one in allowing for condition in one.conditions}
    if {_account(principal.value) for principal in principals} <= {expansion.account}:
        return Party.SAME
    if expansion.blueprint.intent is Intent.VENDOR or "sts:externalid" in keys:
        return Party.VENDOR
    return Party.OWNED


def _account(principal: str) -> str:
    parsed = Arn.try_parse(principal)
    return parsed.account if parsed is not None else principal


def _holders(expansion: Expansion) -> HolderAccess:
    things = expansion.things[expansion.account]
    paths = {thing.name: thing.path for thing in things if isinstance(thing, User)}
    users = sorted({thing.user for thing in things if isinstance(thing, GroupMember)} | set(paths))
    head = f"arn:{expansion.partition}:iam::{expansion.account}:user"
    return HolderAccess(
        account=expansion.account,
        holders=tuple(f"{head}{paths.get(user, '/')}{user}" for user in users),
        policies=expansion.permissions(),
    )
