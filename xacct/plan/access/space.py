"""The requests that two sets of documents can tell apart, and their statements as boxes over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from xacct.iam.policy import CURRENT_VERSION, Condition, Effect, PolicyDocument, Statement, TypedPrincipal
from xacct.plan.access.boxes import Box, intersect
from xacct.plan.access.keys import KeyDimension, key_dimension
from xacct.plan.access.operators import Line
from xacct.plan.access.patterns import Element, Pattern, TooComplexError, bits_of, partition
from xacct.plan.access.principals import PrincipalDimension, Requester, is_clear, principal_dimension
from xacct.plan.access.text import pattern_of, resource_pattern
from xacct.values import frozen

__all__ = ["ACTION", "PRINCIPAL", "RESOURCE", "Clause", "Names", "Space", "clauses_of", "resource_id"]

ACTION, RESOURCE, PRINCIPAL = "action", "resource", "principal"
TRUE, FALSE = 1, 2
"""The elements of a dimension that is simply true or false."""

Meaning: TypeAlias = "Line | str | TypedPrincipal"


@frozen
class Clause:
    """A statement with the Version of its document, which decides about policy variables."""

    statement: Statement
    current: bool

    @property
    def allows(self) -> bool:
        return self.statement.effect is Effect.ALLOW

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Raises TooComplexError for an operator that IAM does not have."""
        return tuple(self.line(condition) for condition in self.statement.conditions)

    def line(self, condition: Condition) -> Line:
        line = Line.of(condition, current=self.current)
        if line is None:
            raise TooComplexError(f"{condition.operator!r} is no condition operator")
        return line


def clauses_of(documents: Iterable[PolicyDocument]) -> list[Clause]:
    return [
        Clause(statement, document.version == CURRENT_VERSION)
        for document in documents
        for statement in document.statements
    ]


@frozen
class Names:
    """A dimension of texts: its elements, and which of them each pattern matches."""

    elements: tuple[Element, ...]
    index: Mapping[str, int]

    @classmethod
    def of(
        cls, patterns: Mapping[str, Pattern], extra: Iterable[str], only: Iterable[str] | None = None
    ) -> Names:
        """Each text of ``extra`` is told apart; with ``only`` there are no other texts than these."""
        elements = partition(tuple(patterns.values()), tuple(extra))
        if only is not None:
            kept = frozenset(only)
            elements = tuple(element for element in elements if element.example in kept)
        masks = [0] * len(patterns)
        for place, element in enumerate(elements):
            for number in bits_of(element.hits):
                masks[number] |= 1 << place
        return cls(elements, dict(zip(patterns, masks, strict=True)))

    @property
    def full(self) -> int:
        return (1 << len(self.elements)) - 1

    def mask(self, texts: Iterable[str]) -> int:
        out = 0
        for text in texts:
            out |= self.index[text]
        return out

    def examples(self, mask: int) -> list[str]:
        """The known examples within the mask, in the order of the elements."""
        return [
            element.example
            for place, element in enumerate(self.elements)
            if mask >> place & 1 and element.example is not None
        ]


class Space:
    """
    The dimensions that a set of clauses needs.

    ``trust`` is account and partition of the role, for trust policies; without it statements have resources
    in place of principals, and ``holders`` are who holds them. ``actions`` are told apart by name; with
    ``only_actions`` there are no others. Raises TooComplexError.
    """

    def __init__(
        self,
        clauses: Sequence[Clause],
        *,
        trust: tuple[str, str] | None = None,
        actions: Iterable[str] = (),
        only_actions: bool = False,
        holders: Iterable[str] = (),
    ) -> None:
        self.is_trust = trust is not None
        self.spelled = _spelled(clauses)
        for clause in clauses:
            self._check(clause.statement)
        named = tuple(actions)
        patterns = {text: pattern_of(text, current=False) for text in self.spelled}
        self.actions = Names.of(patterns, named, only=named if only_actions else None)
        # Actions without resource types come with the resource "*".
        self.resources = Names.of(_resource_patterns(clauses), ("*",))
        self.principals = (
            _principals(clauses, trust) if trust else PrincipalDimension("", tuple(map(Requester, holders)))
        )
        self.keys = _keys(clauses)
        self.key_names = {
            condition.key.lower(): condition.key
            for clause in reversed(clauses)
            for condition in clause.statement.conditions
        }
        self.meanings: dict[str, Meaning] = {}
        self.sizes: dict[str, int] = {ACTION: self.actions.full, RESOURCE: self.resources.full}
        self.sizes[PRINCIPAL] = (1 << len(self.principals.requesters)) - 1
        for key, dimension in self.keys.items():
            self.sizes[f"key:{key}"] = (1 << len(dimension.states)) - 1

    def _check(self, statement: Statement) -> None:
        who = statement.principals is not None or statement.not_principals is not None
        what = statement.resources is not None or statement.not_resources is not None
        if who is not self.is_trust or what is self.is_trust:
            raise TooComplexError("a statement without its resources, or with elements that don't belong")
        if statement.actions is None and statement.not_actions is None:
            raise TooComplexError("a statement without actions")

    def boxes(self, clause: Clause) -> list[Box]:
        """The requests that a clause applies to."""
        base = self._action_box(clause.statement)
        for line in clause.lines:
            base = None if base is None else intersect(base, self.line_box(line))
        if base is None:
            return []
        parts = self._principal_boxes(clause) if self.is_trust else self._resource_boxes(clause)
        return [box for part in parts if (box := intersect(base, part)) is not None]

    def flag(self, name: str, *, value: bool, meaning: Meaning | None = None) -> Box:
        """
        A dimension that is true or false, made when first used.

        ``meaning`` is what is true, where it stands in a document: a line, a resource, a principal.
        """
        self.sizes.setdefault(name, TRUE | FALSE)
        if meaning is not None:
            self.meanings[name] = meaning
        return {name: TRUE if value else FALSE}

    def line_box(self, line: Line) -> Box:
        dimension = self.keys[line.key]
        if line in dimension.lines:
            return {f"key:{line.key}": dimension.mask(line)}
        return self.flag(f"line:{line!r}", value=True, meaning=line)

    def _action_box(self, statement: Statement) -> Box | None:
        if statement.actions is not None:
            mask = self.actions.mask(map(str.lower, statement.actions))
        else:
            mask = self.actions.full & ~self.actions.mask(map(str.lower, statement.not_actions or ()))
        return {ACTION: mask} if mask else None

    def _resource_boxes(self, clause: Clause) -> list[Box]:
        statement = clause.statement
        texts = [text for text in _resource_texts(statement) if not _cannot_be_saved(text, statement)]
        ids = [resource_id(text, clause.current) for text in texts]
        plain = self.resources.mask(identity for identity in ids if identity in self.resources.index)
        flags = [
            f"resource:{text}"
            for text, one in zip(texts, ids, strict=True)
            if one not in self.resources.index
        ]
        if statement.resources is not None:
            boxes = [self.flag(name, value=True, meaning=name.removeprefix("resource:")) for name in flags]
            return [{RESOURCE: plain}, *boxes] if plain else boxes
        rest = self.resources.full & ~plain
        box: dict[str, int] = {RESOURCE: rest}
        for name in flags:
            box |= self.flag(name, value=False, meaning=name.removeprefix("resource:"))
        return [box] if rest else []

    def _principal_boxes(self, clause: Clause) -> list[Box]:
        statement = clause.statement
        if statement.principals is None:
            return self._not_principal_boxes(clause)
        clear = [principal for principal in statement.principals if is_clear(principal)]
        mask = self.principals.mask(clear, allows=clause.allows)
        boxes = [
            self.flag(f"principal:{principal!r}", value=True, meaning=principal)
            for principal in statement.principals
            if not is_clear(principal)
        ]
        return [{PRINCIPAL: mask}, *boxes] if mask else boxes

    def _not_principal_boxes(self, clause: Clause) -> list[Box]:
        spared = clause.statement.not_principals or ()
        if clause.allows or not all(map(is_clear, spared)):
            return [self.flag(f"{clause.statement.effect}:not:{sorted(set(spared))!r}", value=True)]
        mask = self.principals.mask_without(spared)
        return [{PRINCIPAL: mask}] if mask else []


def _spelled(clauses: Iterable[Clause]) -> dict[str, str]:
    """Actions and patterns of them as they are written, by what they are in lower case."""
    texts: dict[str, str] = {}
    for clause in clauses:
        for text in (*(clause.statement.actions or ()), *(clause.statement.not_actions or ())):
            texts.setdefault(text.lower(), text)
    return texts


def _resource_texts(statement: Statement) -> tuple[str, ...]:
    return statement.resources if statement.resources is not None else statement.not_resources or ()


def _cannot_be_saved(text: str, statement: Statement) -> bool:
    """IAM refuses a wildcard for the service; as in the evaluator, should one come, it never gives."""
    parts = text.split(":", 3)
    widens = (statement.effect is Effect.ALLOW) is (statement.resources is not None)
    return widens and len(parts) > 2 and ("*" in parts[2] or "?" in parts[2])


def resource_id(text: str, current: bool) -> str:
    """The same text can mean two patterns, by the Version of its document."""
    return text if current or "${" not in text else f"literally {text}"


def _resource_patterns(clauses: Iterable[Clause]) -> dict[str, Pattern]:
    out: dict[str, Pattern] = {}
    for clause in clauses:
        for text in _resource_texts(clause.statement):
            pattern = resource_pattern(text, current=clause.current)
            if pattern is not None:
                out[resource_id(text, clause.current)] = pattern
    return out


def _principals(clauses: Iterable[Clause], trust: tuple[str, str]) -> PrincipalDimension:
    named: list[TypedPrincipal] = []
    for clause in clauses:
        statement = clause.statement
        named += filter(is_clear, (*(statement.principals or ()), *(statement.not_principals or ())))
    return principal_dimension(tuple(dict.fromkeys(named)), *trust)


def _keys(clauses: Iterable[Clause]) -> dict[str, KeyDimension]:
    by_key: dict[str, list[Line]] = {}
    for clause in clauses:
        for line in clause.lines:
            by_key.setdefault(line.key, []).append(line)
    return {key: key_dimension(key, lines)[0] for key, lines in by_key.items()}
