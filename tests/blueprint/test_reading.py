"""Whatever a file holds, a user gets a message with its place, or a grant."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import expand
from xacct.blueprint.load import load_grants, parse_grant
from xacct.blueprint.yaml_nodes import MAX_BYTES, decode, parse_yaml
from xacct.errors import ExitCode, InputError, Problem

CASES = Path(__file__).parents[1] / "cases" / "blueprint"

GOOD = """\
blueprint: third-party
name: acme-backup
account: "111122223333"
parameters:
  trusted_account: "444455556666"
  external_id: 1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11
permissions:
  - set: read-only
"""


def problems_of(text: str) -> tuple[Problem, ...]:
    """The problems of a text that is loaded and expanded."""
    with pytest.raises(InputError) as raised:
        for grant in parse_grant(text, "grant.yaml"):
            expand(grant, load_blueprint(grant.blueprint))
    assert raised.value.exit_code == ExitCode.USAGE
    return raised.value.problems


def swapped(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_good_grant_is_good() -> None:
    (grant,) = parse_grant(GOOD, "grant.yaml")
    assert expand(grant, load_blueprint(grant.blueprint)).role


# Each line swaps a piece of the good grant for a mistake, and tells what the first problem must say.
MISTAKES = [json.loads(line) for line in (CASES / "mistakes.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["new"][:40])
def test_a_mistake_is_told_with_place_and_fix(case: dict[str, str]) -> None:
    problem = problems_of(swapped(case["old"], case["new"]))[0]
    assert case["message"] in problem.message
    assert case["where"] in problem.where
    assert case["fix"] in problem.fix
    assert case["code"] in ("", problem.code)


def test_all_problems_of_a_file_are_told_at_once() -> None:
    text = (
        GOOD.replace("111122223333", "1").replace("acme-backup", "a b").replace("permissions", "permission")
    )
    assert {problem.code for problem in problems_of(text)} == {"account-id", "grant-name", "unknown-key"}


@pytest.mark.parametrize("written", ['"012345678901"', "012345678901", "0123-4567-8901", "'012345678901'"])
def test_an_account_id_keeps_its_zeros_quoted_or_not(written: str) -> None:
    (grant,) = parse_grant(swapped('"111122223333"', written), "grant.yaml")
    assert grant.account == "012345678901"


@pytest.mark.parametrize("word", ["no", "on", "null-ish", "1e3", "0x1f", "true"])
def test_words_that_yaml_would_type_stay_text(word: str) -> None:
    (grant,) = parse_grant(swapped("acme-backup", word), "grant.yaml")
    assert grant.name == word


def test_a_path_of_the_grant_knows_its_line() -> None:
    (grant,) = parse_grant(GOOD, "grant.yaml")
    assert grant.where("parameters.external_id") == "grant.yaml:6: parameters.external_id"
    assert grant.where("permissions.0.regions") == "grant.yaml:8: permissions.0.regions"
    assert grant.line("name") == 2
    assert grant.line("expires") is None


def test_several_grants_stand_in_one_file() -> None:
    text = GOOD + "---\n" + GOOD.replace("acme-backup", "other") + "---\n# nothing\n"
    assert [grant.name for grant in parse_grant(text, "grant.yaml")] == ["acme-backup", "other"]


def test_a_statement_is_pasted_from_documentation() -> None:
    pasted = """statements: [{
        "Sid": "Read", "Effect": "Allow",
        "Action": ["lightsail:GetInstances"], "Resource": "*"
      }]"""
    (grant,) = parse_grant(swapped("set: read-only", pasted), "grant.yaml")
    (document,) = expand(grant, load_blueprint(grant.blueprint)).permissions()
    assert document.statements[0].actions == ("lightsail:GetInstances",)


# Files and folders


def test_files_that_are_no_grant_files(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "binary.yaml").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "latin.yaml").write_bytes("name: Jos\xe9".encode("latin-1"))
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(50 * MAX_BYTES)
    with pytest.raises(InputError) as raised:
        load_grants([tmp_path / f"{name}.yaml" for name in ("empty", "binary", "latin", "huge", "absent")])
    codes = [problem.code for problem in raised.value.problems]
    assert codes == ["empty-file", "not-text", "not-text", "too-large", "missing-file"]
    assert all(str(tmp_path) in problem.where for problem in raised.value.problems)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="no ordinary file"):
        load_grants([tmp_path / "pipe.yaml"])


def test_a_folder_is_read_without_hidden_and_project_files(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "team" / "b.yml").write_text(GOOD.replace("acme-backup", "b"))
    (tmp_path / "a.yaml").write_text("\ufeff" + GOOD.replace("acme-backup", "a"), encoding="utf-8")
    for ignored in (".hidden.yaml", ".git/config.yaml", "xacct.yaml", "notes.txt"):
        (tmp_path / ignored).write_text("{")
    grants = load_grants([tmp_path, tmp_path / "a.yaml"])
    assert [grant.name for grant in grants] == ["a", "b"]


def test_a_folder_without_grants_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no grant"):
        load_grants([tmp_path])


def test_two_grants_of_one_account_have_two_names(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    with pytest.raises(InputError, match=r"the first at .*a\.yaml:2"):
        load_grants([tmp_path])
    (tmp_path / "b.yaml").write_text(GOOD.replace("111122223333", "999988887777"))
    assert len(load_grants([tmp_path])) == 2


def test_role_names_that_differ_in_case_alone_are_one_role(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD.replace("acme-backup", "Acme-Backup"))
    with pytest.raises(InputError) as raised:
        load_grants([tmp_path])
    assert raised.value.problems[0].code == "duplicate-role"


# Anything at all


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_bring_a_traceback(data: bytes) -> None:
    try:
        parse_grant(decode(data, "grant.yaml"), "grant.yaml")
    except InputError as error:
        assert error.problems


KEYS = ("expect", "accept", "tags", "permissions", "parameters", "unscoped", "path", "statements")
SIGNS = [
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    ": ",
    "? ",
    '"',
    "'",
    "> ",
    "!x ",
    "&x ",
    "*x ",
    "null",
    "~",
    "a",
    "0",
    "@",
    "`",
    "# ",
    "\u2028",
    "\ufeff",
    "é",
    "😀",
]
PIECES = st.sampled_from(
    [f"{line}\n" for line in GOOD.splitlines()]
    + [f"{key}: " for key in KEYS]
    + ["\n", "  ", "| ", "\t", "---\n", "...\n", "%x\n", *SIGNS]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_yaml_brings_a_traceback(text: str) -> None:
    try:
        for grant in parse_grant(text, "grant.yaml"):
            expand(grant, load_blueprint(grant.blueprint))
    except InputError as error:
        assert all(problem.message for problem in error.problems)


VALUES = st.recursive(
    st.text(max_size=12)
    | st.sampled_from(["111122223333", "generate", "*", "arn:aws:iam::1:role/x", "<a/>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["trusted_account", "external_id", "session_tags", "vendor_role"]), VALUES
    )
)
def test_no_value_brings_a_traceback(parameters: dict[str, object]) -> None:
    text = GOOD[: GOOD.index("parameters")] + "parameters: " + json.dumps(parameters, ensure_ascii=False)
    try:
        for grant in parse_grant(text.replace("\x7f", ""), "grant.yaml"):
            expand(grant, load_blueprint(grant.blueprint))
    except InputError as error:
        assert error.problems


def test_a_deep_or_long_text_is_refused_quickly() -> None:
    for text in ("[" * 200_000, "{a: " * 50_000, "- " * 100_000, "a" * (MAX_BYTES + 1), "x: 1\n" * 150_000):
        with pytest.raises(InputError):
            parse_yaml(text, "bomb.yaml")
