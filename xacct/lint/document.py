"""
A policy as the rules look at it: read leniently, each part with its path.

What IAM would refuse is reported by the rules of form and read here for what it was meant to be where that is
plain (``effect`` for ``Effect``), so that one slip hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

from xacct.lint.operators import Family, Operator, read_operator
from xacct.lint.patterns import matches
from xacct.lint.text import Node
from xacct.values import frozen

__all__ = [
    "ASSUMING",
    "TRUST_ACTIONS",
    "Condition",
    "Document",
    "Kind",
    "Principal",
    "Statement",
    "Word",
    "read_document",
    "words_of",
]

Kind: TypeAlias = Literal["trust", "permission"]

ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
TOP_ELEMENTS = ("Version", "Id", "Statement")
PRINCIPAL_TYPES = ("AWS", "Federated", "Service", "CanonicalUser")


ASSUMING = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
TRUST_ACTIONS = (*ASSUMING, "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
_SPELLING = {name.lower(): name for name in TRUST_ACTIONS}


@frozen
class Word:
    """A text with its path."""

    value: str
    path: str

    @cached_property
    def folded(self) -> str:
        return self.value.strip().lower()


@frozen
class Principal:
    """One principal. ``type`` is a key of the Principal element, or ``*`` for the bare star."""

    type: str
    value: str
    path: str

    @cached_property
    def account(self) -> str | None:
        """The account of an AWS principal given by number or ARN, or of a provider's ARN."""
        if len(self.value) == 12 and self.value.isdigit():
            return self.value
        parts = self.value.split(":", 5)
        return parts[4] if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit() else None

    @property
    def is_anyone(self) -> bool:
        return self.value.strip() == "*" and self.type in ("*", "AWS")

    @property
    def is_whole_account(self) -> bool:
        return self.type == "AWS" and (self.value == self.account or self.value.endswith(":root"))

    @property
    def resource(self) -> str:
        """What stands after the fifth colon of an ARN."""
        parts = self.value.split(":", 5)
        return parts[5] if len(parts) == 6 else ""


@frozen
class Condition:
    """One operator with one key. ``operator`` is None where IAM doesn't know it."""

    written: str
    operator: Operator | None
    key: str
    values: tuple[Word, ...]
    path: str

    @cached_property
    def folded(self) -> str:
        """The key as IAM compares it: in any case."""
        return self.key.strip().lower()

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.value for word in self.values)

    @property
    def demands(self) -> bool:
        return self.operator is not None and self.operator.demands

    @property
    def demands_value(self) -> bool:
        """Whether the key has to be present, whatever the operator's family."""
        return self.operator is not None and not self.operator.true_when_absent

    @property
    def is_null(self) -> bool:
        return self.operator is not None and self.operator.family is Family.NULL


@frozen
class Statement:
    """One statement. None for an element that it lacks."""

    index: int
    path: str
    sid: str | None = None
    effect: str | None = None
    actions: tuple[Word, ...] | None = None
    not_actions: tuple[Word, ...] | None = None
    resources: tuple[Word, ...] | None = None
    not_resources: tuple[Word, ...] | None = None
    principals: tuple[Principal, ...] | None = None
    not_principals: tuple[Principal, ...] | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def denies(self) -> bool:
        return self.effect == "Deny"

    @cached_property
    def trust_actions(self) -> frozenset[str]:
        """The actions on a role that a statement of a trust policy covers, in IAM's spelling."""
        if self.not_actions is not None:
            return frozenset(TRUST_ACTIONS) - _spelled(tuple(word.folded for word in self.not_actions))
        return _spelled(tuple(word.folded for word in self.actions or ()))

    def on(self, key: str) -> tuple[Condition, ...]:
        """The conditions on one key, given in lower case."""
        return tuple(condition for condition in self.conditions if condition.folded == key)

    @property
    def where(self) -> str:
        return f"statement {self.sid!r}" if self.sid else f"statement {self.index + 1}"


@frozen
class Document:
    """A document of one kind. ``root`` is the text's tree, for the rules of form."""

    kind: Kind
    root: Node
    version: str | None
    statements: tuple[Statement, ...]

    @cached_property
    def allows(self) -> tuple[Statement, ...]:
        return tuple(statement for statement in self.statements if statement.allows)

    @cached_property
    def denies(self) -> tuple[Statement, ...]:
        return tuple(statement for statement in self.statements if statement.denies)

    @cached_property
    def admitting(self) -> tuple[Statement, ...]:
        """The statements of a trust policy that let somebody assume the role."""
        return tuple(statement for statement in self.allows if statement.trust_actions & set(ASSUMING))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every value of the document, outer ones first."""
        return tuple(self.root.walk())

    @cached_property
    def texts(self) -> tuple[Word, ...]:
        """Every key and every text of the document."""
        return tuple(word for node in self.nodes for word in _texts_at(node))


def _texts_at(node: Node) -> Iterator[Word]:
    yield from (Word(member.key, member.node.path) for member in node.members or ())
    if node.is_text:
        yield Word(str(node.scalar), node.path)


@lru_cache(maxsize=512)
def _spelled(patterns: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        name for folded, name in _SPELLING.items() if any(matches(item, folded) for item in patterns)
    )


def words_of(node: Node | None) -> tuple[Word, ...] | None:
    """The texts of a lone value or a list; what is no text is left out. None where the element is missing."""
    if node is None:
        return None
    return tuple(Word(str(item.scalar), item.path) for item in node.listed if item.is_text)


def read_document(root: Node, kind: Kind) -> Document:
    """Read a tree as a policy. Never fails: what makes no sense is left out, the rules of form tell it."""
    parts = _elements(root, TOP_ELEMENTS)
    version = parts.get("Version")
    listed = parts["Statement"].listed if "Statement" in parts else ()
    statements = [_statement(node, index) for index, node in enumerate(listed) if node.is_object]
    return Document(
        kind=kind,
        root=root,
        version=str(version.scalar) if version is not None and version.is_text else None,
        statements=tuple(statements),
    )


def _elements(node: Node, known: tuple[str, ...]) -> dict[str, Node]:
    found = ((name, node.folded.get(name.lower())) for name in known)
    return {name: element for name, element in found if element is not None}


def _statement(node: Node, index: int) -> Statement:
    parts = _elements(node, ELEMENTS)
    sid, effect = parts.get("Sid"), parts.get("Effect")
    return Statement(
        index=index,
        path=node.path,
        sid=str(sid.scalar) if sid is not None and sid.is_text else None,
        effect=str(effect.scalar).strip().capitalize() if effect is not None and effect.is_text else None,
        actions=words_of(parts.get("Action")),
        not_actions=words_of(parts.get("NotAction")),
        resources=words_of(parts.get("Resource")),
        not_resources=words_of(parts.get("NotResource")),
        principals=_principals(parts.get("Principal")),
        not_principals=_principals(parts.get("NotPrincipal")),
        conditions=_conditions(parts.get("Condition")),
    )


def _principals(node: Node | None) -> tuple[Principal, ...] | None:
    if node is None:
        return None
    if node.is_text:
        kind = "*" if str(node.scalar).strip() == "*" else "AWS"
        return (Principal(kind, str(node.scalar), node.path),)
    folded = {name.lower(): name for name in PRINCIPAL_TYPES}
    out: list[Principal] = []
    for member in node.members or ():
        kind = folded.get(member.key.strip().lower(), member.key)
        out.extend(Principal(kind, word.value, word.path) for word in words_of(member.node) or ())
    return tuple(out)


def _conditions(node: Node | None) -> tuple[Condition, ...]:
    out: list[Condition] = []
    for block in (node.members or ()) if node is not None else ():
        operator = read_operator(block.key.strip())
        out.extend(
            Condition(block.key, operator, member.key, _values(member.node), member.node.path)
            for member in block.node.members or ()
        )
    return tuple(out)


def _values(node: Node) -> tuple[Word, ...]:
    out: list[Word] = []
    for item in node.listed:
        if item.is_object or item.is_list or item.scalar is None:
            continue
        text = str(item.scalar).lower() if isinstance(item.scalar, bool) else str(item.scalar)
        out.append(Word(text, item.path))
    return tuple(out)
