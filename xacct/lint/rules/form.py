"""XA501 to XA512: what IAM refuses, or reads otherwise than it looks."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.iam.policy import CURRENT_VERSION, OLD_VERSION
from xacct.lint.context import LintContext
from xacct.lint.document import ELEMENTS, PRINCIPAL_TYPES, TOP_ELEMENTS, Document
from xacct.lint.rules.examples import INSTANCE, OWNED, allow, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, PERMISSION, TRUST, WARNING, Hit, define
from xacct.lint.text import Node, child_path

_ROLE = f"arn:aws:iam::{OWNED}:role/deployer"
_TRUST_GOOD = policy(trust(_ROLE))
_GOOD = policy(allow("lightsail:RebootInstance", INSTANCE))
_GRAMMAR = "IAM User Guide, reference_policies_grammar"


def _statements(document: Document) -> Iterator[Node]:
    for member in document.root.members or ():
        if member.key.strip().lower() == "statement":
            yield from (item for item in member.node.listed if item.is_object)


def _element(statement: Node, name: str) -> Node | None:
    """An element in whichever case it was written."""
    return statement.folded.get(name.lower())


@define(
    "XA502",
    "The same key twice",
    ERROR,
    BOTH,
    why="IAM refuses a document with a repeated key; most programs silently drop the first of the two.",
    fix="merge the two into one",
    bad=_TRUST_GOOD.replace('"Effect": "Allow"', '"Effect": "Allow", "Effect": "Allow"'),
    good=_TRUST_GOOD,
    source=_GRAMMAR,
)
def repeated_key(document: Document, _context: LintContext) -> Iterator[Hit]:
    for node in document.nodes:
        seen: dict[str, str] = {}
        for member in node.members or ():
            folded = member.key.lower() if _ignores_case(node.path) else member.key
            if member.key in seen.values():
                yield Hit(member.node.path, f"the key {member.key!r} is there twice")
            elif folded in seen:
                yield Hit(member.node.path, f"{member.key!r} and {seen[folded]!r} are the same key to IAM")
            seen[folded] = member.key


def _ignores_case(path: str) -> bool:
    """Whether the keys of an object at the path are condition operators or keys."""
    return ".Condition" in path


@define(
    "XA503",
    "Unknown or misspelt element",
    ERROR,
    BOTH,
    why="Elements are case-sensitive and IAM knows no others: it refuses the document.",
    fix="write the element as IAM spells it",
    bad=_TRUST_GOOD.replace('"Principal"', '"principal"'),
    good=_TRUST_GOOD,
    source=_GRAMMAR,
)
def unknown_element(document: Document, _context: LintContext) -> Iterator[Hit]:
    yield from _unknown_keys(document.root, TOP_ELEMENTS, "a policy")
    for statement in _statements(document):
        yield from _unknown_keys(statement, ELEMENTS, "a statement")
        for name in ("Principal", "NotPrincipal"):
            principal = _element(statement, name)
            if principal is not None and principal.is_object:
                yield from _unknown_keys(principal, PRINCIPAL_TYPES, name)


def _unknown_keys(node: Node, known: tuple[str, ...], what: str) -> Iterator[Hit]:
    folded = {name.lower(): name for name in known}
    for member in node.members or ():
        if member.key not in known:
            from difflib import get_close_matches

            close = get_close_matches(member.key.strip().lower(), folded, n=1, cutoff=0.6)
            fix = f"write {folded[close[0]]}" if close else f"{what} takes {', '.join(known)}"
            yield Hit(child_path(node.path, member.key), f"{member.key!r} is no element of {what}", fix)


@define(
    "XA504",
    "A needed element is missing",
    ERROR,
    BOTH,
    why="Without it IAM refuses the document.",
    fix="add the element",
    bad=policy({"Principal": {"AWS": _ROLE}, "Action": "sts:AssumeRole"}),
    good=_TRUST_GOOD,
    source=_GRAMMAR,
)
def missing_element(document: Document, _context: LintContext) -> Iterator[Hit]:
    if _element(document.root, "Statement") is None:
        yield Hit("$", "the policy has no Statement")
    for statement in _statements(document):
        needed = [("Effect",), ("Action", "NotAction")]
        needed.append(
            ("Principal", "NotPrincipal") if document.kind == "trust" else ("Resource", "NotResource")
        )
        for names in needed:
            if all(_element(statement, name) is None for name in names) and not _nearly(statement, names[0]):
                yield Hit(statement.path, f"the statement has no {names[0]}")


def _nearly(statement: Node, name: str) -> bool:
    """Whether an unknown element is likely to be the missing one (XA503 tells)."""
    from difflib import get_close_matches

    known = {element.lower() for element in ELEMENTS}
    unknown = [
        member.key.lower() for member in statement.members or () if member.key.strip().lower() not in known
    ]
    return bool(get_close_matches(name.lower(), unknown, n=1, cutoff=0.6))


@define(
    "XA505",
    "A value of the wrong form",
    ERROR,
    BOTH,
    why="IAM refuses an element whose value has another form than its own.",
    fix="write the value in the form that the grammar asks for",
    bad=_TRUST_GOOD.replace('"Allow"', '"allow"'),
    good=_TRUST_GOOD,
    source=_GRAMMAR,
)
def wrong_form(document: Document, _context: LintContext) -> Iterator[Hit]:
    if not document.root.is_object:
        yield Hit("$", "a policy is one JSON object")
        return
    listed = _element(document.root, "Statement")
    for item in listed.listed if listed is not None else ():
        if not item.is_object:
            yield Hit(item.path, "a statement is an object")
    for statement in _statements(document):
        effect = _element(statement, "Effect")
        if effect is not None and effect.scalar not in ("Allow", "Deny"):
            yield Hit(effect.path, f"Effect is {effect.scalar!r}", 'write "Allow" or "Deny", in this case')
        yield from _wrong_elements(statement)
        for one, other in (
            ("Action", "NotAction"),
            ("Resource", "NotResource"),
            ("Principal", "NotPrincipal"),
        ):
            if _element(statement, one) is not None and _element(statement, other) is not None:
                yield Hit(statement.path, f"the statement has both {one} and {other}", "keep one of them")


def _wrong_elements(statement: Node) -> Iterator[Hit]:
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        node = _element(statement, name)
        for item in node.listed if node is not None else ():
            if not item.is_text:
                yield Hit(item.path, f"{name} holds something that is no text")
    for name in ("Principal", "NotPrincipal"):
        node = _element(statement, name)
        if node is not None and not node.is_object and node.scalar != "*":
            yield Hit(node.path, f"{name} is no object", 'write {"AWS": "…"}')
        for member in (node.members or ()) if node is not None else ():
            for item in member.node.listed:
                if not item.is_text:
                    yield Hit(item.path, f"{name} holds something that is no text; put quotes around it")
    sid = _element(statement, "Sid")
    if sid is not None and not sid.is_text:
        yield Hit(sid.path, "Sid is no text")
    yield from _wrong_condition(_element(statement, "Condition"))


def _wrong_condition(node: Node | None) -> Iterator[Hit]:
    if node is None:
        return
    if not node.is_object:
        yield Hit(node.path, "Condition is no object of operators")
    for block in node.members or ():
        if not block.node.is_object:
            yield Hit(
                block.node.path, f"{block.key} is no object of condition keys", 'write {"KEY": "value"}'
            )
        for member in block.node.members or ():
            for item in member.node.listed:
                if item.is_object or item.is_list or item.scalar is None:
                    yield Hit(item.path, f"{member.key} is compared with something that is no text")


@define(
    "XA506",
    "Missing or old Version",
    WARNING,
    BOTH,
    why=(
        "Without it, or with 2008-10-17, IAM reads the policy by old rules: policy variables are "
        "plain text then."
    ),
    fix=f'write "Version": "{CURRENT_VERSION}"',
    bad=policy(trust(_ROLE), version=None),
    good=_TRUST_GOOD,
    source="IAM User Guide, reference_policies_elements_version",
)
def old_version(document: Document, _context: LintContext) -> Iterator[Hit]:
    node = _element(document.root, "Version")
    if not document.root.is_object or (node is not None and node.scalar == CURRENT_VERSION):
        return
    path = "$.Version" if node is not None else "$"
    uses = [text for item in document.nodes if item.is_text and "${" in (text := str(item.scalar))]
    if node is not None and node.scalar != OLD_VERSION:
        yield Hit(path, f"there is no Version {node.scalar!r}", severity=ERROR)
    elif uses:
        yield Hit(
            path,
            f"without Version {CURRENT_VERSION} {uses[0]!r} is plain text, not a variable",
            severity=ERROR,
        )
    else:
        yield Hit(path, "the policy has no Version" if node is None else f"Version is the old {OLD_VERSION}")


@define(
    "XA507",
    "Principal in a permissions policy",
    ERROR,
    PERMISSION,
    why="A permissions policy speaks of whoever it is attached to; IAM refuses one that names a principal.",
    fix="take Principal out; who may use the role stands in its trust policy",
    bad=policy(allow("lightsail:RebootInstance", INSTANCE, Principal="*")),
    good=_GOOD,
    source="IAM User Guide, reference_policies_elements_principal",
)
def principal_in_permissions(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in _statements(document):
        for name in ("Principal", "NotPrincipal"):
            node = _element(statement, name)
            if node is not None:
                yield Hit(node.path, f"a permissions policy holds no {name}")


@define(
    "XA508",
    "Resource in a trust policy",
    ERROR,
    TRUST,
    why="The role is the resource of its trust policy; IAM refuses one that names another.",
    fix="take Resource out",
    bad=policy(trust(_ROLE, Resource="*")),
    good=_TRUST_GOOD,
    source="IAM User Guide, id_roles_terms-and-concepts",
)
def resource_in_trust(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in _statements(document):
        for name in ("Resource", "NotResource"):
            node = _element(statement, name)
            if node is not None:
                yield Hit(node.path, f"a trust policy holds no {name}")


@define(
    "XA509",
    "Something empty",
    ERROR,
    BOTH,
    why=(
        "An empty list or text matches nothing, and an empty condition limits nothing; IAM refuses "
        "most of them."
    ),
    fix="fill it, or take it out",
    bad=policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalOrgID": []}})),
    good=_TRUST_GOOD,
    source=_GRAMMAR,
)
def empty_parts(document: Document, _context: LintContext) -> Iterator[Hit]:
    for node in document.nodes:
        empty = node.items == () or node.members == () or (node.is_text and not str(node.scalar).strip())
        if empty and not node.path.endswith((".Sid", ".Id")):
            what = "list" if node.is_list else "object" if node.is_object else "text"
            yield Hit(node.path, f"there is an empty {what} here")
        if any(not member.key.strip() for member in node.members or ()):
            yield Hit(node.path, "there is an empty key here")


@define(
    "XA510",
    "The same Sid twice",
    ERROR,
    BOTH,
    why="Sids are unique within a document; IAM refuses it otherwise.",
    fix="give each statement its own Sid, or none",
    bad=policy(trust(_ROLE, Sid="Deploy"), trust(f"arn:aws:iam::{OWNED}:role/audit", Sid="Deploy")),
    good=policy(trust(_ROLE, Sid="Deploy"), trust(f"arn:aws:iam::{OWNED}:role/audit", Sid="Audit")),
    source="IAM User Guide, reference_policies_elements_sid",
)
def repeated_sid(document: Document, _context: LintContext) -> Iterator[Hit]:
    seen: set[str] = set()
    for statement in _statements(document):
        node = _element(statement, "Sid")
        if node is None or not node.is_text or not node.scalar:
            continue
        sid = str(node.scalar)
        if sid in seen:
            yield Hit(node.path, f"Sid {sid!r} is there twice")
        elif not (sid.isascii() and sid.isalnum()) and document.kind == "permission":
            yield Hit(
                node.path, f"Sid {sid!r} holds something else than letters and digits", "use A-Z, a-z, 0-9"
            )
        seen.add(sid)
