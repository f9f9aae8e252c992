"""Conditions in words: exact, complete, and readable without IAM's JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xacct.iam.policy import Condition
from xacct.iam.redact import redact_external_id
from xacct.plan.access.words import condition_words, exception_words, without_words

GITHUB = "token.actions.githubusercontent.com"
EXTERNAL_ID = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"

WORDS = json.loads((Path(__file__).parents[1] / "cases" / "access" / "words.json").read_text("utf-8"))


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case["words"])
def test_a_condition_reads_as_a_phrase(case: dict[str, Any]) -> None:
    condition = Condition(case["operator"], case["key"], tuple(case["values"]))
    assert condition_words(condition) == case["words"]


@pytest.mark.parametrize(
    ("operator", "key", "value", "words"),
    [
        ("DateGreaterThanEquals", "aws:CurrentTime", "2027-02-01T00:00:00Z", "until 2027-01-31 (UTC)"),
        ("DateGreaterThan", "aws:CurrentTime", "2027-01-31T23:59:59Z", "until 2027-01-31 (UTC)"),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", "with MFA"),
        ("StringNotEquals", "aws:RequestedRegion", "eu-west-1", "in eu-west-1"),
        ("StringEquals", "aws:RequestedRegion", "eu-west-1", "except in eu-west-1"),
    ],
)
def test_what_a_deny_leaves_reads_as_a_phrase(operator: str, key: str, value: str, words: str) -> None:
    assert exception_words([Condition(operator, key, (value,))]) == words


def test_what_no_longer_has_to_hold_is_said_so() -> None:
    line = Condition("StringEquals", "aws:RequestedRegion", ("eu-west-1",))
    assert without_words(line) == "also outside eu-west-1"
    line = Condition("StringEquals", "aws:PrincipalOrgID", ("o-a",))
    assert without_words(line) == "also where this does not hold: from organization o-a"


_OPERATORS = [case["operator"] for case in WORDS] + ["ArnLike", "BinaryEquals", "ForAnyValue:StringNotLike"]
_KEYS = [case["key"] for case in WORDS] + ["", "aws:ResourceTag/", ":", "a.b:sub", "sts:EXTERNALID"]


@given(
    operator=st.sampled_from(_OPERATORS) | st.text(max_size=20),
    key=st.sampled_from(_KEYS) | st.text(max_size=20),
    values=st.lists(st.text(max_size=20) | st.sampled_from(["true", "9999-12-31", "1" * 30]), max_size=3),
)
def test_every_condition_has_words_and_none_is_left_out(operator: str, key: str, values: list[str]) -> None:
    condition = Condition(operator, key, tuple(values))
    assert condition_words(condition)
    assert without_words(condition)
    assert exception_words([condition])


@given(value=st.text(min_size=9, max_size=60))
def test_a_redacted_external_id_shows_its_end_and_a_hash(value: str) -> None:
    shown = redact_external_id(value)
    assert shown.startswith(f"…{value[-4:]} (#")
    assert shown == redact_external_id(value)
    assert shown != redact_external_id(value + value[-4:])


def test_a_short_external_id_is_not_given_away() -> None:
    assert redact_external_id("ab12").startswith("… (#")
