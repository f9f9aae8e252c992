"""Runs against the sandbox: over bad lines, two at once, and killed in the middle."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xacct.apply import Event, GrantStatus, GrantSteps, Journal, Outcome, apply_plan
from xacct.aws.calls import Api
from xacct.aws.reader import read_account
from xacct.aws.writer import IamWriter
from xacct.errors import ExitCode
from xacct.iam.things import Thing
from xacct.plan.snapshot import ReadScope
from xacct.plan.steps import Step, creating, updating


def steps_to(kit: Any, things: Sequence[Thing]) -> tuple[Step, ...]:
    """The steps from what the account holds to these things."""
    scope = ReadScope(keys=frozenset(thing.key for thing in things))
    actual = read_account(kit.api(), scope, kit.identity).things.things
    steps: list[Step] = []
    for thing in things:
        before = actual.get(thing.key)
        if before is None:
            steps += creating(thing)
        elif before != thing:
            steps += updating(before, thing)
    return tuple(steps)


def run(kit: Any, grants: Sequence[GrantSteps], api: Api, jobs: int = 4) -> Outcome:
    def ignore(_event: Event) -> None:
        return None

    return apply_plan(
        [grants],
        {kit.account: IamWriter(api, kit.account, "aws", kit.clock.now)},
        jobs=jobs,
        journal=Journal(None, kit.clock.now),
        clock=lambda: 0.0,
        on_event=ignore,
    )


def grants_of(kit: Any, count: int) -> list[GrantSteps]:
    return [
        GrantSteps(
            grant=f"g{number}",
            account=kit.account,
            steps=steps_to(kit, [kit.role(f"g{number}"), kit.policy(f"g{number}")]),
        )
        for number in range(count)
    ]


class BadLine:
    """A client of which every tenth call goes wrong, in one of the ways in which calls do."""

    def __init__(self, faulty: Any, client: Any, seed: int) -> None:
        self._faulty = faulty
        self._client = client
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.faults = 0

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            with self._lock:
                fault = "ok"
                if self._random.random() < 0.1:
                    fault = self._random.choice(["lost", "dropped", "500", "throttle"])
                    self.faults += 1
            return getattr(self._faulty(self._client, {name: [fault]}), name)(**parameters)

        return call


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_over_a_bad_line_goes_on_to_the_end(kit: Any, seed: int) -> None:
    grants = grants_of(kit, 12)
    line = BadLine(kit.Faulty, kit.sessions.client("iam", kit.account), seed)
    api = Api(line, sleep=kit.clock.sleep, clock=kit.clock)
    api._answered = True
    outcome = run(kit, grants, api)
    assert line.faults > 0
    assert outcome.exit_code == ExitCode.DONE
    held = kit.sessions.client("iam", kit.account).list_roles(PathPrefix="/xacct/")["Roles"]
    assert sorted(role["RoleName"] for role in held) == sorted(f"g{number}" for number in range(12))
    for number in range(12):
        assert steps_to(kit, [kit.role(f"g{number}"), kit.policy(f"g{number}")]) == ()


def test_of_two_runs_at_once_the_second_notices_and_harms_nothing(kit: Any) -> None:
    mine = grants_of(kit, 1)
    theirs = grants_of(kit, 1)
    assert run(kit, mine, kit.api()).exit_code == ExitCode.DONE
    outcome = run(kit, theirs, kit.api())
    (result,) = outcome.results
    assert outcome.exit_code == ExitCode.ERROR
    assert result.problems[0].code == "already-exists"
    assert "plan again" in result.problems[0].fix
    assert kit.current(kit.role("g0")) == kit.role("g0")
    assert kit.current(kit.policy("g0")) == kit.policy("g0")


def test_a_refusal_by_iam_leaves_the_account_as_it_was(kit: Any) -> None:
    bad = kit.policy("g0", "no action at all")
    steps = (*creating(kit.role("g0")), *creating(bad))
    outcome = run(kit, [GrantSteps(grant="g0", account=kit.account, steps=steps)], kit.api())
    assert outcome.results[0].status is GrantStatus.UNDONE
    assert outcome.results[0].problems[0].code == "malformed-policy"
    assert kit.current(kit.role("g0")) is None


_KILLED = """
import importlib.util, os, sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("conftest", {conftest!r})
conftest = importlib.util.module_from_spec(spec)
sys.modules["conftest"] = conftest
spec.loader.exec_module(conftest)
from xacct.apply import GrantSteps, Journal, apply_plan
from xacct.aws.session import Sessions
from xacct.aws.writer import IamWriter
from xacct.plan.steps import creating
from xacct.sandbox import Sandbox, attach

clock = conftest.Clock()
sandbox = Sandbox(Path({state!r}))
sessions = Sessions(
    sandbox=True,
    attach=lambda boto_session: attach(boto_session, sandbox),
    credentials=lambda account: sandbox.credentials_for(None, account),
)
kit = conftest.Kit(sandbox, sessions, clock)
steps = (*creating(kit.role()), *creating(kit.policy()), *creating(kit.policy(name="more")))


class Killed(IamWriter):
    calls = 0

    def perform(self, step, retried):
        Killed.calls += 1
        if {before} and Killed.calls == {number}:
            os.kill(os.getpid(), 9)
        super().perform(step, retried)
        if Killed.calls == {number}:
            os.kill(os.getpid(), 9)


apply_plan(
    [[GrantSteps(grant="vendor", account=kit.account, steps=steps)]],
    {{kit.account: Killed(sessions.iam(kit.account), kit.account, "aws", clock.now)}},
    jobs=1,
    journal=Journal(None, clock.now),
    clock=lambda: 0.0,
    on_event=lambda event: None,
)
"""


@pytest.mark.parametrize(("number", "before"), [(1, True), (1, False), (2, False), (3, False)])
def test_a_run_that_was_killed_is_healed_by_running_again(
    kit: Any, tmp_path: Path, number: int, before: bool
) -> None:
    program = _KILLED.format(
        conftest=str(Path(__file__).parent / "conftest.py"),
        state=str(tmp_path / "sandbox"),
        number=number,
        before=before,
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=60)
    assert ended.returncode == -9
    things = [kit.role(), kit.policy(), kit.policy(name="more")]
    left = steps_to(kit, things)
    assert len(left) == 3 - number + before
    outcome = run(kit, [GrantSteps(grant="vendor", account=kit.account, steps=left)], kit.api())
    assert outcome.exit_code == ExitCode.DONE
    assert steps_to(kit, things) == ()
