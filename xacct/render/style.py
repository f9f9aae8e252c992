"""Colour and weight for a terminal, or none at all."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from functools import lru_cache

from xacct.values import frozen

__all__ = ["PLAIN", "Style", "clean", "columns", "one_line", "wrap"]

_CODES = {
    "bold": "1",
    "dim": "2",
    "good": "32",
    "bad": "31",
    "warn": "33",
    "info": "36",
    "head": "1;4",
}


@frozen
class Style:
    """
    Marks text for a terminal. ``width`` is in columns.

    The sixteen basic colours follow the terminal's own theme, so they read on light and on dark ground.
    """

    color: bool = False
    width: int = 100

    def __call__(self, name: str, text: str) -> str:
        if not self.color or not text:
            return text
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m"


PLAIN = Style()


def wrap(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """
    Fold words into lines of at most ``width`` columns; a longer word (an ARN) keeps a line to itself.

    Control characters are shown as escapes, so that a name cannot write on the terminal.
    """
    return list(_folded(clean(text), max(width, len(first) + 16), first, first if rest is None else rest))


@lru_cache(maxsize=4096)
def _folded(text: str, width: int, first: str, rest: str) -> tuple[str, ...]:
    """A plan of hundreds of grants says much the same of each."""
    if text and len(first) + len(text) <= width and text.strip() == text and text.isprintable():
        return (first + text,)
    folded = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return tuple(folded) or (first.rstrip(),)


def clean(text: str) -> str:
    """Show control characters as escapes: what others named cannot move the cursor or hide text."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else repr(char).strip("'\"") for char in text)


def one_line(text: str) -> str:
    """Like ``clean``, with line ends shown as well: a description cannot forge a line of its own."""
    return clean(text).replace("\n", "\\n")


def columns(rows: Iterable[Iterable[str]], *, gap: int = 2) -> list[str]:
    """Lay rows out in columns as wide as their widest cell; the last column runs free."""
    table = [[clean(cell) for cell in row] for row in rows]
    if not table:
        return []
    count = max(len(row) for row in table)
    widths = [max(len(row[index]) for row in table if index < len(row)) + gap for index in range(count - 1)]
    return [
        "".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=False)).rstrip()
        for row in table
    ]
