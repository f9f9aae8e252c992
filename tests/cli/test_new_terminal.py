"""``xacct new`` in a real terminal: the whole walk of each intent, to an applied grant."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from wizard_builders import EXAMPLES, WALKS

from xacct.cli.main import main
from xacct.sandbox import Sandbox, default_state_dir

pexpect = pytest.importorskip("pexpect")

_ESCAPES = r"(?:\x1b\[[0-9;?]*[a-zA-Z])*"
PROMPT = rf"\n{_ESCAPES} ?>|Type yes: "
INTENTS = ["owned-account", "third-party", "github-actions", "federated-saml", "delegated"]
CTRL_C = "\x03"
GIVEN = [
    *("--set", "trusted_account=444455556666"),
    *("--set", "external_id=5c60b3bb-7fbb-44bd-a932-5b41705484b6"),
    *("--set", "permissions=[{set: inventory}]"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "metadata.xml").write_text((EXAMPLES / "metadata.xml").read_text())
    sandbox = Sandbox(default_state_dir(os.environ))
    for arn in ("arn:aws:iam::111122223333:user/jane", "arn:aws:iam::222233334444:role/deploy"):
        sandbox.credentials_for(arn, arn.split(":")[4])
    return here


def play(
    arguments: list[str], lines: list[str], *, columns: int = 80, **environment: str
) -> tuple[str, int | None]:
    """Answer xacct's prompts; give what was seen, without escapes, and the exit code."""
    return play_program(sys.executable, ["-m", "xacct", *arguments], lines, columns=columns, **environment)


def play_program(
    program: str, arguments: list[str], lines: list[str], *, columns: int = 80, **environment: str
) -> tuple[str, int | None]:
    try:
        child = pexpect.spawn(
            program,
            arguments,
            dimensions=(40, columns),
            env={**os.environ, "TERM": "xterm", **environment},
            encoding="utf-8",
            timeout=20,
        )
    except OSError as error:
        pytest.skip(f"no pseudo-terminal: {error}")
    seen: list[str] = []
    for line in lines:
        child.expect(PROMPT)
        seen.append(child.before + child.after)
        if line == CTRL_C:
            child.sendcontrol("c")
        else:
            child.send(f"{line}\r")
    child.expect(pexpect.EOF)
    seen.append(child.before)
    child.close()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", "".join(seen)), child.exitstatus


@pytest.mark.parametrize("name", INTENTS)
def test_each_intent_leads_to_an_applied_grant(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["?", "nothing such", *WALKS[name], "<", WALKS[name][-1], "", "y", "yes"]
    seen, code = play(["--sandbox", "new"], lines)
    assert code == 0, seen
    assert "none of the answers" in seen
    assert "Access in account 111122223333" in seen
    assert "Applied: 1 grant" in seen
    file = folder / f"{WALKS[name][-1]}.yaml"
    assert main(["--sandbox", "plan", str(file), "--detailed-exitcode"]) == 0
    assert "nothing to change" in capsys.readouterr().out

    command = re.search(r"^xacct new .*?[^\\]$", seen.replace("\r", ""), re.MULTILINE | re.DOTALL)
    assert command is not None
    written = file.read_bytes()
    file.unlink()
    assert main(shlex.split(re.sub(r"\\\n\s*", "", command[0]))[1:]) == 0
    assert file.read_bytes() == written


def test_the_command_that_is_printed_can_be_pasted_into_a_shell(folder: Path) -> None:
    seen, _ = play(["--sandbox", "new", "third-party", *GIVEN], ["it", "", "n"])
    command = re.search(r"^xacct new .*?[^\\]$", seen.replace("\r", ""), re.MULTILINE | re.DOTALL)
    assert command is not None
    written = (folder / "it.yaml").read_bytes()
    (folder / "it.yaml").unlink()
    pasted = command[0].replace("xacct", f"{sys.executable} -m xacct", 1)
    subprocess.run(["bash", "-c", pasted], check=True, capture_output=True, timeout=60)
    assert (folder / "it.yaml").read_bytes() == written


@pytest.mark.parametrize("cut", [0, 7])
def test_ctrl_c_leaves_nothing_behind(cut: int, folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    seen, code = play(["--sandbox", "new"], [*WALKS["third-party"][:cut], CTRL_C])
    assert code == 130, seen
    assert "interrupted" in seen
    assert "Traceback" not in seen
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_narrow_terminal_without_colour_is_served(folder: Path) -> None:
    arguments = ["--sandbox", "new", "third-party", *GIVEN[2:]]
    seen, code = play(arguments, ["?", "444455556666", "acme", "q"], columns=40, NO_COLOR="1")
    assert code == 130
    assert "1. The vendor's AWS account ID" in seen
    assert "Your answers" in seen
    assert not list(folder.glob("*.yaml"))


def test_a_file_that_exists_is_replaced_only_after_a_yes(folder: Path) -> None:
    (folder / "acme.yaml").write_text("mine")
    seen, code = play(["--sandbox", "new", "third-party", *GIVEN], ["acme", "", "n", "q"])
    assert code == 130
    assert "Replace it?" in seen
    assert (folder / "acme.yaml").read_text() == "mine"


def test_in_a_command_substitution_the_file_is_the_result(folder: Path) -> None:
    words = shlex.join([sys.executable, "-m", "xacct", "--sandbox", "new", "third-party", *GIVEN])
    seen, code = play_program("bash", ["-c", f"file=$({words}); echo RESULT=$file"], ["acme", ""])
    assert code == 0
    assert "RESULT=acme.yaml" in seen
    assert (folder / "acme.yaml").exists()
