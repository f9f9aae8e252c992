"""``xacct diagnose``: from an error message to the fix."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from xacct.cli.output import Output, problems_to_json
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.simulate_cmd import context_of
from xacct.cli.wiring import SANDBOX_ACCOUNT, Wiring
from xacct.errors import ExitCode, InputError, XacctError

if TYPE_CHECKING:
    from xacct.diagnose import Diagnosis

_LONGEST = 16 * 1024 * 1024


@click.command("diagnose")
@click.argument("message", required=False, metavar="[MESSAGE | -]")
@click.option("--grant", metavar="PATH", help="Hold the refused request against this grant.")
@click.option(
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    help="With --grant or --live: a condition key of the request.",
)
@click.option("--live", is_flag=True, help="Look at the role as it is in the account.")
@click.option("--fix", is_flag=True, help="With --grant: propose the smallest change of it; write it on yes.")
@click.option("-y", "--yes", is_flag=True, help="With --fix: write without asking.")
@format_option()
@global_options()
@click.pass_obj
def command(
    settings: Settings,
    message: str | None,
    grant: str | None,
    context: tuple[str, ...],
    live: bool,
    fix: bool,
    yes: bool,
) -> int:
    """
    Explain an error message of AWS: who said no, why, and what helps.

    MESSAGE may be a whole log or stack trace; without it, or with -, it is read from stdin. Secrets in it are
    masked in whatever comes out.
    """
    from xacct.diagnose import diagnose
    from xacct.render.diagnosis import diagnoses_text, diagnoses_to_json

    if grant is None and (fix or yes or (context and not live)):
        raise InputError(
            "--context, --fix and --yes go with --grant", fix="name the grant's file", code="usage"
        )
    output = Output(settings)
    text = message_text(message)
    if grant is not None:
        return diagnose_grant(Wiring(settings), output, text, grant, context, live=live, fix=fix, yes=yes)
    found = diagnose(text)
    if live:
        found = settle_live(Wiring(settings), found, context)
    if output.as_json:
        output.json(diagnoses_to_json(found))
    else:
        output.result(diagnoses_text(found, output.style))
    return ExitCode.DONE


def settle_live(
    wiring: Wiring, found: tuple[Diagnosis, ...], context: Iterable[str]
) -> tuple[Diagnosis, ...]:
    """Look at the roles of the messages in the account of the credentials."""
    from xacct.cli.diagnosing import account_facts

    [account] = wiring.accounts([SANDBOX_ACCOUNT] if wiring.settings.sandbox else [])
    facts = account_facts(wiring, account, found, context_of(context))
    return tuple(facts.settle(diagnosis) for diagnosis in found)


def diagnose_grant(
    wiring: Wiring,
    output: Output,
    text: str,
    grant: str,
    context: Iterable[str],
    *,
    live: bool,
    fix: bool,
    yes: bool,
) -> int:
    """The same with a grant at hand; a change is shown before it is asked about."""
    from xacct.cli.diagnosing import facts_of, find_proposal, put_in_place
    from xacct.diagnose import diagnose
    from xacct.render.diagnosis import diagnoses_text, diagnoses_to_json, proposal_text, proposal_to_json

    facts = facts_of(wiring, grant, context_of(context), live=live)
    found = diagnose(text, facts)
    proposal = find_proposal(wiring, facts, found) if fix else None
    if output.as_json:
        told: dict[str, Any] = {}
        code, written = ExitCode.DONE, False
        try:
            written = proposal is not None and put_in_place(proposal, output, yes=yes)
        except XacctError as error:
            code, told = error.exit_code, problems_to_json(error.problems)
        shown = {"proposal": proposal_to_json(proposal, written=written)} if fix else {}
        output.json({**diagnoses_to_json(found), **shown, **told})
        return code
    output.result(diagnoses_text(found, output.style))
    if fix:
        output.result(proposal_text(proposal, output.style))
    if proposal is not None:
        put_in_place(proposal, output, yes=yes)
    return ExitCode.DONE


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
