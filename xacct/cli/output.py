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

__all__ = ["Output", "problems_to_json", "show_problems"]


@attrs.frozen
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
        self.result(json.dumps(value, indent=2, ensure_ascii=False))

    def talk(self, text: str) -> None:
        """Say something beside the result, unless asked to be quiet."""
        if not self.settings.quiet:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def detail(self, text: str) -> None:
        if self.settings.verbose:
            self.talk(text)


def problems_to_json(problems: Iterable[Problem]) -> dict[str, Any]:
    """Errors as every command's JSON has them."""
    return {"errors": [attrs.asdict(problem) for problem in problems]}


def show_problems(problems: Iterable[Problem], *, as_json: bool, color: bool) -> None:
    """Tell errors: in words on stderr, or as JSON on stdout where JSON was asked for."""
    if as_json:
        sys.stdout.write(json.dumps(problems_to_json(problems), indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    style = Style(color=color)
    for problem in problems:
        first, *rest = clean(str(problem)).split("\n")
        sys.stderr.write("\n".join([f"{style('bad', 'error:')} {first}", *rest]) + "\n")
    sys.stderr.flush()
