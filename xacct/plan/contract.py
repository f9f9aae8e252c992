"""
The contract of a grant: what must stay possible, and what must stay impossible.

``allow`` holds when at least one request in the grant's scope passes, ``deny`` when none does. Each line is
put as a question to the access delta: the role's documents are narrowed to the requests that the line is
about, by Denies for all others, and then either something is left or nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Expectation
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import AccountThings, GroupMember
from xacct.lint.codes import CONTRACT
from xacct.lint.model import Finding, Severity
from xacct.plan.access import HolderAccess, RoleAccess, access_delta, holder_delta
from xacct.plan.model import AccessRow, Verdict
from xacct.plan.reach import role_access

__all__ = ["check_contract"]


_ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_BY_TRUST = {action.lower() for action in (*_ASSUME, "sts:TagSession", "sts:SetSourceIdentity")}


_Answer: TypeAlias = tuple[bool | None, AccessRow | None]
"""Whether any request passes, None where that can't be decided; and one row that shows it."""


def check_contract(expansion: Expansion) -> list[Finding]:
    """Tell which lines of ``expect`` the grant's own documents break, each with the request that shows it."""
    expect = expansion.grant.expect
    if not (expect.allow or expect.deny):
        return []
    ask = _question(expansion)
    findings = [
        _broken(expansion, f"expect.allow.{index}", line, None)
        for index, line in enumerate(expect.allow)
        if ask(line)[0] is False
    ]
    for index, line in enumerate(expect.deny):
        possible, row = ask(line)
        if possible is not False:
            findings.append(_broken(expansion, f"expect.deny.{index}", line, row, sure=possible is True))
    return findings


def _question(expansion: Expansion) -> Callable[[Expectation], _Answer]:
    """Asks whether any request that a line is about passes: by the role, or by the group without one."""
    role = expansion.role
    if role is None:
        return partial(_possible_to_members, _members(expansion))
    things = AccountThings(expansion.account, expansion.things[expansion.account], expansion.partition)
    access = role_access(things, role, {})
    assert access is not None
    return partial(_possible, expansion, attrs.evolve(access, boundary_unknown=False))


def _possible(expansion: Expansion, access: RoleAccess, line: Expectation) -> _Answer:
    trust = _narrow_trust(expansion, access.trust, line)
    policies = access.policies
    if line.action.lower() not in _BY_TRUST:
        policies = _fenced(policies, line)
    left = access_delta(None, attrs.evolve(access, trust=trust, policies=policies))
    questions = [left.trust_verdict]
    if policies is not access.policies:
        questions.append(left.permissions_verdict)
    return _answer(questions, left.rows)


def _answer(verdicts: Collection[Verdict], rows: Sequence[AccessRow]) -> _Answer:
    if Verdict.EQUAL in verdicts:
        return False, None
    if Verdict.UNKNOWN in verdicts:
        return None, None
    return True, rows[0] if rows else None


def _members(expansion: Expansion) -> HolderAccess:
    """The members of the grant's group with the grant's permissions; what else they may do is not asked."""
    users = {thing.user for thing in expansion.things[expansion.account] if isinstance(thing, GroupMember)}
    head = f"arn:{expansion.partition}:iam::{expansion.account}:user/"
    return HolderAccess(
        account=expansion.account,
        holders=tuple(head + user for user in sorted(users)),
        policies=expansion.permissions(),
    )


def _possible_to_members(members: HolderAccess, line: Expectation) -> _Answer:
    asked = [holder for holder in members.holders if line.who in ("trusted", holder)]
    if not asked:
        return False, None
    if line.without is not None:  # there is no trust policy whose conditions could be left unmet
        return None, None
    left = holder_delta(
        None, attrs.evolve(members, holders=tuple(asked), policies=_fenced(members.policies, line))
    )
    return _answer([left.verdict], left.rows)


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
        fence = Condition("ArnNotEquals", "aws:PrincipalArn", (_principal_arn(line.who),))
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
        if value in ("*", account, arn, _principal_arn(arn)):
            return True
    return False


def _principal_arn(arn: str) -> str:
    """What ``aws:PrincipalArn`` holds for a principal: for a session, its role (without the path)."""
    parsed = Arn.try_parse(arn)
    if parsed is None or parsed.service != "sts" or parsed.resource_type != "assumed-role":
        return arn
    role = parsed.resource_path.split("/")[0]
    return f"arn:{parsed.partition}:iam::{parsed.account}:role/{role}"


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
