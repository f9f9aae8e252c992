"""Two texts that were meant to be the same, laid over one another."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

__all__ = ["alike", "compare", "nearest"]

_LONGEST = 512
_GAP = "·"
_ALIKE = 0.6
_HARDLY_ALIKE = 0.5


def nearest(word: str, others: Iterable[str]) -> str | None:
    """The one that is most like the word; None where none is like it at all."""
    scored = [(_likeness(word, other), other) for other in others]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= _ALIKE else None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:_LONGEST], other[:_LONGEST], autojunk=False).ratio()


def _pieces(one: str, other: str) -> list[tuple[str, int, int, int, int]]:
    """How to make one text of the other; what is not alike at all (two UUIDs) is one piece."""
    start = alike(one, other)
    rest = min(len(one), len(other)) - start
    tail = min(rest, alike(one[::-1], other[::-1]))
    middle, wanted = one[start : len(one) - tail], other[start : len(other) - tail]
    if _likeness(middle, wanted) >= _HARDLY_ALIKE:
        return list(SequenceMatcher(None, one, other, autojunk=False).get_opcodes())
    return [
        ("equal", 0, start, 0, start),
        ("replace", start, len(one) - tail, start, len(other) - tail),
        ("equal", len(one) - tail, len(one), len(other) - tail, len(other)),
    ]


def alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def compare(labels: tuple[str, str], texts: tuple[str, str]) -> str:
    """Lay two texts out in columns, with marks below every character that differs; ``·`` stands for none."""
    one, other = texts[0][:_LONGEST], texts[1][:_LONGEST]
    above, below, marks = [], [], []
    for kind, start, end, first, last in _pieces(one, other):
        width = max(end - start, last - first)
        above.append(one[start:end].ljust(width, _GAP))
        below.append(other[first:last].ljust(width, _GAP))
        marks.append((" " if kind == "equal" else "^") * width)
    margin = max(map(len, labels)) + 2
    lines = (
        f"{labels[0]:<{margin}}{''.join(above)}",
        f"{labels[1]:<{margin}}{''.join(below)}",
        f"{'':<{margin}}{''.join(marks)}",
    )
    return "\n".join(line.rstrip() for line in lines)
