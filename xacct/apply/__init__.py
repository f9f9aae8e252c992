"""
Apply: runs a plan's steps through writers.

In go grants with their steps in order; out come events while it runs and an outcome that says exactly what
stands. The steps of one grant run one after another, grants run side by side. When a step fails, what this
run did for that grant is undone in reverse order and the other grants go on. What a step means in AWS's terms
is the writer's business (``xacct.aws``); which steps there are and in which order, the plan's.
"""

from __future__ import annotations

from xacct.apply.engine import apply_plan
from xacct.apply.journal import Journal
from xacct.apply.model import (
    Event,
    EventKind,
    GrantResult,
    GrantStatus,
    GrantSteps,
    Outcome,
    PlacedStep,
    UncertainError,
    Writer,
    not_started,
)

__all__ = [
    "Event",
    "EventKind",
    "GrantResult",
    "GrantStatus",
    "GrantSteps",
    "Journal",
    "Outcome",
    "PlacedStep",
    "UncertainError",
    "Writer",
    "apply_plan",
    "not_started",
]
