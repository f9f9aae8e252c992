"""``xacct apply``: carry out grants or a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import InputError


@click.command("apply")
@click.argument("paths", nargs=-1, metavar="PATH...|plan.json|BLUEPRINT")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An answer, with a blueprint.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("--jobs", type=click.IntRange(1, 64), default=8, help="Grants at a time in one account.")
@click.option("--max-failures", type=click.IntRange(0), help="Start nothing new after so many failures.")
@click.option("--canary", metavar="NAME", help="Do this grant, or this account's, first and alone.")
@click.option("--expect-digest", metavar="D", help="Refuse a plan with another digest than this.")
@click.option("--prune", is_flag=True, help="Remove roles of ours that no grant of PATH asks for.")
@click.option("--force-foreign", is_flag=True, help="Take off what others attached, prune what is in use.")
@format_option()
@global_options()
@click.pass_obj
def command(
    settings: Settings,
    paths: tuple[str, ...],
    sets: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    jobs: int,
    max_failures: int | None,
    canary: str | None,
    expect_digest: str | None,
    prune: bool,
    force_foreign: bool,
) -> int:
    """
    Carry out grants or a saved plan: does what the plan shows, or refuses.

    PATH is a grant's file or a folder of them; a BLUEPRINT takes its answers from --set.
    """
    from xacct.cli.applying import Applying, check_digest
    from xacct.cli.plans import is_plan_file, load_plan, show_plan

    wiring = Wiring(settings)
    output = Output(settings)
    saved = len(paths) == 1 and is_plan_file(paths[0])
    if saved and (sets or prune or force_foreign):
        raise InputError(
            "--set, --prune and --force-foreign go into the making of a plan, and this one is made",
            fix="give them to xacct plan",
            code="usage",
        )
    if saved:
        plan = load_plan(Path(paths[0]))
    else:
        plan = wiring.plan(wiring.grants(paths, sets), force_foreign=force_foreign, prune=prune)
    check_digest(plan, expect_digest)
    if dry_run:
        show_plan(plan, output)
        return 0
    applying = Applying(wiring, output, yes=yes, jobs=jobs, max_failures=max_failures, canary=canary)
    return applying.run(applying.refreshed(plan) if saved else plan)
