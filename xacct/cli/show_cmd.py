"""``xacct show``: one grant in the account, or a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import InputError


@click.command("show")
@click.argument("name", metavar="NAME|plan.json")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Another account than your own.")
@format_option("markdown", "html")
@global_options()
@click.pass_obj
def command(settings: Settings, name: str, accounts: tuple[str, ...]) -> None:
    """Show a grant as it stands in the account, or a saved plan whatever has happened since."""
    from xacct.cli.plans import is_plan_file, load_plan, show_plan

    output = Output(settings)
    if is_plan_file(name):
        show_plan(load_plan(Path(name)), output)
        return
    if settings.output_format not in ("text", "json"):
        raise InputError(f"--format {settings.output_format} is for saved plans", code="usage")
    _show_grant(Wiring(settings), output, name, accounts)


def _show_grant(wiring: Wiring, output: Output, name: str, accounts: tuple[str, ...]) -> None:
    from difflib import get_close_matches

    from xacct.render.inventory import grant_text, grant_to_json

    live = [grant for account in wiring.accounts(accounts) for grant in wiring.live(account)]
    found = [grant for grant in live if name in (grant.name, grant.arn)]
    if not found:
        near = get_close_matches(name, [grant.name for grant in live], n=1)
        raise InputError(
            f"there is no grant {name!r} in {', '.join(wiring.accounts(accounts))}",
            where="NAME",
            fix=f"did you mean {near[0]!r}?" if near else "xacct list shows what there is",
            code="unknown-grant",
        )
    reveal = output.settings.reveal
    if output.as_json:
        output.json({"grants": [grant_to_json(grant, reveal=reveal) for grant in found]})
    else:
        output.result("\n\n".join(grant_text(grant, output.style, reveal=reveal) for grant in found))
