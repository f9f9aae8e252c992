"""``xacct destroy``: remove what grants made."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring


@click.command("destroy")
@click.argument("paths", nargs=-1, metavar="PATH...|BLUEPRINT")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An answer, with a blueprint.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("--jobs", type=click.IntRange(1, 64), default=8, help="Grants at a time in one account.")
@click.option("--force-foreign", is_flag=True, help="Remove roles though others attached things to them.")
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
    force_foreign: bool,
) -> int:
    """
    Remove what grants made, and nothing else.

    A role that is deleted can't come back: a new one of the same name is another to whoever trusts it.
    """
    from xacct.cli.applying import Applying
    from xacct.cli.plans import show_plan

    wiring = Wiring(settings)
    output = Output(settings)
    plan = wiring.plan(wiring.grants(paths, sets), removal=True, force_foreign=force_foreign)
    if dry_run:
        show_plan(plan, output)
        return 0
    return Applying(wiring, output, yes=yes, jobs=jobs, max_failures=None).run(plan)
