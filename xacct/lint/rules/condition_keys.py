"""XA301 to XA303: condition keys that do not exist, or are never there."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.carried import TAG_KEYS, carries, family_of, literal_actions, never_in_trust, never_of_roles
from xacct.lint.context import LintContext
from xacct.lint.document import Condition, Document, Statement
from xacct.lint.facts import ActionFacts, expand, nearest_service, service_keys, services
from xacct.lint.keys import key_info, nearest_key
from xacct.lint.providers import is_federation_key
from xacct.lint.rules.examples import INSTANCE, OWNED, allow, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, INFO, PERMISSION, WARNING, Hit, define

_ROLE = f"arn:aws:iam::{OWNED}:role/deployer"
_SOURCE = "IAM User Guide, reference_policies_condition-keys; Service Authorization Reference"


@define(
    "XA301",
    "Unknown condition key",
    ERROR,
    BOTH,
    why="A key that does not exist is never in a request, so the condition never holds, or always does.",
    fix="write the key as AWS documents it",
    bad=policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalOrgIdentifier": "o-a1b2c3d4e5"}})),
    good=policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
    source=_SOURCE,
)
def unknown_key(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        for condition in statement.conditions:
            problem = _unknown(condition.key.strip())
            if problem is not None and condition.key.strip():
                close = nearest_key(condition.key)
                fix = f"did you mean {close}?" if close else ""
                yield Hit(condition.path, f"{statement.where}: {problem}", fix)


def _unknown(key: str) -> str | None:
    prefix, colon, _ = key.lower().partition(":")
    if not colon:
        return f"{key!r} is no condition key: it has no prefix such as aws:"
    if is_federation_key(key) or key_info(key) is not None:
        return None
    if prefix == "lightsail":
        return f"Lightsail has no condition keys of its own, so {key!r} is never there"
    if prefix in ("aws", "saml") or any(known.lower().startswith(f"{prefix}:") for known in service_keys()):
        return f"there is no condition key {key!r}"
    if prefix not in services():
        close = nearest_service(prefix)
        return f"{prefix!r} is no prefix of condition keys" + (f"; did you mean {close!r}?" if close else "")
    return None


@define(
    "XA302",
    "Condition key that the request never holds",
    ERROR,
    BOTH,
    why=(
        "IAM decides with the keys that a request carries. On a key that it never carries an Allow never "
        "applies, or its condition checks nothing; a Deny never applies, or always."
    ),
    fix="use a key that the action carries, or take the condition out",
    bad=policy(trust(_ROLE, {"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}})),
    good=policy(trust(_ROLE)),
    source=_SOURCE,
)
def never_there(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        for condition in statement.conditions:
            key = condition.folded
            if condition.operator is None or _unknown(condition.key.strip()) or family_of(key) in TAG_KEYS:
                continue
            reason = _never(document, statement, key)
            chained = never_of_roles(statement, key) if document.kind == "trust" else None
            if reason or chained:
                yield Hit(
                    condition.path,
                    f"{statement.where}: {condition.key} is never in the request: {reason or chained}; "
                    f"{_effect(statement, condition)}",
                    "" if reason else "name IAM users, or demand MFA where people get the role that is named",
                    severity=None if reason else INFO,
                )


def _never(document: Document, statement: Statement, key: str) -> str | None:
    if document.kind == "trust":
        federated = any(name.startswith("sts:AssumeRoleWith") for name in statement.trust_actions)
        if key == "sts:externalid" and federated and "sts:AssumeRole" not in statement.trust_actions:
            return None  # XA120
        return never_in_trust(statement, key)
    named = _covered(statement)
    if not named or any(carries(facts, key) for facts in named):
        return None
    return f"{named[0].name} does not carry it"


def _covered(statement: Statement) -> list[ActionFacts]:
    """Everything a statement's actions cover; empty when some of it is not known in detail."""
    found: list[ActionFacts] = []
    for word in statement.actions or ():
        if word.folded == "*":
            return []
        matched = expand(word.folded)
        if not matched:
            return []
        found += matched
    return found


def _effect(statement: Statement, condition: Condition) -> str:
    absent = condition.operator is not None and condition.operator.true_when_absent
    absent = absent or (condition.is_null and condition.texts == ("true",))
    if statement.allows:
        return "the condition checks nothing" if absent else "the statement never applies"
    return "the statement always applies" if absent else "the statement never denies"


@define(
    "XA303",
    "Tag condition on an action without tags",
    ERROR,
    PERMISSION,
    why=(
        "An action that takes no resource, or creates nothing that can be tagged at once, has no tags to "
        "compare: the action is never allowed, or never denied, by this statement."
    ),
    fix="put such actions in a statement of their own, without the tag condition",
    bad=policy(allow("lightsail:GetInstances", "*", {"StringEquals": {"aws:ResourceTag/team": "web"}})),
    good=policy(
        allow("lightsail:GetInstances"),
        allow("lightsail:RebootInstance", INSTANCE, {"StringEquals": {"aws:ResourceTag/team": "web"}}),
    ),
    source="Service Authorization Reference, Amazon Lightsail",
)
def without_tags(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        for condition in statement.conditions:
            if family_of(condition.folded) in TAG_KEYS and condition.operator is not None:
                yield from _without_tag(statement, condition)


def _without_tag(statement: Statement, condition: Condition) -> Iterator[Hit]:
    lacking = [facts.name for facts in literal_actions(statement) if not carries(facts, condition.folded)]
    harmless = statement.allows and condition.operator is not None and condition.operator.true_when_absent
    if lacking and not (harmless and _covered_count(statement) > len(lacking)):
        yield Hit(
            condition.path,
            f"{statement.where}: {condition.key} is never there for {_some(lacking)}; "
            f"for {'it' if len(lacking) == 1 else 'them'} {_effect(statement, condition)}",
        )
    for word in statement.actions or ():
        if "*" in word.value or "?" in word.value:
            yield from _pattern_without_tag(statement, condition, word.folded)


def _covered_count(statement: Statement) -> int:
    return sum(len(expand(word.folded)) for word in statement.actions or ())


def _pattern_without_tag(statement: Statement, condition: Condition, pattern: str) -> Iterator[Hit]:
    found = [facts for facts in expand(pattern) if facts.name.startswith("lightsail:")]
    lacking = [facts.name for facts in found if not carries(facts, condition.folded)]
    if not lacking or not pattern.startswith("lightsail:"):
        return
    absent = condition.operator is not None and condition.operator.true_when_absent
    mostly = len(lacking) * 2 > len(found) and (statement.denies or pattern != "lightsail:*")
    # An Allow that misses most of what it names, or a Deny that shuts it all out, is hardly meant.
    surprising = mostly and (statement.denies if absent else statement.allows)
    severity = ERROR if len(lacking) == len(found) else WARNING if surprising else INFO
    yield Hit(
        condition.path,
        f"{statement.where}: {condition.key} is never there for {len(lacking)} of the "
        f"{len(found)} actions that "
        f"{pattern} covers, such as {lacking[0]}; for them {_effect(statement, condition)}",
        severity=severity,
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
