"""
IAM's wildcard patterns, matched in bounded time.

``*`` stands for any run of characters, ``?`` for exactly one. A backslash makes the next character literal:
policies have no such escape, it is how this package writes the value of a policy variable, whose own ``*``
and ``?`` are plain characters, into a pattern. ``escape_text`` and ``escape_policy_text`` put it in.

Patterns that have stars only are matched piece by piece from the left, which is exact for an unlimited star
and takes one pass. The others run a nondeterministic automaton whose states are the bits of one integer:
time grows with text times pattern over the word size, never exponentially.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

__all__ = ["Matcher", "any_pattern", "compile_pattern", "escape_policy_text", "escape_text"]

Matcher: TypeAlias = Callable[[str], bool]

_ARN_COLONS = 5
_KEPT_LENGTH = 256


def escape_text(text: str) -> str:
    """Write plain text as a pattern that matches this text alone."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "*" in text:
        text = text.replace("*", "\\*")
    return text.replace("?", "\\?") if "?" in text else text


def escape_policy_text(text: str) -> str:
    """Write a policy's text as a pattern: its wildcards stay wildcards, a backslash is a backslash."""
    return text.replace("\\", "\\\\") if "\\" in text else text


def _always(_: str) -> bool:
    return True


def any_pattern(patterns: Iterable[str], *, arn: bool = False) -> Matcher:
    """Compile several patterns into one matcher: it takes what one of them takes."""
    literals = []
    others = []
    for pattern in patterns:
        if "*" in pattern or "?" in pattern or "\\" in pattern:
            matcher = _compiled(pattern, arn)
            if matcher is _always:
                return _always
            others.append(matcher)
        else:
            literals.append(pattern)
    if not others:
        return literals[0].__eq__ if len(literals) == 1 else frozenset(literals).__contains__
    if not literals:
        if len(others) == 1:
            return others[0]
        return lambda text: any(matcher(text) for matcher in others)
    known = frozenset(literals)
    return lambda text: text in known or any(matcher(text) for matcher in others)


def compile_pattern(pattern: str, arn: bool = False) -> Matcher:
    """
    Compile one pattern; short ones are kept.

    With ``arn`` it is the pattern of a Resource element: within the first five parts of an ARN a wildcard
    stays inside its part, save that a ``*`` which ends a part may run on past the colon
    (reference_policies_elements_resource).
    """
    return _compiled(pattern, arn) if len(pattern) > _KEPT_LENGTH else _kept(pattern, arn)


def _compiled(pattern: str, arn: bool) -> Matcher:
    if "\\" in pattern or "?" in pattern or (arn and _has_inner_star(pattern)):
        return _automaton(pattern, arn)
    pieces = pattern.split("*")
    if len(pieces) == 1:
        return pattern.__eq__
    if not any(pieces):
        return _always
    return _pieces(pieces[0], [piece for piece in pieces[1:-1] if piece], pieces[-1])


_kept = lru_cache(maxsize=4096)(_compiled)


def _pieces(first: str, middle: list[str], last: str) -> Matcher:
    shortest = len(first) + sum(map(len, middle)) + len(last)
    if not middle and not last:
        return lambda text: text.startswith(first)
    if not middle:
        return lambda text: len(text) >= shortest and text.startswith(first) and text.endswith(last)

    def match(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        at = len(first)
        end = len(text) - len(last)
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return match


def _has_inner_star(pattern: str) -> bool:
    """Tell whether a star of the first five parts is followed by more of the same part."""
    if pattern.find("*") == len(pattern) - 1:
        return False
    parts = pattern.split(":", _ARN_COLONS)
    head = parts[:_ARN_COLONS] if len(parts) > _ARN_COLONS else parts
    return any("*" in part.rstrip("*") for part in head)


def _automaton(pattern: str, arn: bool) -> Matcher:
    """Bit i of the state means: the first i characters of the pattern, stars not counted, are matched."""
    takes: dict[str, int] = {}
    takes_any = takes_inner = stays = stays_inner = 0
    bit = 1
    colons = at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        inner = arn and colons < _ARN_COLONS
        if character == "*":
            while pattern.startswith("*", at):
                at += 1
            if inner and at < len(pattern) and pattern[at] != ":":
                stays_inner |= bit
            else:
                stays |= bit
            continue
        if character == "?":
            if inner:
                takes_inner |= bit
            else:
                takes_any |= bit
        else:
            if character == "\\":
                character = pattern[at]
                at += 1
            colons += character == ":"
            takes[character] = takes.get(character, 0) | bit
        bit <<= 1
    accepts = bit
    takes_not_colon = takes_any | takes_inner
    stays_not_colon = stays | stays_inner

    def match(text: str) -> bool:
        state = 1
        for character in text:
            if character == ":":
                taken, stay = takes_any, stays
            else:
                taken, stay = takes_not_colon, stays_not_colon
            state = (state & (taken | takes.get(character, 0))) << 1 | (state & stay)
            if not state:
                return False
        return bool(state & accepts)

    return match
