"""
Sets of requests as boxes, and what of one set another does not cover.

A box constrains some dimensions of a request (action, resource, one condition key, …) each to a set of that
dimension's elements, held as the bits of an integer; dimensions it does not name are free. A statement is a
box, a policy a union of boxes, and difference is cutting boxes apart, one dimension at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from xacct.plan.access.patterns import TooComplexError

__all__ = ["Box", "Sizes", "difference", "intersect"]

Box: TypeAlias = Mapping[str, int]
Sizes: TypeAlias = Mapping[str, int]
"""Dimension -> the mask of all its elements."""

MAX_PIECES = 3000


def intersect(one: Box, other: Box) -> Box | None:
    """The requests in both boxes, or None when there are none."""
    out = dict(one)
    for name, mask in other.items():
        both = out[name] & mask if name in out else mask
        if not both:
            return None
        out[name] = both
    return out


def difference(boxes: Iterable[Box], cover: Sequence[Box], sizes: Sizes) -> list[Box]:
    """Cut away from the boxes what the cover holds. Raises TooComplexError when it falls into too much."""
    pieces = list(boxes)
    for taken in cover:
        pieces = [part for piece in pieces for part in _subtract(piece, taken, sizes)]
        if len(pieces) > MAX_PIECES:
            raise TooComplexError("the statements overlap in too many ways")
    return pieces


def _subtract(box: Box, taken: Box, sizes: Sizes) -> list[Box]:
    if intersect(box, taken) is None:
        return [box]
    pieces: list[Box] = []
    rest = dict(box)
    for name, mask in taken.items():
        here = rest.get(name, sizes[name])
        outside = here & ~mask
        if outside:
            pieces.append({**rest, name: outside})
        rest[name] = here & mask
    return pieces
