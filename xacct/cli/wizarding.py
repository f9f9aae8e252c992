"""What ``xacct new`` wires together: the wizard with a terminal, the preview of its grant, the file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from xacct.cli.output import Output
from xacct.cli.wiring import SANDBOX_ACCOUNT, Wiring
from xacct.errors import InputError, Problem, XacctError
from xacct.render.style import Style, wrap
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.blueprint.model import Grant
    from xacct.plan.model import Plan
    from xacct.wizard.model import Option, Question, Row, Setup, Walk

__all__ = [
    "Draft",
    "TerminalFace",
    "check_target",
    "make_setup",
    "offer_plan",
    "plan_lines",
    "target_of",
    "tell_written",
    "write_new",
]


def make_setup(wiring: Wiring, blueprint: str | None, out: Path | None, *, asks: bool) -> Setup:
    """What a walk needs to know beforehand; with ``asks``, the credentials' account is looked up."""
    from xacct.blueprint.catalogue import list_blueprints
    from xacct.wizard.model import Setup

    named = [wiring.blueprint(blueprint)] if blueprint else list_blueprints(wiring.blueprint_folders)
    return Setup(
        blueprints={one.name: one for one in named},
        house=wiring.project.house,
        account=_account(wiring, asks=asks),
        region=wiring.settings.region or os.environ.get("AWS_REGION"),
        name=_name_from(out),
        file=out or Path("grant.yaml"),
        today=wiring.now.date(),
        asks_together=asks,
    )


def _name_from(out: Path | None) -> str | None:
    from xacct.blueprint.checks import check_name

    if out is None:
        return None
    try:
        return check_name(out.stem)
    except InputError:
        return None


def _account(wiring: Wiring, *, asks: bool) -> str | None:
    if wiring.project.house.default_account:
        return None
    if wiring.settings.sandbox:
        return SANDBOX_ACCOUNT
    if not asks:
        return None
    try:
        return wiring.sessions.identity().account
    except XacctError:
        return None  # then it is asked


@frozen(kw_only=True)
class Draft:
    """
    A grant that is settled but not written: its text, the command that makes it again, and its plan.

    ``plan`` compares with an account that holds nothing of ours; None where the account is not known.
    """

    grant: Grant
    text: str
    settings: tuple[tuple[str, str], ...]
    file: Path | None
    plan: Plan | None

    @classmethod
    def of(cls, wiring: Wiring, walk: Walk, file: Path | None) -> Draft:
        """Raises InputError with everything that is wrong with the grant."""
        from xacct.blueprint.settings import settings_of
        from xacct.blueprint.write import grant_to_yaml
        from xacct.wizard.flow import grant_of

        grant = attrs.evolve(grant_of(walk), file=str(file) if file else None)
        known = grant.account or wiring.project.house.default_account
        return cls(
            grant=grant,
            text=grant_to_yaml(grant, blueprint=wiring.blueprint(grant.blueprint)),
            settings=settings_of(grant),
            file=file,
            plan=wiring.plan([grant], offline=True) if known else None,
        )

    def command(self, *, folded: bool = False) -> str:
        """The command that makes the same file without asking."""
        from xacct.render.wizard import command_text

        return command_text(self.grant.blueprint, self.settings, self.file, folded=folded)


def plan_lines(draft: Draft, style: Style) -> list[str]:
    """The access in words, the findings, and what else a reviewer is told."""
    from xacct.render.plan_text import access_lines, finding_lines

    lines: list[str] = []
    for account in draft.plan.accounts if draft.plan else ():
        lines += ["", style("bold", f"Access in account {account.account}"), *access_lines(account, style)]
        if account.findings:
            lines += ["", style("bold", "Findings"), *finding_lines(account.findings, style)]
        notes = [note for grant in account.grants for note in grant.notes]
        if notes:
            lines += ["", style("bold", "Worth knowing")]
        for note in notes:
            lines += wrap(note, style.width, first="  - ", rest="    ")
    return lines


def preview_lines(wiring: Wiring, draft: Draft, style: Style) -> list[str]:
    """What the sets are, the access in words, the findings, how they get in, the file."""
    from xacct.render.wizard import entry_lines, set_lines

    lines = ["", style("bold", "What they may do"), *set_lines(draft.grant, style)]
    lines += plan_lines(draft, style)
    [expansion] = wiring.expansions([draft.grant], offline=True)
    entry = entry_lines(expansion, style)
    if entry:
        lines += ["", style("bold", "How they get in"), *entry]
    name = draft.file or "the grant"
    return [*lines, "", style("bold", f"The file {name}"), *(f"  {line}" for line in draft.text.splitlines())]


class TerminalFace:
    """Shows on stderr and reads lines from the terminal."""

    def __init__(self, wiring: Wiring, out: Path | None) -> None:
        settings = wiring.settings
        self.wiring = wiring
        self.out = out
        self.color = _has_color(settings.color)
        self.style = Style(color=self.color, width=_width())

    def say(self, lines: Iterable[str]) -> None:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()

    def read(self, words: Sequence[Option] = (), *, several: bool = False) -> str:
        from xacct.wizard.prompt import read_line

        return read_line("> ", words, color=self.color, several=several)

    # What the conversation asks for

    def ask_question(self, question: Question, offered: Sequence[Option], number: int) -> str:
        from xacct.render.wizard import question_lines

        self.say(question_lines(question, offered, number, self.style))
        return self.ask_again(question, offered)

    def ask_again(self, question: Question, offered: Sequence[Option]) -> str:
        from xacct.wizard.model import Kind, Topic

        words = question.options or (() if question.topic is Topic.GRANTS else offered)
        return self.read(words, several=question.kind in (Kind.MANY, Kind.ITEMS, Kind.PAIRS))

    def ask_review(self, walk: Walk, rows: Sequence[Row]) -> str:
        from xacct.render.wizard import row_lines, wrong_lines

        target = target_of(walk, self.out)
        try:
            self.say(preview_lines(self.wiring, Draft.of(self.wiring, walk, target), self.style))
        except InputError as error:
            self.say(["", *wrong_lines(error.problems, self.style)])
        self.say(["", self.style("bold", "Your answers"), *row_lines(rows, self.style), ""])
        return self.ask_review_again(walk)

    def ask_review_again(self, walk: Walk) -> str:
        target = target_of(walk, self.out)
        hint = f"Enter writes {target}; a number changes that answer; m: more options; <: back; q: leave."
        self.say(wrap(hint, self.style.width))
        return self.read()

    def ask_extra(self, questions: Sequence[Question]) -> str:
        from xacct.render.wizard import extras_lines

        self.say(extras_lines(questions, self.style))
        return self.read()

    def tell_wrong(self, problems: Sequence[Problem]) -> None:
        from xacct.render.wizard import wrong_lines

        self.say(wrong_lines(problems, self.style))

    def tell_help(self, question: Question, option: Option | None) -> None:
        from xacct.render.wizard import help_lines

        self.say(help_lines(question, option, self.style))

    def tell(self, text: str) -> None:
        self.say(wrap(text, self.style.width, first="   "))

    def confirm(self, text: str) -> bool:
        """A question of yes or no; anything but yes is no."""
        self.say(["", *wrap(text, self.style.width)])
        return self.read().strip().lower() in ("y", "yes")


def _has_color(chosen: str) -> bool:
    if chosen != "auto":
        return chosen == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stderr.isatty()


def _width() -> int:
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = 80
    return max(32, min(columns or 80, 100))


# -- the file ------------------------------------------------------------------------------------------------


def target_of(walk: Walk, out: Path | None) -> Path:
    """Where the grant goes: the file asked for, else one named after the grant."""
    from xacct.wizard.flow import grant_of

    return out or Path(f"{grant_of(walk).name}.yaml")


def check_target(out: Path | None, *, force: bool, asks: bool) -> None:
    """Refuse a file that cannot be written before anything is asked. Raises InputError."""
    if out is None:
        return
    if out.is_dir():
        raise InputError(f"{out} is a folder", where="-o", fix=f"name a file in it: -o {out}/grant.yaml")
    if not out.parent.is_dir():
        raise InputError(
            f"there is no folder {out.parent}", where="-o", fix=f"make it: mkdir -p {out.parent}", code="file"
        )
    if out.exists() and not force and not asks:
        raise _exists(out)


OTHER_FILE = "name another file with -o, or replace it with --force"


def _exists(path: Path, fix: str = OTHER_FILE) -> InputError:
    return InputError(f"{path} exists and is not overwritten", where=str(path), fix=fix, code="file-exists")


def write_new(path: Path, text: str, *, force: bool, fix: str = OTHER_FILE) -> None:
    """
    Write a file, whole or not at all; what stands there is kept unless ``force``.

    Raises InputError; ``fix`` is told where something stands already.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.chmod(0o644 & ~_umask())
            if force:
                temporary.replace(path)
            else:
                os.link(temporary, path)  # fails where something stands
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise _exists(path, fix) from None
    except OSError as error:
        raise InputError(
            f"{path} can't be written: {error.strerror}",
            where=str(path),
            fix="name a file in a folder that you may write to",
            code="file",
        ) from None


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


# -- the end -------------------------------------------------------------------------------------------------


def tell_written(draft: Draft, face: TerminalFace) -> None:
    face.say(
        [
            "",
            face.style("good", f"Wrote {draft.file}."),
            "The same without questions:",
            draft.command(folded=True),
        ]
    )


def offer_plan(draft: Draft, wiring: Wiring, face: TerminalFace) -> int:
    """Offer the plan against the account, and apply. Answers with the exit code."""
    from xacct.cli.applying import Applying

    output = Output(wiring.settings)
    if not sys.stdout.isatty():
        output.result(str(draft.file))
        return 0
    if not face.confirm("Compare it with the account and show the plan? Then you can apply it. y or n"):
        face.tell(f"Later: xacct apply {draft.file}; for the other side: xacct handoff {draft.file}")
        return 0
    plan = wiring.plan(wiring.grants([str(draft.file)]))
    code = Applying(wiring, output, yes=False, jobs=8, max_failures=None).run(plan)
    if code == 0:
        face.tell(f"What the other side needs: xacct handoff {draft.file}")
    return code
