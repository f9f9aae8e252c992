"""
Conditions in words, for someone who does not read IAM's JSON.

A line of a Condition becomes a phrase that completes "may do this …": "with external ID …7a11 (#5e8d2c)",
"in eu-west-1", "until 2027-01-31 (UTC)". Keys that are met every day have phrases of their own; every other
key and every operator has an exact, if plainer one: 'when aws:Foo is "x" or "y"'. Nothing is left out, and
what is unknown is quoted as it stands. External IDs are shown redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from xacct.iam.policy import Condition, Statement
from xacct.iam.redact import redact_external_id
from xacct.plan.access.operators import Operator, Qualifier, parse_operator
from xacct.plan.access.time_words import (
    DATE_KEYS,
    FLIPPED,
    date_phrase,
    mfa_age_phrase,
    mfa_phrase,
    one_bool,
    optional,
)

__all__ = ["condition_words", "conditions_words", "cut_words", "denial_words", "joined", "without_words"]

Phrase = Callable[[str], str]
"""From the values in words ("a or b") to the phrase."""


def conditions_words(conditions: Iterable[Condition]) -> str:
    """All of these together; "" when there is no condition."""
    return ", ".join(condition_words(condition) for condition in conditions)


def condition_words(condition: Condition) -> str:
    """One line as a phrase."""
    operator = parse_operator(condition.operator)
    if operator is None:
        return _quoted(condition)
    return _special(condition, operator) or _plain(condition, operator)


def without_words(condition: Condition) -> str:
    """What holds beyond a line that the other side asks for: "also without external ID …"."""
    words = condition_words(condition)
    for start, other in (("with ", "also without "), ("in ", "also outside "), ("until ", "also after ")):
        if words.startswith(start) and condition.operator.lower().find("not") < 0:
            return other + words.removeprefix(start)
    return f"also where this does not hold: {words}"


def cut_words(statement: Statement) -> str:
    """What a Deny without conditions leaves of what others allow, by the resources or principals it names."""
    if statement.not_principals is not None:
        return f"only for {_listed(one.value for one in statement.not_principals)}"
    if statement.principals is not None:
        return f"not for {_listed(one.value for one in statement.principals)}"
    if statement.not_resources is not None:
        return f"only on {_listed(statement.not_resources)}"
    return f"not on {_listed(statement.resources or ())}"


def _listed(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))


def denial_words(statement: Statement) -> str:
    """What a Deny with conditions leaves, and of which resources or principals where not of all."""
    said, reach = exception_words(statement.conditions), _reach(statement)
    return f"{said} (as far as {reach} goes)" if reach else said


def _reach(statement: Statement) -> str:
    """The resources or principals that the statement is about; "" for all."""
    spared = statement.not_resources or tuple(one.value for one in statement.not_principals or ())
    if spared:
        return f"anything but {_listed(spared)}"
    named = statement.resources or tuple(one.value for one in statement.principals or ())
    return "" if "*" in named else _listed(named)


def exception_words(conditions: Sequence[Condition]) -> str:
    """What a Deny with these conditions leaves: "until …" for a Deny from a date on, else "except …"."""
    if len(conditions) == 1:
        found = _remainder(conditions[0])
        if found:
            return found
    if not conditions:
        return "never"
    return f"except {' and '.join(condition_words(condition) for condition in conditions)}"


def joined(values: Sequence[str], word: str = "or") -> str:
    """Enumerate: ``a``, ``a or b``, ``a, b or c``."""
    if len(values) < 2:
        return "".join(values)
    return f"{', '.join(values[:-1])} {word} {values[-1]}"


# --- phrases of well-known keys ---------------------------------------------------------------------


def _special(condition: Condition, operator: Operator) -> str | None:
    key = condition.key.lower()
    if operator.base == "null" or not condition.values:
        return None
    if key == "aws:multifactorauthpresent" and operator.base == "bool":
        return mfa_phrase(condition, operator)
    if operator.base.startswith("date") and key in DATE_KEYS:
        return date_phrase(condition, operator, DATE_KEYS[key])
    if operator.base.startswith("numeric") and key == "aws:multifactorauthage":
        return mfa_age_phrase(condition, operator)
    if key == "aws:securetransport" and operator.base == "bool" and one_bool(condition) is not None:
        return optional("over TLS" if one_bool(condition) else "without TLS", operator)
    phrase = _phrase(key, condition.key)
    if phrase is None or operator.base.startswith(("numeric", "date", "bool", "binary")):
        return None
    return _of_key(condition, operator, phrase)


def _of_key(condition: Condition, operator: Operator, phrase: Phrase) -> str | None:
    if operator.qualifier is Qualifier.ALL:
        return None
    values = [_value(condition, value, operator) for value in condition.values]
    if operator.qualifier is Qualifier.ANY and operator.negated:
        return None
    if not operator.negated:
        return optional(phrase(joined(values)), operator)
    # An absent key passes a negated operator.
    return f"not {phrase(joined(values))}"


def _phrase(key: str, written: str) -> Phrase | None:
    if key in _PHRASES:
        start = _PHRASES[key]
        return lambda values: f"{start} {values}"
    name = written.partition("/")[2]
    for prefix, start, end in _TAG_PHRASES:
        if key.startswith(prefix) and name:
            return lambda values: f"{start} {name}={values}{end}"
    return _claim_phrase(key, written)


_PHRASES = {
    "sts:externalid": "with external ID",
    "sts:rolesessionname": "with session name",
    "sts:sourceidentity": "with source identity",
    "aws:sourceidentity": "with source identity",
    "aws:principalorgid": "from organization",
    "aws:principalorgpaths": "from organizational unit",
    "aws:principalaccount": "from account",
    "aws:principalarn": "as",
    "aws:principaltype": "as a principal of type",
    "aws:principalservicename": "as service",
    "aws:username": "as user",
    "aws:userid": "as principal ID",
    "aws:requestedregion": "in",
    "aws:sourceip": "from address",
    "aws:vpcsourceip": "from address (inside the VPC)",
    "aws:sourcevpc": "from VPC",
    "aws:sourcevpce": "through VPC endpoint",
    "aws:sourceaccount": "on behalf of account",
    "aws:sourcearn": "on behalf of",
    "aws:sourceorgid": "on behalf of organization",
    "aws:calledvia": "through service",
    "aws:calledviafirst": "first through service",
    "aws:calledvialast": "last through service",
    "aws:useragent": "with user agent",
    "aws:referer": "with HTTP referer",
    "aws:federatedprovider": "signed in by",
    "aws:resourceaccount": "on resources of account",
    "aws:resourceorgid": "on resources of organization",
    "iam:passedtoservice": "to pass a role to",
    "sts:transitivetagkeys": "with transitive session tag",
    "aws:tagkeys": "with tag key",
    "saml:aud": "signing in at",
    "saml:iss": "from SAML issuer",
    "saml:sub": "as SAML subject",
    "saml:sub_type": "with SAML subject type",
    "saml:doc": "from SAML provider",
    "saml:namequalifier": "with SAML name qualifier",
}
_TAG_PHRASES = (
    ("aws:resourcetag/", "on resources tagged", ""),
    ("aws:requesttag/", "with tag", " in the request"),
    ("aws:principaltag/", "as a principal tagged", ""),
)


def _claim_phrase(key: str, written: str) -> Phrase | None:
    """Claims of an OIDC token: ``ISSUER:aud``, ``ISSUER:sub``. Issuers are compared in their own case."""
    issuer, colon, claim = key.rpartition(":")
    if not colon or "." not in issuer:
        return None
    if issuer == "accounts.google.com" and claim in _GOOGLE:  # aud holds azp where the token has one
        return lambda values: f"{_GOOGLE[claim]} {values}"
    if claim == "aud":
        return lambda values: f"for audience {values}"
    if claim == "sub" and issuer.startswith("token.actions."):
        return lambda values: f"from {values}"
    if claim in _CLAIMS:
        return lambda values: f"{_CLAIMS[claim]} {values} at {written.rpartition(':')[0]}"
    return None


_GOOGLE = {"aud": "asked for by party", "oaud": "for audience"}
_CLAIMS = {"sub": "as subject", "amr": "with authentication method", "azp": "for authorized party"}


# --- values -----------------------------------------------------------------------------------------


def _value(condition: Condition, value: str, operator: Operator) -> str:
    key = condition.key.lower()
    if key == "sts:externalid":
        text = _external_id(value, operator)
    elif key.startswith("token.actions.") and key.endswith(":sub"):
        text = f'GitHub subject "{value}"' if _is_literal_star(value, operator) else _github_subject(value)
    else:
        text = value if value and not any(char.isspace() or char in ",;" for char in value) else f'"{value}"'
    match operator.base:
        case "stringequalsignorecase":
            return f"{text} (in any case)"
        case "stringequals" if _is_literal_star(value, operator):
            return f"{text} (exactly so, * and ? are plain characters)"
        case _:
            return text


def _is_literal_star(value: str, operator: Operator) -> bool:
    return operator.base == "stringequals" and ("*" in value or "?" in value)


def _external_id(value: str, operator: Operator) -> str:
    if operator.base != "stringlike" or not ("*" in value or "?" in value):
        return redact_external_id(value)
    return "* (any)" if not value.strip("*") else f"{redact_external_id(value)} (with wildcards)"


def _github_subject(subject: str) -> str:
    """``repo:OWNER/NAME:REST``, in either form, with or without immutable IDs."""
    kind, colon, rest = subject.partition(":")
    repository, more, where = rest.partition(":")
    if kind != "repo" or not colon:
        return f'GitHub subject "{subject}"'
    words = f"GitHub repository {repository}"
    if not more or where == "*":
        return words if not more else f"{words}, any workflow"
    for start, name in (
        ("ref:refs/heads/", "branch"),
        ("ref:refs/tags/", "tag"),
        ("environment:", "environment"),
    ):
        if where.startswith(start):
            return f"{words}, {name} {where.removeprefix(start)}"
    return f"{words}, pull requests" if where == "pull_request" else f"{words}, {where}"


def _remainder(condition: Condition) -> str | None:
    """What a Deny with this one line leaves, in one phrase; None where "except" says it better."""
    operator = parse_operator(condition.operator)
    if operator is None or operator.qualifier is not Qualifier.NONE:
        return None
    flipped = FLIPPED.get(operator.base)
    if flipped and condition.key.lower() in DATE_KEYS and not operator.negated:
        return _special(Condition(flipped, condition.key, condition.values), Operator(flipped))
    key = condition.key.lower()
    if key == "aws:multifactorauthpresent" and operator.base == "bool" and operator.if_exists:
        return "with MFA" if one_bool(condition) is False else None
    phrase = _phrase(key, condition.key)
    if operator.negated and phrase is not None:
        # The Deny spares the values alone, and with IfExists too where the key is absent it denies.
        positive = Operator(operator.base)
        return _of_key(condition, positive, phrase)
    return None


# --- everything else --------------------------------------------------------------------------------

_VERBS = {
    "stringequals": ("is", "is not"),
    "stringequalsignorecase": ("is, in any case,", "is, in any case, not"),
    "stringlike": ("matches", "does not match"),
    "arnequals": ("matches", "does not match"),
    "arnlike": ("matches", "does not match"),
    "bool": ("is", "is not"),
    "binaryequals": ("is, in base64,", "is, in base64, not"),
    "ipaddress": ("is in", "is not in"),
    "equals": ("is", "is not"),
    "lessthan": ("is less than", ""),
    "lessthanequals": ("is at most", ""),
    "greaterthan": ("is more than", ""),
    "greaterthanequals": ("is at least", ""),
}
_DATE_VERBS = {
    "lessthan": "is before",
    "lessthanequals": "is at or before",
    "greaterthan": "is after",
    "greaterthanequals": "is at or after",
}


def _plain(condition: Condition, operator: Operator) -> str:
    if operator.base == "null":
        return _presence(condition)
    base = operator.base.removeprefix("numeric").removeprefix("date")
    verb = _VERBS[base][operator.negated]
    if operator.base.startswith("date"):
        verb = _DATE_VERBS.get(base, verb)
    shown = redact_external_id if condition.key.lower() == "sts:externalid" else str
    values = joined([f'"{shown(value)}"' for value in condition.values]) or "one of no values"
    match operator.qualifier:
        case Qualifier.ALL:
            subject, absent = f"every value of {condition.key}", " (or there is none)"
        case Qualifier.ANY:
            subject, absent = f"at least one value of {condition.key}", " (or it is absent)"
        case Qualifier.NONE:
            subject, absent = condition.key, " (or is absent)"
    says_absent = operator.if_exists or operator.qualifier is Qualifier.ALL
    if operator.negated and operator.qualifier is Qualifier.NONE:
        says_absent = True
    return f"when {subject} {verb} {values}" + absent * says_absent


def _presence(condition: Condition) -> str:
    wanted = {value.lower() for value in condition.values}
    if wanted == {"true"}:
        return f"when {condition.key} is absent"
    return f"when {condition.key} is present" if wanted == {"false"} else _quoted(condition)


def _quoted(condition: Condition) -> str:
    """An operator that IAM does not have, or values that it does not take: as it stands."""
    shown = redact_external_id if condition.key.lower() == "sts:externalid" else str
    values = joined([f'"{shown(value)}"' for value in condition.values]) or "nothing"
    return f"when {condition.operator} holds for {condition.key} and {values}"
