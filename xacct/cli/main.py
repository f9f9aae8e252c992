"""The program: its commands by name, the global options, and the error boundary."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from xacct import __version__
from xacct.cli.settings import Settings, global_options
from xacct.cli.streams import abandon, prepare_streams
from xacct.errors import ExitCode, Problem, XacctError

__all__ = ["cli", "main"]

# Name -> (module in xacct.cli, line of help). The help stands here so that `xacct --help` loads no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("new_cmd", "Ask who needs access to what, and write a grant."),
    "plan": ("plan_cmd", "Show what would change, and who would gain which access."),
    "apply": ("apply_cmd", "Carry out grants or a saved plan."),
    "destroy": ("destroy_cmd", "Remove what grants made."),
    "check": ("check_cmd", "Check grants and policies for holes and mistakes, offline."),
    "rule": ("rule_cmd", "Explain a rule of check."),
    "simulate": ("simulate_cmd", "May this request pass? Against a grant, or cases from stdin."),
    "explain": ("explain_cmd", "How access works here; a role or a resource-based policy."),
    "diagnose": ("diagnose_cmd", "Explain an AccessDenied message: who said no, and the fix."),
    "list": ("list_cmd", "List the grants that an account holds."),
    "drift": ("drift_cmd", "Show what somebody changed since the last apply."),
    "adopt": ("adopt_cmd", "Write a grant for a role that was there before."),
    "rotate-external-id": ("rotate_external_id_cmd", "Change a grant's external ID in two phases."),
    "revoke-sessions": ("revoke_sessions_cmd", "End the sessions of a grant issued so far."),
    "show": ("show_cmd", "Show a grant in the account, or a saved plan."),
    "keys": ("keys_cmd", "Access keys of users: list them, change one for another."),
    "blueprints": ("blueprints_cmd", "List, show and start blueprints."),
    "handoff": ("handoff_cmd", "Show what the trusted party needs."),
    "permissions": ("permissions_cmd", "List and show permission sets and actions."),
    "schema": ("schema_cmd", "Print the JSON Schema of grants, blueprints or plans."),
    "doctor": ("doctor_cmd", "Check credentials, region, rights and versions."),
    "sandbox": ("sandbox_cmd", "The embedded AWS: its variables, reset, serve, run."),
}


class LazyGroup(click.Group):
    """Loads a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"xacct.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name[:100], COMMANDS, n=1)
            raise click.UsageError(
                f"no such command {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "XACCT"},
    epilog="Start with: xacct --sandbox apply third-party --help",
)
@click.version_option(__version__, prog_name="xacct")
@global_options(hidden=False)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Give others exactly the access to your Lightsail resources that you mean, and no more."""
    ctx.ensure_object(Settings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every error that a user can be told is told here."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    settings = Settings()
    try:
        prepare_streams()
        result = cli.main(args, prog_name="xacct", standalone_mode=False, obj=settings)
        return result if isinstance(result, int) else ExitCode.DONE
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return ExitCode.DONE
    except click.UsageError as error:
        return _tell([_usage_problem(error)], ExitCode.USAGE, settings, args)
    except click.ClickException as error:
        return _tell([Problem(error.format_message())], ExitCode.USAGE, settings, args)
    except (click.Abort, KeyboardInterrupt, EOFError):
        return _tell([Problem("interrupted", code="interrupted")], ExitCode.INTERRUPTED, settings, args)
    except XacctError as error:
        return _tell(error.problems, error.exit_code, settings, args)
    except BrokenPipeError:
        # The reader went away (`xacct list | head -1`); nobody is left to be told.
        abandon(sys.stdout)
        return ExitCode.ERROR
    except OSError as error:
        return _failed(error, settings, args)
    except Exception as error:
        return _bug(error, settings, args)


def _usage_problem(error: click.UsageError) -> Problem:
    command = error.ctx.command_path if error.ctx else "xacct"
    message = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        message = f"no such option {error.option_name}; did you mean {', '.join(error.possibilities)}?"
    return Problem(message, where=command, fix=f"{command} --help", code="usage")


def _tell(problems: Sequence[Problem], code: int, settings: Settings, args: Sequence[str]) -> int:
    from xacct.cli.output import show_problems

    color = _stderr_color(settings)
    try:
        show_problems(problems, as_json=_wants_json(settings, args), color=color)
    except OSError:  # stdout is full, or its reader went away
        abandon(sys.stdout)
        try:
            show_problems(problems, as_json=False, color=color)
        except OSError:
            abandon(sys.stderr)
    return code


def _wants_json(settings: Settings, args: Sequence[str]) -> bool:
    """Options may not have been parsed yet when an error is told."""
    asked = "--format=json" in args or _follows(args, "--format", "json")
    return settings.output_format == "json" or asked or os.environ.get("XACCT_FORMAT") == "json"


def _follows(args: Sequence[str], option: str, value: str) -> bool:
    return any(pair == (option, value) for pair in pairwise(args))


def _stderr_color(settings: Settings) -> bool:
    if settings.color != "auto":
        return settings.color == "always"
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _failed(error: OSError, settings: Settings, args: Sequence[str]) -> int:
    """The machine refused something: a full disk, a folder that may not be entered, a lost terminal."""
    if settings.debug:
        import traceback

        traceback.print_exception(error)
    problem = Problem(
        f"the system refused: {error.strerror or error}",
        where=str(error.filename or ""),
        fix="check permissions, space and limits; --debug shows what was being done",
        code="system",
    )
    return _tell([problem], ExitCode.ERROR, settings, args)


def _bug(error: Exception, settings: Settings, args: Sequence[str]) -> int:
    import traceback

    if settings.debug:
        traceback.print_exception(error)
    where = _keep_traceback(error)
    problem = Problem(
        f"this is a bug in xacct: {type(error).__name__}: {error}",
        where=f"the traceback is in {where}" if where else "",
        fix="please report it with that file; it names no secrets, but look before you send it",
        code="bug",
    )
    return _tell([problem], ExitCode.ERROR, settings, args)


def _keep_traceback(error: Exception) -> str | None:
    import traceback

    from xacct.cli.wiring import state_folder

    try:
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "last-bug.txt"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            traceback.print_exception(error, file=file)
    except (OSError, RuntimeError):  # no home
        return None
    return str(path)
