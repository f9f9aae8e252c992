"""``xacct revoke-sessions``: end the sessions of a grant's role that were issued so far."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import InputError


@click.command("revoke-sessions")
@click.argument("path", metavar="GRANT")
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, path: str, yes: bool) -> int:
    """
    End the sessions of a grant's role that were issued so far; whoever is trusted can get a new one at once.

    Puts a Deny on older sessions on the role. It stays there: it is no drift, and harms no later session.
    """
    from xacct.cli.applying import Applying
    from xacct.plan.sessions import plan_revocation

    wiring = Wiring(settings)
    output = Output(settings)
    grants = wiring.grants([path])
    if len(grants) != 1:
        raise InputError(f"{path} holds {len(grants)} grants", fix="name a file with one", code="usage")
    [expansion] = wiring.expansions(grants)
    options = wiring.options()
    snapshot = wiring.read_for([expansion], options)[expansion.account]
    plan = plan_revocation(expansion, snapshot, options)
    return Applying(wiring, output, yes=yes, jobs=1, max_failures=None).run(plan)
