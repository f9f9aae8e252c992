"""``xacct permissions``: permission sets and single actions, in words."""

from __future__ import annotations

from typing import Any

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.errors import InputError


@click.group("permissions")
def command() -> None:
    """List and show permission sets and actions."""


@command.command("list")
@format_option()
@global_options()
@click.pass_obj
def list_sets(settings: Settings) -> None:
    """List the permission sets, a line each."""
    from xacct.lightsail.sets import permission_sets
    from xacct.render.permissions import set_to_json, sets_text

    output = Output(settings)
    sets = list(permission_sets().values())
    if output.as_json:
        output.json({"sets": [set_to_json(found) for found in sets]})
    else:
        output.result(sets_text(sets, output.style))


@command.command("show")
@click.argument("name")
@format_option()
@global_options()
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Show a permission set, or what is known of one action."""
    output = Output(settings)
    value, text = _found(name, output)
    if output.as_json:
        output.json(value)
    else:
        output.result(text)


def _found(name: str, output: Output) -> tuple[dict[str, Any], str]:
    from xacct.lightsail.catalog import load_catalog
    from xacct.lightsail.sets import permission_set, permission_sets
    from xacct.render.permissions import action_text, action_to_json, set_text, set_to_json

    if name in permission_sets():
        found = permission_set(name)
        return set_to_json(found), set_text(found, output.style)
    catalog = load_catalog()
    action = catalog.action(name)
    if action is not None:
        return action_to_json(action), action_text(action, output.style)
    if ":" in name or name[:1].isupper():
        near = catalog.nearest(name)
        raise InputError(
            f"Lightsail has no action {name!r}",
            where="NAME",
            fix=f"did you mean {near}?" if near else "xacct permissions show full-access lists all",
            code="unknown-action",
        )
    permission_set(name, where="NAME")  # raises, with the nearest name
    raise AssertionError(name)
