"""
What AWS's documentation says, as packaged data (facts.json): each row with the page that says it.

The sentences are this project's own; the pages are in ``sources``, by the names used in the data.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from xacct.explain import sources
from xacct.explain.model import Point
from xacct.values import frozen

__all__ = ["Choice", "Contrast", "choices", "contrasts", "mechanics", "newer_ways"]


@frozen(kw_only=True)
class Contrast:
    """One question that both ways answer."""

    question: str
    role: str
    policy: str
    source: str


@frozen(kw_only=True)
class Choice:
    """One question of the decision path."""

    question: str
    answer: str
    way: str
    source: str


@cache
def _data() -> Any:
    from pkgutil import get_data

    text = get_data(__package__, "facts.json")
    assert text is not None, "facts.json is missing from the installation"
    return json.loads(text)


def _placed(row: dict[str, str]) -> dict[str, str]:
    return {**row, "source": str(getattr(sources, row["source"]))}


def _point(row: dict[str, str]) -> Point:
    return Point(row["text"], row["label"], source=_placed(row)["source"])


def contrasts() -> tuple[Contrast, ...]:
    """The comparison of role and resource-based policy, in the order in which it is told."""
    return tuple(Contrast(**_placed(row)) for row in _data()["contrast"])


def choices() -> tuple[Choice, ...]:
    """The decision path; the first question that is answered with yes decides."""
    return tuple(Choice(**_placed(row)) for row in _data()["choosing"])


def mechanics() -> tuple[Point, ...]:
    """How a role works, in general."""
    return tuple(_point(row) for row in _data()["mechanics"])


def newer_ways() -> dict[str, Point]:
    """AWS's newer ways by name, each with how sure this is."""
    return {name: _point(row) for name, row in _data()["newer"].items()}
