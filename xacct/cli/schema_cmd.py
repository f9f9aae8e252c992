"""``xacct schema``: the JSON Schemas of the files."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options


@click.command("schema")
@click.argument("kind", metavar="KIND", type=click.Choice(["grant", "blueprint", "plan"]))
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, kind: str) -> None:
    """
    Print the JSON Schema of grants, blueprints or plans.

    An editor that knows it completes keys and marks mistakes as you type.
    """
    if kind == "plan":
        from xacct.plan.schema import plan_schema

        Output(settings).json(plan_schema())
    else:
        from xacct.blueprint.schema import json_schema

        Output(settings).json(json_schema(kind))
