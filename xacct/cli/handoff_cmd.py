"""``xacct handoff``: what the trusted party needs."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import InputError


@click.command("handoff")
@click.argument("grant", metavar="GRANT")
@click.option("--source-profile", metavar="NAME", default="default", help="The caller's own profile.")
@click.option("--mfa-serial", metavar="ARN", help="The caller's MFA device.")
@format_option("markdown", "aws-config")
@global_options()
@click.pass_obj
def command(settings: Settings, grant: str, source_profile: str, mfa_serial: str | None) -> None:
    """
    Show what the other side needs: role, external ID, profile, its own policy, snippets. Offline.

    GRANT is a grant's file. The external ID is shown whole: it is no secret, but for that party alone.
    """
    from xacct.handoff.make import Caller, make_handoff
    from xacct.render.handoff import handoff_markdown, handoff_text, handoff_to_json

    wiring = Wiring(settings)
    output = Output(settings)
    grants = wiring.grants([grant])
    if len(grants) != 1:
        raise InputError(f"{grant} holds {len(grants)} grants", fix="name a file with one", code="usage")
    [expansion] = wiring.expansions(grants, offline=True)
    handoff = make_handoff(expansion, Caller(source_profile=source_profile, mfa_serial=mfa_serial))
    match settings.output_format:
        case "json":
            output.json(handoff_to_json(handoff))
        case "markdown":
            output.result(handoff_markdown(handoff))
        case "aws-config":
            if handoff.profile is None:
                raise InputError(
                    f"the grant {handoff.grant} has no profile: {handoff.profile_why}",
                    where=grant,
                    fix="--format text tells how the other side gets in",
                    code="no-profile",
                )
            output.result(handoff.profile.text)
        case _:
            output.result(handoff_text(handoff, output.style))
