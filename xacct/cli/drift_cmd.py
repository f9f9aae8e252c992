"""``xacct drift``: what somebody changed in the account since the last apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import ExitCode, XacctError

if TYPE_CHECKING:
    from xacct.plan.drift import GrantDrift, TrailEvent


@click.command("drift")
@click.argument("paths", nargs=-1, metavar="PATH...|BLUEPRINT")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An answer, with a blueprint.")
@click.option("--trail/--no-trail", default=True, help="Ask CloudTrail who changed what has drifted.")
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, paths: tuple[str, ...], sets: tuple[str, ...], trail: bool) -> int:
    """
    Show what somebody changed in the account since the last apply. Exits with 2 when something has.

    A grant that was edited and not yet applied is no drift. Changes nothing.
    """
    from xacct.plan.drift import drift_of
    from xacct.render.drift import drift_text, drift_to_json

    wiring = Wiring(settings)
    output = Output(settings)
    expansions = wiring.expansions(wiring.grants(paths, sets))
    snapshots = wiring.read_for(expansions, wiring.options())
    found = [
        drift_of(expansion, account, snapshots[account])
        for expansion in expansions
        for account in expansion.order
    ]
    # The sandbox keeps no history.
    events, notes = _trail(wiring, found) if trail and not settings.sandbox else ({}, [])
    if output.as_json:
        output.json(drift_to_json(found, events, notes, reveal=settings.reveal))
    else:
        output.result(drift_text(found, events, output.style, reveal=settings.reveal))
        for note in notes:
            output.talk(note)
    return ExitCode.CHANGES if any(drift.standing.is_drift for drift in found) else ExitCode.DONE


def _trail(
    wiring: Wiring, found: list[GrantDrift]
) -> tuple[dict[tuple[str, str], tuple[TrailEvent, ...]], list[str]]:
    """Who changed the roles that have drifted; where that can't be read, a note says so and nothing fails."""
    from xacct.aws.trail import role_events

    events: dict[tuple[str, str], tuple[TrailEvent, ...]] = {}
    refused: dict[str, str] = {}
    for drift in found:
        if not drift.standing.is_drift or drift.role is None or drift.account in refused:
            continue
        try:
            events[drift.account, drift.role] = role_events(wiring.sessions, drift.account, drift.role)
        except XacctError as error:
            refused[drift.account] = error.problems[0].message
    return events, [
        f"who changed it in {account} can't be told: {message}" for account, message in refused.items()
    ]
