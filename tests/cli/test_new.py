"""``xacct new`` without a terminal: what it writes, what it refuses, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from wizard_builders import EXAMPLES, SHIPPED

from xacct.blueprint.load import load_grants, parse_grant
from xacct.blueprint.settings import settings_of
from xacct.cli.main import main

VENDOR = {
    "trusted_account": "444455556666",
    "external_id": "5c60b3bb-7fbb-44bd-a932-5b41705484b6",
    "permissions": "snapshot-operator",
    "account": "111122223333",
}


def options(settings: dict[str, str], **more: str) -> list[str]:
    return [part for key, text in {**settings, **more}.items() for part in ("--set", f"{key}={text}")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def test_a_grant_is_written_to_the_file_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "third-party", "-o", "acme.yaml", "--no-input", *options(VENDOR)]) == 0
    out = capsys.readouterr()
    assert out.out == ""
    assert "Access in account 111122223333" in out.err
    [grant] = load_grants([folder / "acme.yaml"])
    assert grant.name == "acme"
    assert stat.S_IMODE((folder / "acme.yaml").stat().st_mode) & 0o600 == 0o600
    assert [path.name for path in folder.iterdir()] == ["acme.yaml"]


def test_without_a_file_the_grant_goes_to_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for extra in ([], ["-o", "-"]):
        assert main(["new", "third-party", "--no-input", *extra, *options(VENDOR)]) == 0
        [grant] = parse_grant(capsys.readouterr().out, "stdout")
        assert grant.blueprint == "third-party"
    assert not list(folder.iterdir())


def test_without_a_terminal_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "third-party", *options(VENDOR)]) == 0
    assert main(["new"]) == 64
    assert "third-party" in capsys.readouterr().err


def test_all_missing_answers_are_told_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "third-party", "-o", "acme.yaml", "--no-input"]) == 64
    told = capsys.readouterr().err
    for name in ("trusted_account", "external_id", "permissions"):
        assert f"--set {name}=VALUE" in told
    assert not list(folder.iterdir())


def test_missing_answers_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "third-party", "--format", "json"]) == 64
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert {error["code"] for error in errors} == {"missing-answer"}
    assert len(errors) == 3


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"trusted_account": "4444"}, "12 digits"),
        ({"trusted_account": "111122223333"}, "the same as account"),
        ({"external_id": "x"}, "1 character"),
        ({"permissions": "read-onyl"}, "read-only"),
        ({"nme": "acme"}, "name"),
        ({"expires": "soon"}, "no date"),
        ({"session_tags": "aws:x\x07"}, "control character"),
    ],
)
def test_wrong_answers_are_refused_and_nothing_is_written(
    change: dict[str, str], word: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "third-party", "-o", "acme.yaml", *options(VENDOR | change)]) == 64
    assert word in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_what_exists_is_not_overwritten_unless_forced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "acme.yaml").write_text("mine")
    command = ["new", "third-party", "-o", "acme.yaml", *options(VENDOR)]
    assert main(command) == 64
    assert "--force" in capsys.readouterr().err
    assert (folder / "acme.yaml").read_text() == "mine"
    assert main([*command, "--force"]) == 0
    assert load_grants([folder / "acme.yaml"])
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("out", [".", "nowhere/acme.yaml"])
def test_a_file_that_cannot_be_written_is_told_first(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "third-party", "-o", out, *options(VENDOR)]) == 64
    assert "folder" in capsys.readouterr().err


def test_a_link_that_leads_nowhere_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (folder / "acme.yaml").symlink_to(tmp_path / "elsewhere")
    assert main(["new", "third-party", "-o", "acme.yaml", *options(VENDOR)]) == 64
    assert not (tmp_path / "elsewhere").exists()


def test_generate_makes_an_external_id_and_the_command_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "third-party", *options(VENDOR, external_id="generate"), "--format", "json"]) == 0
    value = json.loads(capsys.readouterr().out)
    made = value["settings"]["external_id"]
    assert len(made) == 36
    assert made in value["grant"]
    assert made in value["command"]


def test_json_has_the_file_the_access_and_the_findings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["new", "third-party", "-o", "acme.yaml", *options(VENDOR), "--format", "json"]
    assert main(command) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["file"] == "acme.yaml"
    assert value["grant"] == (folder / "acme.yaml").read_text()
    assert value["access_delta"][0]["effect"] == "gain"
    assert isinstance(value["findings"], list)


@pytest.mark.parametrize("name", ["third-party", "github-actions", "federated-saml", "delegated", "google"])
def test_the_plan_of_the_file_is_the_access_that_was_shown(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "metadata.xml").write_text((EXAMPLES / "metadata.xml").read_text())
    [grant] = load_grants([EXAMPLES / f"{name}.yaml"])
    command = ["new", grant.blueprint, "-o", "it.yaml", *options(dict(settings_of(grant)))]
    assert main([*command, "--format", "json"]) in (0, 5)
    shown = json.loads(capsys.readouterr().out)
    assert main(["plan", "it.yaml", "--offline", "--format", "json"]) in (0, 5)
    [account] = json.loads(capsys.readouterr().out)["accounts"]
    assert account["access_delta"] == shown["access_delta"]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_example_is_made_again_byte_for_byte(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [grant] = load_grants([file])
    if grant.blueprint not in SHIPPED:
        pytest.skip("an own blueprint")
    for extra in EXAMPLES.glob("*.xml"):
        (folder / extra.name).write_text(extra.read_text())
    first = ["new", grant.blueprint, "-o", "it.yaml", *options(dict(settings_of(grant))), "--format", "json"]
    assert main(first) in (0, 5)
    value = json.loads(capsys.readouterr().out)
    written = (folder / "it.yaml").read_bytes()
    assert load_grants([folder / "it.yaml"])[0].role == grant.role
    (folder / "it.yaml").unlink()
    words = shlex.split(value["command"])
    assert words[0] == "xacct"
    assert main(words[1:]) in (0, 5)
    assert (folder / "it.yaml").read_bytes() == written


def test_in_a_command_substitution_it_never_hangs(folder: Path) -> None:
    # Neither input nor output is a terminal, and the input never ends.
    reader, writer = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "xacct", "new"],
            stdin=reader,
            capture_output=True,
            text=True,
            timeout=20,
            cwd=folder,
        )
    finally:
        os.close(reader)
        os.close(writer)
    assert done.returncode == 64
    assert "who needs access is not said" in done.stderr


def test_an_own_blueprint_is_started_and_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blueprints", "new", "partner"]) == 0
    assert main(["blueprints", "show", "partner"]) == 0
    capsys.readouterr()
    assert main(["new", "partner", *options(VENDOR)]) == 0
    assert "blueprint: partner" in capsys.readouterr().out
    assert main(["blueprints", "new", "partner"]) == 64
    assert "is not overwritten" in capsys.readouterr().err


def test_a_blueprint_is_started_from_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blueprints", "new", "our-github", "--from", "github-actions", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": "blueprints/our-github.yaml", "replaces": False}
    assert "name: our-github\n" in (folder / "blueprints" / "our-github.yaml").read_text()
    assert main(["blueprints", "show", "our-github"]) == 0


@pytest.mark.parametrize("name", ["../partner", "Partner", "-x", "a b", ""])
def test_a_bad_name_for_a_blueprint_writes_nothing(name: str, folder: Path) -> None:
    assert main(["blueprints", "new", "--", name]) == 64
    assert not list(folder.rglob("*.yaml"))
