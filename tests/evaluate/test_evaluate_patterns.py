"""Wildcards against the plainest possible matcher."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.evaluate.patterns import any_pattern, compile_pattern, escape_policy_text, escape_text


def matches_by_definition(pattern: str, text: str) -> bool:
    @cache
    def rest(at: int, of: int) -> bool:
        if at == len(pattern):
            return of == len(text)
        if pattern[at] == "*":
            return rest(at + 1, of) or (of < len(text) and rest(at, of + 1))
        return of < len(text) and pattern[at] in ("?", text[of]) and rest(at + 1, of + 1)

    return rest(0, 0)


@settings(deadline=None, max_examples=500)
@given(st.text("ab:*?", max_size=8), st.text("ab:*?", max_size=10))
def test_a_pattern_matches_what_its_definition_says(pattern: str, text: str) -> None:
    assert compile_pattern(pattern)(text) == matches_by_definition(pattern, text)


@settings(deadline=None, max_examples=300)
@given(st.text("ab\\*?", max_size=8), st.text("ab\\*?", max_size=8))
def test_escaped_text_matches_itself_alone(text: str, other: str) -> None:
    assert compile_pattern(escape_text(text))(text)
    assert compile_pattern(escape_text(text))(other) == (text == other)
    assert compile_pattern(escape_policy_text(text))(other) == matches_by_definition(text, other)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text("ab*?", max_size=5), max_size=4), st.text("ab*", max_size=6))
def test_several_patterns_take_what_one_of_them_takes(patterns: list[str], text: str) -> None:
    assert any_pattern(patterns)(text) == any(matches_by_definition(pattern, text) for pattern in patterns)


@settings(deadline=None, max_examples=300)
@given(st.text("a:*?", max_size=9), st.text("a:", max_size=10))
def test_a_resource_pattern_never_takes_more_than_a_plain_one(pattern: str, text: str) -> None:
    if compile_pattern(pattern, True)(text):
        assert matches_by_definition(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "takes"),
    [
        ("arn:aws:x:*:r", "arn:aws:x:eu:1:r", True),  # the star ends its part
        ("arn:aws:x:e*u:1:r", "arn:aws:x:e:a:u:1:r", False),  # the star stands within a part
        ("arn:aws:x:e*u:1:r", "arn:aws:x:e-a-u:1:r", True),
        ("arn:aws:x::1:a*b", "arn:aws:x::1:a:c:b", True),  # the sixth part may hold colons
        ("arn:aws:x::1:a?b", "arn:aws:x::1:a:b", True),
        ("arn:aws:x:?:1:r", "arn:aws:x:::1:r", False),
        ("arn:aws:x:e?:1:r", "arn:aws:x:eu:1:r", True),
        ("arn:aws:x**:r", "arn:aws:x:y:z:r", True),
    ],
)
def test_wildcards_and_the_colons_of_an_arn(pattern: str, text: str, takes: bool) -> None:
    assert compile_pattern(pattern, True)(text) is takes
