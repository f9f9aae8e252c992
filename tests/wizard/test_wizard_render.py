"""The wizard's words fold at any width, and say in words what colour would say."""

from __future__ import annotations

import pytest
from golden_files import assert_golden
from wizard_builders import WALKS, setup

from xacct.errors import Problem
from xacct.render.style import Style
from xacct.render.wizard import (
    command_text,
    extras_lines,
    help_lines,
    question_lines,
    row_lines,
    wrong_lines,
)
from xacct.wizard.flow import next_question, start, take
from xacct.wizard.model import Kind, Option, Question
from xacct.wizard.replies import read_reply
from xacct.wizard.review import extras, rows


def shown(name: str, width: int) -> list[str]:
    """Everything that is shown on a walk but for what is typed and previewed."""
    style = Style(width=width)
    walk = start(setup(), None, {})
    lines: list[str] = []
    for number, line in enumerate(WALKS[name], 1):
        question = next_question(walk)
        assert question is not None
        lines += [*question_lines(question, (), number, style), *help_lines(question, None, style)]
        walk = take(walk, question, read_reply(question, line))
    return [*lines, *extras_lines(extras(walk), style), *row_lines(rows(walk), style)]


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("name", WALKS)
def test_no_line_is_wider_than_the_terminal_unless_it_is_one_long_word(name: str, width: int) -> None:
    for line in shown(name, width):
        assert len(line) <= width or len(line.split()) == 1 or len(line.split()[-1]) > width // 2, line


@pytest.mark.parametrize("width", [40, 80])
def test_a_walk_is_shown_as_reviewed(width: int) -> None:
    assert_golden(f"wizard/third-party-{width}.txt", "\n".join(shown("third-party", width)) + "\n")


def test_every_question_says_why_and_how_to_get_help() -> None:
    for name in WALKS:
        walk = start(setup(), None, {})
        for line in WALKS[name]:
            question = next_question(walk)
            assert question is not None
            assert question.why, question.key
            assert "? help" in " ".join(question_lines(question, (), 1, Style(width=100)))
            walk = take(walk, question, read_reply(question, line))


def test_without_colour_there_are_no_escapes_and_the_words_are_the_same() -> None:
    question = Question(
        key="k", kind=Kind.CHOICE, prompt="Which?", why="Because.", options=(Option("a", "A"),)
    )
    plain = question_lines(question, (), 1, Style(color=False))
    colored = question_lines(question, (), 1, Style(color=True))
    assert not any("\x1b" in line for line in plain)
    assert any("\x1b" in line for line in colored)


def test_what_is_sensitive_is_said_in_words() -> None:
    question = Question(
        key="k",
        kind=Kind.MANY,
        prompt="Which?",
        options=(Option("all", "Everything", "", True), Option("some", "Less")),
    )
    lines = question_lines(question, (), 1, Style(width=80))
    assert [("sensitive" in line) for line in lines if "Everything" in line or "Less" in line] == [
        True,
        False,
    ]


def test_names_that_others_chose_cannot_write_on_the_terminal() -> None:
    found = (Option("arn:aws:lightsail:eu-west-1:111122223333:Instance/x", "web\x1b[2J\x07 (Instance)"),)
    question = Question(key="k", kind=Kind.TEXT, prompt="Which?")
    assert not any("\x1b" in line or "\x07" in line for line in question_lines(question, found, 1, Style()))
    wrong = wrong_lines([Problem("bad \x1b]0;x\x07 answer", fix="mend it")], Style())
    assert not any("\x1b" in line for line in wrong)


def test_many_found_values_are_cut_and_said_so() -> None:
    found = tuple(Option(f"value-{number}") for number in range(30))
    lines = question_lines(Question(key="k", kind=Kind.TEXT, prompt="Which?"), found, 1, Style())
    assert any("18 more" in line for line in lines)
    assert not any("value-12" in line for line in lines)


def test_the_command_is_quoted_for_a_shell() -> None:
    text = command_text("b", [("tags", "A=it's"), ("permissions", "[{set: x}]")], None)
    assert text == "xacct new b --no-input --set 'tags=A=it'\"'\"'s' --set 'permissions=[{set: x}]'"
