"""From what a grant asks for to the case that is explained: who is trusted, and in which way."""

from __future__ import annotations

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Intent
from xacct.explain.case import Case, Party
from xacct.explain.matching import allowing, asks_key, names_action
from xacct.explain.party import Kind, kind_of
from xacct.iam.policy import Effect, Statement, TypedPrincipal
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
    """Of a trust of several kinds, as seen by the caller of the example: by what lets just that one in."""
    if case.witness is None or case.access is None or not case.witness.assume_action:
        return case
    trust, assume = case.access.trust, case.assuming(case.witness)
    kind = kind_of(case.witness.principal, case.account)
    statements = [
        attrs.evolve(one, principals=tuple(_of_kind(one, kind, case.account)))
        for one in trust.statements
        if one.effect is Effect.ALLOW and case.would_admit(assume, (one,))
    ]
    alone = attrs.evolve(case.access, trust=attrs.evolve(trust, statements=tuple(statements)))
    return attrs.evolve(case, party=_party(case.expansion, alone))


def _of_kind(statement: Statement, kind: Kind, account: str) -> list[TypedPrincipal]:
    """The principals of a statement that are of this kind, and those that may be of any."""
    named = statement.principals or ()
    return [one for one in named if one.value == "*" or kind_of(one.value, account) is kind]


def _boundary(expansion: Expansion) -> str | None:
    if expansion.role is not None:
        return expansion.role.boundary
    users = [thing for thing in expansion.things[expansion.account] if isinstance(thing, User)]
    return next((user.boundary for user in users if user.boundary), None)


def _party(expansion: Expansion, access: RoleAccess | None) -> Party:
    if access is None:
        return Party.GROUP
    allowing = [one for one in access.trust.statements if one.effect is Effect.ALLOW]
    kinds = {kind_of(who.value, expansion.account) for one in allowing for who in one.principals or ()}
    for kind, party in ((Kind.SAML, Party.SAML), (Kind.WEB, Party.WEB)):
        if kind in kinds:
            return party
    if kinds == {Kind.SERVICE}:
        return Party.SERVICE
    if kinds <= {Kind.OWN}:
        return Party.SAME
    asking = [asks_key(one, "sts:externalid") for one in allowing]
    return Party.VENDOR if expansion.blueprint.intent is Intent.VENDOR or all(asking) else Party.OWNED


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
