"""Access keys in the sandbox: listed, rotated, finished; secrets stay where they were put."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xacct.aws.keys import IamKeys
from xacct.cli.main import main
from xacct.sandbox import Sandbox, default_state_dir

ARN = "arn:aws:iam::111122223333:user/dana"
Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    Sandbox(default_state_dir(os.environ)).credentials_for(ARN, "111122223333")

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main(["--sandbox", "keys", *arguments, "--format", "json"])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, json.loads(out.out)

    return call


def keys_of(run: Run) -> dict[str, str]:
    [user] = run("list", "dana")[1]["users"]
    return {key["id"]: key["status"] for key in user["keys"]}


def secret_in(file: Path) -> str:
    [line] = [line for line in file.read_text().splitlines() if "secret" in line]
    return line.partition(" = ")[2]


def test_a_key_is_changed_for_another_and_the_old_one_goes_with_finish(run: Run, tmp_path: Path) -> None:
    [old] = keys_of(run)
    file = tmp_path / "out" / "credentials"
    code, done = run("rotate", "dana", "--to-file", str(file))
    assert code == 0
    assert keys_of(run) == {old: "Inactive", done["made"]: "Active"}
    assert file.stat().st_mode & 0o777 == 0o600
    code, done = run("rotate", "dana", "--finish")
    assert code == 0
    assert list(keys_of(run).values()) == ["Active"]
    assert old not in keys_of(run)


def test_the_new_key_works_and_is_the_users(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    run("rotate", "dana", "--to-file", str(file))
    import boto3

    from xacct.sandbox import attach

    key_id = file.read_text().partition("aws_access_key_id = ")[2].split()[0]
    session = boto3.Session(key_id, secret_in(file), region_name="eu-west-1")
    attach(session, Sandbox(default_state_dir(os.environ)))
    assert session.client("sts").get_caller_identity()["Arn"] == ARN


class Killed(BaseException):
    """Nothing in the program catches this, as nothing catches a kill."""


@pytest.mark.parametrize("method", ["make", "verify", "deactivate"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_was_killed_is_gone_on_with(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, after: bool
) -> None:
    [old] = keys_of(run)
    file = tmp_path / "credentials"
    real = getattr(IamKeys, method)

    def cut(self: IamKeys, *arguments: Any) -> Any:
        if after:
            real(self, *arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(IamKeys, method, cut)
        with pytest.raises(Killed):
            run("rotate", "dana", "--to-file", str(file))
    assert keys_of(run).get(old) == ("Inactive" if (method, after) == ("deactivate", True) else "Active")
    code, done = run("rotate", "dana", "--to-file", str(file))
    assert code == 0, done
    keys = keys_of(run)
    assert len(keys) == 2
    assert keys[old] == "Inactive"
    [new] = [key for key, status in keys.items() if status == "Active"]
    assert f"aws_access_key_id = {new}" in file.read_text()


def test_no_secret_is_in_output_logs_or_state(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "credentials"
    main(["--sandbox", "-v", "keys", "rotate", "dana", "--to-file", str(file)])
    out = capsys.readouterr()
    secret = secret_in(file)
    assert secret not in out.out + out.err
    assert secret not in caplog.text
    state = Path(os.environ["XDG_STATE_HOME"]) / "xacct"
    notes = [
        path
        for path in state.rglob("*")
        if path.is_file() and "sandbox" not in path.relative_to(state).parts[0]
    ]
    assert not any(secret in path.read_text() for path in notes)


def test_a_secret_is_shown_once_when_asked_for(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sandbox", "keys", "rotate", "dana", "--show-secret"]) == 0
    out = capsys.readouterr()
    assert out.out.count("aws_secret_access_key = ") == 1
    assert "aws_secret_access_key" not in out.err


@pytest.mark.parametrize(
    "options",
    [[], ["--show-secret"], ["--to-file", "x", "--show-secret"], ["--profile-name", "a b"]],
    ids=["no place", "secret in JSON", "two places", "no profile's name"],
)
def test_wrong_usage_changes_nothing(run: Run, options: list[str]) -> None:
    before = keys_of(run)
    assert run("rotate", "dana", *options)[0] == 64
    assert keys_of(run) == before


def test_two_keys_are_told_with_what_to_do(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "credentials")
    run("rotate", "dana", "--to-file", file)
    code, told = run("rotate", "dana", "--to-file", file)
    assert (code, told["errors"][0]["code"]) == (64, "two-keys")
    spare = told["errors"][0]["fix"].split()[-1]
    code, done = run("rotate", "dana", "--to-file", file, "--replace", spare)
    assert code == 0
    assert done["made"] in keys_of(run)


def test_a_user_that_is_not_there_is_told(run: Run) -> None:
    assert run("list", "nobody")[0] == 64


def test_the_list_says_what_is_worth_doing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Sandbox(default_state_dir(os.environ)).credentials_for(
        "arn:aws:iam::111122223333:user/vendor-backup", "111122223333"
    )
    users = {user["user"]: user for user in run("list")[1]["users"]}
    assert [remark["code"] for remark in users["vendor-backup"]["remarks"]] == ["third-party"]
    assert users["dana"]["remarks"] == []
    assert main(["--sandbox", "keys", "list"]) == 0
    assert "third-party" in capsys.readouterr().out
