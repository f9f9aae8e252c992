"""Wildcard patterns as languages: every combination that a text can show, and no other."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.evaluate.patterns import compile_pattern
from xacct.plan.access.boxes import difference
from xacct.plan.access.patterns import TooComplexError, matches, partition
from xacct.plan.access.text import pattern_of, resource_pattern

PATTERNS = st.lists(st.text(alphabet="ab*?", max_size=6), min_size=1, max_size=4)
TEXTS = ["".join(letters) for count in range(6) for letters in product("abc", repeat=count)]


@settings(max_examples=60, deadline=None)
@given(texts=PATTERNS)
def test_every_text_lies_in_an_element_and_every_element_has_its_example(texts: list[str]) -> None:
    elements = partition(tuple(pattern_of(text, current=True) for text in texts))
    matchers = [compile_pattern(text) for text in texts]

    def hits(text: str) -> int:
        return sum(matcher(text) << index for index, matcher in enumerate(matchers))

    found = {element.hits for element in elements}
    assert {hits(text) for text in TEXTS} <= found
    assert {hits(element.example) for element in elements if element.example is not None} == found


@settings(max_examples=100, deadline=None)
@given(
    text=st.text(alphabet="ab:*?", max_size=14),
    asked=st.lists(st.text(alphabet="abc:", max_size=12), max_size=20),
)
def test_resources_match_as_in_the_evaluator(text: str, asked: list[str]) -> None:
    pattern, matcher = resource_pattern(text, current=False), compile_pattern(text, True)
    assert pattern is not None
    for one in asked:
        assert matches(pattern, one) == bool(matcher(one)), (text, one)


def test_a_finite_language_that_is_all_named_leaves_no_element() -> None:
    elements = partition(
        (pattern_of("a", current=True), pattern_of("a*", current=True), pattern_of("a?*", current=True))
    )
    assert sorted(element.hits for element in elements) == [0b000, 0b011, 0b110]


def test_patterns_beyond_the_limit_are_refused_rather_than_guessed() -> None:
    many = tuple(pattern_of(f"*{one}*{other}*{one}*", current=True) for one in "abcdef" for other in "abcdef")
    with pytest.raises(TooComplexError):
        partition(many)


def test_a_long_pattern_of_stars_is_no_trouble() -> None:
    elements = partition((pattern_of("*" * 10_000 + "a", current=True),))
    assert {element.hits for element in elements} == {0, 1}


BOXES = st.lists(
    st.dictionaries(st.sampled_from("xyz"), st.integers(1, 7), min_size=1), min_size=1, max_size=4
)


@given(one=BOXES, other=BOXES)
def test_the_difference_of_boxes_is_the_difference_of_their_points(
    one: list[dict[str, int]], other: list[dict[str, int]]
) -> None:
    def points(boxes: list[dict[str, int]]) -> set[tuple[int, ...]]:
        return {
            point
            for point in product(range(3), repeat=3)
            if any(all(mask >> point["xyz".index(name)] & 1 for name, mask in box.items()) for box in boxes)
        }

    pieces = [dict(box) for box in difference(one, other, dict.fromkeys("xyz", 7))]
    assert points(pieces) == points(one) - points(other)
