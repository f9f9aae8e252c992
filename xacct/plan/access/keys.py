"""
A condition key as a dimension: every state it can be in, as far as the lines on it can tell.

A key is absent, has one value, or several. What the lines' values cannot tell apart is one element (see
``values``); a state is then absent or a set of elements, and two states on which every line agrees are one.
A line that can't be taken apart (policy variables, values that are no such value) becomes a dimension of its
own that is simply true or false: equal lines still cancel, and what hangs on it is never claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import comb
from typing import TypeAlias

import attrs

from xacct.lint.keys import is_single
from xacct.plan.access.operators import Line, Qualifier
from xacct.plan.access.patterns import Element, Pattern, TooComplexError
from xacct.plan.access.values import Atom, Family, atom_of, elements_of
from xacct.values import frozen

__all__ = ["KeyDimension", "State", "Value", "key_dimension"]

MAX_STATES = 4000
_EMPTY = 1 << 4000
"""In a row of answers: the element is the empty text. Beyond the bits of any lines."""

Value: TypeAlias = "str | tuple[str, ...] | None"
"""What a context holds for a key: one value, several, or nothing (absent)."""


@frozen
class State:
    """
    All states of the key on which every line says the same.

    ``truths``: bit i is the answer of line i. ``example`` counts only when ``known``. ``hits`` are the values
    of lines (bits over ``KeyDimension.atoms``) that some single value of this state matches.
    """

    truths: int
    example: Value
    known: bool
    hits: int = 0


@frozen
class KeyDimension:
    """The states of one key; a mask over them has bit i for state i."""

    key: str
    lines: tuple[Line, ...]
    states: tuple[State, ...]
    atoms: tuple[tuple[Line, str], ...]

    def mask(self, line: Line) -> int:
        """The states that pass the line."""
        bit = 1 << self.lines.index(line)
        return sum(1 << index for index, state in enumerate(self.states) if state.truths & bit)

    def touched(self, line: Line, mask: int) -> tuple[str, ...]:
        """Those values of the line that some state of the mask matches."""
        hits = 0
        for index, state in enumerate(self.states):
            if mask >> index & 1:
                hits |= state.hits
        return tuple(
            value for index, (owner, value) in enumerate(self.atoms) if owner == line and hits >> index & 1
        )


def key_dimension(key: str, lines: Iterable[Line]) -> tuple[KeyDimension, tuple[Line, ...]]:
    """The dimension of a key, and the lines that could not be taken apart."""
    clear: list[Line] = []
    opaque: list[Line] = []
    atoms: list[tuple[Line, str]] = []
    predicates: list[Atom] = []
    for line in dict.fromkeys(lines):
        own = _predicates(line)
        (opaque if own is None else clear).append(line)
        for value, atom in zip(line.values, own or (), strict=False):
            atoms.append((line, value))
            predicates.append(atom)
    empty = 0
    if any(line.operator.qualifier is not Qualifier.NONE for line in clear):
        # To a set operator an empty text is an empty set (reference_policies_multi-value-conditions).
        empty = 1 << len(predicates)
        predicates.append(Atom(Family.TEXT, "stringequals", Pattern.literal("")))
    try:
        states = _states(clear, atoms, elements_of(predicates), empty=empty, many=not is_single(key))
    except TooComplexError:
        return KeyDimension(key, (), (State(0, None, True),), ()), (*clear, *opaque)
    return KeyDimension(key, tuple(clear), states, tuple(atoms)), tuple(opaque)


def _predicates(line: Line) -> list[Atom] | None:
    """The atoms of a line's values; None when one of them is unclear, or when there are none."""
    operator = line.operator
    if operator.base == "null":
        clear = operator.qualifier is Qualifier.NONE and {value.lower() for value in line.values} in (
            {"true"},
            {"false"},
        )
        return [] if clear else None
    found = [atom_of(operator.base, value, current=line.current) for value in line.values]
    atoms = [atom for atom in found if atom is not None]
    return atoms if atoms and len(atoms) == len(found) else None


def _states(
    lines: Sequence[Line],
    atoms: Sequence[tuple[Line, str]],
    elements: Sequence[Element],
    *,
    empty: int,
    many: bool,
) -> tuple[State, ...]:
    """``empty`` marks the empty text among an element's hits, where it counts as a case of its own."""
    owned = [sum(1 << index for index, (owner, _) in enumerate(atoms) if owner == line) for line in lines]
    # Elements that no line tells apart are one here; their values' hits are kept for the words.
    merged: dict[int, Element] = {}
    for element in elements:
        row = sum(1 << index for index, mask in enumerate(owned) if element.hits & mask)
        row |= _EMPTY if element.hits & empty else 0
        before = merged.get(row)
        example = element.example if before is None or before.example is None else before.example
        merged[row] = Element(element.hits | (before.hits if before else 0), example)
    found: dict[int, State] = {}
    for state, rows in _candidates(merged, len(lines) if many else 1):
        truths = sum(1 << index for index, line in enumerate(lines) if _passes(line, rows, index))
        known = found.get(truths)
        if known is None or (state.known and not known.known):
            found[truths] = attrs.evolve(state, truths=truths, hits=state.hits | (known.hits if known else 0))
        elif isinstance(state.example, str):
            found[truths] = attrs.evolve(known, hits=known.hits | state.hits)
    return tuple(found.values())


def _candidates(merged: dict[int, Element], lines: int) -> Iterator[tuple[State, tuple[int, ...] | None]]:
    """
    Absent, each single element, and sets of up to ``lines`` elements, as many as there are lines.

    Larger sets are not needed: what a line says of a set is witnessed by one of its elements, or holds for
    all subsets too.
    """
    count = sum(comb(len(merged), size) for size in range(2, lines + 1))
    if count > MAX_STATES:
        raise TooComplexError("too many values on one condition key")
    yield State(0, None, True), None
    for row, element in merged.items():
        yield State(0, element.example, element.example is not None, element.hits), (row,)
    for size in range(2, lines + 1):
        for rows in combinations(merged, size):
            examples = [merged[row].example for row in rows]
            texts = tuple(example for example in examples if example is not None)
            yield State(0, texts, len(texts) == len(examples)), rows


def _passes(line: Line, rows: tuple[int, ...] | None, index: int) -> bool:
    """Whether the line holds for a set of elements (as rows of line hits), or for an absent key (None)."""
    operator = line.operator
    if operator.base == "null":
        return (line.values[0].lower() == "true") == (rows is None)
    if rows is None:
        return operator.if_exists or (
            operator.qualifier is Qualifier.ALL or (operator.negated and operator.qualifier is Qualifier.NONE)
        )
    if operator.qualifier is not Qualifier.NONE and len(rows) == 1 and rows[0] & _EMPTY:
        return operator.if_exists or operator.qualifier is Qualifier.ALL
    match operator.qualifier:
        case Qualifier.ALL:
            return all(bool(row >> index & 1) is not operator.negated for row in rows)
        case Qualifier.ANY:
            return any(bool(row >> index & 1) is not operator.negated for row in rows)
        case Qualifier.NONE:
            return any(row >> index & 1 for row in rows) is not operator.negated
