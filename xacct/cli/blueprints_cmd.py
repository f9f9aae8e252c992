"""``xacct blueprints``: which ways of giving access there are."""

from __future__ import annotations

from pathlib import Path

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring


@click.group("blueprints")
def command() -> None:
    """List, show and start blueprints."""


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


@command.command("new")
@click.argument("name")
@click.option("--from", "source", metavar="BLUEPRINT", help="Begin with a copy of this one.")
@format_option()
@global_options()
@click.pass_obj
def new(settings: Settings, name: str, source: str | None) -> None:
    """Start a blueprint of your own in ./blueprints, with comments that say what each line is for."""
    from xacct.blueprint.catalogue import blueprint_names
    from xacct.blueprint.starter import copied_blueprint, starter_blueprint
    from xacct.cli.wizarding import write_new

    output = Output(settings)
    wiring = Wiring(settings)
    known = blueprint_names(wiring.blueprint_folders)
    if source is not None:
        wiring.blueprint(source)
        text = copied_blueprint(known[source], name)
    else:
        text = starter_blueprint(name)
    path = Path("blueprints") / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    write_new(path, text, force=False, fix=f"edit it, or choose another name than {name}")
    if output.as_json:
        output.json({"file": str(path), "replaces": name in known})
        return
    output.result(str(path))
    if name in known:
        output.talk(f"it is used in place of {known[name]}, which has the same name")
    output.talk(f"edit it, then: xacct blueprints show {name}; xacct --sandbox new {name}")
