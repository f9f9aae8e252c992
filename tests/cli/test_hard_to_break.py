"""
What goes wrong on a command line, and what each gives: its message, its exit code, nothing left behind.

The cases are data, in tests/cases/cli. Each is run twice, for people and with --format json.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from xacct.cli.main import main

ROOT = Path(__file__).parent.parent.parent
CASES = ROOT / "tests" / "cases" / "cli"
XACCT = [sys.executable, "-m", "xacct"]

Case = dict[str, Any]
Told = tuple[int, str, str]


def cases(name: str) -> list[Any]:
    found = yaml.safe_load((CASES / name).read_text())
    assert len({case["it"] for case in found}) == len(found)
    return [pytest.param(case, id=case["it"]) for case in found]


# -- the place a case is run in ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("third-party.yaml", "federated-saml.yaml", "metadata.xml"):
        (here / name).write_bytes((ROOT / "examples" / name).read_bytes())
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))
    monkeypatch.setattr("xacct.aws.session.FIRST_READ_TIMEOUT", 0.2)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield here


@pytest.fixture
def ports() -> Iterator[dict[str, str]]:
    """A port where nobody listens, and one that takes connections and never answers."""
    with socket.socket() as silent, socket.socket() as closed:
        for one in (silent, closed):
            one.bind(("127.0.0.1", 0))
        silent.listen(16)
        numbers = {"silent": str(silent.getsockname()[1]), "closed": str(closed.getsockname()[1])}
        closed.close()
        yield numbers


def put(path: Path, content: str | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif "hex" in content:
        path.write_bytes(bytes.fromhex(content["hex"]))
    elif "size" in content:
        with path.open("wb") as file:
            file.truncate(content["size"])
    elif "sql" in content:
        connection = sqlite3.connect(path)
        connection.executescript(content["sql"])
        connection.close()
    else:
        path.write_text(
            content.get("start", "") + content["text"] * content["times"] + content.get("end", "")
        )


def prepare(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in case.get("files", {}).items():
        put(folder / name, content)
    for name in case.get("folders", ()):
        (folder / name).mkdir(exist_ok=True)
    for name, target in case.get("links", {}).items():
        (folder / name).symlink_to(target)
    for name in case.get("pipes", ()):
        os.mkfifo(folder / name)
    for name, value in case.get("env", {}).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


def everything(folder: Path) -> set[str]:
    """Whatever stands in the folder, but for the sandbox's own state and the journals of finished runs."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    kept = ("state", "state/xacct", "state/xacct/sandbox", "state/xacct/sandbox/state.sqlite3")
    return {name for name in names if name not in kept}


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Told:
    began = time.monotonic()
    code = main(arguments)
    took = time.monotonic() - began
    out = capsys.readouterr()
    assert took < 20, f"{arguments} took {took:.1f} s"
    for stream in out:
        assert "Traceback" not in stream
        assert "this is a bug" not in stream
    return code, out.out, out.err


def check(case: Case, arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(folder)
    code, out, err = told(arguments, capsys)
    assert code == case["code"], out + err
    both = " ".join((out + err).split())
    for part in case.get("says", ()):
        assert " ".join(part.split()) in both
    if code not in (0, 5):
        assert err.startswith("error: ")
        assert not out or "text_has_plan" in case
    if case.get("format", True):
        check_json(case, [*arguments, "--format", "json"], capsys)
    assert everything(folder) == before


def check_json(case: Case, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(arguments, capsys)
    value = json.loads(out)
    assert code == case["code"]
    assert err == ""
    if code in (0, 5):
        return
    first, *_ = value["errors"]
    assert all(set(error) == {"code", "message", "where", "fix"} for error in value["errors"])
    assert first["message"]
    assert first["where"].startswith(case.get("where", ""))
    assert first["code"] == case.get("error", first["code"])


# -- the tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("grants.yaml"))
def test_a_grant_that_is_wrong_says_where_and_how_to_mend_it(
    case: Case, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "examples" / case.get("example", "third-party.yaml")).read_text()
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    if "old" in case:
        assert text.count(case["old"]) == 1
        text = text.replace(case["old"], case["new"] * case.get("times", 1))
    # The examples begin with a line of comment; so does this, and lines are those that people see.
    (folder / "grant.yaml").write_text(f"# {case['it']}\n{text}")
    prepare(case, folder, monkeypatch)
    check(case, ["plan", "--offline", "grant.yaml"], folder, capsys)


@pytest.mark.parametrize("case", cases("commands.yaml"))
def test_a_command_that_cannot_be_carried_out_says_why(
    case: Case,
    folder: Path,
    ports: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(case, folder, monkeypatch)
    line = case["run"].format(long="a" * 5000, **ports)
    check(case, shlex.split(line), folder, capsys)


def test_an_error_in_the_variable_for_the_format_is_json_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XACCT_FORMAT", "json")
    code, out, err = told(["list", "--account", "12"], capsys)
    assert (code, err) == (64, "")
    assert json.loads(out)["errors"][0]["code"] == "account-id"


def test_of_very_many_problems_the_first_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text("blueprint: third-party\n" + "".join(f"key{n}: x\n" for n in range(300)))
    code, _, err = told(["plan", "--offline", "a.yaml"], capsys)
    assert code == 64
    assert err.count("error: ") == 25
    assert "more; --format json lists all" in err


def test_an_unreadable_folder_is_told_and_not_taken_for_an_empty_one(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "grants" / "secret").mkdir(parents=True)
    (folder / "grants" / "one.yaml").write_bytes((folder / "third-party.yaml").read_bytes())
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refuse)  # the tests may run as root, whom no permission stops
    code, _, err = told(["plan", "--offline", "grants"], capsys)
    assert code == 64
    assert "grants/secret cannot be read: Permission denied" in err


# -- streams, signals, other processes ---------------------------------------------------------------------


def shell(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XACCT": shlex.join(XACCT), "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, timeout=30, env=environment
    )


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ("$XACCT plan --offline third-party.yaml >&-", 1, "error: stdout is closed"),
        ("$XACCT plan --offline third-party.yaml --format json >/dev/full", 1, "No space left on device"),
        ("$XACCT plan nope.yaml --format json >/dev/full", 64, "there is no file nope.yaml"),
        ("$XACCT plan nope.yaml 2>&-", 64, ""),
        ("$XACCT plan nope.yaml <&-", 64, "there is no file nope.yaml"),
        ("$XACCT blueprints list | head -1; exit ${PIPESTATUS[0]}", 0, "bitbucket"),
        (
            "yes '{}' | head -50000 | $XACCT simulate --jsonl | head -c1; exit ${PIPESTATUS[2]}",
            1,
            "",
        ),
        ("$XACCT plan $'\\xff.yaml' --format json", 64, "\\udcff.yaml"),
        ("PYTHONIOENCODING=ascii $XACCT diagnose 'AccessDenied: …'", 0, "denied by"),
        ("cd gone && rmdir ../gone && $XACCT plan --offline a.yaml", 64, "there is no file a.yaml"),
        ("$XACCT sandbox run -- bash -c 'kill -TERM $$'", 143, ""),
        ("$XACCT", 0, "Usage: xacct"),
    ],
)
def test_streams_and_surroundings_of_any_kind_give_no_traceback(
    folder: Path, script: str, code: int, says: str
) -> None:
    (folder / "gone").mkdir()
    done = shell(script)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.fixture
def program(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a program that takes Ctrl-C even when the tests run in the background."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*XACCT, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_ctrl_c_at_any_moment_of_an_apply_leaves_nothing_that_another_does_not_heal(
    folder: Path, program: Callable[..., subprocess.Popen[str]]
) -> None:
    for wait in (0.0, 0.03, 0.1):
        process = program("--sandbox", "apply", "third-party.yaml", "--yes")
        assert process.stdout is not None
        process.stdout.readline()  # the plan is shown, and applied next
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        # Where all was done and only Python's own end was cut short, the signal itself is what is told.
        assert process.returncode in (0, 1, 3, 130, -signal.SIGINT), err
        assert "Traceback" not in err
    left = {path.name for path in folder.rglob("*") if path.name.startswith(".")}
    assert not left
    assert main(["--sandbox", "apply", "third-party.yaml", "--yes"]) == 0
    assert main(["--sandbox", "plan", "third-party.yaml", "--detailed-exitcode"]) == 0


@pytest.mark.parametrize("arguments", [("simulate", "--jsonl"), ("check", "--jsonl"), ("diagnose",)])
def test_ctrl_c_ends_what_waits_for_its_input(
    folder: Path, program: Callable[..., subprocess.Popen[str]], arguments: tuple[str, ...]
) -> None:
    process = program(*arguments)
    assert process.stdin is not None
    process.stdin.write("\n" * 300_000)  # more than a pipe holds: when it is written, it is being read
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err.strip() == "error: interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_served_sandbox_ends_at_once(
    folder: Path, program: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = program("sandbox", "serve", "--port", "0")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.send_signal(number)
    _, err = process.communicate(timeout=5)
    assert (process.returncode, err) == (0, "")


def test_two_commands_at_once_on_one_sandbox_both_succeed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "third-party.yaml").read_text()
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(text.replace("acme-backup", name))
    codes: list[int] = []

    def apply(name: str) -> None:
        codes.append(main(["--sandbox", "apply", f"{name}.yaml", "--yes", "--quiet"]))

    threads = [threading.Thread(target=apply, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    capsys.readouterr()
    assert main(["--sandbox", "list", "--format", "json"]) == 0
    assert [grant["name"] for grant in json.loads(capsys.readouterr().out)["grants"]] == ["one", "two"]
