"""Every command and every option is found in the documentation, and every page in the map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
REFERENCE = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
BY_HAND = [
    ROOT / "README.md",
    *(page for page in sorted(DOCS.rglob("*.md")) if page.parent.name not in ("reference", "decisions")),
]


def contexts() -> list[click.Context]:
    spec = spec_from_file_location("generate_docs_commands", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return [context for context in module.commands() if not isinstance(context.command, click.Group)]


CONTEXTS = {context.command_path: context for context in contexts()}


def section(command: str) -> str:
    match = re.search(rf"^##+ {re.escape(command)}$(.*?)(?=^##|\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    assert match is not None, f"{command} has no section in docs/reference/cli.md; run: make docs"
    return match[1]


def own_options(context: click.Context) -> Iterator[str]:
    for option in context.command.params:
        if isinstance(option, click.Option) and not option.hidden:
            yield from option.opts


@pytest.mark.parametrize("command", CONTEXTS)
def test_every_option_of_a_command_stands_in_the_reference(command: str) -> None:
    text = section(command)
    assert not [name for name in own_options(CONTEXTS[command]) if f"`{name}`" not in text]


@pytest.mark.parametrize("command", CONTEXTS)
def test_a_page_written_by_hand_uses_the_command(command: str) -> None:
    words = r"\s+(?:--sandbox\s+)?".join(re.escape(word) for word in command.split())
    used = re.compile(rf"\b{words}\b")
    assert any(used.search(page.read_text(encoding="utf-8")) for page in BY_HAND), (
        f"no page says what {command} is for; a how-to is the place"
    )


def test_what_pages_tell_to_run_exists() -> None:
    known = {command.split()[1] for command in CONTEXTS}
    told = re.compile(r"(?:^\$ |`)xacct (?:--sandbox )?([a-z][a-z-]+)", re.MULTILINE)
    wrong = [
        f"{page.relative_to(ROOT)}: xacct {name}"
        for page in [*BY_HAND, *sorted((DOCS / "decisions").glob("*.md"))]
        for name in told.findall(page.read_text(encoding="utf-8"))
        if name not in known
    ]
    assert not wrong


def test_the_map_names_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} - {"index.md"}
    assert not sorted(page for page in pages if f"({page})" not in index)
