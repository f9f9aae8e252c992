"""Wildcards: the fast way agrees with the plain one, and covering is sound."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.lint.patterns import covers, matches, may_overlap
from xacct.lint.strength import placeholder_reason, weakness_of

PATTERNS = st.text(alphabet="ab*?", max_size=8)
TEXTS = st.text(alphabet="ab", max_size=8)


def plainly(pattern: str, text: str) -> bool:
    wanted = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(wanted, text) is not None


@settings(deadline=None, max_examples=300)
@given(pattern=PATTERNS, text=TEXTS)
def test_matching_is_what_it_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) == plainly(pattern, text)


@settings(deadline=None, max_examples=300)
@given(wide=PATTERNS, narrow=PATTERNS, text=TEXTS)
def test_what_covers_matches_all_of_it(wide: str, narrow: str, text: str) -> None:
    if covers(wide, narrow) and matches(narrow, text):
        assert matches(wide, text)


@settings(deadline=None, max_examples=300)
@given(one=PATTERNS, other=PATTERNS, text=TEXTS)
def test_patterns_that_share_a_text_may_overlap(one: str, other: str, text: str) -> None:
    if matches(one, text) and matches(other, text):
        assert may_overlap(one, other)


def test_a_pattern_of_ten_thousand_stars_is_no_trouble() -> None:
    assert not matches("*a" * 10_000 + "b", "a" * 50_000)
    assert matches("*a" * 10_000, "a" * 50_000)
    assert not matches("?*a" * 10_000 + "b", "a" * 50_000)


@settings(deadline=None)
@given(value=st.uuids(version=4))
def test_a_random_guid_is_never_called_weak(value: object) -> None:
    assert placeholder_reason(str(value)) is None
    assert weakness_of(str(value)) is None
