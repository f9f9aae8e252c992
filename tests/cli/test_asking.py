"""At a real terminal: what is asked, and what an answer does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

from xacct.cli.main import main
from xacct.sandbox import Sandbox, default_state_dir

EXAMPLE = Path(__file__).parents[2] / "examples" / "third-party.yaml"
REFUSED = (
    "User: arn:aws:sts::111122223333:assumed-role/acme-backup/acme is not authorized to perform: "
    "lightsail:GetStaticIps on resource: *"
)


def spawn(*arguments: str) -> pexpect.spawn:
    try:
        return pexpect.spawn(sys.executable, ["-m", "xacct", *arguments], encoding="utf-8", timeout=60)
    except OSError as error:
        pytest.skip(f"no pseudo-terminal: {error}")


def finish(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus is not None
    return int(child.exitstatus)


@pytest.mark.parametrize(("answer", "changed"), [("yes", True), ("no", False), ("", False)])
def test_a_grant_is_changed_on_yes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, changed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("grant.yaml").write_text(EXAMPLE.read_text())
    child = spawn("diagnose", REFUSED, "--grant", "grant.yaml", "--fix")
    child.expect("Type yes: ")
    child.sendline(answer)
    assert finish(child) == 0
    assert ("lightsail:GetStaticIps" in Path("grant.yaml").read_text()) is changed


@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("no", 130)])
def test_of_two_keys_the_unused_one_goes_on_yes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox(default_state_dir(os.environ))
    sandbox.credentials_for("arn:aws:iam::111122223333:user/dana", "111122223333")
    assert main(["--sandbox", "keys", "rotate", "dana", "--to-file", "one"]) == 0
    child = spawn("--sandbox", "keys", "rotate", "dana", "--to-file", "one")
    child.expect("is inactive, was never used")
    child.expect("Type yes: ")
    child.sendline(answer)
    assert finish(child) == code


def test_without_a_message_nothing_waits_at_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    child = spawn("diagnose")
    child.expect("there is no message to diagnose")
    assert finish(child) == 64
