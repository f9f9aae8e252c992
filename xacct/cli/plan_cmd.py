"""``xacct plan``: show what would change, and who would gain which access."""

from __future__ import annotations

from pathlib import Path

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import ExitCode, InputError


@click.command("plan")
@click.argument("paths", nargs=-1, metavar="PATH...|BLUEPRINT")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An answer, with a blueprint.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan for apply.")
@click.option("--offline", is_flag=True, help="Compare with an account that holds nothing of ours.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.option("--destroy", "removal", is_flag=True, help="Plan the removal of what the grants made.")
@click.option("--check-rights", is_flag=True, help="Ask IAM whether you hold the rights that it needs.")
@click.option("--prune", is_flag=True, help="Remove roles of ours that no grant of PATH asks for.")
@click.option("--force-foreign", is_flag=True, help="Take off what others attached, prune what is in use.")
@format_option("markdown", "html")
@global_options()
@click.pass_obj
def command(
    settings: Settings,
    paths: tuple[str, ...],
    sets: tuple[str, ...],
    out: Path | None,
    offline: bool,
    detailed_exitcode: bool,
    removal: bool,
    check_rights: bool,
    prune: bool,
    force_foreign: bool,
) -> int:
    """
    Show what would change, and who would gain which access. Changes nothing.

    PATH is a grant's file or a folder of them; a BLUEPRINT takes its answers from --set.
    """
    from xacct.cli.plans import save_plan, show_plan
    from xacct.render.rights import checks_text, checks_to_json

    if check_rights and offline:
        raise InputError(
            "--check-rights asks IAM; --offline asks nobody", where="--check-rights", code="usage"
        )
    wiring = Wiring(settings)
    plan = wiring.plan(
        wiring.grants(paths, sets),
        offline=offline,
        removal=removal,
        force_foreign=force_foreign,
        prune=prune,
    )
    output = Output(settings)
    if out is not None:
        save_plan(plan, out)
        output.talk(f"saved to {out}; apply it with: xacct apply {out}")
    checks = wiring.check_rights(plan) if check_rights else []
    show_plan(plan, output, {"rights_check": checks_to_json(checks)} if check_rights else None)
    if checks and settings.output_format == "text":
        output.result(checks_text(checks, output.style))
    if any(check.missing for check in checks):
        return ExitCode.CREDENTIALS
    if plan.blocking:
        return ExitCode.BLOCKED
    return ExitCode.CHANGES if detailed_exitcode and not plan.is_empty else ExitCode.DONE
