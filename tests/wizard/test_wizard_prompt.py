"""One line from a terminal: real prompts through a pipe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from xacct.wizard.model import Option
from xacct.wizard.prompt import _completer, is_terminal, read_line

WORDS = [Option("eu-west-1", "Ireland"), Option("eu-north-1", "Sweden"), Option("us-east-1", "Virginia")]


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe:
        yield pipe


def test_a_line_is_read(keys: PipeInput) -> None:
    keys.send_text("acme\r")
    assert read_line("> ", input=keys, output=DummyOutput()) == "acme"


def test_ctrl_c_and_ctrl_d_are_told_apart_from_answers(keys: PipeInput) -> None:
    keys.send_text("half\x03")
    with pytest.raises(KeyboardInterrupt):
        read_line("> ", input=keys, output=DummyOutput())
    keys.send_text("\x04")
    with pytest.raises(EOFError):
        read_line("> ", input=keys, output=DummyOutput())


def completed(typed: str, *, several: bool) -> list[str]:
    completer = _completer(WORDS, several=several)
    assert completer is not None
    found = completer.get_completions(Document(typed), CompleteEvent())
    return [typed[: len(typed) + one.start_position] + one.text for one in found]


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("us", ["us-east-1"]),
        ("swe", ["eu-north-1"]),
        ("eu", ["eu-west-1", "eu-north-1"]),
        ("", [word.value for word in WORDS]),
        ("zz", []),
    ],
)
def test_a_part_of_value_or_title_completes(typed: str, lines: list[str]) -> None:
    assert completed(typed, several=False) == lines


def test_what_stands_before_a_comma_is_kept() -> None:
    assert completed("us-east-1, nor", several=True) == ["us-east-1, eu-north-1"]
    assert completed("us-east-1, nor", several=False) == []


def test_a_test_runs_without_a_terminal() -> None:
    assert not is_terminal()
