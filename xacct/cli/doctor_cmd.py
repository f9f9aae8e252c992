"""``xacct doctor``: is everything there that the other commands need?"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import attrs
import click

from xacct import __version__
from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import SANDBOX_ACCOUNT, Wiring
from xacct.errors import ExitCode, XacctError
from xacct.values import frozen


@frozen
class Check:
    """One thing looked at. ``code`` is the exit code that it leads to when it is not well."""

    name: str
    well: bool
    detail: str
    fix: str = ""
    code: int = ExitCode.ERROR


@click.command("doctor")
@click.option("--bootstrap", is_flag=True, help="Print the smallest policies to plan and to apply.")
@click.option("--account", metavar="ID", help="The account to look at.")
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, bootstrap: bool, account: str | None) -> int:
    """Check credentials, region, rights and versions; or print the policies an operator needs."""
    wiring = Wiring(settings)
    output = Output(settings)
    if bootstrap:
        _bootstrap(wiring, output, account)
        return ExitCode.DONE
    checks = list(_checks(wiring, account))
    if output.as_json:
        output.json({"checks": [attrs.asdict(check) for check in checks]})
    else:
        output.result("\n".join(_lines(checks, output)))
    return next((check.code for check in checks if not check.well), ExitCode.DONE)


def _checks(wiring: Wiring, account: str | None) -> Iterator[Check]:
    yield Check("versions", True, f"xacct {__version__}, Python {platform.python_version()}, {_versions()}")
    try:
        project = wiring.project
        yield Check("project file", True, project.file or "none; everything has its default")
    except XacctError as error:
        yield _failed("project file", error)
        return
    try:
        target = account or (SANDBOX_ACCOUNT if wiring.settings.sandbox else None)
        identity = wiring.sessions.identity(target)
    except XacctError as error:
        yield _failed("credentials", error)
        return
    yield Check("credentials", True, f"{identity.arn} in account {identity.account}, {wiring.target}")
    if identity.partition == "aws":
        yield Check("partition", True, "aws, where Lightsail is")
    else:
        yield Check(
            "partition",
            False,
            f"{identity.partition}: Lightsail exists in the partition aws only",
            "use credentials of an account in the partition aws",
        )
    try:
        live = wiring.live(identity.account)
        yield Check("rights to read", True, f"roles can be read; {len(live)} grants of ours are there")
    except XacctError as error:
        yield _failed("rights to read", error)


def _failed(name: str, error: XacctError) -> Check:
    problem = error.problems[0]
    return Check(name, False, problem.message, problem.fix, error.exit_code)


def _versions() -> str:
    found = []
    for name in ("boto3", "botocore", "moto"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def _lines(checks: list[Check], output: Output) -> Iterator[str]:
    style = output.style
    for check in checks:
        mark = style("good", "ok    ") if check.well else style("bad", "not ok")
        yield f"{mark} {check.name}: {check.detail}"
        if check.fix:
            yield f"       fix: {check.fix}"


def _bootstrap(wiring: Wiring, output: Output, account: str | None) -> None:
    from xacct.plan.bootstrap import apply_policy, plan_policy

    owner = account or wiring.accounts(())[0]
    policies = {"plan": plan_policy(), "apply": apply_policy(owner)}
    if output.as_json:
        output.json({name: document.to_json() for name, document in policies.items()})
        return
    parts: list[str] = []
    for name, document in policies.items():
        parts += [output.style("bold", f"# for a role that may {name}"), document.pretty(), ""]
    output.result("\n".join(parts).rstrip())
