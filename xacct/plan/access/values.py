"""
What one value of a condition key can be, as far as the condition lines on that key can tell.

The values that the lines compare with become atoms: predicates over texts. They cut all texts into elements
(see ``patterns``): by wildcard for text, at the points of comparison for numbers and dates, at the edges of
the networks for addresses. Where operators of different families meet on one key the examples of each family
are tried against all, and combinations that no example shows stay in, without an example: too many cases are
harmless, a missing one would not be.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from xacct.evaluate.scalars import (
    parse_address,
    parse_bool,
    parse_bytes,
    parse_date,
    parse_network,
    parse_number,
)
from xacct.plan.access.patterns import Element, Pattern, TooComplexError, matches, partition
from xacct.plan.access.text import has_variable, literal_text, pattern_of
from xacct.values import frozen

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["Atom", "Family", "atom_of", "elements_of"]

MAX_MIXED = 256
MAX_NUMBER = 100
"""Characters of a number that is still compared exactly."""


class Family(Enum):
    """Operators that compare the same kind of value."""

    TEXT = "text"
    FOLDED = "text in any case"
    NUMBER = "number"
    DATE = "date"
    BOOL = "bool"
    BINARY = "binary"
    ADDRESS = "address"


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda one, other: one == other,
    "lessthan": lambda one, other: one < other,
    "lessthanequals": lambda one, other: one <= other,
    "greaterthan": lambda one, other: one > other,
    "greaterthanequals": lambda one, other: one >= other,
}

_FAMILIES = {
    "stringequals": Family.TEXT,
    "stringequalsignorecase": Family.FOLDED,
    "stringlike": Family.TEXT,
    "arnequals": Family.TEXT,
    "arnlike": Family.TEXT,
    "bool": Family.BOOL,
    "binaryequals": Family.BINARY,
    "ipaddress": Family.ADDRESS,
    **{f"numeric{name}": Family.NUMBER for name in _COMPARE},
    **{f"date{name}": Family.DATE for name in _COMPARE},
}


@frozen
class Atom:
    """
    One value of a condition line as a predicate over texts.

    ``operator`` is lower-case and positive. ``operand`` is the value as the family compares it.
    """

    family: Family
    operator: str
    operand: Any


def atom_of(operator: str, value: str, *, current: bool) -> Atom | None:
    """
    The predicate of one value; ``operator`` is lower-case, without qualifier, ``ifexists`` and ``not``.

    ``current`` tells whether the document's Version expands ``${…}``. None: it can't be decided here.
    """
    family = _FAMILIES.get(operator)
    if family is None or has_variable(value, current=current):
        return None
    operand = _operand(family, operator, value, current)
    return None if operand is None else Atom(family, operator, operand)


def _operand(family: Family, operator: str, value: str, current: bool) -> Any:
    match family:
        case Family.TEXT:
            return _text_operand(operator, value, current)
        case Family.FOLDED:
            return literal_text(value, current=current).casefold()
        case Family.NUMBER | Family.DATE:
            return _PARSERS[family](value) if len(value) <= MAX_NUMBER else None
        case _:
            return _PARSERS[family](value)


def elements_of(atoms: Sequence[Atom]) -> tuple[Element, ...]:
    """Cut all texts into what the atoms tell apart; bit i of an element's hits is atom i. TooComplexError."""
    families = {atom.family for atom in atoms}
    if len(families) > 1:
        return _mixed(atoms, sorted(families, key=lambda family: family.value))
    family = families.pop() if families else Family.TEXT
    if family is Family.TEXT:
        return partition(tuple(atom.operand for atom in atoms))
    return _by_examples(atoms, _examples(family, [atom.operand for atom in atoms]))


def _by_examples(atoms: Sequence[Atom], examples: Iterable[str]) -> tuple[Element, ...]:
    """Complete where the examples stand for every case."""
    found: dict[int, Element] = {}
    for example in examples:
        hits = sum(1 << index for index, atom in enumerate(atoms) if _holds(atom, example))
        found.setdefault(hits, Element(hits, example))
    return tuple(found.values())


def _mixed(atoms: Sequence[Atom], families: Iterable[Family]) -> tuple[Element, ...]:
    parts: list[list[int]] = []
    examples: list[str] = []
    count = 1
    for family in families:
        indexes = [index for index, atom in enumerate(atoms) if atom.family is family]
        own = elements_of([atoms[index] for index in indexes])
        examples += [element.example for element in own if element.example is not None]
        parts.append([_spread(element.hits, indexes) for element in own])
        count *= len(own)
    if count > MAX_MIXED:
        raise TooComplexError("too many kinds of comparison on one condition key")
    found = {element.hits: element for element in _by_examples(atoms, examples)}
    # Where one text alone can match, that text was among the examples, and nothing else is possible.
    single = sum(
        1 << index
        for index, atom in enumerate(atoms)
        if atom.family is Family.TEXT and atom.operand.text is not None
    )
    for combination in product(*parts):
        hits = sum(combination)
        if not hits & single:
            found.setdefault(hits, Element(hits, None))
    return tuple(found.values())


def _spread(hits: int, indexes: Sequence[int]) -> int:
    return sum(1 << index for place, index in enumerate(indexes) if hits >> place & 1)


def _holds(atom: Atom, text: str) -> bool:
    match atom.family:
        case Family.TEXT:
            return matches(atom.operand, text)
        case Family.NUMBER | Family.DATE:
            value = _PARSERS[atom.family](text)
            name = atom.operator.removeprefix("numeric").removeprefix("date")
            return value is not None and bool(_COMPARE[name](value, atom.operand))
        case Family.ADDRESS:
            address = parse_address(text)
            return address is not None and address in atom.operand
        case Family.FOLDED:
            return bool(text.casefold() == atom.operand)
        case Family.BOOL | Family.BINARY:
            return bool(_PARSERS[atom.family](text) == atom.operand)


# --- operands: the value of a line as its family compares it, or None ------------------------------------


def _text_operand(operator: str, value: str, current: bool) -> Pattern | None:
    if operator == "stringequals":
        return Pattern.literal(literal_text(value, current=current))
    if operator == "stringlike":
        return pattern_of(value, current=current)
    # A value without the six parts of an ARN matches nothing; it is left alone.
    return pattern_of(value, current=current, arn=True) if value.count(":") >= 5 else None


_PARSERS: dict[Family, Callable[[str], Any]] = {
    Family.NUMBER: parse_number,
    Family.DATE: parse_date,
    Family.BOOL: parse_bool,
    Family.BINARY: parse_bytes,
    Family.ADDRESS: parse_network,
}

# --- examples: texts that stand for every case -----------------------------------------------------------


def _examples(family: Family, operands: Sequence[Any]) -> Iterable[str]:
    match family:
        case Family.NUMBER:
            return [format(point, "f") for point in _points(operands)] + ["not-a-number"]
        case Family.DATE:
            return [_date_text(point) for point in _points(operands, 86400)] + ["not-a-date"]
        case Family.BINARY:
            texts = [base64.b64encode(value).decode() for value in operands]
            longest = max(operands, key=len)
            return [base64.b64encode(longest + b"x").decode(), *texts, "%"]
        case Family.ADDRESS:
            return [*_edges(operands), "not-an-address"]
        case Family.FOLDED:
            # Several cases of each, so that exact operators on the same key find one they tell apart.
            variants = (str.title, str.upper, str.lower)
            other = "x" * (1 + max(map(len, operands)))
            return [other, *(variant(text) for variant in variants for text in operands)]
        case _:
            return ["true", "false", "neither"]


def _points(operands: Sequence[Any], gap: int = 1) -> list[Decimal]:
    """What is compared with, the gaps between and beyond."""
    from decimal import Decimal, localcontext

    points = sorted(set(map(Decimal, operands)))
    with localcontext(prec=4 * MAX_NUMBER):
        between = [(low + high) / 2 for low, high in pairwise(points)]
        return [*between, *points, points[0] - gap, points[-1] + gap]


def _date_text(seconds: Decimal) -> str:
    whole, fraction = divmod(seconds, 1)
    if fraction < 0:
        whole, fraction = whole - 1, fraction + 1
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(whole))
    except OverflowError:
        raise TooComplexError("a date beyond the calendar") from None
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + format(fraction, "f")[1:] * bool(fraction) + "Z"


def _edges(networks: Sequence[Any]) -> Iterable[str]:
    # Between two edges no network begins or ends, so the first address of each stretch stands for it.
    yield from ("0.0.0.0", "::")  # noqa: S104
    for network in networks:
        kind = type(network.network_address)
        yield str(network.network_address)
        if int(network.broadcast_address) + 1 < 1 << network.max_prefixlen:
            yield str(kind(int(network.broadcast_address) + 1))
