"""
Whom a demand for MFA shuts out.

MFA is in the sessions of IAM users alone: what AssumeRole and GetFederationToken return carries none, nor do
sessions of IAM Identity Center, SAML and OIDC (id_credentials_mfa_configure-api-require). The evaluator
decides requests as they are given; that a role makes none with MFA is known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from xacct.evaluate.model import ContextValue
from xacct.explain.matching import names_action
from xacct.explain.text import listed
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.plan.simulate import ASSUME_ACTIONS

__all__ = ["admitting", "asks_mfa", "can_happen", "shut_out", "shut_out_words"]

_PRESENT = "aws:multifactorauthpresent"
_AGE = "aws:multifactorauthage"
_TRUE = ("bool", "stringequals", "stringequalsignorecase", "stringlike")
_MATCHES = ("arnequals", "arnlike", "stringequals", "stringlike", "stringequalsignorecase")


def can_happen(principal: str, context: Mapping[str, ContextValue]) -> bool:
    """Whether this principal can make a request with this context, as far as MFA is concerned."""
    folded = {key.lower(): value for key, value in context.items()}
    if _AGE not in folded and folded.get(_PRESENT) not in ("true", ("true",)):
        return True
    parsed = Arn.try_parse(principal)
    return parsed is not None and parsed.resource_type == "user"


def admitting(trust: PolicyDocument) -> PolicyDocument:
    """
    The trust policy without those whom its demand for MFA shuts out.

    Statements that then name nobody are left out. It allows nothing that the policy does not.
    """
    narrowed = [_narrowed(one) if asks_mfa(trust, one) else one for one in trust.statements]
    return attrs.evolve(trust, statements=tuple(one for one in narrowed if one is not None))


def shut_out(trust: PolicyDocument) -> tuple[str, ...]:
    """
    The principals and patterns of them, as written, that can never meet the demand for MFA.

    Empty where some statement lets in without MFA: it may let in the same ones.
    """
    entering = [one for one in trust.statements if one.effect is Effect.ALLOW and _lets_in(one)]
    asking = [one for one in entering if asks_mfa(trust, one)]
    if len(asking) < len(entering):
        return ()
    named = [who.value for one in asking for who in one.principals or () if not may_be_user(who)]
    patterns = [
        value
        for one in asking
        for condition in one.conditions
        if _tells_caller(condition)
        for value in condition.values
        if not _takes_in_users(value)
    ]
    return tuple(dict.fromkeys([*named, *patterns]))


def shut_out_words(names: Sequence[str]) -> str:
    """Why these principals get in by no call."""
    verb = "gets" if len(names) == 1 else "get"
    return (
        "The trust policy asks for MFA, which only sessions of IAM users carry: not those of roles, of IAM"
        f" Identity Center or of who signs in elsewhere. So {listed(names)} {verb} in by no call."
    )


def asks_mfa(trust: PolicyDocument, statement: Statement) -> bool:
    """Whether the Allow lets in nobody without MFA, by its own conditions or by a Deny for everyone."""
    if statement.effect is not Effect.ALLOW:
        return False
    denies = [one for one in trust.statements if one.effect is Effect.DENY]
    return any(map(_demands, statement.conditions)) or any(
        _refuses_without(deny, statement) for deny in denies
    )


def _lets_in(statement: Statement) -> bool:
    return any(names_action(statement, action) for action in ASSUME_ACTIONS)


def _demands(condition: Condition) -> bool:
    operator, key = condition.operator.lower(), condition.key.lower()
    if key == _PRESENT:
        return operator in _TRUE and {value.lower() for value in condition.values} == {"true"}
    if key != _AGE:
        return False
    if operator == "null":
        return {value.lower() for value in condition.values} == {"false"}
    return operator.startswith("numeric") and not operator.endswith("ifexists") and "not" not in operator


def _refuses_without(deny: Statement, allow: Statement) -> bool:
    """Whether it keeps everybody without MFA from what the other lets in by."""
    everyone = any(who.value == "*" for who in deny.principals or ())
    entering = [one for one in ASSUME_ACTIONS if names_action(allow, one)]
    covered = bool(entering) and all(names_action(deny, one) for one in entering)
    if not everyone or not covered or len(deny.conditions) != 1:
        return False
    [condition] = deny.conditions
    key, operator = condition.key.lower(), condition.operator.lower()
    values = {value.lower() for value in condition.values}
    if operator == "null":
        return key in (_PRESENT, _AGE) and values == {"true"}
    if key == _AGE:
        return operator in ("numericgreaterthanifexists", "numericgreaterthanequalsifexists")
    return (key, operator, values) == (_PRESENT, "boolifexists", {"false"})


def _narrowed(statement: Statement) -> Statement | None:
    if statement.principals is None:
        return statement
    principals = tuple(filter(may_be_user, statement.principals))
    conditions = tuple(_of_users(one) if _tells_caller(one) else one for one in statement.conditions)
    if not principals or not all(one.values for one in conditions if _tells_caller(one)):
        return None
    return attrs.evolve(statement, principals=principals, conditions=conditions)


def may_be_user(principal: TypedPrincipal) -> bool:
    """Whether IAM users are meant, who alone have MFA and a user's name."""
    named = principal.canonical
    if named.type not in (PrincipalType.AWS, PrincipalType.ANYONE):
        return False
    parsed = Arn.try_parse(named.value)
    # AROA begins the unique ID of a role (reference_identifiers).
    return parsed.resource_type in ("user", "root") if parsed else not named.value.startswith("AROA")


def _tells_caller(condition: Condition) -> bool:
    return condition.key.lower() == "aws:principalarn" and condition.operator.lower() in _MATCHES


def _of_users(condition: Condition) -> Condition:
    return attrs.evolve(condition, values=tuple(map(_as_user, filter(_takes_in_users, condition.values))))


def _as_user(pattern: str) -> str:
    """A pattern that takes in users and others, as far as it takes in users."""
    head, colon, rest = pattern.rpartition(":")
    if pattern.count(":") < 5 or not rest.startswith("*"):
        return pattern
    return f"{head}{colon}user{rest[1:]}" if rest.startswith("*/") else f"{head}{colon}user/{rest}"


def _takes_in_users(pattern: str) -> bool:
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return True
    plain = parts[5].partition("*")[0].partition("?")[0]
    return plain.startswith("user/") or ("user/".startswith(plain) and plain != parts[5])
