"""
The examples of README and docs, run as they stand.

A ``<!-- file: NAME -->`` comment before a fenced block makes that file; in a ``console`` block a line that
begins with ``$`` is run and what follows is its output, in which a line ``...`` stands for any lines.
Commands of one page run in order, in one folder, with one sandbox. Times, digests and made IDs are masked.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from xacct.cli.main import main

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"(?:<!-- (?P<what>file|skip)(?:: (?P<name>[\w./-]+))? -->\n)?```(?P<kind>\w+)\n(?P<body>.*?)^```",
    re.DOTALL | re.MULTILINE,
)


@attrs.frozen
class Example:
    command: str
    output: list[str]


def blocks(page: Path) -> Iterator[re.Match[str]]:
    yield from _BLOCK.finditer(page.read_text())


def examples(body: str) -> Iterator[Example]:
    command, output = "", []
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield Example(command, output)
            command, output = line[2:], []
        elif command.endswith("\\") and not output:
            command = command[:-1] + line.strip()
        else:
            output.append(line)
    if command:
        yield Example(command, output)


def runnable(page: Path) -> bool:
    return any(match["kind"] == "console" and match["what"] != "skip" for match in blocks(page))


def run(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    words = shlex.split(command)
    # What ``sandbox run`` starts writes past our stdout, so that one runs in a process of its own.
    if (
        words[0] == "xacct"
        and not {"|", ">", "&&", ">>", "<"} & set(words)
        and words[1:3] != ["sandbox", "run"]
    ):
        main(words[1:])
        out = capsys.readouterr()
        return out.out + out.err
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    return done.stdout + done.stderr


_MASKS = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"xacct:digest=[0-9a-f]{32}"), "xacct:digest=DIGEST"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)"), "TIME"),
    (re.compile(r"\b(AROA|AIDA|AKIA|ASIA|AGPA|ANPA)[A-Z0-9]{16,17}\b"), r"\1ID"),
)


def masked(line: str) -> str:
    for pattern, text in _MASKS:
        line = pattern.sub(text, line)
    return line.rstrip()


def matches(expected: list[str], actual: list[str]) -> bool:
    """Whether the lines are the same, ``...`` standing for any number of lines."""
    at = here = 0
    last_gap, tried = -1, 0  # the last ``...`` and the line up to which it was taken to reach
    while here < len(actual):
        if at < len(expected) and expected[at] in ("...", "…"):
            last_gap, tried = at, here
            at += 1
        elif at < len(expected) and expected[at] == actual[here]:
            at, here = at + 1, here + 1
        elif last_gap >= 0:
            tried += 1
            at, here = last_gap + 1, tried
        else:
            return False
    return all(line in ("...", "…") for line in expected[at:])


@pytest.mark.parametrize(
    ("expected", "actual", "answer"),
    [
        ("a b", "a b", True),
        ("a b", "a b c", False),
        ("a ...", "a", True),
        ("a ... c", "a b b c", True),
        ("... c ... d", "a c b c d", True),
        ("... c ... d", "a b d", False),
        ("... c", "a c b", False),
        ("a ...", "b", False),
        ("", "a", False),
    ],
)
def test_dots_stand_for_any_lines_and_for_nothing_else(expected: str, actual: str, answer: bool) -> None:
    assert matches(expected.split(), actual.split()) is answer


@pytest.mark.parametrize(
    "page", [page for page in PAGES if runnable(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_the_examples_of_a_page_run_as_written(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for match in blocks(page):
        if match["what"] == "file":
            made = tmp_path / match["name"]
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(match["body"])
        elif match["kind"] == "console" and match["what"] != "skip":
            for example in examples(match["body"]):
                actual = [masked(line) for line in run(example.command, capsys).splitlines()]
                expected = [masked(line) for line in example.output]
                while expected and not expected[-1]:
                    expected.pop()
                while actual and not actual[-1]:
                    actual.pop()
                shown = "\n".join(actual)
                assert matches(expected, actual), f"$ {example.command}\n{shown}"


def test_pages_link_to_files_that_are_there() -> None:
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not missing


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    found = [
        str(page.relative_to(ROOT))
        for page in PAGES
        if re.search(r"(?<![\w.])/(?:root|home)/", page.read_text())
    ]
    assert not found
