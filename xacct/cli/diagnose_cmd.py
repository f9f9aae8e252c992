"""``xacct diagnose``: from an error message to the fix."""

from __future__ import annotations

import sys

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.errors import InputError

_LONGEST = 16 * 1024 * 1024


@click.command("diagnose")
@click.argument("message", required=False, metavar="[MESSAGE | -]")
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, message: str | None) -> None:
    """
    Explain an error message of AWS: who said no, why, and what helps.

    MESSAGE may be a whole log or stack trace; without it, or with -, it is read from stdin. Secrets in it are
    masked in whatever comes out.
    """
    from xacct.diagnose import diagnose
    from xacct.render.diagnosis import diagnoses_text, diagnoses_to_json

    output = Output(settings)
    found = diagnose(message_text(message))
    if output.as_json:
        output.json(diagnoses_to_json(found))
    else:
        output.result(diagnoses_text(found, output.style))


def message_text(argument: str | None) -> str:
    """The text to diagnose. Raises InputError when there is none."""
    text = argument or ""
    if argument == "-" or (argument is None and not sys.stdin.isatty()):
        text = sys.stdin.buffer.read(_LONGEST).decode("utf-8", "replace")
    if not text.strip():
        raise InputError(
            "there is no message to diagnose",
            where="MESSAGE",
            fix="give it in quotes, or pipe it: some-command 2>&1 | xacct diagnose",
            code="usage",
        )
    return text
