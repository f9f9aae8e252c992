"""``xacct sandbox``: the embedded AWS."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import SANDBOX_ACCOUNT, Wiring
from xacct.errors import InputError

if TYPE_CHECKING:
    from xacct.sandbox import Sandbox

DEFAULT_PORT = 4599


@click.group("sandbox")
def command() -> None:
    """Use the embedded AWS: no account, no daemon, no network; its state is kept until reset."""


@command.command("reset")
@global_options()
@click.pass_obj
def reset(settings: Settings) -> None:
    """Forget everything in the sandbox."""
    Wiring(settings).sandbox.reset()
    Output(settings).talk("the sandbox is empty")


@command.command("env")
@click.option("--as", "principal", metavar="ARN", help="Whose credentials; made on demand, in any account.")
@click.option("--account", metavar="ID", help="The account to be administrator of, without --as.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where serve listens, if it is not running yet.")
@format_option()
@global_options()
@click.pass_obj
def env(settings: Settings, principal: str | None, account: str | None, port: int | None) -> None:
    """
    Print the variables that make you a principal of the sandbox.

    Use it as: eval "$(xacct sandbox env --as arn:aws:iam::444455556666:user/robot)" while
    xacct sandbox serve is running.
    """
    output = Output(settings)
    sandbox = Wiring(settings).sandbox
    variables = _variables(sandbox, principal, account, _address(sandbox, port), settings)
    if output.as_json:
        output.json({"variables": variables})
        return
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items() if value]
    unset = [name for name, value in variables.items() if not value]
    output.result("\n".join([*lines, *(f"unset {name}" for name in unset)]))


@command.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, help="0 takes any free port.")
@global_options()
@click.pass_obj
def serve_command(settings: Settings, port: int) -> None:
    """Serve the sandbox on loopback for the real AWS CLI or any SDK, until it is ended."""
    from xacct.sandbox import serve

    sandbox = Wiring(settings).sandbox
    note = _address_file(sandbox)

    def announce(url: str) -> None:
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            note.write_text(url)
        Output(settings).result(url)

    try:
        serve(sandbox, port, announce)
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


@command.command("run", context_settings={"ignore_unknown_options": True})
@click.option("--as", "principal", metavar="ARN", help="Whose credentials; made on demand, in any account.")
@click.option("--account", metavar="ID", help="The account to be administrator of, without --as.")
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
@global_options()
@click.pass_obj
def run_command(
    settings: Settings, principal: str | None, account: str | None, arguments: tuple[str, ...]
) -> int:
    """
    Run a command with the sandbox as its AWS, and end with its exit code.

    For example: xacct sandbox run -- aws iam list-roles
    """
    from xacct.sandbox.server import serving

    with serving(Wiring(settings).sandbox) as url:
        variables = _variables(Wiring(settings).sandbox, principal, account, url, settings)
        environment = {name: value for name, value in os.environ.items() if name not in variables}
        environment |= {name: value for name, value in variables.items() if value}
        try:
            code = subprocess.run(list(arguments), env=environment, check=False).returncode  # noqa: S603
            return code if code >= 0 else 128 - code  # ended by a signal, as shells tell it
        except OSError as error:
            raise InputError(
                f"{arguments[0]} can't be run: {error.strerror}",
                where="CMD",
                fix="check its name and your PATH",
                code="no-command",
            ) from None


def _address_file(sandbox: Sandbox) -> Path:
    """Where serve notes its address, for env."""
    return sandbox.state_file.with_name("address")


def _address(sandbox: Sandbox, port: int | None) -> str:
    """The address of the port that is named, else of the server that runs, else of the usual port."""
    if port is None:
        with suppress(OSError, UnicodeDecodeError):
            noted = _address_file(sandbox).read_text()
            if re.fullmatch(r"http://127\.0\.0\.1:\d{1,5}", noted):
                return noted
    return f"http://127.0.0.1:{port or DEFAULT_PORT}"


def _variables(
    sandbox: Sandbox, principal: str | None, account: str | None, url: str, settings: Settings
) -> dict[str, str]:
    """The variables by name; an empty one is to be unset."""
    from xacct.iam.arn import Arn, check_account_id

    owner = check_account_id(account, "--account") if account else SANDBOX_ACCOUNT
    if principal is not None:
        owner = check_account_id(Arn.parse(principal).account, "--as")
    credentials = sandbox.credentials_for(principal, owner)
    region = settings.region or os.environ.get("AWS_REGION") or "eu-west-1"
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,  # version 1 of the AWS CLI reads this one alone
        "AWS_PROFILE": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
