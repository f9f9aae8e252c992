"""``xacct rotate-external-id``: a new external ID in two phases, with both accepted in between."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import ExitCode, InputError


@click.command("rotate-external-id")
@click.argument("path", metavar="GRANT")
@click.option("--grant", "name", metavar="NAME", help="Which grant, where the file holds several.")
@click.option("--new", metavar="ID|generate", help="The new external ID, from the trusted party.")
@click.option("--finish", is_flag=True, help="Drop the old one: the trusted party uses the new one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, path: str, name: str | None, new: str | None, finish: bool, yes: bool) -> int:
    """
    Change the external ID of a grant without locking anybody out.

    First with --new: both IDs are accepted. Then, when the trusted party uses the new one, with --finish: the
    old one is refused. Each edits the grant's file, comments kept, and applies it.
    """
    from xacct.blueprint.rotation import finish_rotation, start_rotation
    from xacct.blueprint.settings import make_external_id
    from xacct.blueprint.values import GENERATE
    from xacct.cli.applying import Applying
    from xacct.cli.editing import GrantFile, write_text

    if finish is (new is not None):
        raise InputError(
            "say either --new or --finish",
            where="--new",
            fix="--new ID with the ID that the trusted party gave you, or --new generate",
            code="usage",
        )
    wiring = Wiring(settings)
    output = Output(settings)
    file = GrantFile.read(path, name)
    blueprint = wiring.blueprint(file.grant.blueprint)
    if new is None:
        text = finish_rotation(file.text, file.grant, blueprint)
    else:
        given = make_external_id() if new == GENERATE else new
        text = start_rotation(file.text, file.grant, blueprint, given)
    plan = wiring.plan([file.edited(text)])
    applying = Applying(wiring, output, yes=yes, jobs=1, max_failures=None)
    code = applying.run(plan, before=lambda: write_text(file.path, text))
    if code == ExitCode.DONE and new is not None:
        output.talk("both external IDs are accepted now; hand over the new one: xacct handoff " + path)
        output.talk(f"when it is in use: xacct rotate-external-id {path} --finish")
    return code
