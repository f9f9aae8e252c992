"""One question, trust or permissions: what is gained and lost, and requests that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum

from xacct.plan.access.compare import Comparison, Piece, Sources, side_of
from xacct.plan.access.patterns import TooComplexError
from xacct.plan.access.space import Space
from xacct.plan.access.witness import Example, examples
from xacct.plan.model import Effect, Verdict
from xacct.values import frozen

__all__ = ["Answer", "Certainty", "Judge", "Shown", "ask", "combined", "shown", "verdict_of"]

MAX_TRIED_PIECES = 40


class Certainty(IntEnum):
    """Whether something is gained (or lost): no, perhaps, yes and here it is."""

    NONE = 0
    PERHAPS = 1
    SHOWN = 2


@frozen
class Judge:
    """
    The evaluator's word on one example: is it surely allowed, surely refused?

    Neither where it hangs on a policy that is not at hand.
    """

    allows: Callable[[Example], bool]
    refuses: Callable[[Example], bool]


@frozen
class Shown:
    """A piece, with a request of it that the evaluator confirmed; None when there is none to show."""

    piece: Piece
    example: Example | None


@frozen(kw_only=True)
class Answer:
    """What is gained and lost. ``comparison`` is None where it was too complex to decide."""

    comparison: Comparison | None
    gained: tuple[Shown, ...]
    lost: tuple[Shown, ...]
    gain: Certainty
    loss: Certainty

    def of(self, effect: Effect) -> tuple[Shown, ...]:
        return self.gained if effect is Effect.GAIN else self.lost

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.gain, self.loss)


UNDECIDED = Answer(comparison=None, gained=(), lost=(), gain=Certainty.PERHAPS, loss=Certainty.PERHAPS)


def ask(
    make_space: Callable[[], Space], sources: tuple[Sources, Sources], judges: tuple[Judge, Judge]
) -> Answer:
    """Compare before with after. What is too complex stays undecided; nothing is guessed."""
    before, after = judges
    try:
        space = make_space()
        sides = [side_of(space, source) for source in sources]
        comparison = Comparison(space, sides[0], sides[1])
        gained = shown(comparison.space, comparison.gained(), after, before)
        lost = shown(comparison.space, comparison.lost(), before, after)
    except TooComplexError:
        return UNDECIDED
    return Answer(
        comparison=comparison, gained=gained, lost=lost, gain=_certainty(gained), loss=_certainty(lost)
    )


def shown(space: Space, pieces: Iterable[Piece], on: Judge, off: Judge) -> tuple[Shown, ...]:
    """The pieces, each with a request that passes on one side and not on the other, where one is found."""
    out: list[Shown] = []
    for count, piece in enumerate(pieces):
        tried = examples(space, piece.box) if count < MAX_TRIED_PIECES else ()
        confirmed = (example for example in tried if on.allows(example) and off.refuses(example))
        out.append(Shown(piece, next(confirmed, None)))
    return tuple(out)


def _certainty(found: tuple[Shown, ...]) -> Certainty:
    if any(one.example is not None for one in found):
        return Certainty.SHOWN
    return Certainty.PERHAPS if found else Certainty.NONE


def verdict_of(gain: Certainty, loss: Certainty) -> Verdict:
    if Certainty.PERHAPS in (gain, loss):
        return Verdict.UNKNOWN
    if gain and loss:
        return Verdict.BOTH
    if gain:
        return Verdict.WIDER
    return Verdict.NARROWER if loss else Verdict.EQUAL


def combined(*answers: Answer) -> Verdict:
    """The verdict over several questions: what one shows, the others' doubts don't take back."""
    return verdict_of(max(one.gain for one in answers), max(one.loss for one in answers))
