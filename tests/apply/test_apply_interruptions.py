"""Ctrl-C, and a process that is killed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from xacct.apply import GrantStatus, Journal
from xacct.apply.journal import cut_off_at, read_journal
from xacct.errors import ExitCode, XacctError


def interrupting(writer: Any, *numbers: int) -> Any:
    """Make the writer press Ctrl-C during these calls, and give the main thread time to feel it."""

    def press(number: int) -> None:
        if number in numbers:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            time.sleep(0.5)

    writer.on_call = press
    return writer


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_ctrl_c_lets_the_call_finish_undoes_the_grant_and_starts_nothing_new(kit: Any, number: int) -> None:
    before, grant = kit.changed_grant()
    writer = interrupting(kit.Writer(before), number)
    outcome, _events = kit.run([[grant, kit.new_grant("later")]], writer)
    assert outcome.interrupted
    assert outcome.exit_code == ExitCode.INTERRUPTED
    assert writer.things == {thing.key: thing for thing in before}
    assert [result.status for result in outcome.results] == [GrantStatus.UNDONE, GrantStatus.NOT_STARTED]
    assert writer.calls == 2 * number


def test_grants_that_were_done_stand_after_ctrl_c(kit: Any) -> None:
    writer = interrupting(kit.Writer(), 3)
    outcome, _events = kit.run([[kit.new_grant("a"), kit.new_grant("b"), kit.new_grant("c")]], writer)
    assert [result.status for result in outcome.results] == [
        GrantStatus.DONE,
        GrantStatus.UNDONE,
        GrantStatus.NOT_STARTED,
    ]
    assert set(writer.things.values()) == {kit.role("a"), kit.policy("a")}


def test_a_second_ctrl_c_ends_undoing_too_and_what_stands_is_told(kit: Any) -> None:
    before, grant = kit.changed_grant()
    writer = interrupting(kit.Writer(before), 3, 4)
    outcome, _events = kit.run([[grant]], writer)
    (result,) = outcome.results
    assert outcome.exit_code == ExitCode.INTERRUPTED
    assert result.status is GrantStatus.HALF_MADE
    assert len(result.undone) == 1
    assert len(result.standing) == 2


def test_ctrl_c_between_two_accounts_undoes_the_first(kit: Any) -> None:
    writers = {kit.account: interrupting(kit.Writer(), 2), kit.other: kit.Writer()}
    phases = [[kit.new_grant("a", kit.account)], [kit.new_grant("a", kit.other)]]
    outcome, _events = kit.run(phases, writers)
    assert outcome.results[0].status is GrantStatus.UNDONE
    assert writers[kit.account].things == {}


def test_the_journal_is_private_and_announces_each_call_before_it_is_made(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    writer = kit.Writer()
    lines_at_call: list[int] = []
    writer.on_call = lambda _number: lines_at_call.append(len(path.read_text().splitlines()))
    kit.run([[kit.new_grant()]], writer, journal=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    records = read_journal(path)
    assert [record.event for record in records] == ["begin", "before", "done", "before", "done", "end"]
    assert lines_at_call == [2, 4]
    assert cut_off_at(records) is None
    assert records[1].operation == "CreateRole"
    assert records[1].thing == "role vendor"


def test_the_journal_holds_no_document_and_no_external_id(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    kit.run([[kit.new_grant()]], kit.Writer(fail={2: "refuse"}), journal=path)
    text = path.read_text()
    assert "Statement" not in text
    assert kit.other not in text
    assert {"undoing", "undone", "failed"} <= {json.loads(line)["event"] for line in text.splitlines()}


def test_a_journal_is_never_written_into_a_file_or_link_that_is_there(tmp_path: Path, kit: Any) -> None:
    existing = tmp_path / "there.jsonl"
    existing.write_text("mine")
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (existing, link):
        with pytest.raises(XacctError) as caught:
            kit.run([], kit.Writer(), journal=path)
        assert caught.value.problems[0].code == "journal"
    assert existing.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_a_journal_in_a_place_that_cannot_be_made_is_told(tmp_path: Path, kit: Any) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(XacctError, match="journal"):
        kit.run([], kit.Writer(), journal=tmp_path / "file" / "journal.jsonl")


_KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, {tests!r})
import importlib.util
spec = importlib.util.spec_from_file_location("kit", {kit!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
kit = module.Kit()
before, grant = kit.changed_grant()
writer = kit.Writer(before)
writer.on_call = lambda number: os.kill(os.getpid(), 9) if number == {number} else None
kit.run([[grant]], writer, journal=Path({path!r}))
"""


@pytest.mark.parametrize("number", [1, 3, 5])
def test_the_journal_of_a_killed_run_names_the_call_it_was_in(kit: Any, tmp_path: Path, number: int) -> None:
    path = tmp_path / "journal.jsonl"
    here = Path(__file__).parent
    program = _KILLED.format(tests=str(here), kit=str(here / "conftest.py"), number=number, path=str(path))
    ended = subprocess.run([sys.executable, "-c", program], env=os.environ.copy(), timeout=30)
    assert ended.returncode == -9
    records = read_journal(path)
    _before, grant = kit.changed_grant()
    assert records[-1].event == "before"
    assert records[-1].operation == grant.steps[number - 1].operation.value
    assert [record.event for record in records].count("done") == number - 1
    assert cut_off_at(records) == records[-1]


def test_a_line_of_a_journal_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event": "begin"}\n{"event": "bef')
    assert [record.event for record in read_journal(path)] == ["begin"]


def test_without_a_path_nothing_is_written(kit: Any) -> None:
    from datetime import UTC, datetime

    with Journal(None, lambda: datetime(2026, 1, 1, tzinfo=UTC)) as journal:
        journal.note("begin")
