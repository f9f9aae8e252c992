"""
What a statement of a trust policy really demands of those it admits.

An Allow's own conditions and the Deny statements of the same document together decide who gets in, so rules
ask here instead of looking at one statement's text.
"""

from __future__ import annotations

import attrs

from xacct.lint.document import ASSUMING, Condition, Document, Principal, Statement, Word
from xacct.lint.operators import Family, Operator

__all__ = [
    "accounts_fixed",
    "any_value",
    "demanded",
    "is_guarded",
    "is_own_variable",
]

# Deny lines that only make room for AWS's own services do not weaken what the other lines demand.
_SERVICE_EXCEPTIONS = ("aws:principalisawsservice", "aws:viaawsservice")
_OPPOSITES = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericGreaterThan": "NumericLessThanEquals",
    "NumericGreaterThanEquals": "NumericLessThan",
}


def any_value(condition: Condition) -> bool:
    """Whether a line is met by every value: a pattern of stars, or the key compared with itself."""
    if any(is_own_variable(condition, text) for text in condition.texts):
        return True
    if condition.operator is None or not condition.operator.takes_wildcards:
        return False
    return any(set(text.strip()) <= set("*?") and "*" in text for text in condition.texts)


def is_own_variable(condition: Condition, text: str) -> bool:
    """Whether a value is the variable of the very key that it is compared with, so that both are alike."""
    operator = condition.operator
    if operator is None or operator.negated or operator.family not in (Family.STRING, Family.ARN):
        return False
    inner = text.strip("*?").lower()
    if not (inner.startswith("${") and inner.endswith("}")):
        return False
    return inner[2:-1].partition(",")[0].strip() == condition.folded


def demanded(document: Document, statement: Statement) -> tuple[Condition, ...]:
    """The statement's own conditions, with those that the document's Deny statements add to them."""
    added: list[Condition] = []
    for denial in document.denies:
        if _reaches(denial, statement):
            added += _opposite(denial)
    return (*statement.conditions, *added)


def _reaches(denial: Statement, statement: Statement) -> bool:
    wanted = statement.trust_actions & set(ASSUMING)
    if not wanted <= denial.trust_actions or denial.principals is None:
        return False
    if any(principal.is_anyone for principal in denial.principals):
        return True
    # A Deny that names one role binds that role; only one that names the account binds all of it.
    bound = {
        (principal.type, principal.account if principal.is_whole_account else principal.value)
        for principal in denial.principals
    }
    return all(
        (who.type, who.value) in bound or (who.type == "AWS" and (who.type, who.account) in bound)
        for who in statement.principals or ()
    )


def _opposite(denial: Statement) -> list[Condition]:
    """What a request must hold to escape a Deny of one condition; nothing where it has several."""
    lines = [line for line in denial.conditions if line.folded not in _SERVICE_EXCEPTIONS]
    if len(lines) != 1 or lines[0].operator is None:
        return []
    line, operator = lines[0], lines[0].operator
    match operator.family:
        case Family.NULL if line.texts == ("true",):
            return [attrs.evolve(line, operator=operator, values=_only("false", line))]
        case Family.BOOL if operator.if_exists and line.texts == ("false",):
            return [attrs.evolve(line, operator=Operator("Bool", Family.BOOL), values=_only("true", line))]
        case _ if operator.base in _OPPOSITES and (operator.negated or operator.if_exists):
            qualifier = "ForAnyValue" if operator.qualifier == "ForAllValues" else ""
            return [
                attrs.evolve(line, operator=Operator(_OPPOSITES[operator.base], operator.family, qualifier))
            ]
        case _:
            return []


def _only(text: str, line: Condition) -> tuple[Word, ...]:
    return (Word(text, line.path),)


_GUARDS = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpceorgid",
    "aws:vpceaccount",
    "aws:sourceidentity",
    "sts:sourceidentity",
    "aws:userid",
    "aws:username",
    "sts:externalid",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:federatedprovider",
)


def is_guarded(conditions: tuple[Condition, ...], *, by: tuple[str, ...] = _GUARDS) -> bool:
    """Whether one of the conditions keeps most of a whole account out."""
    return any(_guards(condition, by) for condition in conditions)


def _guards(condition: Condition, keys: tuple[str, ...]) -> bool:
    operator = condition.operator
    if (
        operator is None
        or operator.true_when_absent
        or operator.family is Family.NULL
        or any_value(condition)
    ):
        return False
    if condition.folded == "aws:multifactorauthpresent":
        return condition.texts == ("true",)
    if condition.folded == "aws:principalarn":
        return bool(condition.texts) and all(_is_narrow(text) for text in condition.texts)
    if condition.folded == "sts:rolesessionname":
        return any("${" in text for text in condition.texts)
    return condition.folded in keys or condition.folded.startswith("aws:principaltag/")


def _is_narrow(pattern: str) -> bool:
    """Whether a pattern of principals' ARNs is narrower than all of an account's."""
    resource = pattern.split(":", 5)[5] if pattern.count(":") >= 5 else pattern
    kind, _, name = resource.partition("/")
    return bool(name.strip("*/?")) and kind not in ("*", "")


def names_account(condition: Condition) -> bool:
    """Whether the condition fixes the account of the caller."""
    if not condition.demands or any_value(condition):
        return False
    if condition.folded == "aws:principalaccount":
        return True
    if condition.folded == "aws:principalarn":
        accounts = [text.split(":", 5)[4] if text.count(":") >= 5 else "*" for text in condition.texts]
        return all(len(account) == 12 and account.isdigit() for account in accounts)
    return condition.folded in ("aws:principalorgid", "aws:principalorgpaths")


def accounts_fixed(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """The accounts that conditions admit callers of, where the Principal itself names everybody."""
    found: list[str] = []
    for condition in conditions:
        if not names_account(condition) or condition.folded not in (
            "aws:principalaccount",
            "aws:principalarn",
        ):
            continue
        arns = condition.folded == "aws:principalarn"
        found += [text.split(":", 5)[4] if arns else text for text in condition.texts]
    return tuple(dict.fromkeys(found))


def accounts_of(principals: tuple[Principal, ...]) -> tuple[str, ...]:
    """The accounts of AWS principals, in order, each once."""
    found = [who.account for who in principals if who.type == "AWS" and who.account is not None]
    return tuple(dict.fromkeys(found))
