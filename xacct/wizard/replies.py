"""From what a person typed to the text of a setting: numbers to values, yes to true, Enter to the default."""

from __future__ import annotations

from collections.abc import Sequence

from xacct.blueprint.reading import suggest
from xacct.blueprint.yaml_nodes import shorten
from xacct.errors import InputError
from xacct.wizard.model import Kind, Option, Question

__all__ = ["NOTHING", "find_option", "read_reply"]

NOTHING = "-"
"""Typed for "no answer", where one would be taken by default."""


def read_reply(question: Question, typed: str, offered: Sequence[Option] = ()) -> str:
    """
    Read one line as the answer to a question.

    ``offered`` are the values that were looked up and shown with numbers. Empty when the question is passed
    over. Raises InputError when the line cannot be an answer; whether it is a good one is for others.
    """
    text = typed.strip()
    if not text:
        text = question.default
    elif text == NOTHING and not question.required:
        text = ""
    if not text:
        if question.required:
            raise InputError("an answer is needed here", fix=_hint(question), code="missing-answer")
        return ""
    match question.kind:
        case Kind.YES_NO:
            return _yes_no(text)
        case Kind.CHOICE:
            return _pick(question.options, text)
        case Kind.MANY:
            return _several(question, text)
        case Kind.TEXT:
            return _numbered(offered, text)
        case Kind.ITEMS | Kind.PAIRS:
            return text if text[0] in "[{" else ",".join(_numbered(offered, item) for item in _items(text))


def find_option(options: Sequence[Option], text: str) -> Option | None:
    """The option that a number, a value or the beginning of a single one names."""
    text = text.strip()
    if text.isdigit() and text.isascii() and 1 <= int(text[:6]) <= len(options):
        return options[int(text) - 1]
    folded = text.lower()
    exact = [option for option in options if option.value.lower() == folded]
    begun = [option for option in options if folded and option.value.lower().startswith(folded)]
    found = exact or begun
    return found[0] if len(found) == 1 else None


def _hint(question: Question) -> str:
    if question.options:
        return f"type a number from 1 to {len(question.options)}, or a name"
    return f"for example: {question.examples[0]}" if question.examples else "type ? for help"


def _yes_no(text: str) -> str:
    if text.lower() in ("y", "yes", "true", "on", "1"):
        return "true"
    if text.lower() in ("n", "no", "false", "off", "2"):
        return "false"
    raise InputError(f"{shorten(text)!r} is neither yes nor no", fix="type y or n", code="choice")


def _pick(options: Sequence[Option], text: str) -> str:
    found = find_option(options, text)
    if found is not None:
        return found.value
    known = [option.value for option in options]
    number = f"type a number from 1 to {len(options)}, or one of: {', '.join(known)}"
    fix = number if text.isdigit() else suggest(text, known, number)
    raise InputError(f"{shorten(text)!r} is none of the answers", fix=fix, code="choice")


def _several(question: Question, text: str) -> str:
    items = _items(text)
    chosen = list(dict.fromkeys(_pick(question.options, item) for item in items))
    if "all" in chosen and len(chosen) > 1:
        raise InputError("`all` stands alone", fix="name limits, or all", code="choice")
    return ",".join(chosen)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _numbered(offered: Sequence[Option], text: str) -> str:
    if text.isdigit() and text.isascii() and len(text) < 5 and 1 <= int(text) <= len(offered):
        return offered[int(text) - 1].value
    return text
