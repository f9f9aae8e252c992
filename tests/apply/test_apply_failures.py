"""What a run leaves when a step fails, wherever and in whichever way."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from xacct.apply import EventKind, GrantStatus, GrantSteps
from xacct.errors import CredentialsError, ExitCode


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_refusal_at_any_step_leaves_the_account_as_it_was(kit: Any, number: int) -> None:
    before, grant = kit.changed_grant()
    writer = kit.Writer(before, fail={number: "refuse"})
    outcome, events = kit.run([[grant]], writer)
    (result,) = outcome.results
    assert writer.things == {thing.key: thing for thing in before}
    assert outcome.exit_code == ExitCode.ERROR
    assert result.status is GrantStatus.UNDONE
    assert [placed.step for placed in result.done] == list(grant.steps[: number - 1])
    assert result.undone == tuple(reversed(result.done))
    assert result.failed is not None
    assert result.failed.step == grant.steps[number - 1]
    assert [placed.step for placed in result.not_started] == list(grant.steps[number:])
    assert [problem.code for problem in result.problems] == ["refused"]
    assert sum(event.kind is EventKind.UNDONE for event in events) == number - 1


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_an_answer_lost_for_good_is_read_back_and_undone(kit: Any, number: int) -> None:
    before, grant = kit.changed_grant()
    writer = kit.Writer(before, fail={number: "lost"})
    outcome, _events = kit.run([[grant]], writer)
    assert writer.things == {thing.key: thing for thing in before}
    assert outcome.results[0].status is GrantStatus.UNDONE
    assert len(outcome.results[0].undone) == number


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_call_that_never_arrived_is_not_undone(kit: Any, number: int) -> None:
    before, grant = kit.changed_grant()
    writer = kit.Writer(before, fail={number: "dropped"})
    outcome, _events = kit.run([[grant]], writer)
    assert writer.things == {thing.key: thing for thing in before}
    assert len(outcome.results[0].undone) == number - 1


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_when_nobody_knows_whether_a_step_stands_nothing_is_undone_and_all_is_told(
    kit: Any, number: int
) -> None:
    before, grant = kit.changed_grant()
    writer = kit.Writer(before, fail={number: "lost"})
    writer.blind = True
    outcome, _events = kit.run([[grant]], writer)
    (result,) = outcome.results
    assert outcome.exit_code == ExitCode.PARTIAL
    assert result.status is GrantStatus.HALF_MADE
    assert result.uncertain is not None
    assert result.uncertain.step == grant.steps[number - 1]
    assert [placed.step for placed in result.standing] == list(grant.steps[: number - 1])
    assert writer.calls == number


@pytest.mark.parametrize("broken", [6, 7, 8, 9])
def test_undoing_ends_at_the_first_step_that_cannot_be_undone(kit: Any, broken: int) -> None:
    before, grant = kit.changed_grant()
    writer = kit.Writer(before, fail={5: "refuse", broken: "refuse"})
    outcome, events = kit.run([[grant]], writer)
    (result,) = outcome.results
    undone = broken - 6
    assert outcome.exit_code == ExitCode.PARTIAL
    assert result.status is GrantStatus.HALF_MADE
    assert len(result.undone) == undone
    assert result.standing == result.done[: len(result.done) - undone]
    assert len(writer.performed) == 4 + undone
    assert events[-1].kind is EventKind.UNDO_FAILED


def test_a_deleted_role_is_not_made_again_and_the_rest_is_told_to_stand(kit: Any) -> None:
    before, grant = kit.gone_grant()
    extra = kit.new_grant("after").steps
    grant = attrs.evolve(grant, steps=(*grant.steps, *extra))
    writer = kit.Writer(before, fail={4: "refuse"})
    outcome, _events = kit.run([[grant]], writer)
    (result,) = outcome.results
    assert result.status is GrantStatus.HALF_MADE
    assert [placed.step for placed in result.undone] == [extra[0]]
    assert [placed.step for placed in result.standing] == list(grant.steps[:2])
    assert [problem.code for problem in result.problems] == ["refused", "not-undoable"]
    assert writer.things == {}


def test_other_grants_go_on_when_one_fails(kit: Any) -> None:
    writer = kit.Writer(fail={2: "refuse"})
    outcome, _events = kit.run([[kit.new_grant("a"), kit.new_grant("b")]], writer)
    assert [result.status for result in outcome.results] == [GrantStatus.UNDONE, GrantStatus.DONE]
    assert outcome.exit_code == ExitCode.PARTIAL
    assert set(writer.things.values()) == {kit.role("b"), kit.policy("b")}


@pytest.mark.parametrize(("allowed", "tried"), [(0, 1), (1, 2), (2, 3), (None, 5)])
def test_nothing_new_starts_once_too_many_grants_failed(kit: Any, allowed: int | None, tried: int) -> None:
    writer = kit.Writer(fail=dict.fromkeys(range(1, 20), "refuse"))
    grants = [kit.new_grant(f"g{number}") for number in range(5)]
    outcome, _events = kit.run([grants], writer, max_failures=allowed)
    assert writer.calls == tried
    assert len(outcome.with_status(GrantStatus.NOT_STARTED)) == 5 - tried
    assert outcome.exit_code == ExitCode.ERROR


def test_when_what_grants_share_fails_no_grant_starts(kit: Any) -> None:
    shared = GrantSteps(grant=None, account=kit.account, steps=kit.new_grant("shared").steps)
    writer = kit.Writer(fail={1: "refuse"})
    outcome, _events = kit.run([[shared], [kit.new_grant("a")]], writer)
    assert [result.status for result in outcome.results] == [GrantStatus.UNDONE, GrantStatus.NOT_STARTED]
    assert writer.calls == 1


def test_a_failure_in_the_second_account_is_undone_in_the_first_too(kit: Any) -> None:
    writers = {kit.account: kit.Writer(), kit.other: kit.Writer(fail={2: "refuse"})}
    phases = [[kit.new_grant("a", kit.account)], [kit.new_grant("a", kit.other)]]
    outcome, _events = kit.run(phases, writers)
    (result,) = outcome.results
    assert result.status is GrantStatus.UNDONE
    assert [placed.account for placed in result.undone] == [kit.other, kit.account, kit.account]
    assert writers[kit.account].things == {} == writers[kit.other].things


def test_a_grant_that_failed_is_not_continued_in_a_later_phase(kit: Any) -> None:
    writers = {kit.account: kit.Writer(fail={1: "refuse"}), kit.other: kit.Writer()}
    phases = [[kit.new_grant("a", kit.account)], [kit.new_grant("a", kit.other)]]
    outcome, _events = kit.run(phases, writers)
    assert writers[kit.other].calls == 0
    assert len(outcome.results[0].not_started) == 3


def test_credentials_that_ran_out_decide_the_exit_code(kit: Any) -> None:
    writer = kit.Writer(fail={3: CredentialsError("expired", code="expired-token")})
    outcome, _events = kit.run([[kit.new_grant("a"), kit.new_grant("b")]], writer)
    assert outcome.exit_code == ExitCode.CREDENTIALS


def test_a_mistake_of_ours_leaves_nothing_half_made_and_keeps_its_cause(kit: Any) -> None:
    before, grant = kit.changed_grant()
    writer = kit.Writer(before, fail={3: ZeroDivisionError("oops")})
    outcome, _events = kit.run([[grant]], writer)
    (result,) = outcome.results
    assert writer.things == {thing.key: thing for thing in before}
    assert result.problems[0].code == "bug"
    assert isinstance(result.error, Exception)
    assert isinstance(result.error.__cause__, ZeroDivisionError)
