"""
Condition operators as words: family, set qualifier, IfExists.

Source: IAM User Guide, reference_policies_elements_condition_operators and
reference_policies_condition-single-vs-multi-valued-context-keys.
"""

from __future__ import annotations

from enum import StrEnum

from xacct.values import frozen

__all__ = ["Family", "Operator", "nearest_operator", "read_operator"]


class Family(StrEnum):
    STRING = "string"
    NUMERIC = "numeric"
    DATE = "date"
    BOOL = "bool"
    BINARY = "binary"
    IP = "ip"
    ARN = "arn"
    NULL = "null"


_COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
_BASES: dict[str, Family] = {
    **{f"String{name}": Family.STRING for name in _STRINGS},
    **{f"Numeric{name}": Family.NUMERIC for name in _COMPARISONS},
    **{f"Date{name}": Family.DATE for name in _COMPARISONS},
    **{f"Arn{name}": Family.ARN for name in ("Equals", "NotEquals", "Like", "NotLike")},
    "Bool": Family.BOOL,
    "BinaryEquals": Family.BINARY,
    "IpAddress": Family.IP,
    "NotIpAddress": Family.IP,
    "Null": Family.NULL,
}
_BY_FOLDED = {name.lower(): name for name in _BASES}
_QUALIFIERS = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}


@frozen
class Operator:
    """An operator taken apart. ``base`` is in IAM's spelling; ``qualifier`` may be empty."""

    base: str
    family: Family
    qualifier: str = ""
    if_exists: bool = False

    @property
    def negated(self) -> bool:
        return "Not" in self.base

    @property
    def takes_wildcards(self) -> bool:
        return "Like" in self.base or self.family is Family.ARN

    @property
    def exact(self) -> bool:
        """Whether ``*`` is an ordinary character to it."""
        return self.family is Family.STRING and "Like" not in self.base

    @property
    def true_when_absent(self) -> bool:
        """Whether the line holds for a request that lacks the key."""
        if self.family is Family.NULL:
            return False
        if self.qualifier:
            return self.qualifier == "ForAllValues"
        return self.if_exists or self.negated

    @property
    def demands(self) -> bool:
        """Whether the key has to be present and equal to, or like, one of the values."""
        positive = self.family in (Family.STRING, Family.ARN) and not self.negated
        return positive and not self.if_exists and self.qualifier != "ForAllValues"


def read_operator(text: str) -> Operator | None:
    """Take an operator apart; None for what IAM doesn't know. Operators are case-insensitive."""
    qualifier, colon, rest = text.partition(":")
    if not colon:
        qualifier, rest = "", text
    elif qualifier.lower() not in _QUALIFIERS:
        return None
    folded = rest.lower()
    if_exists = folded.endswith("ifexists")
    base = _BY_FOLDED.get(folded.removesuffix("ifexists"))
    if base is None or (base == "Null" and (if_exists or colon)):
        return None
    return Operator(base, _BASES[base], _QUALIFIERS.get(qualifier.lower(), ""), if_exists)


def nearest_operator(text: str) -> str | None:
    """The operator that a misspelt one was most likely meant to be."""
    from difflib import get_close_matches

    prefix, colon, rest = text.strip().partition(":")
    word = rest if colon else prefix
    tail = "IfExists" if word.lower().endswith("ifexists") and not word.lower().startswith("null") else ""
    folded = word.lower().removesuffix("ifexists")
    close = get_close_matches(folded, _BY_FOLDED, n=1, cutoff=0.6)
    if not close:
        return None
    kinds = get_close_matches(prefix.lower(), _QUALIFIERS, n=1, cutoff=0.6) if colon else []
    return (f"{_QUALIFIERS[kinds[0]]}:" if kinds else "") + _BY_FOLDED[close[0]] + tail
