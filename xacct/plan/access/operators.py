"""Condition operators taken apart: qualifier, base, negation, IfExists."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from xacct.iam.policy import Condition
from xacct.values import frozen

__all__ = ["Line", "Operator", "Qualifier", "parse_operator"]


class Qualifier(Enum):
    NONE = ""
    ALL = "forallvalues"
    ANY = "foranyvalue"


@frozen
class Operator:
    """``base`` is positive and lower-case; ``null`` stands for the operator Null."""

    base: str
    negated: bool = False
    if_exists: bool = False
    qualifier: Qualifier = Qualifier.NONE


_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
_COMPARISONS = ("equals", "lessthan", "lessthanequals", "greaterthan", "greaterthanequals")
_POSITIVE = frozenset(
    {
        *_NEGATED.values(),
        *(f"{kind}{name}" for kind in ("numeric", "date") for name in _COMPARISONS),
        "bool",
        "binaryequals",
        "null",
    }
)


@lru_cache(maxsize=256)
def parse_operator(text: str) -> Operator | None:
    """Read an operator in any case; None when IAM has no such operator."""
    prefix, colon, base = text.lower().rpartition(":")
    if prefix not in ("", "forallvalues", "foranyvalue") or (colon and not prefix):
        return None
    stem = base.removesuffix("ifexists")
    if_exists = stem != base
    positive = _NEGATED.get(stem, stem)
    if positive not in _POSITIVE or (positive == "null" and if_exists):
        return None
    return Operator(positive, stem in _NEGATED, if_exists, Qualifier(prefix))


@frozen
class Line:
    """
    A condition line as it is compared: values without order, key folded.

    ``current`` is whether the document's Version expands policy variables; it is kept only where the values
    hold ``${``, since otherwise the Version makes no difference.
    """

    operator: Operator
    key: str
    values: tuple[str, ...]
    current: bool = True

    @classmethod
    def of(cls, condition: Condition, *, current: bool) -> Line | None:
        """None when the operator is unknown."""
        operator = parse_operator(condition.operator)
        if operator is None:
            return None
        plain = not any("${" in value for value in condition.values)
        return cls(operator, condition.key.lower(), tuple(sorted(set(condition.values))), current or plain)
