"""
The argument behind a decision: every statement, every element, what matched and why.

The same compiled tests that decide are asked here one by one, without stopping at the first that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from xacct.evaluate.conditions import Condition, every
from xacct.evaluate.documents import CompiledDocument
from xacct.evaluate.model import ContextValue, Element, ElementTrace, PolicyType, StatementTrace
from xacct.evaluate.principals import Level, PrincipalElement
from xacct.evaluate.statements import Statement, Subject

if TYPE_CHECKING:
    from xacct.evaluate.engine import CompiledPolicies

__all__ = ["trace_policies"]


def trace_policies(
    policies: CompiledPolicies, subject: Subject, resource_type: PolicyType
) -> tuple[StatementTrace, ...]:
    """Trace all statements of the policies that bear on this caller, by type in the order of ``Policies``."""
    return tuple(_all(policies, subject, resource_type))


def _all(policies: CompiledPolicies, subject: Subject, resource_type: PolicyType) -> Iterator[StatementTrace]:
    own = subject.caller.has_identity_side
    if own:
        yield from _documents(PolicyType.IDENTITY, policies.identity, subject)
    if policies.resource is not None:
        yield from _documents(resource_type, (policies.resource,), subject)
    if own:
        yield from _documents(PolicyType.BOUNDARY, policies.boundary or (), subject)
        for level, documents in enumerate(policies.scps or ()):
            yield from _documents(PolicyType.SCP, documents, subject, level)
    for level, documents in enumerate(policies.rcps or ()):
        yield from _documents(PolicyType.RCP, documents, subject, level)
    if own:
        yield from _documents(PolicyType.SESSION, policies.session or (), subject)


def _documents(
    policy_type: PolicyType, documents: Iterable[CompiledDocument], subject: Subject, level: int | None = None
) -> Iterator[StatementTrace]:
    for number, document in enumerate(documents):
        for statement in document.statements:
            elements = tuple(_elements(statement, subject))
            yield StatementTrace(
                policy_type,
                number,
                statement.index,
                statement.sid,
                "Allow" if statement.allow else "Deny",
                every(element.matched for element in elements),
                elements,
                level,
            )


def _elements(statement: Statement, subject: Subject) -> Iterator[ElementTrace]:
    if statement.principal is not None:
        yield _principal(statement, statement.principal, subject)
    yield _action(statement, subject)
    if statement.resource is not None:
        yield _resource(statement, subject)
    for condition in statement.conditions:
        yield _condition(condition, subject)


def _caller_text(subject: Subject) -> str:
    return subject.caller.names[0][0]


_LEVEL_WORDS = {
    Level.ACCOUNT: "names the caller's account",
    Level.ROLE: "names the caller's role",
    Level.USER: "names the user",
    Level.DIRECT: "names the caller itself, or anyone",
}


def _principal(statement: Statement, element: PrincipalElement, subject: Subject) -> ElementTrace:
    least, most = statement.names(subject)
    matched = None if least is Level.NONE and most is not Level.NONE else least is not Level.NONE
    name = "NotPrincipal" if element.negated else "Principal"
    if matched is None:
        why = f"{name} lists unique IDs, and aws:userid is not known"
    elif element.negated:
        why = "NotPrincipal does not spare the caller" if matched else "NotPrincipal leaves the caller out"
    else:
        why = f"Principal {_LEVEL_WORDS[least]}" if matched else "Principal does not name the caller"
    return ElementTrace(
        Element.PRINCIPAL, matched, why, element.written, _caller_text(subject), negated=element.negated
    )


def _action(statement: Statement, subject: Subject) -> ElementTrace:
    listed = statement.action(subject.action)
    name = "NotAction" if statement.not_action else "Action"
    why = f"{name} lists the action" if listed else f"{name} does not list the action"
    return ElementTrace(
        Element.ACTION,
        listed is not statement.not_action,
        why,
        statement.actions,
        subject.action_as_written,
        negated=statement.not_action,
    )


def _resource(statement: Statement, subject: Subject) -> ElementTrace:
    element = statement.resource
    assert element is not None
    matched = element.check(subject)
    name = "NotResource" if element.negated else "Resource"
    if matched is None:
        why = f"{name} holds a variable whose value is not known"
    elif matched is not element.negated:
        why = f"{name} covers the resource"
    elif subject.resource == "*":
        why = f"{name} is not *, and the action has no resource types"
    else:
        why = f"{name} does not cover the resource"
    return ElementTrace(
        Element.RESOURCE, matched, why, element.written, subject.resource, negated=element.negated
    )


def _condition(condition: Condition, subject: Subject) -> ElementTrace:
    matched = condition.check(subject.context, subject.partial)
    value = subject.context.get(condition.key)
    return ElementTrace(
        Element.CONDITION,
        matched,
        _condition_words(condition, matched, value),
        condition.values,
        value,
        operator=condition.operator,
        key=condition.written_key,
    )


def _condition_words(condition: Condition, matched: bool | None, value: ContextValue | None) -> str:
    met = "met" if matched else "not met"
    if matched is None:
        return f"{condition.written_key}, or a variable beside it, is not known"
    if value is None or value == ():
        return f"the request has no {condition.written_key}; {condition.operator} is {met} without it"
    return f"{condition.operator} is {met} by the value of {condition.written_key}"
