"""``xacct check``: lint and contract, offline."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring
from xacct.errors import ExitCode, InputError

if TYPE_CHECKING:
    from xacct.lint.model import Finding


@click.command("check")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--kind", type=click.Choice(["trust", "permission"]), help="PATHs are policies of this kind.")
@click.option("--account", metavar="ID", help="With --kind: the account that the policy is in.")
@click.option("--owned", multiple=True, metavar="ID", help="With --kind: another account of yours.")
@click.option("--third-party", multiple=True, metavar="ID", help="With --kind: an account of somebody else.")
@click.option("--role", metavar="NAME", help="With --kind: the role that the policy belongs to.")
@click.option("--strict", is_flag=True, help="Fail for warnings, too.")
@click.option("--jsonl", is_flag=True, help="Answer policies from stdin, one a line.")
@format_option("sarif", "github")
@global_options()
@click.pass_obj
def command(
    settings: Settings,
    paths: tuple[str, ...],
    kind: str | None,
    account: str | None,
    owned: tuple[str, ...],
    third_party: tuple[str, ...],
    role: str | None,
    strict: bool,
    jsonl: bool,
) -> int:
    """
    Check grants, or any policy documents with --kind, for holes and mistakes. Needs no account.

    Exits with 5 when something must not go on as it is: a finding of severity error, a broken contract.
    """
    if jsonl:
        answer_stream(sys.stdin.buffer, Wiring(settings).now.date())
        return ExitCode.DONE
    if not paths:
        raise InputError(
            "no file is named",
            fix="name grants or folders, or policies with --kind trust or --kind permission",
            code="usage",
        )
    from xacct.cli.checking import check_document, check_grants

    wiring = Wiring(settings)
    if kind is None:
        _refuse_policies(paths)
        found = check_grants(wiring, paths)
    else:
        found = [
            finding
            for path in paths
            for finding in check_document(
                wiring, Path(path), kind, account=account, owned=owned, third_party=third_party, role=role
            )
        ]
    _show(found, len(paths), Output(settings))
    worst = ("error", "warning") if strict else ("error",)
    blocking = [item for item in found if item.severity.value in worst and item.accepted is None]
    return ExitCode.BLOCKED if blocking else ExitCode.DONE


def _refuse_policies(paths: tuple[str, ...]) -> None:
    """Say which option a policy document needs, before it is read as a grant."""
    for path in paths:
        if path.endswith(".json") and _is_policy(Path(path)):
            raise InputError(
                "this is a policy document, not a grant",
                where=path,
                fix="say which: --kind trust (it has Principal) or --kind permission",
                code="kind",
            )


def _is_policy(file: Path) -> bool:
    try:
        whole = json.loads(file.read_bytes()) if file.is_file() else None
    except (ValueError, RecursionError, OSError):
        return False  # reading it as a grant tells what is wrong
    return isinstance(whole, dict) and "Statement" in whole and "blueprint" not in whole


def _show(found: list[Finding], files: int, output: Output) -> None:
    from xacct.render import findings

    match output.settings.output_format:
        case "json":
            output.json(findings.to_json(found))
        case "sarif":
            output.json(findings.to_sarif(found))
        case "github":
            output.result(findings.to_github(found))
        case _:
            output.result(findings.to_text(found, files, output.style))


def answer_stream(lines: Iterable[bytes], today: date) -> None:
    """Answer each policy in order; a bad line gets an error of its own and the stream goes on."""
    from xacct.lint.cases import answer_line

    for line in lines:
        if line.strip():
            answer = answer_line(line.decode("utf-8", "replace"), today=today)
            sys.stdout.write(json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()
