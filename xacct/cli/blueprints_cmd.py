"""``xacct blueprints``: which ways of giving access there are."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring


@click.group("blueprints")
def command() -> None:
    """List and show blueprints."""


@command.command("list")
@format_option()
@global_options()
@click.pass_obj
def list_all(settings: Settings) -> None:
    """List the blueprints, own ones first."""
    from xacct.blueprint.catalogue import list_blueprints
    from xacct.render.blueprints import blueprint_to_json, blueprints_text

    output = Output(settings)
    found = list_blueprints(Wiring(settings).blueprint_folders)
    if output.as_json:
        output.json({"blueprints": [blueprint_to_json(blueprint) for blueprint in found]})
    else:
        output.result(blueprints_text(found, output.style))


@command.command("show")
@click.argument("name")
@format_option()
@global_options()
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Show what a blueprint asks for, and why each line of its trust policy is there."""
    from xacct.render.blueprints import blueprint_text, blueprint_to_json

    output = Output(settings)
    blueprint = Wiring(settings).blueprint(name)
    if output.as_json:
        output.json(blueprint_to_json(blueprint))
    else:
        output.result(blueprint_text(blueprint, output.style))
