"""The wizard's words on a terminal: questions, help, the review. Everything is lines that read in order."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Grant
from xacct.errors import Problem
from xacct.render.style import Style, wrap
from xacct.wizard.model import Kind, Option, Question, Row

__all__ = [
    "command_text",
    "entry_lines",
    "extras_lines",
    "help_lines",
    "question_lines",
    "row_lines",
    "set_lines",
    "wrong_lines",
]

MOST_OFFERED = 12
"""So many looked-up values are listed; the rest is found by completing what is typed."""
_NARROW = 60


def question_lines(question: Question, offered: Sequence[Option], number: int, style: Style) -> list[str]:
    """A question: what is asked, why, what can be answered."""
    lead = f"{number}. "
    lines = ["", *_styled(style, "bold", wrap(question.prompt, style.width, first=lead, rest="   "))]
    if question.why:
        lines += wrap(question.why, style.width, first="   ")
    if question.examples and not question.options:
        lines += wrap(f"For example: {question.examples[0]}", style.width, first="   ")
    if question.options:
        lines += _options(question.options, style, values=question.key != "@intent")
    if offered:
        lines += _offered(question, offered, style)
    return lines + _styled(style, "dim", wrap(_hint(question, offered), style.width, first="   "))


def _hint(question: Question, offered: Sequence[Option]) -> str:
    match question.kind:
        case Kind.YES_NO:
            how = "y or n"
        case Kind.CHOICE:
            how = "a number or a name"
        case Kind.MANY:
            how = "numbers or names, comma between"
        case Kind.ITEMS:
            how = "comma between several"
        case Kind.PAIRS:
            how = "KEY=VALUE, comma between several"
        case Kind.TEXT:
            how = ""
    parts = [how] if how else []
    if question.default:
        parts.append(f"Enter takes {question.default}")
    elif not question.required:
        parts.append("Enter leaves it out")
    if question.options or offered:
        parts.append("Tab completes")
    return "; ".join([*parts, "? help", "< back"])


def _options(options: Sequence[Option], style: Style, *, values: bool) -> Iterator[str]:
    widest = max(len(option.value) for option in options) if values else 0
    apart = style.width < _NARROW
    for number, option in enumerate(options, 1):
        title = f"sensitive: {option.title}" if option.sensitive else option.title
        lead = f"   {number:>2}  "
        rest = " " * len(lead)
        if not values:
            yield from wrap(title, style.width, first=lead, rest=rest)
        elif not title:
            yield lead + option.value
        elif apart:
            yield lead + option.value
            yield from wrap(title, style.width, first=rest)
        else:
            name = f"{lead}{option.value:<{widest}}  "
            yield from wrap(title, style.width, first=name, rest=" " * len(name))


def _offered(question: Question, offered: Sequence[Option], style: Style) -> Iterator[str]:
    if question.topic is not None and question.topic.value == "grants":
        names = ", ".join(option.value for option in offered)
        yield from wrap(f"Taken in this account: {names}", style.width, first="   ")
        return
    yield from wrap("Found; a number picks one:", style.width, first="   ")
    for number, option in enumerate(offered[:MOST_OFFERED], 1):
        lead = f"   {number:>2}  "
        yield from wrap(
            f"{option.value}  {option.title}".rstrip(), style.width, first=lead, rest=" " * len(lead)
        )
    if len(offered) > MOST_OFFERED:
        yield from wrap(
            f"and {len(offered) - MOST_OFFERED} more; type a part of a name and press Tab.",
            style.width,
            first="       ",
        )


def help_lines(question: Question, option: Option | None, style: Style) -> list[str]:
    """What `?` tells: all about one answer, or about the question."""
    if option is not None:
        text = f"{option.title}. {option.help}" if option.help else option.title or "nothing more is known"
        return wrap(f"{option.value}: {text}", style.width, first="   ")
    lines: list[str] = []
    for text in (question.help or question.why).splitlines():
        lines += wrap(text, style.width, first="   ")
    if question.options:
        lines += wrap("`? NAME` or `? NUMBER` tells more about one answer.", style.width, first="   ")
    for example in question.examples:
        lines += wrap(f"For example: {example}", style.width, first="   ")
    if not question.required:
        lines += wrap("`-` leaves it empty.", style.width, first="   ")
    return lines + wrap(
        "`<` goes back to the question before; Ctrl-C leaves, and nothing is written.",
        style.width,
        first="   ",
    )


def wrong_lines(problems: Iterable[Problem], style: Style) -> list[str]:
    """Why an answer is not taken, and what helps."""
    lines: list[str] = []
    for problem in problems:
        lines += _styled(style, "bad", wrap(f"Not taken: {problem.message}", style.width, first="   "))
        if problem.fix:
            lines += wrap(f"Fix: {problem.fix}", style.width, first="   ")
    return lines


def row_lines(rows: Sequence[Row], style: Style) -> list[str]:
    """All answers, numbered, for the review."""
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        lead = f"  {number:>2}. "
        rest = " " * len(lead)
        label = f"{row.label} (--set)" if row.fixed else row.label
        joiner = " " if label.endswith(("?", ":")) else ": "
        together = f"{label}{joiner}{row.value}"
        if len(lead) + len(together) <= style.width:
            lines.append(lead + together)
        else:
            lines += wrap(label, style.width, first=lead, rest=rest)
            lines += wrap(row.value, style.width, first=rest + "  ")
    return lines


def extras_lines(questions: Sequence[Question], style: Style) -> list[str]:
    """What else may be said."""
    lines = ["", *wrap("More options; a number asks for one, Enter goes back to the review.", style.width)]
    for number, question in enumerate(questions, 1):
        lead = f"   {number:>2}  "
        lines += wrap(question.prompt, style.width, first=lead, rest=" " * len(lead))
    return lines


def set_lines(grant: Grant, style: Style) -> list[str]:
    """What the sets of a grant allow and leave out, in words."""
    from xacct.lightsail.sets import permission_sets

    sets = permission_sets()
    lines: list[str] = []
    for entry in grant.permissions:
        found = sets.get(entry.set or "")
        if found is not None:
            lines += wrap(f"{found.name}: {found.summary}", style.width, first="  ", rest="    ")
            lines += wrap(f"Not in it: {found.leaves_out}", style.width, first="    ")
        limits = [*entry.regions, *(f"tag {key}={'|'.join(texts)}" for key, texts in entry.tags.items())]
        limits += entry.resources
        if limits:
            lines += wrap(f"Limited to: {', '.join(limits)}", style.width, first="    ")
    return lines


def entry_lines(expansion: Expansion, style: Style) -> list[str]:
    """How the trusted party gets in: each statement of the trust policy, its conditions, and why."""
    lines: list[str] = []
    for statement in expansion.role.trust.statements if expansion.role else ():
        who = ", ".join(principal.value for principal in statement.principals or ())
        what = ", ".join(statement.actions or ())
        lines += wrap(f"{statement.effect.value} {what} to {who}", style.width, first="  ", rest="    ")
        lines += _reason(expansion.reasons.get(statement.sid or "", ""), style)
        for condition in statement.conditions:
            text = f"if {condition.key} {condition.operator} {' or '.join(condition.values)}"
            lines += wrap(text, style.width, first="    ", rest="      ")
            key = f"{statement.sid}/{condition.operator}/{condition.key}"
            lines += _reason(expansion.reasons.get(key, ""), style)
    return lines


def _reason(text: str, style: Style) -> list[str]:
    return _styled(style, "dim", wrap(text, style.width, first="      ")) if text else []


def command_text(
    blueprint: str, settings: Iterable[tuple[str, str]], file: Path | None, *, folded: bool = False
) -> str:
    """The command that makes the same file without asking; ``folded`` gives each setting a line."""
    parts = [f"xacct new {shlex.quote(blueprint)} --no-input"]
    if file is not None:
        parts[0] += f" -o {shlex.quote(str(file))}"
    parts += [f"--set {shlex.quote(f'{key}={text}')}" for key, text in settings]
    return (" \\\n  " if folded else " ").join(parts)


def _styled(style: Style, name: str, lines: Iterable[str]) -> list[str]:
    return [style(name, line) for line in lines]
