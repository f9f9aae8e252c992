"""One grant on its way through a run: its steps, and undoing them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import attrs

from xacct.apply.journal import Journal
from xacct.apply.model import (
    Event,
    EventKind,
    GrantResult,
    GrantStatus,
    GrantSteps,
    PlacedStep,
    UncertainError,
    Writer,
)
from xacct.errors import Problem, XacctError
from xacct.plan.steps import Step, inverse

__all__ = ["GrantRun", "Signals"]


class Signals:
    """What the grants of one run share: the wish to stop, and the way to tell events."""

    def __init__(self, on_event: Callable[[Event], None], total: int) -> None:
        self.stop = threading.Event()
        self.abandon = threading.Event()
        self.total = total
        self.has_failures = False
        self._on_event = on_event
        self._finished = 0
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        with self._lock:
            self._finished += event.kind is EventKind.DONE
            self._on_event(attrs.evolve(event, finished=self._finished, total=self.total))


class GrantRun:
    """Carries out the parts of one grant as their turn comes, and undoes them when one fails."""

    def __init__(
        self,
        grant: str | None,
        parts: tuple[GrantSteps, ...],
        writers: Mapping[str, Writer],
        journal: Journal,
        signals: Signals,
    ) -> None:
        self.grant = grant
        self._parts = parts
        self._writers = writers
        self._journal = journal
        self._signals = signals
        self._todo = [PlacedStep(account=part.account, step=step) for part in parts for step in part.steps]
        self._done: list[PlacedStep] = []
        self._undone: list[PlacedStep] = []
        self._standing: list[PlacedStep] = []
        self._uncertain: PlacedStep | None = None
        self._failed: PlacedStep | None = None
        self._error: XacctError | None = None
        self._problems: list[Problem] = []
        self._stopped = False

    @property
    def has_failed(self) -> bool:
        return self._error is not None or self._stopped

    @property
    def has_begun(self) -> bool:
        return bool(self._done)

    def carry_out(self, part: GrantSteps) -> None:
        """Carry out one part; a failure or an interruption undoes everything done for the grant so far."""
        for _ in part.steps:
            if self._signals.stop.is_set():
                self._stop()
                return
            if not self._try(self._todo[len(self._done)]):
                self._undo()
                return

    def wind_up(self) -> None:
        """Undo what was begun when the later parts never came to their turn."""
        if self._done and len(self._done) < len(self._todo) and not self.has_failed:
            self._stop()

    def result(self) -> GrantResult:
        """What became of the grant."""
        begun = len(self._done) + (self._failed is not None)
        return GrantResult(
            grant=self.grant,
            accounts=tuple(dict.fromkeys(part.account for part in self._parts)),
            status=self._status(),
            done=tuple(self._done),
            undone=tuple(self._undone),
            standing=tuple(self._standing),
            uncertain=self._uncertain,
            failed=self._failed,
            not_started=tuple(self._todo[begun:]),
            problems=tuple(self._problems),
            error=self._error,
        )

    def _status(self) -> GrantStatus:
        if self._standing or self._uncertain is not None:
            return GrantStatus.HALF_MADE
        if self.has_failed and (self._done or self._failed):
            return GrantStatus.UNDONE
        return GrantStatus.DONE if len(self._done) == len(self._todo) else GrantStatus.NOT_STARTED

    def _try(self, placed: PlacedStep) -> bool:
        self._tell(EventKind.STARTED, placed)
        self._journal.step("before", self.grant, placed.account, placed.step)
        try:
            self._perform(placed)
        except XacctError as error:
            self._note_failure(placed, error)
            return False
        self._journal.step("done", self.grant, placed.account, placed.step)
        self._done.append(placed)
        self._tell(EventKind.DONE, placed)
        return True

    def _perform(self, placed: PlacedStep) -> None:
        def retried(reason: str, wait: float) -> None:
            self._tell(EventKind.RETRIED, placed, reason, wait)

        try:
            self._writers[placed.account].perform(placed.step, retried)
        except XacctError:
            raise
        except Exception as error:
            # A mistake of ours must not leave a grant half-made either.
            raise XacctError(
                f"xacct itself failed: {type(error).__name__}: {error}",
                where=str(placed),
                fix="run again with --debug and report it",
                code="bug",
            ) from error

    def _note_failure(self, placed: PlacedStep, error: XacctError) -> None:
        self._failed = placed
        self._error = error
        self._signals.has_failures = True
        self._problems.extend(error.problems)
        if isinstance(error, UncertainError):
            self._uncertain = placed
        self._journal.step("failed", self.grant, placed.account, placed.step, error.problems[0].code)
        self._tell(EventKind.FAILED, placed, error.problems[0].message)

    def _stop(self) -> None:
        self._stopped = True
        self._signals.has_failures = True
        self._undo()

    # --- undoing ---------------------------------------------------------------------------------

    def _undo(self) -> None:
        """
        Walk back over the states that the run came through, for none of them gives more than old or new.

        So it ends at the first step that cannot be undone, or of which nobody knows whether it stands.
        """
        self._settle()
        while len(self._undone) < len(self._done):
            placed = self._done[-1 - len(self._undone)]
            blocked = self._uncertain is not None or self._signals.abandon.is_set()
            if blocked or not self._undo_one(placed):
                break
            self._undone.append(placed)
        self._standing = self._done[: len(self._done) - len(self._undone)]

    def _settle(self) -> None:
        """Find out about a step whose answer was lost; where it stands it is undone with the others."""
        placed = self._uncertain
        if placed is None or self._signals.abandon.is_set():
            return
        try:
            stands = self._writers[placed.account].stands(placed.step)
        except XacctError:
            return
        self._uncertain = None
        if stands:
            self._done.append(placed)
            self._failed = None

    def _undo_one(self, placed: PlacedStep) -> bool:
        steps = inverse(placed.step)
        if steps is None:
            self._problems.append(_not_undoable(placed))
            self._tell(EventKind.UNDO_FAILED, placed, "cannot be undone")
            return False
        return all(self._undo_step(PlacedStep(account=placed.account, step=step)) for step in steps)

    def _undo_step(self, placed: PlacedStep) -> bool:
        self._journal.step("undoing", self.grant, placed.account, placed.step)
        self._tell(EventKind.UNDOING, placed)
        try:
            self._perform(placed)
        except XacctError as error:
            self._problems.extend(error.problems)
            self._journal.step("undo_failed", self.grant, placed.account, placed.step, error.problems[0].code)
            self._tell(EventKind.UNDO_FAILED, placed, error.problems[0].message)
            return False
        self._journal.step("undone", self.grant, placed.account, placed.step)
        self._tell(EventKind.UNDONE, placed)
        return True

    def _tell(self, kind: EventKind, placed: PlacedStep, message: str = "", wait: float = 0.0) -> None:
        step: Step = placed.step
        self._signals.tell(
            Event(kind=kind, grant=self.grant, account=placed.account, step=step, message=message, wait=wait)
        )


def _not_undoable(placed: PlacedStep) -> Problem:
    return Problem(
        f"{placed.step.key} was deleted and is not made again: to others a new one is not the same",
        f"account {placed.account}",
        "run xacct apply again to go on from here",
        "not-undoable",
    )
