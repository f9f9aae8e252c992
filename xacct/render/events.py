"""What happens during a run, and how it ended."""

from __future__ import annotations

from typing import Any

import attrs

from xacct.apply import Event, EventKind, GrantResult, GrantStatus, Outcome, PlacedStep
from xacct.render.style import Style, clean, wrap

__all__ = ["event_line", "outcome_text", "outcome_to_json"]


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
    done = sum(result.status is GrantStatus.DONE and result.grant is not None for result in outcome.results)
    others = sum(result.status is not GrantStatus.DONE for result in outcome.results)
    steps = sum(len(result.done) for result in outcome.results)
    tail = f"; {others} not" if others else ""
    stop = " Interrupted." if outcome.interrupted else ""
    lines.append(
        style("bold", f"Applied: {done} grant{'' if done == 1 else 's'} in {steps} calls{tail}.{stop}")
    )
    return "\n".join(lines)


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
