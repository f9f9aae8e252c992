"""XA313 to XA321: values that cannot be, mean too much, or have run out."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from xacct.lightsail.catalog import REGIONS, nearest_word
from xacct.lint.context import LintContext
from xacct.lint.document import Condition, Document, Statement, Word
from xacct.lint.facts import expand
from xacct.lint.guards import any_value, is_own_variable
from xacct.lint.keys import key_info
from xacct.lint.operators import Family
from xacct.lint.rules.examples import INSTANCE, OWNED, allow, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, PERMISSION, TRUST, WARNING, Hit, define
from xacct.lint.values import as_moment, as_network, impossible_value, unreadable_value

_ROLE = f"arn:aws:iam::{OWNED}:role/deployer"
_ROOT = f"arn:aws:iam::{OWNED}:root"
_KEYS = "IAM User Guide, reference_policies_condition-keys"
_OPERATORS = "IAM User Guide, reference_policies_elements_condition_operators"
_ORG_GOOD = policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))
_IP_GOOD = policy(trust(_ROLE, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))


def _values(document: Document) -> Iterator[tuple[Statement, Condition, Word]]:
    for statement in document.statements:
        for condition in statement.conditions:
            for word in condition.values if condition.operator is not None else ():
                yield statement, condition, word


@define(
    "XA313",
    "Value that cannot be",
    ERROR,
    BOTH,
    why=(
        "The value cannot be read as what the operator compares, or never stands in that key: it "
        "never matches."
    ),
    fix="write a value of the right form",
    bad=policy(trust(_ROLE, {"DateLessThan": {"aws:CurrentTime": "31.01.2027"}})),
    good=policy(trust(_ROLE, {"DateLessThan": {"aws:CurrentTime": "2027-01-31T23:59:59Z"}})),
    source=_OPERATORS + "; reference_policies_condition-keys",
)
def impossible(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition, word in _values(document):
        operator = condition.operator
        if operator is None or not word.value.strip():
            continue
        wanted = unreadable_value(operator.family, word.value)
        if wanted is None and operator.family in (Family.STRING, Family.ARN):
            wanted = impossible_value(condition.folded, word.value)
        info = key_info(condition.folded)
        if wanted is None and info is not None and info.type == "bool" and operator.family is Family.STRING:
            wanted = unreadable_value(Family.BOOL, word.value)
        if wanted is not None:
            yield Hit(
                word.path,
                f"{statement.where}: {condition.key} is compared with {word.value!r}, which is not {wanted}",
            )


@define(
    "XA314",
    "The time has passed",
    ERROR,
    BOTH,
    why="After that moment the statement allows nothing any more, or denies everything.",
    fix="put in a later date, or take the statement out",
    bad=policy(trust(_ROLE, {"DateLessThan": {"aws:CurrentTime": "2025-12-31T23:59:59Z"}})),
    good=policy(trust(_ROLE, {"DateLessThan": {"aws:CurrentTime": "2027-12-31T23:59:59Z"}})),
    source=_KEYS,
)
def time_has_passed(document: Document, context: LintContext) -> Iterator[Hit]:
    if context.today is None:
        return
    today = datetime.datetime.combine(context.today, datetime.time(), tzinfo=datetime.UTC)
    for statement, condition, word in _values(document):
        moment = as_moment(word.value)
        operator = condition.operator
        if moment is None or operator is None or moment >= today or operator.family is not Family.DATE:
            continue
        if condition.folded not in ("aws:currenttime", "aws:epochtime"):
            continue
        direction = "LessThan" if statement.allows else "GreaterThan"
        if operator.base.startswith(f"Date{direction}"):
            effect = "allows nothing" if statement.allows else "denies"
            yield Hit(word.path, f"{statement.where} {effect} since {word.value}")


@define(
    "XA315",
    "An address range that keeps nobody out",
    WARNING,
    BOTH,
    why="The range holds every address there is, or half of them.",
    fix="write the ranges that requests really come from",
    bad=policy(trust(_ROLE, {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})),
    good=_IP_GOOD,
    source=_OPERATORS,
)
def whole_internet(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition, word in _values(document):
        network = as_network(word.value)
        base = condition.operator.base if condition.operator is not None else ""
        wide = network is not None and network.prefixlen < (4 if network.version == 4 else 8)
        if wide and base == "IpAddress" and statement.allows:
            yield Hit(word.path, f"{statement.where}: {word.value} holds nearly every address")


_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7")


@define(
    "XA316",
    "Private addresses in aws:SourceIp",
    WARNING,
    BOTH,
    why="aws:SourceIp is the public address of the caller; private ones appear in aws:VpcSourceIp alone.",
    fix="write the public address of the network, or use aws:VpcSourceIp with aws:SourceVpc",
    bad=policy(trust(_ROLE, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
    good=_IP_GOOD,
    source=_KEYS,
)
def private_addresses(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition, word in _values(document):
        network = as_network(word.value) if condition.folded == "aws:sourceip" else None
        if network is None:
            continue
        ranges = [known for known in map(as_network, _PRIVATE) if known and known.version == network.version]
        if any(network.subnet_of(known) for known in ranges):  # type: ignore[arg-type]
            yield Hit(word.path, f"{statement.where}: no request comes from the private range {word.value}")


@define(
    "XA317",
    "A guard that every value meets",
    WARNING,
    BOTH,
    why=(
        "A pattern of nothing but stars, an ARN without an account, or a key compared with its own variable "
        "checks next to nothing."
    ),
    fix="write the value, or as much of it as is known",
    bad=policy(trust(_ROLE, {"StringLike": {"aws:PrincipalOrgID": "o-*"}})),
    good=_ORG_GOOD,
    source=_OPERATORS,
)
def empty_guard(document: Document, _context: LintContext) -> Iterator[Hit]:
    guards = [
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:requestedregion",
        "aws:sourceidentity",
        "aws:userid",
    ]
    for statement, condition, word in _values(document):
        operator = condition.operator
        if operator is None or operator.negated or not statement.allows:
            continue
        if is_own_variable(condition, word.value):
            yield Hit(
                word.path,
                f"{statement.where} compares {condition.key} with itself, which always holds",
                "",
                ERROR,
            )
            continue
        if condition.folded not in guards:
            continue
        key = condition.folded
        if operator.exact:
            continue
        everything = not word.value.strip("*?") and any_value(condition)
        if everything or (key == "aws:principalorgid" and "*" in word.value):
            yield Hit(word.path, f"{statement.where}: {word.value!r} is met by every {condition.key}")
        elif key == "aws:principalorgpaths" and not re.match(r"o-[a-z0-9]+/", word.value):
            yield Hit(
                word.path,
                f"{statement.where}: {word.value!r} does not name the organization; paths repeat elsewhere",
            )
        elif (
            key == "aws:sourcearn"
            and re.match(r"arn:[^:]*:[^:]*:[^:]*:\*", word.value)
            and not statement.on("aws:sourceaccount")
        ):
            yield Hit(word.path, f"{statement.where}: {word.value!r} is met by resources of every account")


@define(
    "XA318",
    "aws:PrincipalArn that no caller has",
    ERROR,
    TRUST,
    why=(
        "For a session aws:PrincipalArn is the ARN of its role, with its path, never that of "
        "the session; and "
        ":root there means the root user alone, who cannot assume roles."
    ),
    fix="write the ARN of the role (arn:aws:iam::ACCOUNT:role/PATH/NAME)",
    bad=policy(
        trust(_ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{OWNED}:assumed-role/deployer/*"}})
    ),
    good=policy(trust(_ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNED}:role/deployer"}})),
    source=_KEYS,
)
def impossible_caller(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition, word in _values(document):
        if condition.folded != "aws:principalarn":
            continue
        if ":assumed-role/" in word.value:
            yield Hit(
                word.path, f"{statement.where}: {word.value!r} is a session; the key holds its role's ARN"
            )
        elif word.value.endswith(":root") and condition.demands:
            yield Hit(
                word.path,
                f"{statement.where}: {word.value!r} is the root user alone, who cannot assume roles",
            )


@define(
    "XA319",
    "Region that is not Lightsail's",
    WARNING,
    PERMISSION,
    why="Lightsail is not there, or the name is misspelt: requests to it never come from that Region.",
    fix="write one of Lightsail's Regions",
    bad=policy(
        allow("lightsail:RebootInstance", "*", {"StringEquals": {"aws:RequestedRegion": "af-south-1"}})
    ),
    good=policy(
        allow("lightsail:RebootInstance", INSTANCE, {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    ),
    source="botocore 1.44.5, lightsail: RegionName",
)
def unknown_region(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition, word in _values(document):
        if (
            condition.folded != "aws:requestedregion"
            or not condition.demands
            or not _only_lightsail(statement)
        ):
            continue
        known = word.value in REGIONS or "*" in word.value or "?" in word.value or "${" in word.value
        if not known and impossible_value(condition.folded, word.value) is None:
            close = nearest_word(word.value, REGIONS)
            yield Hit(
                word.path,
                f"{statement.where}: there is no Lightsail in Region {word.value!r}",
                f"did you mean {close}?" if close else "",
            )


def _only_lightsail(statement: Statement) -> bool:
    return bool(statement.actions) and all(
        word.folded.startswith("lightsail:") for word in statement.actions or ()
    )


@define(
    "XA320",
    "Region fence around global things",
    ERROR,
    PERMISSION,
    why=(
        "Calls about domains and distributions are answered in us-east-1 alone; another Region "
        "shuts them out."
    ),
    fix="allow us-east-1 for these actions, in a statement of their own",
    bad=policy(
        allow(
            "lightsail:CreateDomainEntry",
            "arn:aws:lightsail:global:111122223333:Domain/*",
            {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        )
    ),
    good=policy(
        allow(
            "lightsail:CreateDomainEntry",
            "arn:aws:lightsail:global:111122223333:Domain/*",
            {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        )
    ),
    source="Lightsail API Reference: domains and distributions",
)
def fenced_global(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        covered = [facts for word in statement.actions or () for facts in expand(word.folded)]
        regions = {facts.lightsail.only_region for facts in covered if facts.lightsail is not None}
        if len(regions) != 1 or None in regions or not _only_lightsail(statement):
            continue
        region = str(regions.pop())
        for condition in statement.on("aws:requestedregion"):
            wanted = condition.demands and not any(
                value == region or "*" in value for value in condition.texts
            )
            if wanted:
                yield Hit(condition.path, f"{statement.where}: these actions are answered in {region} alone")
