"""The access delta of a role, and of principals that hold policies themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import attrs

from xacct.iam.arn import Arn
from xacct.iam.policy import PolicyDocument
from xacct.lightsail.catalog import load_catalog
from xacct.plan.access.asked_by import as_asked_by
from xacct.plan.access.compare import Side, Sources
from xacct.plan.access.judges import NOBODY, policies_judge, trust_judge
from xacct.plan.access.model import AccessDelta, HolderAccess, RoleAccess
from xacct.plan.access.parts import Part, parts_of
from xacct.plan.access.patterns import TooComplexError
from xacct.plan.access.question import Answer, Judge, ask, combined, shown
from xacct.plan.access.rows import RoleSide, holder_rows, permission_rows, trust_rows, undecided_row
from xacct.plan.access.space import Clause, Space, clauses_of
from xacct.plan.model import AccessRow, Effect, Verdict
from xacct.values import frozen

__all__ = ["access_delta", "holder_delta", "permissions_verdict", "trust_verdict"]

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


def trust_verdict(before: RoleAccess | None, after: RoleAccess | None) -> Verdict:
    """How who may assume the role after compares with before."""
    return ask_trust(before, after).verdict


def permissions_verdict(before: RoleAccess | None, after: RoleAccess | None) -> Verdict:
    """How what sessions of the role may do after compares with before."""
    return ask_permissions(before, after).verdict


def _trust_clauses(role: RoleAccess | None) -> list[Clause]:
    return clauses_of([role.trust]) if role else []


def ask_permissions(before: RoleAccess | None, after: RoleAccess | None) -> Answer:
    """What sessions of the role may do, before and after."""
    return _ask_permissions(_nameless(before), _nameless(after))


def _nameless(role: RoleAccess | None) -> RoleAccess | None:
    """
    The role as its permissions policies see it.

    None of them asks who may assume it, and which role it is by ``aws:PrincipalArn`` alone, which is answered
    here. Hundreds of roles with the same permissions are therefore one question.
    """
    if role is None:
        return None
    partition = Arn.parse(role.role_arn).partition
    return attrs.evolve(
        role,
        role_arn=f"arn:{partition}:iam::{role.account}:role/any",
        trust=_NO_TRUST,
        policies=tuple(as_asked_by(one, role) for one in role.policies),
        boundary=role.boundary and as_asked_by(role.boundary, role),
        tags=None,
    )


_NO_TRUST = PolicyDocument.of()


@lru_cache(maxsize=256)
def _ask_permissions(before: RoleAccess | None, after: RoleAccess | None) -> Answer:
    sources = (_sources(before, "before"), _sources(after, "after"))
    return ask(
        lambda: Space(_all_clauses(sources), actions=_known_actions(sources)),
        sources,
        (policies_judge(before) if before else NOBODY, policies_judge(after) if after else NOBODY),
    )


def ask_holders(before: HolderAccess | None, after: HolderAccess | None) -> Answer:
    """What the holders may do, before and after."""
    holders = list(dict.fromkeys([*(before.holders if before else ()), *(after.holders if after else ())]))
    sources = tuple(
        attrs.evolve(
            _sources(access, side),
            holders=sum(1 << index for index, one in enumerate(holders) if access and one in access.holders),
        )
        for access, side in ((before, "before"), (after, "after"))
    )
    return ask(
        lambda: Space(_all_clauses(sources), actions=_known_actions(sources), holders=holders),
        (sources[0], sources[1]),
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


def _all_clauses(sources: Iterable[Sources]) -> list[Clause]:
    return [clause for source in sources for clause in (*source.clauses, *(source.boundary or ()))]


def _known_actions(sources: Iterable[Sources]) -> list[str]:
    """Lightsail's actions by name, where some pattern could tell them apart."""
    statements = [clause.statement for clause in _all_clauses(sources)]
    texts = [text for one in statements for text in (*(one.actions or ()), *(one.not_actions or ()))]
    if not any("*" in text or "?" in text for text in texts) and all(
        one.actions is not None for one in statements
    ):
        return []
    return [action.full_name.lower() for action in load_catalog().actions.values()]


def access_delta(before: RoleAccess | None, after: RoleAccess | None) -> AccessDelta:
    """
    Who gains and who loses which access through a role; None stands for no role.

    Callers' own policies are not at hand: who is trusted counts as having access.
    """
    if before and after and (before.role_arn, before.account) != (after.role_arn, after.account):
        gone, come = access_delta(before, None), access_delta(None, after)
        return _both(gone, come)
    if before is None and after is None:
        return AccessDelta(Verdict.EQUAL)
    asked = _Asked(before, after, ask_trust(before, after), ask_permissions(before, after))
    rows = [row for effect in (Effect.GAIN, Effect.LOSE) for row in _rows(effect, asked)]
    return AccessDelta(
        combined(asked.trust, asked.permissions),
        tuple(dict.fromkeys(rows)),
        asked.trust.verdict,
        asked.permissions.verdict,
    )


@frozen
class _Asked:
    """Both questions about a role with their answers."""

    before: RoleAccess | None
    after: RoleAccess | None
    trust: Answer
    permissions: Answer

    def holding(self, effect: Effect) -> RoleAccess | None:
        """The side on which the access of an effect is held."""
        return self.after if effect is Effect.GAIN else self.before

    @cached_property
    def nameless(self) -> tuple[RoleAccess | None, RoleAccess | None]:
        return _nameless(self.before), _nameless(self.after)

    @property
    def is_whole(self) -> bool:
        """The role comes or goes as a whole."""
        return self.before is None or self.after is None


def _both(gone: AccessDelta, come: AccessDelta) -> AccessDelta:
    """The verdict over two different roles, of which one goes and one comes."""

    def over(lost: Verdict, gained: Verdict) -> Verdict:
        match (lost, gained):
            case (Verdict.EQUAL, _):
                return gained
            case (_, Verdict.EQUAL):
                return lost
            case (Verdict.NARROWER, Verdict.WIDER):
                return Verdict.BOTH
            case _:
                return Verdict.UNKNOWN

    return AccessDelta(
        over(gone.verdict, come.verdict),
        (*come.rows, *gone.rows),
        over(gone.trust_verdict, come.trust_verdict),
        over(gone.permissions_verdict, come.permissions_verdict),
    )


def _rows(effect: Effect, asked: _Asked) -> list[AccessRow]:
    access = asked.holding(effect)
    if access is None:
        return []
    changed = _parts(effect, asked.trust)
    # Of a role that comes or goes, all that is held comes or goes.
    trusted = changed if asked.is_whole else _held(effect, asked.trust, trust_judge(access))
    side = _role_side(access, trusted, _allowed(effect, *asked.nameless))
    rows = trust_rows(effect, changed, side, apart=asked.is_whole)
    if not asked.is_whole or not asked.trust.of(effect):
        rows += permission_rows(effect, _parts(effect, asked.permissions), side)
    undecided = [answer for answer in (asked.trust, asked.permissions) if answer.comparison is None]
    return rows + [undecided_row(effect, access.role_arn, access.role_arn) for _ in undecided]


def _parts(effect: Effect, answer: Answer) -> list[Part]:
    if answer.comparison is None:
        return []
    own, other = answer.comparison.before, answer.comparison.after
    if effect is Effect.GAIN:
        own, other = other, own
    return parts_of(answer.comparison, answer.of(effect), own, other, gained=effect is Effect.GAIN)


def _role_side(access: RoleAccess, trusted: Sequence[Part], allowed: Sequence[Part]) -> RoleSide:
    return RoleSide(
        role_arn=access.role_arn,
        trust=trusted,
        permissions=allowed,
        assume_example=next((part.example for part in trusted if part.example), None),
        request_example=next((part.example for part in allowed if part.example), None),
    )


@lru_cache(maxsize=256)
def _allowed(effect: Effect, before: RoleAccess | None, after: RoleAccess | None) -> tuple[Part, ...]:
    """All that sessions of the role may do on one side."""
    access = after if effect is Effect.GAIN else before
    assert access is not None
    return tuple(_held(effect, _ask_permissions(before, after), policies_judge(access)))


def _held(effect: Effect, answer: Answer, judge: Judge) -> list[Part]:
    """All that one side allows, in parts."""
    if answer.comparison is None:
        return []
    own = answer.comparison.after if effect is Effect.GAIN else answer.comparison.before
    try:
        held = shown(answer.comparison.space, answer.comparison.held(own), judge, NOBODY)
    except TooComplexError:
        return []
    return parts_of(answer.comparison, held, own, Side((), ()))


def holder_delta(before: HolderAccess | None, after: HolderAccess | None) -> AccessDelta:
    """Who gains and who loses which access by policies of their own, such as a group's."""
    if before is None and after is None:
        return AccessDelta(Verdict.EQUAL)
    answer = ask_holders(before, after)
    rows = [
        row for effect in (Effect.GAIN, Effect.LOSE) for row in holder_rows(effect, _parts(effect, answer))
    ]
    if answer.comparison is None:
        who = ", ".join((after or before).holders)  # type: ignore[union-attr]
        rows = [undecided_row(effect, who, "*") for effect in (Effect.GAIN, Effect.LOSE)]
    return AccessDelta(answer.verdict, tuple(rows), Verdict.EQUAL, answer.verdict)
