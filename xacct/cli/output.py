"""Results go to stdout, talk goes to stderr; with JSON, stdout holds JSON alone, errors too."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import attrs

from xacct.cli.settings import Settings
from xacct.errors import Problem
from xacct.render.style import Style, clean
from xacct.values import frozen

__all__ = ["Output", "problems_to_json", "show_problems"]

MOST_PROBLEMS = 25
"""How many problems are told in words: of a file that is wrong throughout, the first show what it is."""
_LONGEST_LINE = 1000


@frozen
class Output:
    """Where a command writes."""

    settings: Settings

    @property
    def style(self) -> Style:
        return Style(color=self.settings.use_color, width=self.settings.width)

    @property
    def as_json(self) -> bool:
        return self.settings.output_format == "json"

    def result(self, text: str) -> None:
        """Write the result; a line end is added where there is none."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def json(self, value: Any) -> None:
        self.result(json_text(value))

    def talk(self, text: str) -> None:
        """Say something beside the result, unless asked to be quiet."""
        if not self.settings.quiet:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def detail(self, text: str) -> None:
        if self.settings.verbose:
            self.talk(text)


def json_text(value: Any) -> str:
    """A value as JSON that stdout can hold, whatever its encoding."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, indent=2, ensure_ascii=not unicode)


def problems_to_json(problems: Iterable[Problem]) -> dict[str, Any]:
    """Errors as every command's JSON has them."""
    return {"errors": [attrs.asdict(problem) for problem in problems]}


def show_problems(problems: Iterable[Problem], *, as_json: bool, color: bool) -> None:
    """Tell errors: in words on stderr, or as JSON on stdout where JSON was asked for."""
    if as_json:
        sys.stdout.write(json_text(problems_to_json(problems)) + "\n")
        sys.stdout.flush()
        return
    style = Style(color=color)
    told = list(problems)
    for problem in told[:MOST_PROBLEMS]:
        first, *rest = [shorten(line) for line in clean(str(problem)).split("\n")]
        sys.stderr.write("\n".join([f"{style('bad', 'error:')} {first}", *rest]) + "\n")
    if len(told) > MOST_PROBLEMS:
        sys.stderr.write(f"and {len(told) - MOST_PROBLEMS} more; --format json lists all\n")
    sys.stderr.flush()


def shorten(line: str) -> str:
    """Cut the middle of a line that no message has but one that quotes what is absurdly long."""
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE // 2]}…{line[-100:]}"
