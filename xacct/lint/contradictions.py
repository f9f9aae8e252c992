"""
Whether the conditions of one statement can all be met by one request.

Exact and small: lines on the same key that are certain to exclude each other. Anything else is taken to be
possible.
"""

from __future__ import annotations

from itertools import combinations

from xacct.lint.document import Condition
from xacct.lint.operators import Family
from xacct.lint.patterns import matches, may_overlap
from xacct.lint.values import as_moment, as_number

__all__ = ["contradiction", "first_contradiction"]


MOST_PAIRS = 10_000
"""Values are compared pair by pair; longer lists are taken to be possible."""


def contradiction(one: Condition, other: Condition) -> str | None:
    """Why no request meets both lines, or None when one may."""
    if one.operator is None or other.operator is None or one.folded != other.folded:
        return None
    if one.is_null or other.is_null:
        return _with_null(one, other) if one.is_null else _with_null(other, one)
    if one.operator.qualifier or other.operator.qualifier:
        return None
    families = {one.operator.family, other.operator.family}
    if families <= {Family.STRING, Family.ARN}:
        return _of_texts(one, other)
    if families == {Family.BOOL} and one.demands_value and other.demands_value:
        folded = [{text.lower() for text in line.texts} for line in (one, other)]
        return "it cannot be both true and false" if not folded[0] & folded[1] else None
    if len(families) == 1 and families <= {Family.DATE, Family.NUMERIC}:
        return _of_ranges(one, other)
    return None


def _with_null(null: Condition, other: Condition) -> str | None:
    if other.operator is None:
        return None
    wants_absent = null.texts == ("true",)
    if other.is_null:
        return "it cannot be both absent and present" if {*null.texts} != {*other.texts} else None
    if wants_absent and not other.operator.true_when_absent:
        return "one line wants the key absent, the other wants a value"
    return None


def _of_texts(one: Condition, other: Condition) -> str | None:
    assert one.operator is not None
    assert other.operator is not None
    if one.operator.negated and other.operator.negated:
        return None
    if one.operator.if_exists or other.operator.if_exists or "IgnoreCase" in one.written + other.written:
        return None
    if one.operator.negated or other.operator.negated:
        positive, negative = (other, one) if one.operator.negated else (one, other)
        return _all_excluded(positive, negative)
    if len(one.texts) * len(other.texts) > MOST_PAIRS:
        return None
    for left in one.texts:
        for right in other.texts:
            if _may_agree(one, left, other, right):
                return None
    return "no value meets both lines" if one.texts and other.texts else None


def _may_agree(one: Condition, left: str, other: Condition, right: str) -> bool:
    assert one.operator is not None
    assert other.operator is not None
    if "${" in left or "${" in right:
        return True
    if one.operator.takes_wildcards and other.operator.takes_wildcards:
        return may_overlap(left, right)
    if one.operator.takes_wildcards:
        return matches(left, right)
    return matches(right, left) if other.operator.takes_wildcards else left == right


def _all_excluded(positive: Condition, negative: Condition) -> str | None:
    assert positive.operator is not None
    assert negative.operator is not None
    if any("${" in text for text in (*positive.texts, *negative.texts)):
        return None
    if len(positive.texts) * len(negative.texts) > MOST_PAIRS:
        return None
    for text in positive.texts:
        if positive.operator.takes_wildcards and ("*" in text or "?" in text) and text not in negative.texts:
            return None
        excluded = (
            any(matches(pattern, text) for pattern in negative.texts)
            if negative.operator.takes_wildcards
            else text in negative.texts
        )
        if not excluded:
            return None
    return "every value that one line asks for is excluded by the other" if positive.texts else None


def _of_ranges(one: Condition, other: Condition) -> str | None:
    bounds = [_bound(one), _bound(other)]
    lowest = [bound[1] for bound in bounds if bound is not None and bound[0] == "from"]
    highest = [bound[1] for bound in bounds if bound is not None and bound[0] == "to"]
    if lowest and highest and max(lowest) > min(highest):
        return "the range that both lines leave is empty"
    return None


def _bound(line: Condition) -> tuple[str, float] | None:
    """A line as a lower (``from``) or upper (``to``) bound; None where it is neither."""
    if line.operator is None or line.operator.if_exists or len(line.texts) != 1:
        return None
    if line.operator.family is Family.DATE:
        moment = as_moment(line.texts[0])
        value = None if moment is None else moment.timestamp()
    else:
        value = as_number(line.texts[0])
    base = line.operator.base
    if value is None or "Than" not in base:
        return None
    return ("from" if "GreaterThan" in base else "to"), value


def first_contradiction(conditions: tuple[Condition, ...]) -> tuple[Condition, str] | None:
    """The first pair that excludes each other: its second line, and why."""
    for one, other in combinations(conditions, 2):
        reason = contradiction(one, other)
        if reason is not None:
            return other, reason
    return None
