"""
Whom a trust policy names in vain: each statement that names them asks for what they never have or send.

Roles and who signs in elsewhere have no ``aws:username`` (reference_policies_variables); a caller may send
session tags or a source identity only where the trust policy allows that as well (id_session-tags,
id_credentials_temp_control-access_monitor); each kind of caller gets a session by one call alone, and
sessions of GetFederationToken by none (STS API Reference).
"""

from __future__ import annotations

from xacct.explain.matching import names_action
from xacct.explain.mfa import may_be_user
from xacct.explain.party import Kind, kind_of
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement, TypedPrincipal
from xacct.lint.carried import SENT_BY_SERVICES, allowed_beside
from xacct.plan.access.operators import Qualifier, parse_operator

__all__ = ["calls_by", "in_vain", "needed_for"]

_NAME = "aws:username"
_CALLS = {
    Kind.SAML: "sts:AssumeRoleWithSAML",
    Kind.WEB: "sts:AssumeRoleWithWebIdentity",
}


def calls_by(principal: str, account: str) -> str:
    """The call by which such a principal gets a session."""
    return _CALLS.get(kind_of(principal, account), "sts:AssumeRole")


def needed_for(key: str) -> str:
    """
    What the trust policy has to allow as well for a call whose request holds this key; "" for nothing.

    A session that has a source identity passes it on, which needs the same as setting it.
    """
    return allowed_beside("sts:SourceIdentity" if key.lower() == "aws:sourceidentity" else key)


def in_vain(trust: PolicyDocument, account: str) -> dict[str, str]:
    """Principals, as written, that get in by no call, each with why by the last statement that names it."""
    allowing = [one for one in trust.statements if one.effect is Effect.ALLOW]
    open_to: set[str] = set()
    found: dict[str, str] = {}
    for one in allowing:
        for who in one.principals or ():
            why = _why_not(one, who, allowing, account)
            if why:
                found[who.value] = why
            else:
                open_to.add(who.value)
    return {name: why for name, why in found.items() if name not in open_to}


def _why_not(statement: Statement, who: TypedPrincipal, allowing: list[Statement], account: str) -> str:
    call = calls_by(who.value, account)
    if who.value != "*" and not names_action(statement, call):
        return f"it gets a session by {call}, which its statement does not allow"
    if ":federated-user/" in who.value:
        return "a session of GetFederationToken can call no operation of STS that gets another"
    asked = [needed_for(one.key) for one in statement.conditions if _demands(one)]
    for action in sorted({*asked, *SENT_BY_SERVICES.get(who.value, ())} - {""}):
        if not any(names_action(one, action) and _names(one, who) for one in allowing):
            return f"its calls send what needs {action}, and the trust policy does not allow that"
    if any(map(_asks_name, statement.conditions)) and not may_be_user(who):
        return "it has no aws:username, which only requests of IAM users carry"
    return ""


def _names(statement: Statement, who: TypedPrincipal) -> bool:
    """Whether the statement names the principal, its account or everybody."""
    named = {one.value for one in statement.principals or ()}
    parsed = Arn.try_parse(who.value)
    account = parsed.account if parsed is not None else who.value
    whole = {account, f"arn:{parsed.partition if parsed else 'aws'}:iam::{account}:root"}
    return statement.principals is None or bool(named & {"*", who.value, *whole})


def _demands(condition: Condition) -> bool:
    """Whether no request without the key meets it."""
    operator = parse_operator(condition.operator)
    if operator is None or operator.if_exists or operator.qualifier is Qualifier.ALL:
        return False
    if operator.base == "null":
        return {value.lower() for value in condition.values} == {"false"}
    return not operator.negated or operator.qualifier is Qualifier.ANY


def _asks_name(condition: Condition) -> bool:
    """Whether no request without ``aws:username`` meets it."""
    if not _demands(condition):
        return False
    named = bool(condition.values) and all("${aws:username}" in value.lower() for value in condition.values)
    return condition.key.lower() == _NAME or named
