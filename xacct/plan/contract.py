"""
The contract of a grant: what must stay possible, and what must stay impossible.

``allow`` holds when at least one request in the grant's scope passes, ``deny`` when none does. Each line is
put as a question to the access delta: the role's documents are narrowed to the requests that the line is
about, by Denies for all others, and then either something is left or nothing is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Expectation
from xacct.evaluate.principals import principal_arn
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import AccountThings, GroupMember
from xacct.lint.codes import CONTRACT
from xacct.lint.model import Finding, Severity
from xacct.plan.access import (
    HolderAccess,
    RoleAccess,
    access_delta,
    holder_delta,
    permissions_verdict,
    trust_verdict,
)
from xacct.plan.model import AccessRow, Verdict
from xacct.plan.reach import role_access
from xacct.values import frozen

__all__ = ["check_contract"]


_ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_BY_TRUST = {action.lower() for action in (*_ASSUME, "sts:TagSession", "sts:SetSourceIdentity")}


class _Question(Protocol):
    """What a line of a contract is asked about: a role, or the members of a group."""

    def possible(self, line: Expectation) -> bool | None:
        """Whether any request that the line is about passes; None where that can't be decided."""

    def shown(self, line: Expectation) -> AccessRow | None:
        """A row that shows a request of the line that passes."""


def check_contract(expansion: Expansion) -> list[Finding]:
    """Tell which lines of ``expect`` the grant's own documents break, each with the request that shows it."""
    expect = expansion.grant.expect
    if not (expect.allow or expect.deny):
        return []
    question = _question(expansion)
    findings = [
        _broken(expansion, f"expect.allow.{index}", line, None)
        for index, line in enumerate(expect.allow)
        if question.possible(line) is False
    ]
    for index, line in enumerate(expect.deny):
        possible = question.possible(line)
        if possible is not False:
            row = question.shown(line) if possible else None
            findings.append(_broken(expansion, f"expect.deny.{index}", line, row, sure=possible is True))
    return findings


def _question(expansion: Expansion) -> _Question:
    role = expansion.role
    if role is None:
        return _Members(_members(expansion))
    things = AccountThings(expansion.account, expansion.things[expansion.account], expansion.partition)
    access = role_access(things, role, {})
    assert access is not None
    return _Role(expansion, attrs.evolve(access, boundary_unknown=False))


@frozen
class _Role:
    """A line holds of a role when somebody may assume it and, unless that is all, may then do it."""

    expansion: Expansion
    access: RoleAccess

    def possible(self, line: Expectation) -> bool | None:
        access = self._narrowed(line)
        verdicts = [trust_verdict(None, access)]
        if access.policies is not self.access.policies and Verdict.EQUAL not in verdicts:
            verdicts.append(permissions_verdict(None, access))
        return _passes(verdicts)

    def shown(self, line: Expectation) -> AccessRow | None:
        return next(iter(access_delta(None, self._narrowed(line)).rows), None)

    def _narrowed(self, line: Expectation) -> RoleAccess:
        policies = self.access.policies
        if line.action.lower() not in _BY_TRUST:
            policies = _fenced(policies, line)
        trust = _narrow_trust(self.expansion, self.access.trust, line)
        return attrs.evolve(self.access, trust=trust, policies=policies)


@frozen
class _Members:
    """The members of a group hold its permissions themselves."""

    members: HolderAccess

    def possible(self, line: Expectation) -> bool | None:
        narrowed = self._narrowed(line)
        if not narrowed.holders:
            return False
        if line.without is not None:  # there is no trust policy whose conditions could be left unmet
            return None
        return _passes([holder_delta(None, narrowed).verdict])

    def shown(self, line: Expectation) -> AccessRow | None:
        return next(iter(holder_delta(None, self._narrowed(line)).rows), None)

    def _narrowed(self, line: Expectation) -> HolderAccess:
        asked = tuple(holder for holder in self.members.holders if line.who in ("trusted", holder))
        return attrs.evolve(self.members, holders=asked, policies=_fenced(self.members.policies, line))


def _passes(verdicts: Collection[Verdict]) -> bool | None:
    """Whether access compared with none at all is any, by the verdicts on all that it takes."""
    if Verdict.EQUAL in verdicts:
        return False
    return None if Verdict.UNKNOWN in verdicts else True


def _members(expansion: Expansion) -> HolderAccess:
    """The members of the grant's group with the grant's permissions; what else they may do is not asked."""
    users = {thing.user for thing in expansion.things[expansion.account] if isinstance(thing, GroupMember)}
    head = f"arn:{expansion.partition}:iam::{expansion.account}:user/"
    return HolderAccess(
        account=expansion.account,
        holders=tuple(head + user for user in sorted(users)),
        policies=expansion.permissions(),
    )


def _fenced(policies: Iterable[PolicyDocument], line: Expectation) -> tuple[PolicyDocument, ...]:
    """The permissions, narrowed to the requests that the line is about."""
    fences = tuple(_fences(line))
    return tuple(attrs.evolve(document, statements=(*document.statements, *fences)) for document in policies)


def _fences(line: Expectation) -> Iterator[Statement]:
    """Denies for every request that the line is not about."""
    yield Statement(effect=Effect.DENY, not_actions=(line.action,), resources=("*",))
    if line.resource is not None:
        yield Statement(effect=Effect.DENY, actions=("*",), not_resources=(line.resource,))
    for key, values in line.context.items():
        for condition in _other_than(key, values):
            yield Statement(effect=Effect.DENY, actions=("*",), resources=("*",), conditions=(condition,))


def _other_than(key: str, values: tuple[str, ...]) -> tuple[Condition, Condition]:
    """Conditions that between them hold for every request whose key has other values, or none."""
    # A negated operator spares a request with several values once one of them is listed.
    return Condition("StringNotEquals", key, values), Condition("ForAnyValue:StringNotEquals", key, values)


def _narrow_trust(expansion: Expansion, trust: PolicyDocument, line: Expectation) -> PolicyDocument:
    """The trust policy for the principals and conditions of the line alone."""
    statements = list(trust.statements)
    if line.who != "trusted":
        statements = [
            statement
            for statement in statements
            if statement.effect is Effect.DENY or _covers(statement, line.who)
        ]
        fence = Condition("ArnNotEquals", "aws:PrincipalArn", (principal_arn(line.who),))
        statements += (
            [_deny((fence,))] if line.who.startswith("arn:") and "-provider/" not in line.who else []
        )
    if line.without is not None:
        statements += [_deny((condition,)) for condition in _conditions_of(expansion, trust, line.without)]
    assuming = line.action.lower() in _BY_TRUST
    if assuming:
        for key, values in line.context.items():
            statements += [_deny((condition,)) for condition in _other_than(key, values)]
    # Tags and source identity are decided on their own; the line is about getting a session.
    statements.append(
        Statement(
            effect=Effect.DENY,
            principals=(TypedPrincipal(PrincipalType.AWS, "*"),),
            not_actions=(line.action,) if assuming and line.action.lower() != _ASSUME[0].lower() else _ASSUME,
        )
    )
    return attrs.evolve(trust, statements=tuple(statements))


def _deny(conditions: tuple[Condition, ...]) -> Statement:
    return Statement(
        effect=Effect.DENY,
        principals=(TypedPrincipal(PrincipalType.AWS, "*"),),
        actions=("sts:*",),
        conditions=conditions,
    )


def _conditions_of(expansion: Expansion, trust: PolicyDocument, parameter: str) -> list[Condition]:
    """The conditions of the trust that the blueprint makes from a parameter."""
    return [
        condition
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for condition in statement.conditions
        if parameter in expansion.uses.get(f"{statement.sid}/{condition.operator}/{condition.key}", ())
    ]


def _covers(statement: Statement, arn: str) -> bool:
    """Whether a statement names a principal, or the account that the principal is in."""
    parsed = Arn.try_parse(arn)
    account = parsed.account if parsed else arn
    for principal in statement.principals or ():
        value = principal.canonical.value
        if value in ("*", account, arn, principal_arn(arn)):
            return True
    return False


def _broken(
    expansion: Expansion, path: str, line: Expectation, row: AccessRow | None, *, sure: bool = True
) -> Finding:
    grant = expansion.grant
    words = _words(line)
    if ".allow." in path:
        message = f"the contract expects that {words} is possible, and no request of that kind passes"
        fix = "give the grant what is missing, or take the line out of expect.allow"
    elif sure:
        shown = f": {row.principal} may, if {row.condition}" if row and row.condition else ""
        message = f"the contract expects that {words} is impossible, and a request passes{shown}"
        fix = "narrow the grant until none passes, or take the line out of expect.deny"
    else:
        message = f"the contract expects that {words} is impossible, and that can't be proved offline"
        fix = "make the grant plainer, or take the line out of expect.deny"
    return Finding(
        rule=CONTRACT,
        severity=Severity.ERROR,
        message=message,
        fix=fix,
        path=path,
        grant=grant.name,
        file=grant.file,
        line=grant.line(path) or grant.line("expect"),
    )


def _words(line: Expectation) -> str:
    parts = [f"{line.action} as {line.who}"]
    if line.without is not None:
        parts.append(f"without {line.without}")
    if line.resource is not None:
        parts.append(f"on {line.resource}")
    parts += [f"with {key} {_values(values)}" for key, values in line.context.items()]
    return " ".join(parts)


def _values(values: Iterable[str]) -> str:
    return " or ".join(values)
