"""Runs that go well, in order and side by side."""

from __future__ import annotations

import threading
from typing import Any

from xacct.apply import EventKind, GrantStatus, GrantSteps
from xacct.errors import ExitCode


def test_a_new_grant_stands_after_the_run_and_events_tell_each_step(kit: Any) -> None:
    writer = kit.Writer()
    outcome, events = kit.run([[kit.new_grant()]], writer)
    assert outcome.exit_code == ExitCode.DONE
    assert set(writer.things.values()) == {kit.role(), kit.policy()}
    assert [(event.kind, event.finished, event.total) for event in events] == [
        (EventKind.STARTED, 0, 2),
        (EventKind.DONE, 1, 2),
        (EventKind.STARTED, 1, 2),
        (EventKind.DONE, 2, 2),
    ]


def test_nothing_to_do_makes_no_call_and_is_done(kit: Any) -> None:
    writer = kit.Writer()
    outcome, events = kit.run([], writer)
    assert (outcome.exit_code, writer.calls, events) == (ExitCode.DONE, 0, [])


def test_a_phase_starts_when_the_one_before_it_has_ended(kit: Any) -> None:
    writer = kit.Writer()
    names = [f"g{number}" for number in range(6)]
    first = [kit.new_grant(name) for name in names]
    second = [kit.changed_grant(name)[1] for name in names]
    outcome, _events = kit.run([first, second], writer, jobs=4)
    assert outcome.exit_code == ExitCode.DONE
    made = [
        index for index, step in enumerate(writer.performed) if step.before is None and step.key.name in names
    ]
    changed = [index for index, step in enumerate(writer.performed) if step.before is not None]
    assert max(made) < min(changed)


def test_steps_of_one_grant_keep_their_order_whatever_runs_beside_them(kit: Any) -> None:
    writer = kit.Writer()
    grants = [kit.new_grant(f"g{number:02}") for number in range(20)]
    outcome, events = kit.run([grants], writer, jobs=8)
    assert outcome.exit_code == ExitCode.DONE
    for grant in grants:
        told = [event.step for event in events if event.grant == grant.grant and event.kind is EventKind.DONE]
        assert told == list(grant.steps)
    assert [result.grant for result in outcome.results] == [grant.grant for grant in grants]


def test_no_more_than_jobs_grants_of_one_account_run_at_the_same_time(kit: Any) -> None:
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Semaphore(0)

    class Slow(kit.Writer):  # type: ignore[name-defined,misc]
        def perform(self, step: Any, retried: Any) -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running == 3:
                    gate.release(100)
            gate.acquire(timeout=0.2)
            super().perform(step, retried)
            with lock:
                running -= 1

    outcome, _events = kit.run([[kit.new_grant(f"g{number}") for number in range(12)]], Slow(), jobs=3)
    assert outcome.exit_code == ExitCode.DONE
    assert most == 3


def test_accounts_run_beside_each_other_each_with_its_own_jobs(kit: Any) -> None:
    meeting = threading.Barrier(2, timeout=5)

    class Meeting(kit.Writer):  # type: ignore[name-defined,misc]
        def perform(self, step: Any, retried: Any) -> None:
            if self.calls == 0:
                meeting.wait()
            super().perform(step, retried)

    writers = {kit.account: Meeting(), kit.other: Meeting()}
    parts = [kit.new_grant("a", kit.account), kit.new_grant("b", kit.other)]
    outcome, _events = kit.run([parts], writers, jobs=1)
    assert outcome.exit_code == ExitCode.DONE


def test_repetitions_are_told_as_events(kit: Any) -> None:
    class Stuttering(kit.Writer):  # type: ignore[name-defined,misc]
        def perform(self, step: Any, retried: Any) -> None:
            retried("AWS has not yet spread what was just made", 0.5)
            super().perform(step, retried)

    _outcome, events = kit.run([[kit.new_grant()]], Stuttering())
    told = [(event.message, event.wait) for event in events if event.kind is EventKind.RETRIED]
    assert told == [("AWS has not yet spread what was just made", 0.5)] * 2


def test_a_grant_over_two_accounts_is_one_result(kit: Any) -> None:
    writers = {kit.account: kit.Writer(), kit.other: kit.Writer()}
    phases = [[kit.new_grant("a", kit.account)], [kit.new_grant("a", kit.other)]]
    outcome, _events = kit.run(phases, writers)
    (result,) = outcome.results
    assert (result.status, result.accounts) == (GrantStatus.DONE, (kit.account, kit.other))
    assert [placed.account for placed in result.done] == [kit.account] * 2 + [kit.other] * 2


def test_shared_things_of_two_phases_are_two_results(kit: Any) -> None:
    shared = [GrantSteps(grant=None, account=kit.account, steps=kit.new_grant(name).steps) for name in "ab"]
    outcome, _events = kit.run([[shared[0]], [shared[1]]], kit.Writer())
    assert [result.grant for result in outcome.results] == [None, None]
