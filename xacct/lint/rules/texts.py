"""XA511 to XA515: single characters, variables and sizes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from xacct.lint.context import LintContext
from xacct.lint.document import Document
from xacct.lint.keys import key_info, nearest_key
from xacct.lint.providers import is_federation_key
from xacct.lint.rules.examples import INSTANCE, OWNED, allow, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, PERMISSION, WARNING, Hit, define
from xacct.lint.text import Node

_ROLE = f"arn:aws:iam::{OWNED}:role/deployer"
_TRUST_GOOD = policy(trust(_ROLE))
TRUST_SIZE, ROLE_INLINE_SIZE, MANAGED_SIZE = 2_048, 10_240, 6_144


@define(
    "XA511",
    "Space at the end of a text",
    ERROR,
    BOTH,
    why=(
        "Every character counts: with a space before or after it the text is another one, and "
        "matches nothing."
    ),
    fix="take the space out",
    bad=policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalTag/team": "web "}})),
    good=policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalTag/team": "web"}})),
    source="IAM User Guide, reference_policies_elements_condition_operators",
)
def outer_space(document: Document, _context: LintContext) -> Iterator[Hit]:
    for word in document.texts:
        path, text = word.path, word.value
        bare = text.strip()
        # The default value of a variable stands behind a comma and a space.
        plain = re.sub(r"\$\{[^}]*\}", "", bare)
        inner = ":" in text and " " in plain and re.match(r"(arn:|[a-z0-9-]+:[A-Z]\w+ )", text) is not None
        if text != bare and bare:
            yield Hit(path, f"{text!r} begins or ends with a space or line break")
        elif inner and (".Action" in path or ".Resource" in path or ".Principal" in path):
            yield Hit(path, f"there is a space within {text!r}")


@define(
    "XA512",
    "A character that is not what it looks like",
    ERROR,
    BOTH,
    why="Invisible characters and letters of other alphabets look right and match nothing; IAM refuses most.",
    fix="type the text anew",
    bad=policy(trust(_ROLE.replace("deployer", "deploy\u0435r"))),
    good=_TRUST_GOOD,
    source="IAM quotas: characters in policies (tab, line ends, U+0020 to U+00FF)",
)
def odd_character(document: Document, _context: LintContext) -> Iterator[Hit]:
    for word in document.texts:
        path, text = word.path, word.value
        if text.isascii() and text.isprintable():
            continue
        # Values of conditions, such as tags, may hold Latin letters with accents.
        free = ".Condition" in path or path.endswith(".Id")
        for character in text:
            if _is_odd(character, free=free):
                name = unicodedata.name(character, "a control character").lower()
                yield Hit(path, f"{text!r} holds U+{ord(character):04X}, {name}")
                break


def _is_odd(character: str, *, free: bool) -> bool:
    if character.isascii():
        return not character.isprintable() and character not in "\t\n\r"
    if ord(character) > 0xFF or unicodedata.category(character) in ("Cf", "Cc", "Zs"):
        return True
    return not free


_VARIABLE = r"\$\{([^}]*)\}"


@define(
    "XA513",
    "Broken or unknown policy variable",
    ERROR,
    BOTH,
    why=(
        "A variable that is not closed, or names no condition key, is never filled in, so the text "
        "never matches."
    ),
    fix="write ${KEY} with a condition key that the request holds",
    bad=policy(
        trust(
            f"arn:aws:iam::{OWNED}:role/deployer", {"StringEquals": {"aws:SourceIdentity": "${aws:usrname}"}}
        )
    ),
    good=policy(
        trust(
            f"arn:aws:iam::{OWNED}:role/deployer",
            {"StringEquals": {"aws:SourceIdentity": "${aws:PrincipalTag/person}"}},
        )
    ),
    source="IAM User Guide, reference_policies_variables",
)
def broken_variable(document: Document, _context: LintContext) -> Iterator[Hit]:
    for word in document.texts:
        path, text = word.path, word.value
        if "${" not in text:
            continue
        if text.count("${") != len(re.findall(_VARIABLE, text)):
            yield Hit(path, f"a variable in {text!r} is not closed")
        for name in re.findall(_VARIABLE, text):
            key = name.partition(",")[0].strip()
            if key in ("*", "?", "$") or is_federation_key(key):
                continue
            if key_info(key) is None:
                close = nearest_key(key) if key else None
                fix = f"did you mean ${{{close}}}?" if close else ""
                yield Hit(path, f"${{{name}}} is no variable that IAM fills in", fix)
            elif getattr(key_info(key), "many", False):
                yield Hit(path, f"{key} has many values and cannot be a variable")
            elif ".Action" in path or ".Principal" in path or path.endswith(".Effect"):
                yield Hit(path, f"variables are not filled in here: {text!r}")


@define(
    "XA514",
    "Too large",
    ERROR,
    BOTH,
    why="IAM refuses what is larger than its quota; white space between elements does not count.",
    fix="shorten lists with patterns, split the policy, or have the quota raised",
    bad=policy(*[trust(f"arn:aws:iam::{OWNED}:role/team/deployer-number-{number}") for number in range(20)]),
    good=_TRUST_GOOD,
    source="IAM User Guide, reference_iam-quotas",
)
def too_large(document: Document, _context: LintContext) -> Iterator[Hit]:
    if _is_small(document):
        return
    size = len(json.dumps(_plain(document.root), separators=(",", ":"), ensure_ascii=False))
    if document.kind == "trust" and size > TRUST_SIZE:
        raised = " and 4,096 once raised" if size <= 2 * TRUST_SIZE else ""
        yield Hit("$", f"the trust policy has {size:,} characters; {TRUST_SIZE:,} are the quota{raised}")
    elif document.kind == "permission" and size > ROLE_INLINE_SIZE:
        yield Hit("$", f"the policy has {size:,} characters; a role takes {ROLE_INLINE_SIZE:,} inline in all")
    elif document.kind == "permission" and size > MANAGED_SIZE:
        yield Hit(
            "$",
            f"the policy has {size:,} characters: too large for a managed policy "
            f"({MANAGED_SIZE:,}), inline it "
            f"fits a role ({ROLE_INLINE_SIZE:,} in all)",
            severity=WARNING,
        )


def _is_small(document: Document) -> bool:
    """Whether the document surely fits, were each of its characters written as an escape of two."""
    texts = sum(2 * len(word.value) for word in document.texts)
    others = sum(len(str(node.scalar)) for node in document.nodes if not node.is_text)
    return texts + others + 8 * len(document.nodes) < TRUST_SIZE


def _plain(node: Node) -> Any:
    if node.members is not None:
        return {member.key: _plain(member.node) for member in node.members}
    return [_plain(item) for item in node.items] if node.items is not None else node.scalar


@define(
    "XA515",
    "A variable that a role's session lacks",
    WARNING,
    PERMISSION,
    why="aws:username is there for IAM users alone; for a role's session the text never matches.",
    fix="use ${aws:PrincipalTag/…} or ${aws:SourceIdentity}",
    bad=policy(
        allow(
            "lightsail:RebootInstance",
            INSTANCE,
            {"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}},
        )
    ),
    good=policy(
        allow(
            "lightsail:RebootInstance",
            INSTANCE,
            {"StringEquals": {"aws:ResourceTag/owner": "${aws:PrincipalTag/team}"}},
        )
    ),
    source="IAM User Guide, reference_policies_variables (where each has a value)",
)
def no_user_name(document: Document, context: LintContext) -> Iterator[Hit]:
    variable = re.compile(r"(?i)\$\{\s*aws:username\s*\}")
    users = [word.path for word in document.texts if "${" in word.value and variable.search(word.value)]
    for statement in document.statements if users else ():
        lightsail = any(word.folded.startswith("lightsail:") for word in statement.actions or ())
        if not (lightsail or context.role):
            continue
        for path in users:
            if path.startswith((statement.path + ".", statement.path + "[")):
                yield Hit(path, f"{statement.where}: sessions of a role have no aws:username")
