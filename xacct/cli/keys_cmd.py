"""``xacct keys``: the access keys of users."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import SANDBOX_ACCOUNT, Wiring, state_folder
from xacct.errors import InputError

if TYPE_CHECKING:
    from xacct.aws.keys import IamKeys
    from xacct.cli.credentials_file import CredentialsFile
    from xacct.cli.rotating import Screen
    from xacct.keys import Rotated


@click.group("keys")
def command() -> None:
    """List access keys, and change one for another. For a third party make a role instead."""


@command.command("list")
@click.argument("user", required=False, metavar="[USER]")
@click.option("--account", metavar="ID", help="The account; else that of the credentials.")
@click.option(
    "--report", is_flag=True, help="Read IAM's credential report: few calls, hours old, no key IDs."
)
@format_option()
@global_options()
@click.pass_obj
def list_command(settings: Settings, user: str | None, account: str | None, report: bool) -> None:
    """Show the keys of one user, or of all: age, last use, and what is worth doing about them."""
    from xacct.render.keys import keys_text, keys_to_json

    if user is not None and report:
        raise InputError("--report is for all users", fix="leave one of the two out", code="usage")
    wiring, output = Wiring(settings), Output(settings)
    keys = keys_of(wiring, account_of(wiring, account))
    users = [keys.user(user)] if user is not None else list(keys.report() if report else keys.users())
    if output.as_json:
        output.json(keys_to_json(users, wiring.now))
    else:
        output.result(keys_text(users, wiring.now, output.style))


@command.command("rotate")
@click.argument("user", metavar="USER")
@click.option(
    "--profile-name", metavar="NAME", help="Keep the secret in this profile of the credentials file."
)
@click.option("--to-file", metavar="FILE", help="Keep it in another file of that form.")
@click.option("--show-secret", is_flag=True, help="Print it, once.")
@click.option("--replace", metavar="KEY-ID", help="With two keys: the one to delete first.")
@click.option("--finish", is_flag=True, help="Delete the keys that are inactive.")
@click.option("--account", metavar="ID", help="The account; else that of the credentials.")
@format_option()
@global_options()
@click.pass_obj
def rotate_command(
    settings: Settings,
    user: str,
    profile_name: str | None,
    to_file: str | None,
    show_secret: bool,
    replace: str | None,
    finish: bool,
    account: str | None,
) -> None:
    """
    Make a second key for USER, keep its secret, try it, and make the old one inactive.

    Nothing is deleted before --finish. A run that was cut off is gone on with by running it again. A secret
    that was lost can't be seen again: rotate.
    """
    from xacct.cli.rotating import place_of
    from xacct.render.keys import rotated_text, rotated_to_json

    wiring, output = Wiring(settings), Output(settings)
    if output.as_json and show_secret:
        raise InputError(
            "--show-secret is for people", fix="with --format json use --to-file FILE", code="usage"
        )
    place = None if finish else place_of(profile_name, to_file, show_secret, output.result)
    owner = account_of(wiring, account)
    done = carry_out(wiring, output, owner, user, place, replace=replace, finish=finish)
    if output.as_json:
        output.json(rotated_to_json(done, str(place or "")))
    else:
        output.talk(rotated_text(done, finish=finish))


def account_of(wiring: Wiring, named: str | None) -> str:
    from xacct.iam.arn import check_account_id

    if named is not None:
        return check_account_id(named, "--account")
    return SANDBOX_ACCOUNT if wiring.settings.sandbox else wiring.sessions.identity().account


def keys_of(wiring: Wiring, account: str) -> IamKeys:
    from xacct.aws.keys import IamKeys

    return IamKeys(wiring.sessions.iam(account), wiring.sessions.identity_with)


def carry_out(
    wiring: Wiring,
    output: Output,
    account: str,
    user: str,
    place: CredentialsFile | Screen | None,
    *,
    replace: str | None,
    finish: bool,
) -> Rotated:
    """Rotate; at a terminal, ask which of two keys may go."""
    from xacct.cli.rotating import NoteFile
    from xacct.keys import rotate, spare_key
    from xacct.render.keys import step_line

    service = keys_of(wiring, account)
    notes = NoteFile(state_folder() / "keys" / wiring.target.replace("/", "_"), account)

    def go(chosen: str | None) -> Rotated:
        return rotate(
            service,
            place,
            notes,
            user,
            now=wiring.now,
            replace=chosen,
            finish=finish,
            on_step=lambda step: output.talk(step_line(step, user, str(place))),
        )

    try:
        return go(replace)
    except InputError as error:
        here = sys.stdin.isatty() and sys.stderr.isatty() and not output.as_json
        if error.problems[0].code != "two-keys" or not here:
            raise
        spare = spare_key(service.keys(user)).id
        sys.stderr.write(f"{error.problems[0].message}.\nDelete {spare} to make room? Type yes: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise KeyboardInterrupt from None
        return go(spare)
