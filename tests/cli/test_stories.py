"""Whole stories in the sandbox: each example is planned, applied, found unchanged, changed and removed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xacct.cli.main import main
from xacct.cli.settings import Settings
from xacct.cli.wiring import Wiring
from xacct.sandbox import Sandbox, default_state_dir

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
GRANTS = sorted(path.name for path in EXAMPLES.glob("*.yaml") if path.name != "xacct.yaml")

# Who has to be there before: named in a group, or by ARN in a trust policy.
PRINCIPALS = {"delegated-group.yaml": ["jane", "raj"]}

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in the sandbox, in a folder with the examples; give its exit code and its JSON."""
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    monkeypatch.chdir(folder)
    sandbox = Sandbox(default_state_dir(os.environ))
    for arn in principals_of(folder):
        sandbox.credentials_for(arn, arn.split(":")[4])
    iam = Wiring(Settings(sandbox=True)).sessions.client("iam", "111122223333")
    iam.create_saml_provider(
        Name="corporate-adfs", SAMLMetadataDocument=(folder / "metadata.xml").read_text()
    )

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main(["--sandbox", *arguments, "--format", "json"])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, json.loads(out.out)

    return call


def principals_of(folder: Path) -> list[str]:
    """The users and roles that the examples name, which have to exist for IAM to take the trust policies."""
    text = "".join(path.read_text() for path in folder.glob("*.yaml"))
    found = set(re.findall(r"arn:aws:iam::\d{12}:(?:user|role)/[\w/+=,.@-]+(?![\w/+=,.@*-])", text))
    found |= {f"arn:aws:iam::111122223333:user/{name}" for names in PRINCIPALS.values() for name in names}
    return sorted(found)


def changed(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (change["kind"], change["type"])
        for account in plan["accounts"]
        for change in account["changes"]
        if change["kind"] != "none"
    ]


@pytest.mark.parametrize("example", GRANTS)
def test_an_example_is_made_found_unchanged_and_removed(run: Run, example: str) -> None:
    code, plan = run("plan", example)
    assert code == 0, plan
    assert plan["summary"]["create"] > 0
    assert plan["summary"]["update"] == plan["summary"]["delete"] == 0
    code, outcome = run("apply", example, "--yes")
    assert (code, outcome["outcome"]) == (0, "done"), outcome
    code, again = run("plan", example, "--detailed-exitcode")
    assert (code, changed(again)) == (0, [])
    code, nothing = run("apply", example, "--yes")
    assert (code, nothing["outcome"]) == (0, "nothing to change")
    code, going = run("destroy", example, "--yes")
    assert (code, going["outcome"]) == (0, "done"), going
    code, fresh = run("plan", example)
    assert (code, changed(fresh)) == (0, changed(plan))


@pytest.mark.parametrize("example", GRANTS)
def test_a_longer_session_is_the_only_change(run: Run, example: str) -> None:
    file = Path(example)
    text = re.sub(r"^max_session:.*\n", "", file.read_text(), flags=re.MULTILINE)
    file.write_text(text + "max_session: 3h\n")
    assert run("apply", example, "--yes")[0] == 0
    file.write_text(text + "max_session: 2h\n")
    code, plan = run("plan", example, "--detailed-exitcode")
    if example in ("delegated-group.yaml", "delegated-user.yaml"):  # a group has no sessions
        assert (code, changed(plan)) == (0, [])
        return
    assert (code, changed(plan)) == (2, [("update", "role")])
    [change] = [
        change for account in plan["accounts"] for change in account["changes"] if change["kind"] == "update"
    ]
    assert change["aspects"] == ["max_session"]


def test_the_account_is_as_before(run: Run) -> None:
    assert run("list")[1] == {"grants": []}
    run("apply", "third-party.yaml", "--yes")
    assert [grant["name"] for grant in run("list")[1]["grants"]] == ["acme-backup"]
    run("destroy", "third-party.yaml", "--yes")
    assert run("list")[1] == {"grants": []}


def test_a_blueprint_applies_without_any_file(run: Run) -> None:
    settings = [
        "--set",
        "trusted_account=444455556666",
        "--set",
        "external_id=1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11",
        "--set",
        "permissions=read-only",
    ]
    code, outcome = run("apply", "third-party", *settings, "--yes")
    assert (code, outcome["outcome"]) == (0, "done")
    code, plan = run("plan", "third-party", *settings, "--detailed-exitcode")
    assert (code, changed(plan)) == (0, [])


def test_without_a_yes_nothing_is_done_where_nobody_can_be_asked(run: Run) -> None:
    code, told = run("apply", "third-party.yaml")
    assert code == 64
    assert "--yes" in told["errors"][0]["fix"]
    assert run("list")[1] == {"grants": []}


def test_a_saved_plan_is_applied_once_and_refused_when_the_account_moved(run: Run, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    run("plan", "third-party.yaml", "--out", saved)
    assert Path(saved).stat().st_mode & 0o777 == 0o600
    assert run("show", saved)[0] == 0
    assert run("apply", saved, "--yes")[0] == 0
    code, told = run("apply", saved, "--yes")
    assert code == 6
    assert any("applied before" in error["message"] for error in told["errors"])
    assert run("show", saved)[0] == 0


def test_a_saved_plan_is_refused_when_its_grant_changed(run: Run, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    run("plan", "third-party.yaml", "--out", saved)
    file = Path("third-party.yaml")
    file.write_text(file.read_text().replace("eu-west-1", "eu-west-2"))
    code, told = run("apply", saved, "--yes")
    assert code == 6
    assert "blueprint changed" in told["errors"][0]["message"]


def test_a_plan_that_was_tampered_with_is_refused(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    _, plan = run("plan", "third-party.yaml", "--out", str(saved))
    text = saved.read_text()
    saved.write_text(text.replace("444455556666", "999955556666"))
    assert run("apply", str(saved), "--yes")[0] == 64
    saved.write_text(text)
    assert run("apply", str(saved), "--yes", "--expect-digest", "0" * 64)[0] == 6
    assert run("apply", str(saved), "--yes", "--expect-digest", plan["digest"])[0] == 0


def test_external_ids_are_redacted_unless_asked_for(run: Run) -> None:
    secret = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"
    assert secret not in json.dumps(run("plan", "third-party.yaml")[1])
    assert secret in json.dumps(run("plan", "third-party.yaml", "--reveal")[1])


def test_a_role_that_is_not_ours_is_refused_and_untouched(run: Run) -> None:
    run("apply", "third-party.yaml", "--yes")
    file = Path("third-party.yaml")
    file.write_text(file.read_text().replace("name: acme-backup", "name: other\nrole_name: acme-backup"))
    code, told = run("plan", "other.yaml" if Path("other.yaml").exists() else "third-party.yaml")
    assert code == 1
    assert "belongs to the grant 'acme-backup'" in told["errors"][0]["message"]
