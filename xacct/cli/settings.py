"""The global options: accepted before and after the command, the later one wins."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import click

__all__ = ["Settings", "format_option", "global_options"]

_F = TypeVar("_F", bound=Callable[..., Any])


@attrs.define
class Settings:
    """What the global options and their variables say, for one run."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    sandbox: bool = False
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    reveal: bool = False
    output_format: str = "text"

    @property
    def use_color(self) -> bool:
        """Whether stdout gets colour: asked for, or a terminal and neither NO_COLOR nor a dumb one."""
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return sys.stdout.isatty()

    @property
    def width(self) -> int:
        """Columns to write in: the terminal's, at least 40 and at most 120; 100 where there is none."""
        try:
            columns = int(os.environ.get("COLUMNS", ""))
        except ValueError:
            try:
                columns = os.get_terminal_size(sys.stdout.fileno()).columns
            except (OSError, ValueError):
                columns = 100
        return max(40, min(columns or 100, 120))


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if value is not None and param.name is not None:
        setattr(ctx.ensure_object(Settings), param.name, value)
    return value


def _options(*, hidden: bool) -> list[Callable[[Any], Any]]:
    def option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
        return click.option(
            *names,
            callback=_store,
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            default=None,
            **attributes,
        )

    return [
        option("--profile", metavar="NAME", help="Profile of the AWS configuration to use."),
        option("--region", metavar="REGION", help="Region for calls that need one."),
        option("--endpoint-url", metavar="URL", help="Another endpoint than AWS's own."),
        option("--sandbox", is_flag=True, help="Use the embedded AWS; needs no account."),
        option("--color", type=click.Choice(["auto", "always", "never"]), help="Colour of the output."),
        option("-q", "--quiet", is_flag=True, help="Say nothing but the result."),
        option("-v", "--verbose", is_flag=True, help="Say more."),
        option("--debug", is_flag=True, help="Show the traceback of a bug."),
        option("--reveal", is_flag=True, help="Show external IDs whole."),
    ]


def global_options(*, hidden: bool = True) -> Callable[[_F], _F]:
    """The global options, for a command (hidden in its help) or for the program itself."""

    def decorate(function: _F) -> _F:
        for option in reversed(_options(hidden=hidden)):
            function = option(function)
        return function

    return decorate


def format_option(*formats: str) -> Callable[[_F], _F]:
    """``--format``, kept in the settings; ``text`` and ``json`` are always there."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json", *formats]),
        callback=_store,
        expose_value=False,
        is_eager=True,
        default="text",
        envvar="XACCT_FORMAT",
        help="Form of the result.",
    )
