"""
Reading one line from the terminal: the only module that imports questionary.

The prompt is drawn on stderr, so that stdout stays free for results. Tab completes; what can be completed is
shown in words beside it. Lines, not arrow menus: they fold at any width, stay in the scrollback, and a screen
reader reads them in order.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xacct.wizard.model import Option

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.output import Output

__all__ = ["is_terminal", "read_line"]


def is_terminal() -> bool:
    """Whether somebody is there: who can read what is said, and type."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def read_line(
    label: str, words: Sequence[Option] = (), *, color: bool = True, several: bool = False, **streams: Any
) -> str:
    """
    Read one line after a label; ``words`` complete it, after each comma with ``several``.

    Ctrl-C raises KeyboardInterrupt, Ctrl-D EOFError. ``streams`` (``input``, ``output``) are for tests.
    """
    import questionary
    from prompt_toolkit.output import ColorDepth

    question = questionary.text(
        label,
        qmark="",
        style=_style(color=color),
        completer=_completer(words, several=several),
        complete_while_typing=False,
        reserve_space_for_menu=min(6, len(words)),
        color_depth=None if color else ColorDepth.DEPTH_1_BIT,
        **(streams or {"output": _stderr()}),
    )
    answer: str = question.unsafe_ask()
    return answer


def _stderr() -> Output:
    from prompt_toolkit.output import create_output

    output = create_output(stdout=sys.stderr)
    # Without this the terminal is asked where its cursor is, which some answer late, into the next prompt.
    if hasattr(output, "enable_cpr"):
        output.enable_cpr = False
    return output


def _style(*, color: bool) -> Any:
    from questionary import Style

    names = ("qmark", "question", "answer", "instruction", "text")
    plain = [(name, "noinherit") for name in names]
    return Style([*plain, ("question", "noinherit bold"), ("answer", "noinherit")] if color else plain)


def _completer(words: Sequence[Option], *, several: bool) -> Completer | None:
    if not words:
        return None
    from collections.abc import Iterator

    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class Words(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
            typed = document.text_before_cursor
            part = typed.rpartition(",")[2].lstrip() if several else typed
            for word in words:
                if part.lower() in word.value.lower() or part.lower() in word.title.lower():
                    yield Completion(word.value, -len(part), display_meta=word.title)

    return Words()
