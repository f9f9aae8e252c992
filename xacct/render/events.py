"""What happens during a run, and how it ended."""

from __future__ import annotations

from typing import Any

import attrs

from xacct.apply import Event, EventKind, GrantResult, GrantStatus, Outcome, PlacedStep
from xacct.render.style import Style, clean, columns, wrap

__all__ = ["event_line", "outcome_text", "outcome_to_json", "progress_line"]


def event_line(event: Event, *, verbose: bool = False) -> str:
    """One plain line for an event; empty for those that only a verbose run tells."""
    count = f"[{event.finished}/{event.total}]"
    what = f"{event.step.operation.value} {event.step.key}" if event.step is not None else ""
    place = f"{event.account} {event.grant or 'shared'}"
    match event.kind:
        case EventKind.DONE:
            return clean(f"{count} {place}: {what}")
        case EventKind.FAILED:
            return clean(f"{count} {place}: {what} failed: {event.message}")
        case EventKind.UNDONE:
            return clean(f"{count} {place}: undone by {what}")
        case EventKind.UNDO_FAILED:
            return clean(f"{count} {place}: {what} could not be undone: {event.message}")
        case EventKind.RETRIED:
            return clean(f"{count} {place}: {what}: {event.message}; again in {event.wait:.1f} s")
        case EventKind.STARTED if verbose:
            return clean(f"{count} {place}: {what} …")
        case _:
            return ""


def progress_line(event: Event, elapsed: float, width: int) -> str:
    """How far a run is, and about how long it still takes once there is something to go by."""
    text = f"{event.finished} of {event.total} calls"
    if event.finished and elapsed >= 1:
        left = elapsed / event.finished * (event.total - event.finished)
        text += f", about {_span(left)} left"
    text += f"; {event.grant or 'shared'} in {event.account}"
    return clean(text)[: width - 1]


def _span(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 90 else f"{round(whole / 60)} min"


_HEADS = {
    GrantStatus.UNDONE: "failed, and all that this run did for it is undone",
    GrantStatus.HALF_MADE: "failed, and is left half-made",
    GrantStatus.NOT_STARTED: "not started",
}


def outcome_text(outcome: Outcome, style: Style) -> str:
    """Which grants are done, and exactly what stands of the others."""
    lines: list[str] = []
    for result in outcome.results:
        if result.status is not GrantStatus.DONE:
            lines += _failed(result, style)
    if len({account for result in outcome.results for account in result.accounts}) > 1:
        lines += [*_table(outcome, style), ""]
    done = sum(result.status is GrantStatus.DONE and result.grant is not None for result in outcome.results)
    others = sum(result.status is not GrantStatus.DONE for result in outcome.results)
    steps = sum(len(result.done) for result in outcome.results)
    tail = f"; {others} not" if others else ""
    stop = " Interrupted." if outcome.interrupted else ""
    grants, calls = "grant" if done == 1 else "grants", "call" if steps == 1 else "calls"
    lines.append(style("bold", f"Applied: {done} {grants} in {steps} {calls}{tail}.{stop}"))
    return "\n".join(lines)


_RESULTS = {
    GrantStatus.DONE: "done",
    GrantStatus.UNDONE: "failed, undone",
    GrantStatus.HALF_MADE: "half-made",
    GrantStatus.NOT_STARTED: "not started",
}


def _table(outcome: Outcome, style: Style) -> list[str]:
    """Where several accounts were worked on: each grant with its accounts and what came of it."""
    rows = [
        [
            ", ".join(result.accounts),
            result.grant or "(shared)",
            _RESULTS[result.status],
            str(len(result.done)),
        ]
        for result in sorted(outcome.results, key=lambda result: (result.accounts, result.grant or ""))
    ]
    lines = columns([["ACCOUNT", "GRANT", "RESULT", "CALLS"], *rows])
    return [style("bold", lines[0]), *(clean(line) for line in lines[1:])]


def _failed(result: GrantResult, style: Style) -> list[str]:
    name = result.grant or "what grants share"
    lines = [style("bad", clean(f"{name} in {', '.join(result.accounts)}: {_HEADS[result.status]}"))]
    for problem in result.problems:
        for line in str(problem).split("\n"):
            lines += wrap(line, style.width, first="  ", rest="    ")
    for label, steps in (
        ("stands", result.standing),
        ("nobody knows", (result.uncertain,) if result.uncertain else ()),
        ("undone", result.undone),
        ("not done", result.not_started),
    ):
        for placed in steps:
            lines += wrap(f"{label}: {placed}", style.width, first="  ", rest="    ")
    if result.status is not GrantStatus.NOT_STARTED:
        lines.append("  Running the same again goes on from what stands.")
    return lines


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": "done" if outcome.exit_code == 0 else "failed",
        "interrupted": outcome.interrupted,
        "results": [
            {
                "grant": result.grant,
                "accounts": list(result.accounts),
                "status": result.status.value,
                "done": [_step(placed) for placed in result.done],
                "undone": [_step(placed) for placed in result.undone],
                "standing": [_step(placed) for placed in result.standing],
                "uncertain": _step(result.uncertain) if result.uncertain else None,
                "not_started": [_step(placed) for placed in result.not_started],
                "problems": [attrs.asdict(problem) for problem in result.problems],
            }
            for result in outcome.results
        ],
    }


def _step(placed: PlacedStep) -> dict[str, str]:
    return {
        "account": placed.account,
        "operation": placed.step.operation.value,
        "type": placed.step.key.type.value,
        "name": placed.step.key.name,
    }
