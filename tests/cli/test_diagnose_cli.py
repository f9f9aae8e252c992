"""``xacct diagnose`` as it is called: arguments, pipes, JSON, exit codes, and the change of a grant."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xacct.cli.main import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "third-party.yaml"
SESSION = "arn:aws:sts::111122223333:assumed-role/acme-backup/acme"
REFUSED = f"User: {SESSION} is not authorized to perform: lightsail:GetStaticIps on resource: *"
ROBOT = "arn:aws:iam::444455556666:user/robot"
NO_SESSION = (
    f"User: {ROBOT} is not authorized to perform: sts:AssumeRole on resource: "
    "arn:aws:iam::111122223333:role/xacct/acme-backup"
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("grant.yaml").write_text(EXAMPLE.read_text())

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main(["diagnose", *arguments])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, out.out, out.err

    return call


def told(out: str) -> dict[str, Any]:
    [only] = json.loads(out)["messages"]
    return dict(only)


@pytest.mark.parametrize("arguments", [(), ("-",)], ids=["piped", "dash"])
def test_the_message_is_read_from_a_pipe(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, _ = run(*arguments, "--format", "json", stdin=f"2026-12-01 ERROR {REFUSED}\n")
    assert code == 0
    assert told(out)["action"] == "lightsail:GetStaticIps"


def test_an_unknown_message_is_an_answer_too(run: Run) -> None:
    code, out, _ = run("all is well", "--format", "json")
    assert code == 0
    assert (told(out)["family"], told(out)["sure"]) == ("unknown", False)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("",),
        ("  ",),
        (REFUSED, "--fix"),
        (REFUSED, "--live", "--fix"),
        (REFUSED, "--grant", "nowhere.yaml"),
    ],
)
def test_wrong_usage_is_told(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 64


def test_several_messages_are_told_one_after_the_other(run: Run) -> None:
    code, out, _ = run("-", stdin=f"{REFUSED}\n{NO_SESSION}\n")
    assert code == 0
    assert "Message 1 of 2" in out
    assert "Message 2 of 2" in out


def test_secrets_of_a_log_are_in_nothing_that_comes_out(run: Run) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    log = f"aws_secret_access_key = {secret}\nAKIAIOSFODNN7EXAMPLE\n{REFUSED} password=hunter22\n"
    for options in ([], ["--format", "json"], ["--grant", "grant.yaml"]):
        _, out, err = run("-", *options, stdin=log)
        for word in (secret, "AKIAIOSFODNN7EXAMPLE", "hunter22"):
            assert word not in out + err


def test_a_terminal_is_written_to_with_escapes_made_visible(run: Run) -> None:
    _, out, _ = run("\x1b[2J\x07 not known \x1b]0;title\x07")
    assert "\x1b" not in out
    assert "\x07" not in out


def test_a_change_is_shown_and_nothing_written_without_a_yes(run: Run) -> None:
    before = Path("grant.yaml").read_text()
    code, out, err = run(REFUSED, "--grant", "grant.yaml", "--fix")
    assert code == 64
    assert '+    add: ["lightsail:GetStaticIps"]' in out
    assert "--yes" in err
    assert Path("grant.yaml").read_text() == before


def test_a_change_is_written_on_yes_and_the_rest_of_the_file_stays(run: Run) -> None:
    path = Path("grant.yaml")
    path.chmod(0o640)
    before = path.read_text().splitlines()
    code, out, _ = run(REFUSED, "--grant", "grant.yaml", "--fix", "--yes", "--format", "json")
    assert code == 0
    proposal = json.loads(out)["proposal"]
    assert proposal["written"] is True
    assert {row["effect"] for row in proposal["access_delta"]} == {"gain"}
    after = path.read_text().splitlines()
    assert [line for line in after if line in before] == before
    assert len(after) == len(before) + 1
    assert path.stat().st_mode & 0o777 == 0o640


def test_json_without_a_yes_has_the_proposal_and_the_reason(run: Run) -> None:
    code, out, _ = run(REFUSED, "--grant", "grant.yaml", "--fix", "--format", "json")
    value = json.loads(out)
    assert code == 64
    assert value["proposal"]["written"] is False
    assert value["errors"][0]["code"] == "no-terminal"


def test_the_external_id_is_never_fixed_away(run: Run) -> None:
    before = Path("grant.yaml").read_text()
    code, out, _ = run(NO_SESSION, "--grant", "grant.yaml", "--fix", "--yes", "--format", "json")
    assert code == 0
    assert json.loads(out)["proposal"] is None
    assert "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11" not in out
    assert Path("grant.yaml").read_text() == before
    _, out, _ = run(NO_SESSION, "--grant", "grant.yaml", "--fix", "--yes")
    assert "The grant stays as it is" in out


def test_what_the_user_knows_of_the_request_settles_the_cause(run: Run) -> None:
    code, out, _ = run(
        NO_SESSION, "--grant", "grant.yaml", "--context", "sts:ExternalId=wrong-one-7", "--format", "json"
    )
    assert code == 0
    first = told(out)["causes"][0]
    assert (first["likelihood"], first["title"]) == (
        "certain",
        "The external ID that was sent is not the grant's",
    )
    assert told(out)["denied_by"] == "trust"


def in_sandbox(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["--sandbox", *arguments, "--format", "json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_the_account_alone_tells_the_cause_too(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    in_sandbox(capsys, "apply", "grant.yaml", "--yes")
    [first] = in_sandbox(capsys, "diagnose", NO_SESSION, "--live")["messages"]
    assert first["causes"][0]["title"] == "No external ID was sent, or another one"
    [second] = in_sandbox(capsys, "diagnose", REFUSED, "--live")["messages"]
    assert second["causes"][0]["title"] == "lightsail:GetStaticIps is not among what the role allows"
    [statement] = second["fix"][0]["statement"]["Statement"]
    assert statement == {"Effect": "Allow", "Action": "lightsail:GetStaticIps", "Resource": "*"}
    assert second["edits"] == []


def test_a_role_that_is_not_in_the_account_leaves_the_answer_as_it_was(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    [live] = in_sandbox(capsys, "diagnose", NO_SESSION, "--live")["messages"]
    [plain] = in_sandbox(capsys, "diagnose", NO_SESSION)["messages"]
    assert live == plain


def test_a_grant_that_was_not_applied_is_told(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    [told_] = in_sandbox(capsys, "diagnose", NO_SESSION, "--grant", "grant.yaml", "--live")["messages"]
    assert told_["causes"][0]["title"] == "The account has no role acme-backup"
