"""A simulated request with its reason, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xacct.evaluate.model import Decision, Outcome, Request, StatementTrace
from xacct.iam.arn import Arn
from xacct.iam.redact import redact_external_id
from xacct.plan.simulate import Simulation
from xacct.render.style import Style, wrap

__all__ = ["simulation_text", "simulation_to_json"]

_COLORS = {
    Outcome.ALLOWED: "good",
    Outcome.IMPLICITLY_DENIED: "bad",
    Outcome.EXPLICITLY_DENIED: "bad",
    Outcome.UNDETERMINED: "warn",
}
_MARKS = {True: "yes", False: "no", None: "unknown"}


def simulation_text(found: Simulation, style: Style) -> str:
    """The decision first, then both requests, statement by statement."""
    word = found.outcome.value.replace("_", " ")
    lines = [style(_COLORS[found.outcome], word), *wrap(found.why, style.width, first="  "), ""]
    lines += _decision("1. May it have a session?", found.assume, found.assume_decision, style)
    if found.request is not None and found.decision is not None:
        lines += ["", *_decision("2. May the session do it?", found.request, found.decision, style)]
    else:
        lines += [
            "",
            "2. What the session may do was not asked: there is none, or only that was the question.",
        ]
    if _crosses_accounts(found.assume):
        lines += wrap(
            "The caller's own account also has to allow the call, by a policy of the caller; that is taken"
            " as given.",
            style.width,
        )
    return "\n".join(lines)


def _crosses_accounts(assume: Request) -> bool:
    """Whether the caller is an identity of another account, which has policies of its own."""
    caller, role = Arn.try_parse(assume.principal), Arn.try_parse(assume.resource)
    if caller is None or role is None or "-provider/" in assume.principal:
        return False
    return caller.account != role.account


def _decision(title: str, request: Request, decision: Decision, style: Style) -> Iterator[str]:
    yield style("bold", title)
    yield from wrap(f"{request.principal}", style.width, first="  who  ", rest="       ")
    yield from wrap(f"{request.action} on {request.resource}", style.width, first="  what ", rest="       ")
    for key, value in sorted(request.context.items()):
        shown = value if isinstance(value, str) else ", ".join(value)
        yield from wrap(f"{key} = {_shown(key, shown)}", style.width, first="  with ", rest="       ")
    yield from wrap(
        f"{decision.outcome.value.replace('_', ' ')}: {decision.why}",
        style.width,
        first="  so   ",
        rest="       ",
    )
    for statement in decision.trace:
        yield from _statement(statement, style)


def _statement(statement: StatementTrace, style: Style) -> Iterator[str]:
    name = statement.sid or f"statement {statement.index}"
    head = f"{_MARKS[statement.applies]:<8}{statement.effect} {name} of the {statement.policy_type.words}"
    yield from wrap(head, style.width, first="    ", rest="            ")
    for element in statement.elements:
        if element.matched is not True:
            yield from wrap(element.why, style.width, first="            ")


def _shown(key: str, value: str) -> str:
    return redact_external_id(value) if key.lower() == "sts:externalid" else value


def simulation_to_json(found: Simulation, identity: str | None = None) -> dict[str, Any]:
    steps = [(found.assume, found.assume_decision)]
    if found.request is not None and found.decision is not None:
        steps.append((found.request, found.decision))
    return {
        "id": identity,
        "decision": found.outcome.value,
        "why": found.why,
        "trace": [
            {
                "principal": request.principal,
                "action": request.action,
                "resource": request.resource,
                "decision": decision.outcome.value,
                "why": decision.why,
                "decided_by": decision.decided_by.value if decision.decided_by else None,
                "statements": [_statement_to_json(statement) for statement in decision.trace],
            }
            for request, decision in steps
        ],
    }


def _statement_to_json(statement: StatementTrace) -> dict[str, Any]:
    return {
        "policy_type": statement.policy_type.value,
        "document": statement.document,
        "statement": statement.index,
        "sid": statement.sid,
        "effect": statement.effect,
        "applies": statement.applies,
        "elements": [
            {
                "element": element.element.value,
                "operator": element.operator,
                "key": element.key,
                "matched": element.matched,
                "why": element.why,
            }
            for element in statement.elements
        ],
    }
