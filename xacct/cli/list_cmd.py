"""``xacct list``: the grants that an account holds."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring


@click.command("list")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Another account than your own.")
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, accounts: tuple[str, ...]) -> None:
    """List the grants that an account holds: whom they trust, when they end, when they were last used."""
    from xacct.render.inventory import grant_to_json, grants_text

    wiring = Wiring(settings)
    output = Output(settings)
    asked = wiring.accounts(accounts)
    found = [grant for account in asked for grant in wiring.live(account)]
    if output.as_json:
        output.json({"grants": [grant_to_json(grant, reveal=settings.reveal) for grant in found]})
    else:
        output.result(grants_text(found, asked, output.style))
