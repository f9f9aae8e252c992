"""The access delta of a role, and of principals that hold policies themselves."""

from __future__ import annotations

from collections.abc import Sequence

from xacct.iam.arn import Arn
from xacct.iam.policy import PolicyDocument
from xacct.plan.access.compare import Sources
from xacct.plan.access.judges import NOBODY, policies_judge, trust_judge
from xacct.plan.access.model import AccessDelta, HolderAccess, RoleAccess
from xacct.plan.access.question import Answer, ask, combined
from xacct.plan.access.space import Clause, Space, clauses_of

__all__ = ["access_delta", "holder_delta"]

_ASSUME_ACTIONS = (
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
)
"""What a trust policy decides about (xacct.evaluate.engine.TRUST_ACTIONS), the most telling first."""


def ask_trust(before: RoleAccess | None, after: RoleAccess | None) -> Answer:
    """Who may assume the role, before and after."""
    role = after or before
    assert role is not None
    sides = [_trust_clauses(before), _trust_clauses(after)]
    place = (role.account, Arn.parse(role.role_arn).partition)
    return ask(
        lambda: Space(sides[0] + sides[1], trust=place, actions=_ASSUME_ACTIONS, only_actions=True),
        (Sources(clauses=sides[0]), Sources(clauses=sides[1])),
        (trust_judge(before) if before else NOBODY, trust_judge(after) if after else NOBODY),
    )


def _trust_clauses(role: RoleAccess | None) -> list[Clause]:
    return clauses_of([role.trust]) if role else []


def ask_permissions(before: RoleAccess | None, after: RoleAccess | None) -> Answer:
    """What sessions of the role may do, before and after."""
    sources = (_sources(before, "before"), _sources(after, "after"))
    return ask(
        lambda: Space(_all_clauses(sources), actions=_known_actions(sources)),
        sources,
        (policies_judge(before) if before else NOBODY, policies_judge(after) if after else NOBODY),
    )


def _sources(access: RoleAccess | HolderAccess | None, side: str) -> Sources:
    if access is None:
        return Sources(clauses=())
    unknown = (access.boundary_arn or f"of the side {side}") if access.boundary_unknown else None
    return Sources(
        clauses=clauses_of(access.policies),
        boundary=None if access.boundary is None else clauses_of([access.boundary]),
        unknown_boundary=unknown,
        unknown_policies=access.unknown_policies,
    )


def _all_clauses(sources: Sequence[Sources]) -> list[Clause]:
    return [clause for source in sources for clause in (*source.clauses, *(source.boundary or ()))]


def _known_actions(sources: Sequence[Sources]) -> list[str]:
    return []


def access_delta(before: RoleAccess | None, after: RoleAccess | None) -> AccessDelta:
    """Who gains and who loses which access through a role; None stands for no role."""
    if before is None and after is None:
        return AccessDelta(combined())
    trust = ask_trust(before, after)
    permissions = ask_permissions(before, after)
    return AccessDelta(combined(trust, permissions), (), trust.verdict, permissions.verdict)
