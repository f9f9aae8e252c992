"""What error messages mean and what helps, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from xacct.diagnose.model import Cause, DeniedBy, Diagnosis, Likelihood, Step, Who
from xacct.diagnose.repair import Proposal
from xacct.plan.file import plan_to_json
from xacct.render.plan_text import access_lines, finding_lines
from xacct.render.style import Style, clean, wrap

__all__ = ["diagnoses_text", "diagnoses_to_json", "proposal_text", "proposal_to_json"]

_DENIERS = {
    DeniedBy.IDENTITY: "an identity-based policy, on the caller's side",
    DeniedBy.RESOURCE: "the resource-based policy, on the resource's side",
    DeniedBy.TRUST: "the role's trust policy",
    DeniedBy.BOUNDARY: "the permissions boundary of the caller",
    DeniedBy.SESSION: "the session policy",
    DeniedBy.SCP: "a service control policy of the caller's organization",
    DeniedBy.RCP: "a resource control policy of the resource's organization",
    DeniedBy.VPCE: "the policy of a VPC endpoint",
    DeniedBy.NONE: "the text names no policy",
    DeniedBy.OTHER: "no policy that the text names",
}
_COLORS = {Likelihood.CERTAIN: "bad", Likelihood.LIKELY: "warn", Likelihood.POSSIBLE: "info"}
_MARGIN = " " * 13
_LONGEST = 600


def diagnoses_to_json(diagnoses: Iterable[Diagnosis]) -> dict[str, Any]:
    return {"messages": [diagnosis.to_json() for diagnosis in diagnoses]}


def diagnoses_text(diagnoses: tuple[Diagnosis, ...], style: Style) -> str:
    """Each message with who was refused what, who said no, why, and the steps that help."""
    lines: list[str] = []
    for number, diagnosis in enumerate(diagnoses, 1):
        if len(diagnoses) > 1:
            lines += [""] if number > 1 else []
            lines.append(style("head", f"Message {number} of {len(diagnoses)}"))
        lines += _diagnosis(diagnosis, style)
    return "\n".join(lines)


def proposal_text(proposal: Proposal | None, style: Style) -> str:
    """A change of the grant, with what else it opens; or that no change of it is the fix."""
    if proposal is None:
        return "\n".join(
            [
                "",
                *wrap(
                    "The grant stays as it is: no change of it is the right fix. Do what stands above.",
                    style.width,
                ),
            ]
        )
    lines = ["", style("bold", "Change of the grant")]
    lines += wrap(f"It {proposal.edit.why}.", style.width, first="  ")
    if proposal.edit.warning:
        lines += (
            style("warn", line)
            for line in wrap(f"! {proposal.edit.warning}", style.width, first="  ", rest="    ")
        )
    for line in clean(proposal.diff).split("\n")[2:]:
        color = {"+": "good", "-": "bad"}.get(line[:1], "dim")
        lines.append(style(color, f"  {line}"))
    for account in proposal.plan:
        lines += ["", style("bold", f"Access in account {account.account}"), *access_lines(account, style)]
    if proposal.new_findings:
        lines += ["", style("bold", "New findings"), *finding_lines(proposal.new_findings, style)]
    return "\n".join(lines)


def proposal_to_json(proposal: Proposal | None, *, written: bool) -> dict[str, Any] | None:
    """The change with its access delta, in the plan's words."""
    if proposal is None:
        return None
    accounts = plan_to_json(proposal.plan)["accounts"]
    return {
        "file": proposal.file,
        **proposal.edit.to_json(),
        "diff": proposal.diff,
        "access_delta": [row for account in accounts for row in account["access_delta"]],
        "findings": [finding for account in accounts for finding in account["findings"]],
        "written": written,
    }


def _diagnosis(diagnosis: Diagnosis, style: Style) -> Iterator[str]:
    if diagnosis.family == "unknown":
        yield from _fact("message", _shortened(diagnosis.message), style)
    for label, value in (
        ("who", diagnosis.principal),
        ("what", diagnosis.action),
        ("on", diagnosis.resource),
        ("missing", diagnosis.missing_action if diagnosis.missing_action != diagnosis.action else None),
        ("error", diagnosis.code),
        ("request", diagnosis.request_id),
    ):
        if value:
            yield from _fact(label, value, style)
    yield from _fact("denied by", _denier(diagnosis), style, bold=True)
    yield ""
    yield style("bold", "Why")
    for cause in diagnosis.causes:
        yield from _cause(cause, style)
    yield ""
    yield style("bold", "Fix")
    told: set[str] = set()
    for number, step in enumerate(diagnosis.fix, 1):
        yield from _step(number, step, style)
        yield from _warnings([step.warning or ""], told, style)
    yield from _warnings(diagnosis.warnings, told, style)
    yield from _ask(diagnosis.fix, style)


def _warnings(warnings: Iterable[str], told: set[str], style: Style) -> Iterator[str]:
    """Each warning once, below the first step that it is about."""
    for warning in warnings:
        if warning and warning not in told:
            told.add(warning)
            lines = wrap(f"! {warning}", style.width, first="     ", rest="       ")
            yield from (style("warn", line) for line in lines)


def _ask(steps: Iterable[Step], style: Style) -> Iterator[str]:
    """The message to send where the first step that somebody else must do can't be done by the reader."""
    ask = next((step.ask for step in steps if step.ask and step.who is not Who.READER), None)
    if ask is not None:
        yield ""
        yield style("bold", "If that is not yours to do, send this")
        for line in clean(ask).split("\n"):
            is_code = line.startswith((" ", "{", "}"))
            yield from [f"  {line}".rstrip()] if is_code else wrap(line, style.width, first="  ")


def _denier(diagnosis: Diagnosis) -> str:
    explicit = ", with an explicit Deny" if diagnosis.explicit else ""
    sure = "" if diagnosis.sure else " (not sure: see why)"
    arns = f": {', '.join(diagnosis.policy_arns)}" if diagnosis.policy_arns else ""
    return f"{_DENIERS[diagnosis.denied_by]}{explicit}{arns}{sure}"


def _fact(label: str, value: str, style: Style, *, bold: bool = False) -> Iterator[str]:
    lines = wrap(value, style.width, first=f"{label:<13}", rest=_MARGIN)
    yield from (style("bold", line) for line in lines) if bold else lines


def _cause(cause: Cause, style: Style) -> Iterator[str]:
    lines = wrap(cause.title, style.width, first=f"  {cause.likelihood.value:<11}", rest=_MARGIN)
    yield from (style(_COLORS[cause.likelihood], line) for line in lines)
    for part in cause.why.split("\n"):
        # A comparison stands in columns and must not be folded.
        yield from [_MARGIN + clean(part)] if "  " in part else wrap(part, style.width, first=_MARGIN)


def _step(number: int, step: Step, style: Style) -> Iterator[str]:
    account = f" {step.account}" if step.account else ""
    who = step.who.value.replace("account", f"account{account}") if account else step.who.value
    yield style("info", f"  {number}. {who}")
    yield from wrap(step.text, style.width, first="     ")
    if step.statement is not None:
        yield ""
        yield from (f"       {line}" for line in clean(step.statement.pretty()).split("\n"))
        yield ""
    if step.command is not None:
        for index, line in enumerate(clean(step.command).split("\n")):
            yield f"     {'$ ' if index == 0 and not line.startswith('#') else '  '}{line}"


def _shortened(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= _LONGEST else one[:_LONGEST] + " …"
