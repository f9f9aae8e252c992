"""What a run takes and what it tells: values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from xacct.errors import CredentialsError, ExitCode, Problem, XacctError
from xacct.plan.steps import Step
from xacct.plan.work import GrantSteps
from xacct.values import frozen

__all__ = [
    "Event",
    "EventKind",
    "GrantResult",
    "GrantStatus",
    "GrantSteps",
    "Outcome",
    "PlacedStep",
    "UncertainError",
    "Writer",
    "not_started",
]


class UncertainError(XacctError):
    """Nobody can tell whether a step was carried out: its answer was lost, and so was every further one."""


class Writer(Protocol):
    """Carries out steps in one account."""

    def perform(self, step: Step, retried: Callable[[str, float], None]) -> None:
        """
        Carry out one step; returns when it stands.

        ``retried`` is told of each repetition: why, and after how many seconds. Raises UncertainError where
        the step may stand, any other XacctError where it does not.
        """

    def stands(self, step: Step) -> bool:
        """Read back whether the account now holds what the step leads to. Raises XacctError."""


@frozen(kw_only=True)
class PlacedStep:
    """A step and the account it belongs to."""

    account: str
    step: Step

    def __str__(self) -> str:
        return f"{self.step.operation.value} {self.step.key} in account {self.account}"


class EventKind(StrEnum):
    STARTED = "started"
    RETRIED = "retried"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"
    GRANT_DONE = "grant_done"
    GRANT_FAILED = "grant_failed"


@frozen(kw_only=True)
class Event:
    """
    Something that happened during a run.

    ``finished`` and ``total`` count steps over the whole run, for progress; ``wait`` is in seconds. ``step``
    is None for the events about a whole grant.
    """

    kind: EventKind
    grant: str | None
    account: str
    step: Step | None = None
    message: str = ""
    wait: float = 0.0
    finished: int = 0
    total: int = 0


class GrantStatus(StrEnum):
    """
    How a grant came out of a run.

    ``undone``: it failed, and everything this run did for it is undone. ``half_made``: it failed and
    something of this run stands. ``not_started``: nothing was done for it.
    """

    DONE = "done"
    UNDONE = "undone"
    HALF_MADE = "half_made"
    NOT_STARTED = "not_started"


@frozen(kw_only=True)
class GrantResult:
    """
    What a run did for one grant.

    ``done`` holds the steps that were carried out, in their order; ``undone`` those of them that were undone;
    ``standing`` those that could not be; ``uncertain`` the step of which nobody knows; ``not_started`` the
    rest. ``problems`` says what went wrong, also while undoing. ``error`` is what stopped it.
    """

    grant: str | None
    accounts: tuple[str, ...]
    status: GrantStatus
    done: tuple[PlacedStep, ...] = ()
    undone: tuple[PlacedStep, ...] = ()
    standing: tuple[PlacedStep, ...] = ()
    uncertain: PlacedStep | None = None
    failed: PlacedStep | None = None
    not_started: tuple[PlacedStep, ...] = ()
    problems: tuple[Problem, ...] = ()
    error: XacctError | None = None


def not_started(phases: Sequence[Sequence[GrantSteps]]) -> tuple[GrantResult, ...]:
    """The results of work that a run did not come to."""
    todo: dict[str | None, list[PlacedStep]] = {}
    for part in (part for phase in phases for part in phase):
        steps = todo.setdefault(part.grant, [])
        steps += [PlacedStep(account=part.account, step=step) for step in part.steps]
    return tuple(
        GrantResult(
            grant=grant,
            accounts=tuple(dict.fromkeys(placed.account for placed in steps)),
            status=GrantStatus.NOT_STARTED,
            not_started=tuple(steps),
        )
        for grant, steps in todo.items()
    )


@frozen(kw_only=True)
class Outcome:
    """What a run did; ``results`` are in the order in which the grants were given."""

    results: tuple[GrantResult, ...]
    interrupted: bool = False
    seconds: float = 0.0

    def with_status(self, status: GrantStatus) -> tuple[GrantResult, ...]:
        return tuple(result for result in self.results if result.status is status)

    @property
    def anything_stands(self) -> bool:
        """Whether anything that this run did is still there."""
        return any(
            (result.status is GrantStatus.DONE and result.done) or result.standing or result.uncertain
            for result in self.results
        )

    @property
    def exit_code(self) -> int:
        """The exit code of the run, by the order that all commands keep."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if all(result.status is GrantStatus.DONE for result in self.results):
            return ExitCode.DONE
        if any(isinstance(result.error, CredentialsError) for result in self.results):
            return ExitCode.CREDENTIALS
        return ExitCode.PARTIAL if self.anything_stands else ExitCode.ERROR
