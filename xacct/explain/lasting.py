"""How long sessions of the role last, by who assumes it."""

from __future__ import annotations

from xacct.explain.callers import lets_users_in
from xacct.explain.case import Case, Party
from xacct.explain.matching import allowing
from xacct.explain.party import Kind
from xacct.explain.text import duration
from xacct.iam.arn import Arn
from xacct.iam.policy import Statement

__all__ = ["console_session", "is_chained", "lasting_words", "longest_session", "services_beside"]

_CHAINED_SECONDS = 3600
"""The longest session that a role session gets by assuming another role (id_roles_terms-and-concepts)."""


_CONSOLE_SECONDS = 43_200
"""The longest session that the federation endpoint makes (id_roles_providers_enable-console-custom-url)."""

_COGNITO = "cognito-identity.amazonaws.com"


def lasting_words(case: Case) -> str:
    """How long the session of the example lasts, in sentences."""
    longest = duration(case.role.max_session if case.role is not None else _CHAINED_SECONDS)
    if case.party is Party.SERVICE:
        return "How long the session lasts is the service's choice; the role's maximum binds few of them."
    if is_chained(case):
        return (
            "This caller is itself a role session, and such a chained session lasts 1 hour at most,"
            f" whatever the role says (here {longest})."
        )
    said = f"The session lasts 15 minutes to {longest}, as the caller asks, and 1 hour if it does not say."
    if case.witness is not None and case.witness.principal.endswith(_COGNITO):
        return f"{said} Where Cognito itself calls STS, in its enhanced flow, the user cannot ask."
    if case.party is not Party.SAML:
        return said
    # STS API Reference, AssumeRoleWithSAML; SessionDuration: id_roles_providers_create_saml_assertions.
    return (
        f"{said} It never lasts past the SessionNotOnOrAfter of the response. The assertion's SessionDuration"
        " asks for the length at the console's sign-in, and can shorten it where the API is called."
    )


def is_chained(case: Case) -> bool:
    """Whether the caller of the example is a role, so that its session is a chained one."""
    return case.witness is not None and _is_role(case.witness.principal)


def longest_session(case: Case) -> int:
    """
    The longest session that any trusted caller gets, in seconds.

    A role that assumes this one gets an hour at most; the role's own maximum counts only where somebody else
    is trusted as well, or a whole account is.
    """
    longest = case.role.max_session if case.role is not None else _CHAINED_SECONDS
    return min(longest, _CHAINED_SECONDS) if _roles_alone(case) else longest


def console_session(case: Case) -> str:
    """
    How long a console session made from a session of the role can last, where that is longer; else "".

    The role's maximum does not bind it (STS API Reference, AssumeRole). A chained session makes none
    that is longer.
    """
    if case.role is None or case.kinds == (Kind.SERVICE,) or _roles_alone(case):
        return ""
    return duration(_CONSOLE_SECONDS) if case.role.max_session < _CONSOLE_SECONDS else ""


def services_beside(case: Case) -> str:
    """A sentence on the sessions of AWS services, where the trust policy lets in others beside them."""
    if Kind.SERVICE not in case.kinds or not case.is_mixed:
        return ""
    return " Sessions of AWS services last as long as the service makes them."


def _roles_alone(case: Case) -> bool:
    access = case.access if case.is_closed else case.reachable
    trust = access.trust if access is not None else None
    statements = allowing(trust, "sts:AssumeRole")
    if not {Kind.OTHERS, Kind.OWN}.issuperset(case.kinds):
        return False
    if is_chained(case) and not lets_users_in(case):
        return True
    return bool(statements) and all(_names_roles(one) for one in statements)


def _names_roles(statement: Statement) -> bool:
    """Whether only roles can meet it, by Principal or by a condition on aws:PrincipalArn."""
    named = [one.value for one in statement.principals or ()]
    for condition in statement.conditions:
        if condition.key.lower() == "aws:principalarn" and condition.operator in _POSITIVE:
            named = list(condition.values)
    return bool(named) and all(_is_role(value) for value in named)


_POSITIVE = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")


def _is_role(value: str) -> bool:
    parsed = Arn.try_parse(value)
    return parsed is not None and parsed.resource_type in ("role", "assumed-role")
