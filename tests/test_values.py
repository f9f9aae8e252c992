"""``xacct.values.frozen`` makes the values that ``attrs.frozen`` makes, at less cost."""

from __future__ import annotations

import copy
import pickle
from functools import cached_property
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xacct.values import frozen


def _made(make: Any) -> Any:
    @make
    class Value:
        name: str
        trust: str = attrs.field(eq=str.strip)
        seen: int = attrs.field(default=0, eq=False)
        more: Any = attrs.field(factory=dict, hash=False)

    return Value


OURS, THEIRS = _made(frozen), _made(attrs.frozen)
FIELDS = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["x", " x", "y"]),
    st.integers(0, 1),
    st.sampled_from([{}, {"k": 1}]),
)


@given(FIELDS, FIELDS)
def test_two_values_are_equal_when_attrs_says_so(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    equal = OURS(*one) == OURS(*other)
    assert equal is (THEIRS(*one) == THEIRS(*other))
    assert (OURS(*one) != OURS(*other)) is not equal
    if equal:
        assert hash(OURS(*one)) == hash(OURS(*other))


@frozen
class Empty:
    pass


@frozen
class Point:
    x: int
    y: int = attrs.field(default=0, repr=False)

    @cached_property
    def squared(self) -> int:
        return self.x * self.x


@frozen
class Turned(Point):
    by: int = 0


def test_values_of_other_classes_are_never_equal() -> None:
    assert Point(1, 2) != Turned(1, 2)
    assert Point(1, 2) != (1, 2)
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert Turned(1, 2, 3) != Turned(1, 2, 4)


def test_a_value_is_frozen_shown_and_carried_over() -> None:
    point = Point(3, 4)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        point.x = 5  # type: ignore[misc]
    assert repr(point) == "Point(x=3)"
    assert (point.squared, point.squared) == (9, 9)
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == attrs.evolve(point, x=3) == point


def test_comparisons_of_its_own_stay_a_class_own() -> None:
    @frozen(order=True)
    class Ranked:
        rank: int

    @frozen
    class Loose:
        name: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Loose) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return hash(self.name.lower())

    assert Ranked(1) < Ranked(2)
    assert Ranked(1) == Ranked(1)
    assert Loose("A") == Loose("a")
    assert len({Loose("A"), Loose("a")}) == 1
