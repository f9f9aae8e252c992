"""Messages as they are found in the field, with what a reader needs to learn from each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xacct.diagnose import diagnose

_TABLE = Path(__file__).parents[1] / "cases" / "diagnose" / "messages.jsonl"
_CASES = [json.loads(line) for line in _TABLE.read_text(encoding="utf-8").splitlines()]


def _told(text: str) -> list[dict[str, Any]]:
    return [
        {
            "principal": item.principal,
            "action": item.action,
            "resource": item.resource,
            "denied_by": item.denied_by.value,
            "family": item.family,
            "first": item.fix[0].kind.value,
        }
        for item in diagnose(text)
    ]


@pytest.mark.parametrize("case", _CASES, ids=[case["id"] for case in _CASES])
def test_message_is_read_as_the_table_says(case: dict[str, Any]) -> None:
    assert _told(case["text"]) == case["expected"]


def test_table_has_every_answer_to_who_said_no() -> None:
    answers = {item["denied_by"] for case in _CASES for item in case["expected"]}
    assert answers == {
        "identity",
        "resource",
        "trust",
        "boundary",
        "session",
        "scp",
        "rcp",
        "vpce",
        "none",
        "other",
    }
