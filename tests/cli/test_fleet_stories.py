"""Many accounts in the sandbox: canary first, a failure stops nobody else, rights and credentials ahead."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xacct.aws.writer import IamWriter
from xacct.cli.main import main
from xacct.errors import XacctError
from xacct.plan.steps import Step

ACCOUNTS = ("111122223333", "222233334444", "333344445555")

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "grants"
    folder.mkdir()
    for number, account in enumerate(ACCOUNTS):
        (folder / f"g{number}.yaml").write_text(
            f"blueprint: third-party\nname: g{number}\naccount: '{account}'\n"
            f"parameters: {{trusted_account: '999988887777', external_id: id-number-{number}}}\n"
            "permissions: [read-only]\n"
        )

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main(["--sandbox", *arguments, "--format", "json"])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, json.loads(out.out)

    return call


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Accounts whose writes are refused."""
    accounts: set[str] = set()
    perform = IamWriter.perform

    def refuse(self: IamWriter, step: Step, retried: Callable[[str, float], None]) -> None:
        if self._account in accounts:
            raise XacctError("refused for the test", code="refused")
        perform(self, step, retried)

    monkeypatch.setattr(IamWriter, "perform", refuse)
    return accounts


def statuses(outcome: dict[str, Any]) -> dict[str, str]:
    return {result["grant"]: result["status"] for result in outcome["results"]}


def test_a_failure_in_one_account_stops_no_other(run: Run, failing: set[str]) -> None:
    failing.add(ACCOUNTS[1])
    code, outcome = run("apply", "grants", "--yes")
    assert code == 3
    assert statuses(outcome) == {"g0": "done", "g1": "undone", "g2": "done"}


def test_with_a_budget_of_no_failure_nothing_new_is_started(run: Run, failing: set[str]) -> None:
    failing.add(ACCOUNTS[0])
    _, outcome = run("apply", "grants", "--yes", "--jobs", "1", "--max-failures", "0")
    assert "undone" in statuses(outcome).values()
    assert outcome["outcome"] == "failed"


@pytest.mark.parametrize("canary", ["g1", ACCOUNTS[1]])
def test_where_the_canary_fails_the_others_are_not_started(run: Run, failing: set[str], canary: str) -> None:
    failing.add(ACCOUNTS[1])
    code, outcome = run("apply", "grants", "--yes", "--canary", canary)
    assert code == 1
    assert statuses(outcome) == {"g1": "undone", "g0": "not_started", "g2": "not_started"}
    assert run("list")[1] == {"grants": []}


def test_where_the_canary_does_well_all_are_done(run: Run) -> None:
    code, outcome = run("apply", "grants", "--yes", "--canary", "g2")
    assert (code, next(iter(statuses(outcome)))) == (0, "g2")
    assert set(statuses(outcome).values()) == {"done"}
    assert run("plan", "grants", "--detailed-exitcode")[0] == 0


def test_a_canary_that_is_not_in_the_plan_is_refused(run: Run) -> None:
    code, told = run("apply", "grants", "--yes", "--canary", "g9")
    assert (code, told["errors"][0]["where"]) == (64, "--canary")
    assert run("list")[1] == {"grants": []}


def test_the_result_table_names_each_account(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sandbox", "apply", "grants", "--yes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("ACCOUNT       GRANT  RESULT  CALLS")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        [account, f"g{number}", "done", "2"] for number, account in enumerate(ACCOUNTS)
    ]


def test_rights_are_checked_ahead(run: Run) -> None:
    code, plan = run("plan", "grants", "--check-rights")
    assert code == 0
    assert [check["account"] for check in plan["rights_check"]] == list(ACCOUNTS)
    assert not any(check["missing"] or check["unknown"] for check in plan["rights_check"])
