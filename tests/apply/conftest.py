"""An account in memory whose writer can be told to fail, and the builders for runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from xacct.apply import Event, GrantSteps, Journal, Outcome, UncertainError, apply_plan
from xacct.errors import XacctError
from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import AccountThings, Role, RolePolicy, Thing, ThingKey
from xacct.plan.perform import after_steps
from xacct.plan.steps import Step, creating, deleting, updating

ACCOUNT = "111122223333"
OTHER = "444455556666"


def now() -> datetime:
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class RefusedError(XacctError):
    """What the writer in memory says when it was told to fail."""


class MemoryWriter:
    """
    Carries steps out on a mapping.

    ``fail`` maps the number of a call (from 1) to what it does: ``refuse``, ``lost`` (carried out, but no
    answer), ``dropped`` (neither) or an exception to raise. ``blind`` makes reading back fail too.
    """

    def __init__(self, things: Iterable[Thing] = (), fail: dict[int, Any] | None = None) -> None:
        self.things: dict[ThingKey, Thing] = {thing.key: thing for thing in things}
        self.fail = fail or {}
        self.blind = False
        self.performed: list[Step] = []
        self.calls = 0
        self.on_call: Callable[[int], None] = lambda number: None
        self._lock = threading.Lock()

    def perform(self, step: Step, retried: Callable[[str, float], None]) -> None:
        with self._lock:
            self.calls += 1
            number = self.calls
        self.on_call(number)
        match self.fail.get(number):
            case "refuse":
                raise RefusedError("refused", code="refused")
            case "dropped":
                raise UncertainError("no answer", code="no-answer")
            case "lost":
                self._carry_out(step)
                raise UncertainError("no answer", code="no-answer")
            case Exception() as error:
                raise error
        self._carry_out(step)

    def stands(self, step: Step) -> bool:
        if self.blind:
            raise XacctError("no connection", code="no-connection")
        return self.things.get(step.key) == step.after

    def _carry_out(self, step: Step) -> None:
        with self._lock:
            self.performed.append(step)
            held = after_steps(AccountThings(ACCOUNT, self.things), [step])
            self.things = dict(held.things)


class Kit:
    """Builders that tests share; test modules cannot import from one another."""

    account = ACCOUNT
    other = OTHER
    Writer = MemoryWriter

    @staticmethod
    def document(*actions: str) -> PolicyDocument:
        return PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=actions, resources=("*",)))

    @staticmethod
    def trust(account: str = OTHER) -> PolicyDocument:
        who = TypedPrincipal(PrincipalType.AWS, f"arn:aws:iam::{account}:root")
        return PolicyDocument.of(
            Statement(effect=Effect.ALLOW, actions=("sts:AssumeRole",), principals=(who,))
        )

    def role(self, name: str = "vendor", **changes: Any) -> Role:
        made = Role(name=name, path="/xacct/", trust=self.trust(), tags={"xacct:grant": name})
        return attrs.evolve(made, **changes)

    def policy(self, role: str = "vendor", *actions: str) -> RolePolicy:
        return RolePolicy(
            role=role, name="xacct", document=self.document(*actions or ("lightsail:GetInstances",))
        )

    def new_grant(self, name: str = "vendor", account: str = ACCOUNT) -> GrantSteps:
        """Two steps: the role, and its policy."""
        steps = (*creating(self.role(name)), *creating(self.policy(name)))
        return GrantSteps(grant=name, account=account, steps=steps)

    def changed_grant(self, name: str = "vendor") -> tuple[list[Thing], GrantSteps]:
        """What stands before, and five steps that can all be undone."""
        before, policy = self.role(name), self.policy(name)
        after = attrs.evolve(
            before,
            trust=self.trust("777788889999"),
            description="new",
            tags={"xacct:grant": name, "team": "a"},
        )
        steps = (
            *updating(before, after),
            *updating(policy, self.policy(name, "lightsail:GetDisks")),
            *creating(attrs.evolve(policy, name="more")),
        )
        assert len(steps) == 5
        return [before, policy], GrantSteps(grant=name, account=ACCOUNT, steps=steps)

    def gone_grant(self, name: str = "vendor") -> tuple[list[Thing], GrantSteps]:
        """What stands before, and the two steps that remove it."""
        things: list[Thing] = [self.role(name), self.policy(name)]
        steps = (*deleting(things[1]), *deleting(things[0]))
        return things, GrantSteps(grant=name, account=ACCOUNT, steps=steps)

    def run(
        self,
        phases: Sequence[Sequence[GrantSteps]],
        writers: dict[str, MemoryWriter] | MemoryWriter,
        *,
        jobs: int = 1,
        max_failures: int | None = None,
        journal: Path | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> tuple[Outcome, list[Event]]:
        events: list[Event] = []

        def note(event: Event) -> None:
            events.append(event)
            if on_event is not None:
                on_event(event)

        by_account = {ACCOUNT: writers, OTHER: writers} if isinstance(writers, MemoryWriter) else writers
        with Journal(journal, now) as written:
            outcome = apply_plan(
                phases,
                by_account,
                jobs=jobs,
                max_failures=max_failures,
                journal=written,
                clock=lambda: 0.0,
                on_event=note,
            )
        return outcome, events


@pytest.fixture
def kit() -> Kit:
    return Kit()
