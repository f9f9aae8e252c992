"""Two sets of policies side by side: what one allows and the other does not, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xacct.plan.access.boxes import Box, difference, intersect
from xacct.plan.access.patterns import TooComplexError
from xacct.plan.access.space import PRINCIPAL, Clause, Space
from xacct.values import frozen

__all__ = ["Allow", "Comparison", "Deny", "Piece", "Side", "Sources", "side_of"]

MAX_ALLOWS = 2000


@frozen
class Allow:
    """
    One box that is allowed, and the clauses that make it so: the statement that allows it and, under a
    permissions boundary, the boundary's. ``clauses`` is empty where the policy's document is not at hand.
    """

    box: Box
    clauses: tuple[Clause, ...]


@frozen
class Deny:
    box: Box
    clause: Clause | None


@frozen
class Piece:
    """
    A part of an allowed box that the other side refuses.

    ``lifted`` is the Deny of the other side that refuses it, where it is a Deny.
    """

    box: Box
    allow: Allow
    lifted: Deny | None = None


@frozen(kw_only=True)
class Sources:
    """
    The clauses of one side. ``boundary`` None: there is none. ``unknown_boundary`` and ``unknown_policies``
    name what is in force though its content is not known. ``holders``: who holds the policies, as a mask.
    """

    clauses: Sequence[Clause]
    boundary: Sequence[Clause] | None = None
    unknown_boundary: str | None = None
    unknown_policies: Sequence[str] = ()
    holders: int | None = None


@frozen
class Side:
    """What one side allows: the union of ``allows`` without the union of ``denies``."""

    allows: tuple[Allow, ...]
    denies: tuple[Deny, ...]

    @property
    def deny_boxes(self) -> list[Box]:
        return [deny.box for deny in self.denies]


def side_of(space: Space, sources: Sources) -> Side:
    """Raises TooComplexError."""
    allows = [
        Allow(box, (clause,)) for clause in sources.clauses if clause.allows for box in space.boxes(clause)
    ]
    clauses = [*sources.clauses, *(sources.boundary or ())]
    denies = [Deny(box, clause) for clause in clauses if not clause.allows for box in space.boxes(clause)]
    for arn in sources.unknown_policies:
        allows.append(Allow(space.flag(f"allowed by policy:{arn}", value=True), ()))
        denies.append(Deny(space.flag(f"denied by policy:{arn}", value=True), None))
    if sources.boundary is not None:
        allows = _within(allows, space, sources.boundary)
    if sources.unknown_boundary is not None:
        allows = _limited(allows, space.flag(f"allowed by boundary:{sources.unknown_boundary}", value=True))
    if sources.holders is not None:
        allows = _limited(allows, {PRINCIPAL: sources.holders}) if sources.holders else []
    return Side(tuple(allows), tuple(denies))


def _within(allows: Iterable[Allow], space: Space, boundary: Iterable[Clause]) -> list[Allow]:
    limits = [(box, clause) for clause in boundary if clause.allows for box in space.boxes(clause)]
    out = [
        Allow(both, (*allow.clauses, clause))
        for allow in allows
        for box, clause in limits
        if (both := intersect(allow.box, box)) is not None
    ]
    if len(out) > MAX_ALLOWS:
        raise TooComplexError("the permissions boundary cuts the permissions into too many parts")
    return out


def _limited(allows: Iterable[Allow], limit: Box) -> list[Allow]:
    return [
        Allow(both, allow.clauses) for allow in allows if (both := intersect(allow.box, limit)) is not None
    ]


@frozen
class Comparison:
    """Two sides over one space."""

    space: Space
    before: Side
    after: Side

    def gained(self) -> list[Piece]:
        return self._beyond(self.after, self.before)

    def lost(self) -> list[Piece]:
        return self._beyond(self.before, self.after)

    def held(self, side: Side) -> list[Piece]:
        """All that one side allows."""
        return self._beyond(side, Side((), ()))

    def _beyond(self, one: Side, other: Side) -> list[Piece]:
        """What one side allows and the other does not. Raises TooComplexError."""
        cover = [allow.box for allow in other.allows]
        pieces: list[Piece] = []
        for allow in one.allows:
            open_ = difference([allow.box], [*cover, *one.deny_boxes], self.space.sizes)
            pieces += [Piece(box, allow) for box in open_]
            for deny in other.denies:
                both = intersect(allow.box, deny.box)
                if both is not None:
                    freed = difference([both], one.deny_boxes, self.space.sizes)
                    pieces += [Piece(box, allow, deny) for box in freed]
        return pieces
