"""IAM's wildcards: matching, covering, and whether two patterns have a text in common."""

from __future__ import annotations

__all__ = ["covers", "has_wildcard", "matches", "may_overlap"]


def has_wildcard(text: str) -> bool:
    """Whether ``*`` or ``?`` stands for something; ``${*}`` and ``${?}`` are literals."""
    plain = text.replace("${*}", "").replace("${?}", "")
    return "*" in plain or "?" in plain


MOST_STEPS = 5_000_000
"""A pattern with question marks that could take longer is taken not to match; no real one comes near."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches. Stars alone cost time linear in the text."""
    if "?" in pattern:
        return len(pattern) * len(text) <= MOST_STEPS and _matches_by_character(pattern, text)
    head, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, tail = rest
    at, end = len(head), len(text) - len(tail)
    if at > end or not text.startswith(head) or not text.endswith(tail):
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _matches_by_character(pattern: str, text: str) -> bool:
    at = spot = mark = 0
    star = -1
    while at < len(text):
        if spot < len(pattern) and pattern[spot] == "*":
            star, mark = spot, at
            spot += 1
        elif spot < len(pattern) and pattern[spot] in ("?", text[at]):
            at += 1
            spot += 1
        elif star >= 0:
            mark += 1
            at, spot = mark, star + 1
        else:
            return False
    return all(character == "*" for character in pattern[spot:])


def covers(wide: str, narrow: str) -> bool:
    """
    Whether everything that the narrow pattern matches is matched by the wide one.

    Sound, not complete: a star of the narrow pattern is covered by a star only, a question mark by either.
    """
    if "${" in wide:
        return wide == narrow
    # A character that no policy may hold stands for "some text" of the narrow pattern.
    return matches(wide, narrow.replace("*", "\x01\x02").replace("?", "\x03")) and (
        "?" not in wide or not has_wildcard(narrow) or wide == narrow
    )


def may_overlap(one: str, other: str) -> bool:
    """Whether some text can match both. Exact when one has no wildcards; else True unless ends differ."""
    if "${" in one or "${" in other:
        return True
    if not has_wildcard(one):
        return matches(other, one)
    if not has_wildcard(other):
        return matches(one, other)
    head = _shared(one, other, start=True)
    return head and _shared(one, other, start=False)


def _shared(one: str, other: str, *, start: bool) -> bool:
    """Whether the literal beginnings (or ends) of two patterns agree as far as both go."""
    first, second = (one, other) if start else (one[::-1], other[::-1])
    for left, right in zip(first, second, strict=False):
        if left == "*" or right == "*":
            return True
        if left != right and "?" not in (left, right):
            return False
    return True
