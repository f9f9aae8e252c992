"""``xacct adopt``: a grant for a role that was there before xacct."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import ExitCode, InputError

if TYPE_CHECKING:
    from xacct.plan.adopt import Adoption


@click.command("adopt")
@click.argument("role", metavar="ROLE")
@click.option("-o", "--output", "path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--name", metavar="NAME", help="The grant's name; the role's own unless given.")
@click.option("--account", metavar="ID", help="Another account than your own.")
@click.option("--yes", is_flag=True, help="Do not ask before the role is tagged.")
@format_option()
@global_options()
@click.pass_obj
def command(
    settings: Settings, role: str, path: Path | None, name: str | None, account: str | None, yes: bool
) -> int:
    """
    Write a grant for a role (name or ARN) that was there before, and on a yes tag the role as the grant's.

    Without -o the grant is only shown. The role's policies are kept as they are, and nothing of it changes
    but our tags.
    """
    from xacct.blueprint.write import grant_to_yaml

    wiring = Wiring(settings)
    output = Output(settings)
    adoption = _read(wiring, role, name, account)
    text = grant_to_yaml(adoption.grant, blueprint=wiring.blueprint(adoption.grant.blueprint))
    for note in adoption.notes:
        output.talk(f"note: {note}")
    if path is None:
        _show(output, adoption, text)
        return ExitCode.DONE
    _write_new(path, text)
    output.talk(f"wrote {path}")
    return _take_over(wiring, output, path, yes=yes)


def _read(wiring: Wiring, role: str, name: str | None, account: str | None) -> Adoption:
    from xacct.iam.arn import Arn
    from xacct.iam.things import ThingKey, ThingType
    from xacct.plan.adopt import adopt_role
    from xacct.plan.snapshot import ReadScope

    arn = Arn.try_parse(role)
    if arn is not None:
        role, account = arn.resource.rpartition("/")[2], account or arn.account
    owner = wiring.accounts([account] if account else [])[0]
    scope = ReadScope(keys=frozenset({ThingKey(ThingType.ROLE, role)}))
    return adopt_role(wiring.read({owner: scope})[owner], role, name)


def _show(output: Output, adoption: Adoption, text: str) -> None:
    if output.as_json:
        output.json({"name": adoption.grant.name, "grant": text, "notes": list(adoption.notes)})
        return
    output.result(text)
    output.talk(
        f"to keep it and tag the role: xacct adopt {adoption.role.name} -o {adoption.grant.name}.yaml"
    )


def _write_new(path: Path, text: str) -> None:
    """Write the grant; a file that says just that stays as it is. Raises InputError for another."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.read_text(encoding="utf-8", errors="replace") != text:
            raise InputError(
                f"{path} exists and says something else", where="-o", fix="name another file", code="file"
            ) from None
    except OSError as error:
        raise InputError(
            f"{path} can't be written: {error.strerror}",
            where="-o",
            fix="name a file in a folder that exists and that you may write to",
            code="file",
        ) from None


def _take_over(wiring: Wiring, output: Output, path: Path, *, yes: bool) -> int:
    from xacct.cli.applying import Applying

    grants = wiring.grants([str(path)])
    plan = wiring.plan(grants, adopt=frozenset(grant.name for grant in grants))
    return Applying(wiring, output, yes=yes, jobs=1, max_failures=None).run(plan)
