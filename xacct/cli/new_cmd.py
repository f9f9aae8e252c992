"""``xacct new``: from an intent to a grant's file, with questions or without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import ExitCode, InputError
from xacct.render.style import Style

if TYPE_CHECKING:
    from xacct.cli.wizarding import Draft


@click.command("new")
@click.argument("blueprint", required=False, metavar="[BLUEPRINT]")
@click.option("-o", "--out", metavar="FILE", help="The grant's file; NAME.yaml unless said. - is stdout.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An answer given ahead.")
@click.option("--no-input", is_flag=True, help="Ask nothing; take defaults, and list what is missing.")
@click.option("--force", is_flag=True, help="Replace the file when it exists.")
@format_option()
@global_options()
@click.pass_obj
def command(
    settings: Settings,
    blueprint: str | None,
    out: str | None,
    sets: tuple[str, ...],
    no_input: bool,
    force: bool,
) -> int:
    """
    Ask who needs access to what, show it, and write a grant's file.

    Starts at BLUEPRINT where one is named. Answers given with --set are not asked again. Nothing is written
    before you say so; Ctrl-C leaves nothing behind. At a question, ? helps and < goes back. Without a
    terminal nothing is asked: the grant goes to the file of -o, or to stdout.
    """
    from xacct.cli.wizarding import check_target
    from xacct.wizard.prompt import is_terminal

    wiring = Wiring(settings)
    asks = not no_input and settings.output_format == "text" and out != "-" and is_terminal()
    file = Path(out) if out not in (None, "-") else None
    check_target(file, force=force, asks=asks)
    given = _given(sets)
    if asks:
        return _converse(wiring, blueprint, file, given, force=force)
    return _make(wiring, blueprint, file, given, force=force)


def _given(sets: tuple[str, ...]) -> dict[str, str]:
    from xacct.blueprint.settings import parse_setting

    found: dict[str, str] = {}
    for text in sets:
        key, value = parse_setting(text)
        if key in found:
            raise InputError(
                f"{key} is given twice", where=f"--set {key}", fix="give it once", code="given-twice"
            )
        found[key] = value
    return found


def _converse(
    wiring: Wiring, name: str | None, out: Path | None, given: dict[str, str], *, force: bool
) -> int:
    from xacct.cli import wizarding
    from xacct.cli.looking import look_ups
    from xacct.wizard.flow import start
    from xacct.wizard.talk import talk

    setup = wizarding.make_setup(wiring, name, out, asks=True)
    face = wizarding.TerminalFace(wiring, out)
    knowledge = look_ups(wiring)
    walk = start(setup, name, given)
    while True:
        walk = talk(walk, face, knowledge)
        draft = wizarding.Draft.of(wiring, walk, wizarding.target_of(walk, out))
        assert draft.file is not None
        replaces = draft.file.exists() and not force
        if not replaces or face.confirm(f"{draft.file} exists. Replace it? y or n"):
            break
    wizarding.write_new(draft.file, draft.text, force=force or replaces)
    wizarding.tell_written(draft, face)
    return wizarding.offer_plan(draft, wiring, face)


def _make(wiring: Wiring, name: str | None, out: Path | None, given: dict[str, str], *, force: bool) -> int:
    from xacct.cli import wizarding
    from xacct.wizard.flow import problems_of, start
    from xacct.wizard.review import missing_answers

    setup = wizarding.make_setup(wiring, name, out, asks=False)
    walk = start(setup, name, given)
    missing = missing_answers(walk)
    if missing:
        raise InputError(missing)
    problems = problems_of(walk)
    if problems:
        raise InputError(problems)
    draft = wizarding.Draft.of(wiring, walk, out)
    if out is not None:
        wizarding.write_new(out, draft.text, force=force)
    _tell(draft, Output(wiring.settings), written=out is not None)
    return ExitCode.BLOCKED if draft.plan is not None and draft.plan.blocking else ExitCode.DONE


def _tell(draft: Draft, output: Output, *, written: bool) -> None:
    from xacct.cli.wizarding import plan_lines

    if output.as_json:
        output.json(_to_json(draft))
        return
    if not written:
        output.result(draft.text)
    style = Style(width=output.settings.width)
    for line in plan_lines(draft, style):
        output.talk(line)
    if written:
        output.talk(f"wrote {draft.file}; next: xacct plan {draft.file}")


def _to_json(draft: Draft) -> dict[str, Any]:
    from xacct.plan.file import plan_to_json

    accounts = plan_to_json(draft.plan)["accounts"] if draft.plan else []
    return {
        "file": str(draft.file) if draft.file else None,
        "grant": draft.text,
        "settings": dict(draft.settings),
        "command": draft.command(),
        "access_delta": [row for account in accounts for row in account["access_delta"]],
        "findings": [finding for account in accounts for finding in account["findings"]],
    }
