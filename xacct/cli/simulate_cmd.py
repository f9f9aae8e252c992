"""``xacct simulate``: may this request pass?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import InputError

if TYPE_CHECKING:
    from xacct.evaluate.model import ContextValue


@click.command("simulate")
@click.argument("grant", required=False, metavar="GRANT")
@click.option(
    "--as", "principal", metavar="PRINCIPAL", help="Who asks: trusted, or an ARN.", default="trusted"
)
@click.option("--action", metavar="A", help="The action asked for, such as lightsail:RebootInstance.")
@click.option("--resource", metavar="R", help="The ARN acted upon; * where the action takes none.")
@click.option(
    "--context", "context", multiple=True, metavar="KEY=VALUE", help="A condition key of the request."
)
@click.option("--partial", is_flag=True, help="Keys that are not given are unknown, not absent.")
@click.option("--live", is_flag=True, help="Ask the role as it stands in the account, not the grant's file.")
@click.option("--jsonl", is_flag=True, help="Answer cases from stdin, one a line.")
@format_option()
@global_options()
@click.pass_obj
def command(
    settings: Settings,
    grant: str | None,
    principal: str,
    action: str | None,
    resource: str | None,
    context: tuple[str, ...],
    partial: bool,
    live: bool,
    jsonl: bool,
) -> None:
    """
    Decide one request against a grant, with the reason; or many, from stdin.

    First may PRINCIPAL assume the role, then may the session do the action. Exits with 0 either way.
    """
    if jsonl:
        answer_stream(sys.stdin.buffer)
        return
    if grant is None or action is None:
        missing = ["GRANT"] if grant is None else []
        missing += ["--action"] if action is None else []
        raise InputError(
            f"missing: {', '.join(missing)}",
            fix="xacct simulate grants/acme.yaml --action lightsail:RebootInstance, or --jsonl",
            code="usage",
        )
    from xacct.cli.simulating import simulate
    from xacct.render.simulation import simulation_text, simulation_to_json

    wiring = Wiring(settings)
    found = simulate(
        wiring,
        grant,
        principal=principal,
        action=action,
        resource=resource,
        context=context_of(context),
        partial=partial,
        live=live,
    )
    output = Output(settings)
    if output.as_json:
        output.json(simulation_to_json(found))
    else:
        output.result(simulation_text(found, output.style))


def context_of(settings: Iterable[str]) -> dict[str, ContextValue]:
    """Read ``--context`` options: a key given once is single-valued, one given again is multivalued."""
    found: dict[str, tuple[str, ...]] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise InputError(
                f"it takes KEY=VALUE, not {setting!r}",
                where="--context",
                fix="--context aws:RequestedRegion=eu-west-1",
                code="usage",
            )
        found[key] = (*found.get(key, ()), value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def answer_stream(lines: Iterable[bytes]) -> None:
    """Answer each case in order; a bad line gets an error of its own and the stream goes on."""
    from xacct.evaluate.cases import answer_line

    write = sys.stdout.write
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for line in lines:
        if line.strip():
            write(encode(answer_line(line.decode("utf-8", "replace"))) + "\n")
    sys.stdout.flush()
