"""
Wildcard patterns as languages: which combinations of them some text can match, each with an example.

All patterns of one question are run side by side as one automaton whose state is a set of positions held in
one integer. Walking it breadth first finds every combination of patterns that a text can match together and
none that it cannot, so containment and difference are exact. Characters that no pattern names behave alike;
one fresh character stands for all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from xacct.values import frozen

__all__ = [
    "Element",
    "Pattern",
    "Token",
    "TooComplexError",
    "Wild",
    "bits_of",
    "collapsed",
    "matches",
    "partition",
]

MAX_NODES = 4000
"""States of the joint automaton that are looked at; typical policies need some hundreds."""

_FRESH = "xyzqwkvjhu0123456789XYZQWKVJHU_-~"


class TooComplexError(Exception):
    """The question is too big to be decided exactly; the answer is then unknown, never a guess."""


class Wild(Enum):
    """A wildcard token. Those of a segment never match a colon (the first five parts of an ARN)."""

    ONE = "?"
    RUN = "*"
    ONE_IN_SEGMENT = "? in segment"
    RUN_IN_SEGMENT = "* in segment"


Token: TypeAlias = "str | Wild"  # noqa: S105


@frozen
class Pattern:
    """A sequence of characters and wildcards."""

    tokens: tuple[Token, ...]

    @classmethod
    def literal(cls, text: str) -> Pattern:
        return cls(tuple(text))

    @property
    def text(self) -> str | None:
        """The one text that matches, or None when there are several."""
        if any(isinstance(token, Wild) for token in self.tokens):
            return None
        return "".join(token for token in self.tokens if isinstance(token, str))


def collapsed(tokens: Iterable[Token]) -> tuple[Token, ...]:
    out: list[Token] = []
    for token in tokens:
        if out and token is out[-1] and token in (Wild.RUN, Wild.RUN_IN_SEGMENT):
            continue
        out.append(token)
    return tuple(out)


@frozen
class Element:
    """
    All texts that match exactly the patterns of ``hits`` (bit i: pattern i), and one of them.

    ``example`` is None where it is not known whether there is such a text.
    """

    hits: int
    example: str | None


@lru_cache(maxsize=512)
def partition(patterns: tuple[Pattern, ...], extra: tuple[str, ...] = ()) -> tuple[Element, ...]:
    """
    Cut the set of all texts into elements that the patterns cannot tell apart further.

    Each text of ``extra`` is an element of its own. Raises TooComplexError.
    """
    texts = [pattern.text for pattern in patterns]
    named = dict.fromkeys(text for text in (*extra, *texts) if text is not None)
    wild = {index: patterns[index] for index, text in enumerate(texts) if text is None}
    machine = _Machine(wild)
    fresh = _fresh_character(patterns, named)
    literal = _literal_hits(texts)
    elements = [Element(literal.get(text, 0) | machine.hits_of(text), text) for text in named]
    for hits, (shortest, with_fresh) in machine.walk(fresh).items():
        if with_fresh is not None:
            elements.append(Element(hits, with_fresh))
        elif shortest not in named:
            elements.append(Element(hits, shortest))
        else:
            return _partition_jointly(patterns, named, fresh)
    return tuple(elements)


def _partition_jointly(patterns: Sequence[Pattern], named: Iterable[str], fresh: str) -> tuple[Element, ...]:
    """Take the named texts into the automaton too: slower, and exact where a language may be finite."""
    count = len(patterns)
    names = list(named)
    joint = dict(enumerate((*patterns, *map(Pattern.literal, names))))
    kept = (1 << count) - 1
    return tuple(
        Element(hits & kept, shortest if with_fresh is None else with_fresh)
        for hits, (shortest, with_fresh) in _Machine(joint).walk(fresh).items()
    )


def _literal_hits(texts: Iterable[str | None]) -> dict[str, int]:
    """By text, the patterns that are nothing but this text."""
    found: dict[str, int] = {}
    for index, text in enumerate(texts):
        if text is not None:
            found[text] = found.get(text, 0) | 1 << index
    return found


def _fresh_character(patterns: Sequence[Pattern], named: Iterable[str]) -> str:
    used = {char for text in named for char in text}
    for pattern in patterns:
        used.update(token for token in pattern.tokens if isinstance(token, str))
    pool = (*_FRESH, *map(chr, range(0x4E00, 0x4E00 + len(used) + 1)))
    fresh: str = next(char for char in pool if char not in used)
    return fresh


class _Machine:
    """The patterns side by side. A state is the set of positions reached, as bits of one integer."""

    def __init__(self, patterns: dict[int, Pattern]) -> None:
        self.literals: dict[str, int] = {}
        self.ends: dict[int, int] = {}
        self.chars: dict[int, str] = {}
        wild = dict.fromkeys(Wild, 0)
        start = position = 0
        for index, pattern in patterns.items():
            start |= 1 << position
            for token in pattern.tokens:
                if isinstance(token, Wild):
                    wild[token] |= 1 << position
                else:
                    self.chars[1 << position] = token
                    self.literals[token] = self.literals.get(token, 0) | 1 << position
                position += 1
            self.ends[1 << position] = 1 << index
            position += 1
        self.end_mask = sum(self.ends)
        self.literal_mask = sum(self.chars)
        # What takes a colon, what takes any other character, and of each what stays where it is.
        self.one_colon, self.run_colon = wild[Wild.ONE], wild[Wild.RUN]
        self.one = self.one_colon | wild[Wild.ONE_IN_SEGMENT]
        self.run = self.run_colon | wild[Wild.RUN_IN_SEGMENT]
        self.segments = wild[Wild.ONE_IN_SEGMENT] | wild[Wild.RUN_IN_SEGMENT]
        self.start = start | (start & self.run) << 1

    def step(self, state: int, char: str) -> int:
        one, run = (self.one_colon, self.run_colon) if char == ":" else (self.one, self.run)
        moved = (state & (one | self.literals.get(char, 0))) << 1 | state & run
        return moved | (moved & self.run) << 1

    def hits(self, state: int) -> int:
        ended = state & self.end_mask
        return sum(self.ends[1 << place] for place in bits_of(ended)) if ended else 0

    def hits_of(self, text: str) -> int:
        state = self.start
        if not self.ends:
            return 0
        for char in text:
            if not state:
                return 0
            state = self.step(state, char)
        return self.hits(state)

    def walk(self, fresh: str) -> dict[int, tuple[str, str | None]]:
        """Find, for each combination of patterns, the shortest text and one with the fresh character."""
        found: dict[int, tuple[str, str | None]] = {}
        queue = deque([(self.start, "", False)])
        seen = {(self.start, False)}
        while queue:
            state, text, is_fresh = queue.popleft()
            hits = self.hits(state)
            shortest, with_fresh = found.get(hits, (text, None))
            found[hits] = (shortest, text if is_fresh and with_fresh is None else with_fresh)
            for char in self._choices(state, fresh):
                node = (self.step(state, char), is_fresh or char == fresh)
                if node not in seen:
                    seen.add(node)
                    queue.append((node[0], text + char, node[1]))
            if len(seen) > MAX_NODES:
                raise TooComplexError("the wildcard patterns are too many, or too entangled")
        return found

    def _choices(self, state: int, fresh: str) -> list[str]:
        if not state:
            return [fresh]
        chars = {self.chars[1 << place] for place in bits_of(state & self.literal_mask)}
        if state & self.segments:
            chars.add(":")
        chars.discard(fresh)
        return [fresh, *sorted(chars)]


def bits_of(mask: int) -> Iterator[int]:
    """The places of the ones in a mask, from 0, the lowest first."""
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit


def matches(pattern: Pattern, text: str) -> bool:
    """Tell whether the whole text matches."""
    known = pattern.text
    return text == known if known is not None else bool(_Machine({0: pattern}).hits_of(text))
