"""XA304 to XA311: operators that let more, or less, through than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.carried import family_of
from xacct.lint.context import LintContext
from xacct.lint.document import Condition, Document, Statement
from xacct.lint.guards import is_guarded
from xacct.lint.keys import KeyType, key_info
from xacct.lint.operators import Family, nearest_operator
from xacct.lint.patterns import has_wildcard
from xacct.lint.providers import is_federation_key
from xacct.lint.rules.examples import INSTANCE, OWNED, allow, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, INFO, PERMISSION, TRUST, WARNING, Hit, define

_ROOT = f"arn:aws:iam::{OWNED}:root"
_MFA_GOOD = policy(trust(_ROOT, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
_ORG_GOOD = policy(trust(_ROOT, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))
_SOURCE = "IAM User Guide, reference_policies_elements_condition_operators"
_SETS = "IAM User Guide, reference_policies_condition-single-vs-multi-valued-context-keys"
_MFA = "aws:multifactorauthpresent"


def _lines(document: Document) -> Iterator[tuple[Statement, Condition]]:
    for statement in document.statements:
        for condition in statement.conditions:
            yield statement, condition


@define(
    "XA304",
    "Unknown condition operator",
    ERROR,
    BOTH,
    why="IAM refuses a policy with an operator that it does not know.",
    fix="write the operator as IAM spells it",
    bad=policy(
        trust(f"arn:aws:iam::{OWNED}:role/deployer", {"StringEqual": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})
    ),
    good=_ORG_GOOD,
    source=_SOURCE,
)
def unknown_operator(document: Document, _context: LintContext) -> Iterator[Hit]:
    seen: set[str] = set()
    for statement, condition in _lines(document):
        path = f"{statement.path}.Condition.{condition.written}"
        if condition.operator is None and path not in seen:
            seen.add(path)
            close = nearest_operator(condition.written)
            fix = f"did you mean {close}?" if close else ""
            yield Hit(path, f"{statement.where}: {condition.written!r} is no condition operator", fix)


@define(
    "XA305",
    "Wildcard under an exact operator",
    ERROR,
    BOTH,
    why="StringEquals compares character by character: a star there is a star, and nothing real matches it.",
    fix="write StringLike where a pattern is meant, or the full value",
    bad=policy(trust(_ROOT, {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OWNED}:role/deploy-*"}})),
    good=policy(trust(_ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNED}:role/deploy-*"}})),
    source=_SOURCE,
)
def literal_star(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        if condition.operator is None or not condition.operator.exact:
            continue
        for word in condition.values:
            # A question mark is an ordinary character of a web address.
            plain = word.value.replace("?", "") if "://" in word.value else word.value
            if has_wildcard(plain):
                yield Hit(
                    word.path,
                    f"{statement.where}: {condition.written} takes the wildcard in {word.value!r} literally",
                    "write "
                    f"{condition.written.replace('Equals', 'Like').replace('IgnoreCase', '')} for a pattern",
                )


_GUARDS = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principaltag/",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceidentity",
    "sts:sourceidentity",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:resourcetag/",
    "aws:requesttag/",
    "iam:resourcetag/",
    "iam:permissionsboundary",
    "iam:policyarn",
    "aws:multifactorauthage",
    "saml:aud",
    "saml:sub",
    "saml:iss",
    "aws:userid",
    "aws:username",
]


def _is_guard(condition: Condition) -> bool:
    return family_of(condition.folded) in _GUARDS or is_federation_key(condition.folded)


@define(
    "XA306",
    "IfExists on a guard",
    ERROR,
    BOTH,
    why=(
        "With IfExists the condition holds for every request that lacks the key, so the guard can "
        "be walked past."
    ),
    fix="take IfExists off in an Allow; keep it for Deny",
    bad=policy(
        trust(
            _ROOT,
            {
                "StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "Bool": {"aws:MultiFactorAuthPresent": "true"},
            },
        )
    ),
    good=_ORG_GOOD,
    source=_SOURCE,
)
def if_exists(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        operator = condition.operator
        if operator is None or not operator.if_exists or not statement.allows or operator.negated:
            continue
        if _is_guard(condition) and not _must_exist(statement, condition):
            yield Hit(
                condition.path,
                f"{statement.where}: {condition.written} lets requests through that lack {condition.key}",
            )


def _must_exist(statement: Statement, condition: Condition) -> bool:
    return any(line.is_null and line.texts == ("false",) for line in statement.on(condition.folded))


@define(
    "XA307",
    "ForAllValues in an Allow",
    ERROR,
    BOTH,
    why="ForAllValues is true for a request that lacks the key, so whoever leaves it out gets in.",
    fix='use ForAnyValue, or add "Null": {KEY: "false"}',
    bad=policy(
        trust(
            _ROOT,
            {
                "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"},
                "Bool": {"aws:MultiFactorAuthPresent": "true"},
            },
        )
    ),
    good=policy(trust(_ROOT, {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}})),
    source=_SETS,
)
def for_all_values(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        if (
            condition.operator is None
            or condition.operator.qualifier != "ForAllValues"
            or not statement.allows
        ):
            continue
        # On these two it says which tags may be sent, and none is fine.
        limits_tags = condition.folded in ("aws:tagkeys", "sts:transitivetagkeys")
        if not limits_tags and condition.folded != "sts:externalid" and not _must_exist(statement, condition):
            yield Hit(
                condition.path,
                f"{statement.where}: {condition.written} holds for requests without {condition.key}",
            )


@define(
    "XA308",
    "Set operator on a key with one value",
    WARNING,
    BOTH,
    why=(
        "ForAnyValue and ForAllValues are for keys with many values; on others they change what "
        "absence means."
    ),
    fix="write the operator without ForAnyValue or ForAllValues",
    bad=policy(trust(_ROOT, {"ForAnyValue:StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
    good=_ORG_GOOD,
    source=_SETS,
)
def set_on_single(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        if condition.operator is None or not condition.operator.qualifier:
            continue
        if statement.allows and condition.operator.qualifier == "ForAllValues":
            continue  # XA307
        if _has_one_value(condition.folded):
            yield Hit(
                condition.path,
                f"{statement.where}: {condition.key} has one value, {condition.written} is for many",
            )


def _has_one_value(key: str) -> bool:
    if is_federation_key(key):
        return key.rpartition(":")[2] in ("sub", "aud") and not key.startswith("cognito")
    info = key_info(key)
    return info is not None and not info.many and key.startswith(("aws:", "sts:"))


@define(
    "XA309",
    "Key with many values under a plain operator",
    WARNING,
    BOTH,
    why="How a plain operator compares a set of values is not defined to be what one would think.",
    fix="write ForAnyValue: before the operator (ForAllValues: to limit tag keys)",
    bad=policy(trust(_ROOT, {"StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}})),
    good=policy(trust(_ROOT, {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}})),
    source=_SETS,
)
def many_without_set(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        info = key_info(condition.folded)
        if info is None or not info.many or condition.operator is None or condition.operator.qualifier:
            continue
        if not condition.is_null:
            yield Hit(
                condition.path,
                f"{statement.where}: {condition.key} has many values; {condition.written} is for one",
            )


@define(
    "XA310",
    "MFA that is not demanded",
    ERROR,
    TRUST,
    why=(
        "Long-term access keys carry no MFA key at all. Bool true in an Allow and BoolIfExists "
        "false in a Deny "
        "keep them out; BoolIfExists in an Allow, Bool in a Deny and Null tests let them in."
    ),
    fix=(
        'in an Allow write "Bool": {"aws:MultiFactorAuthPresent": "true"}; in a Deny '
        '"BoolIfExists": {… "false"}'
    ),
    bad=policy(
        trust(
            _ROOT,
            {
                "BoolIfExists": {"aws:MultiFactorAuthPresent": "true"},
                "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            },
        )
    ),
    good=_MFA_GOOD,
    source="IAM User Guide, id_credentials_mfa_configure-api-require",
)
def weak_mfa(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        if condition.folded == "aws:multifactorauthage" and _wants_old(statement, condition):
            yield Hit(
                condition.path, f"{statement.where}: it asks for an MFA that is older than that, not younger"
            )
        if condition.folded == _MFA and condition.operator is not None:
            problem = _mfa_problem(statement, condition)
            guarded = condition.is_null and is_guarded(statement.on(_MFA))
            if problem and not guarded:
                yield Hit(condition.path, f"{statement.where}: {problem}")


def _wants_old(statement: Statement, condition: Condition) -> bool:
    base = condition.operator.base if condition.operator is not None else ""
    return base.startswith("NumericGreaterThan") and statement.allows


def _mfa_problem(statement: Statement, condition: Condition) -> str | None:
    operator = condition.operator
    if operator is None:
        return None
    wants = condition.texts[:1] == ("true",)
    if operator.family is Family.NULL:
        return "a Null test says whether MFA could have been used, not whether it was"
    if operator.family is not Family.BOOL:
        return None
    if statement.allows:
        if not wants:
            return "it admits callers only without MFA"
        return "callers with long-term keys and no MFA pass BoolIfExists" if operator.if_exists else None
    if wants:
        return "the Deny keeps out those who used MFA"
    return None if operator.if_exists else "the Deny misses long-term keys, which carry no MFA key"


@define(
    "XA311",
    "MFA asked of a role's session",
    WARNING,
    PERMISSION,
    why="Credentials from AssumeRole carry no MFA: in a role's permissions the statement never applies.",
    fix="ask for MFA in the role's trust policy",
    bad=policy(allow("lightsail:RebootInstance", INSTANCE, {"Bool": {"aws:MultiFactorAuthPresent": "true"}})),
    good=policy(allow("lightsail:RebootInstance", INSTANCE)),
    source="IAM User Guide, id_credentials_mfa_configure-api-require",
)
def mfa_in_permissions(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        if not condition.folded.startswith("aws:multifactorauth") or condition.operator is None:
            continue
        own = [word for word in statement.actions or () if word.folded.startswith(("iam:", "sts:"))]
        if own and context.role is None:
            continue  # a person's policy for their own account
        if statement.allows and not condition.operator.true_when_absent:
            yield Hit(
                condition.path, f"{statement.where}: sessions of a role carry no MFA, so it allows nothing"
            )
        elif statement.allows:
            yield Hit(
                condition.path, f"{statement.where}: sessions of a role carry no MFA, so it checks nothing"
            )
        elif not condition.operator.true_when_absent:
            yield Hit(
                condition.path, f"{statement.where}: sessions of a role carry no MFA, so it denies nothing"
            )
        else:
            yield Hit(
                condition.path,
                f"{statement.where}: sessions of a role carry no MFA and are denied",
                severity=INFO,
            )


@define(
    "XA312",
    "Operator that does not fit the key",
    ERROR,
    BOTH,
    why="An operator of another type compares texts that are written differently, or nothing at all.",
    fix=(
        "use the family that fits: Date… for times, IpAddress for addresses, Numeric… for numbers, "
        "Bool for true/false"
    ),
    bad=policy(
        trust(f"arn:aws:iam::{OWNED}:role/deployer", {"StringEquals": {"aws:SourceIp": "203.0.113.0/24"}})
    ),
    good=policy(
        trust(f"arn:aws:iam::{OWNED}:role/deployer", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    ),
    source=_SOURCE,
)
def unfit_operator(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _lines(document):
        info = key_info(condition.folded)
        if info is None or condition.operator is None:
            continue
        if condition.operator.family not in _FITTING[info.type]:
            yield Hit(
                condition.path,
                f"{statement.where}: {condition.written} does not fit {condition.key}, {_is(info.type)}",
            )


_FITTING = {
    KeyType.STRING: tuple(family for family in Family if family is not Family.IP),
    KeyType.BOOL: (Family.BOOL, Family.NULL, Family.STRING),
    KeyType.NUMERIC: (Family.NUMERIC, Family.NULL),
    KeyType.DATE: (Family.DATE, Family.NUMERIC, Family.NULL),
    KeyType.IP: (Family.IP, Family.NULL),
    KeyType.ARN: (Family.ARN, Family.STRING, Family.NULL),
}


def _is(kind: KeyType) -> str:
    return {
        KeyType.IP: "which is an address",
        KeyType.DATE: "which is a time",
        KeyType.NUMERIC: "which is a number",
        KeyType.BOOL: "which is true or false",
        KeyType.ARN: "which is an ARN",
        KeyType.STRING: "which is a text",
    }[kind]
