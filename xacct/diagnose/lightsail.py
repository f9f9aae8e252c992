"""What a refused Lightsail action needs: its statement, the permission set that has it, and the traps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from xacct.diagnose.ask import ask_for
from xacct.diagnose.caller import Caller
from xacct.diagnose.model import Cause, Found, Likelihood, Step, StepKind, Who
from xacct.diagnose.statements import Target, allow
from xacct.iam.arn import Arn
from xacct.iam.policy import PolicyDocument
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.lightsail.sets import PermissionSet

__all__ = ["HOLE", "LightsailNeed", "everything", "instance_role", "need_of", "set_step"]

HOLE = (
    'Do not answer with lightsail:* on "*": it hands out SSH keys, database passwords and bucket keys, '
    "which go on working after the role is gone, and lets everything be deleted."
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\*", re.IGNORECASE)


@frozen(kw_only=True)
class LightsailNeed:
    """
    What one Lightsail action takes.

    ``sets`` are the permission sets that hold it, smallest first; ``opt_in`` those that hold it only when
    it is added by name.
    """

    action: str
    statement: PolicyDocument | None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    sets: tuple[str, ...] = ()
    opt_in: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


def need_of(found: Found, action: str, caller: Caller) -> LightsailNeed:
    """Look the action up in the catalog. An action that is not in it is told with the nearest name."""
    from xacct.lightsail.catalog import Source, load_catalog

    catalog = load_catalog()
    known = catalog.action(action)
    if known is None:
        nearest = catalog.nearest(action)
        hint = (
            f"Lightsail has no action {action}; the nearest is "
            f"lightsail:{nearest.removeprefix('lightsail:')}."
            if nearest
            else ""
        )
        return LightsailNeed(
            action=action,
            statement=allow(action, "*"),
            notes=(hint or f"The catalog of {catalog.date} does not know {action}.",),
        )
    types = tuple(use.type for use in known.resource_types)
    target, notes, causes = _target(known.name, known.wildcard_only, types, found.resource, caller)
    if known.source is Source.SDK:
        notes, causes = (_unpublished(known.name),), ()
    sets, opt_in = _sets_with(known.full_name)
    sensitive = known.sensitive
    return LightsailNeed(
        action=known.full_name,
        statement=allow(known.full_name, target.resource),
        notes=notes,
        warnings=() if sensitive is None else (f"{known.full_name} is sensitive: {sensitive.why}",),
        causes=causes,
        sets=sets,
        opt_in=opt_in,
        outside=tuple(name for name in known.dependent_actions if name != known.full_name),
    )


def _unpublished(name: str) -> str:
    return f'AWS has not published which resources {name} takes; Resource "*" grants it in any case.'


def _target(
    name: str, wildcard_only: bool, types: tuple[str, ...], resource: str | None, caller: Caller
) -> tuple[Target, tuple[str, ...], tuple[Cause, ...]]:
    """The Resource that IAM checks for this action; a message's ARN may be one that no policy can match."""
    if wildcard_only:
        note = f'{name} takes no ARN: only Resource "*" grants it, whatever resource the message shows.'
        return (
            Target("*"),
            (note,),
            (
                Cause(
                    title=f'The policy grants {name} on an ARN, where only "*" counts',
                    why="A statement that pairs such an action with an ARN never matches, and nobody "
                    "says so when it is saved.",
                ),
            ),
        )
    arn = None if resource is None else Arn.try_parse(resource)
    if arn is not None and arn.service == "lightsail" and arn.resource_type in types:
        return _typed(resource or "", arn)
    account = caller.account or "<ACCOUNT>"
    shown = types[0] if types else "*"
    region = "global" if shown == "Domain" else "*"
    every = f"arn:aws:lightsail:{region}:{account}:{shown}/*"
    note = f"{name} can be limited to ARNs of {' or '.join(types)}; put the one you need in place of /*."
    return Target(every), (note,), ()


def _typed(resource: str, arn: Arn) -> tuple[Target, tuple[str, ...], tuple[Cause, ...]]:
    """The ARN as it is, or, with a name where Lightsail has a UUID, with a place for the UUID."""
    if _UUID.fullmatch(arn.resource_path):
        return Target(resource), (), ()
    from xacct.lightsail.catalog import load_catalog

    kind = load_catalog().resource_type(arn.resource_type)
    region = arn.region if arn.region not in ("", "*", "global") else None
    find = "" if kind is None else f" Find it with: {kind.find_command(arn.resource_path, region)}"
    note = f"A Lightsail ARN ends in a UUID, never in your name for it; put that for <UUID>.{find}"
    target = str(attrs.evolve(arn, resource=f"{arn.resource_type}/<UUID>"))
    cause = Cause(
        title=f"The policy has the name {arn.resource_path} where Lightsail has a UUID",
        why="Such a statement can be saved and never matches.",
        likelihood=Likelihood.LIKELY,
    )
    return Target(target), (note,), (cause,)


def _sets_with(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from xacct.lightsail.catalog import load_catalog
    from xacct.lightsail.sets import permission_sets

    wanted = action.lower()
    usual = [item for item in permission_sets().values() if item.name != "full-access"]
    known = load_catalog().action(action)
    reads = known is not None and known.is_read
    usual.sort(key=lambda item: _breadth(item, reads=reads))
    holds = tuple(
        item.name for item in usual if wanted in {name.lower() for name in map(_full, item.actions)}
    )
    opt_in = tuple(
        item.name for item in usual if wanted in {name.lower() for name in map(_full, item.opt_in)}
    )
    return holds, opt_in


_SECRET_WEIGHT = 3  # a secret that is handed out outlives the access; a write can be undone


def _breadth(item: PermissionSet, *, reads: bool) -> tuple[bool, int, int, str]:
    """How much else a set gives away: writes beside a read first, then writes and secrets, then size."""
    writes = sum(not action.is_read for action in item.known_actions)
    return reads and writes > 0, writes + _SECRET_WEIGHT * len(item.sensitive), len(item.actions), item.name


def _full(name: str) -> str:
    return name if ":" in name else f"lightsail:{name}"


def set_step(need: LightsailNeed, found: Found, caller: Caller) -> Step | None:
    """The same through a grant: the permission set that holds the action, in place of ``lightsail:*``."""
    if need.sets:
        how = f"- set: {need.sets[0]}"
        text = f"If the role comes from a grant, give it {need.sets[0]}, the smallest set with {need.action}."
    elif need.opt_in:
        how = f'- set: {need.opt_in[0]}\n    add: ["{need.action}"]'
        text = f"In a grant, no set has {need.action} by itself; add it to {need.opt_in[0]} by name."
    else:
        return None
    outside = f" It also needs {', '.join(need.outside)}." if need.outside else ""
    console = (
        " The Lightsail console is known to answer 403 to anything narrower than full access; the CLI "
        "and the SDKs work."
        if "console" in found.hints
        else ""
    )
    return Step(
        kind=StepKind.USE_GRANT,
        who=Who.OWNER_ADMIN,
        account=caller.account,
        text=f"{text}{outside}{console}",
        where="permissions: in the grant",
        command=f"# in the grant\npermissions:\n  {how}\n# then\nxacct plan <GRANT> && xacct apply <GRANT>",
        ask=ask_for(
            found, f"Please give me the permission set {(need.sets or need.opt_in)[0]} with {need.action}."
        ),
        warning=HOLE,
    )


def everything(found: Found, caller: Caller) -> tuple[tuple[Cause, ...], tuple[Step, ...]]:
    """Somebody was told to ask for all of Lightsail; what is meant is mostly one permission set."""
    cause = Cause(
        title="The text asks for the right to do everything in Lightsail",
        why="No single call needs it. The console's page for a refused call names it whatever was refused.",
        likelihood=Likelihood.LIKELY,
    )
    step = Step(
        kind=StepKind.USE_GRANT,
        who=Who.OWNER_ADMIN,
        account=caller.account,
        text="Pick the set that fits what is to be done (instance-operator to run instances, dns-manager "
        "for DNS "
        "records, read-only to look) and give that in a grant. To know the very action that is missing, do "
        "the same with the AWS CLI: its message names it.",
        command="xacct permissions list",
        ask=ask_for(found, "Please give me the permission set <SET> of Lightsail, not all of it."),
        warning=HOLE,
    )
    return (cause,), (step,)


def instance_role() -> tuple[tuple[Cause, ...], tuple[Step, ...]]:
    """Code on a Lightsail instance that uses the credentials it finds there, which are Amazon's own."""
    cause = Cause(
        title="The program runs on a Lightsail instance and found the instance's own credentials",
        why="AmazonLightsailInstanceRole belongs to an AWS account of Amazon's. No policy in your "
        "account gives it anything.",
        likelihood=Likelihood.CERTAIN,
    )
    step = Step(
        kind=StepKind.CHANGE_CREDENTIALS,
        who=Who.READER,
        text="Give the program credentials of its own: a profile with keys that may do nothing but "
        "assume a role, or IAM Roles Anywhere. Set AWS_PROFILE, so that it does not fall through to "
        "the instance's credentials.",
        command="aws sts get-caller-identity --profile <PROFILE>",
        warning="Naming AmazonLightsailInstanceRole or its account in a policy of yours would trust "
        "every customer's Lightsail instances.",
    )
    return (cause,), (step,)
