"""From a blueprint's statements to the trust policy, with the reason for every line kept as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import attrs

from xacct.blueprint.model import Alternative, ConditionTemplate, StatementTemplate
from xacct.blueprint.placeholders import expand_all, names_in
from xacct.blueprint.resolve import Resolved, holds
from xacct.errors import InputError
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement, TypedPrincipal
from xacct.values import frozen

__all__ = [
    "EXPIRY_SID",
    "Statements",
    "end_of",
    "expiry_condition",
    "expiry_deny",
    "given_trust",
    "write_templates",
]

EXPIRY_SID = "GrantExpired"
STRING_MATCHES = "StringMatches"


@frozen
class Statements:
    """
    Statements, and where their lines come from.

    ``reasons`` maps ``Sid`` and ``Sid/operator/key`` to why it is there, ``uses`` the latter to the
    parameters that the condition is made from.
    """

    statements: tuple[Statement, ...]
    reasons: Mapping[str, str]
    uses: Mapping[str, frozenset[str]]


def end_of(day: date) -> str:
    """The first instant after a day in UTC, as IAM's date operators take it."""
    return f"{(day + timedelta(days=1)).isoformat()}T00:00:00Z"


def expiry_condition(day: date) -> Condition:
    """What keeps an Allow from holding after that day."""
    return Condition("DateLessThan", "aws:CurrentTime", (end_of(day),))


def expiry_deny(day: date) -> Statement:
    """Ends the sessions that still run when the grant expires: a trust policy stops new ones only."""
    return Statement(
        effect=Effect.DENY,
        actions=("*",),
        resources=("*",),
        conditions=(Condition("DateGreaterThanEquals", "aws:CurrentTime", (end_of(day),)),),
        sid=EXPIRY_SID,
    )


def expire(statement: Statement, day: date) -> Statement:
    """
    Let an Allow end with that day.

    Raises InputError when the statement has a date condition of its own in that place.
    """
    condition = expiry_condition(day)
    taken = {(one.operator.lower(), one.key.lower()) for one in statement.conditions}
    if (condition.operator.lower(), condition.key.lower()) in taken:
        which = statement.sid or "without a Sid"
        raise InputError(
            f"the statement {which} has a condition DateLessThan on aws:CurrentTime of its own",
            fix="remove that condition, or `expires` from the grant",
            code="expires",
        )
    return attrs.evolve(statement, conditions=(*statement.conditions, condition))


def write_templates(
    templates: tuple[StatementTemplate, ...],
    resolved: Resolved,
    expires: date | None = None,
    derived: Mapping[str, tuple[Alternative, ...]] | None = None,
) -> Statements:
    """
    Write those statements whose ``when`` holds.

    ``derived`` are the blueprint's derived names, by which it is told what a condition is made from.

    A part that comes out empty would make the statement wider than meant; it is refused instead. Only
    ``when`` makes a condition go away. Raises InputError with the blueprint's place.
    """
    out: list[Statement] = []
    reasons: dict[str, str] = {}
    uses: dict[str, frozenset[str]] = {}
    for template in templates:
        if not holds(template.when, resolved.texts):
            continue
        statement = _write(template, resolved)
        if template.why:
            reasons[template.sid] = template.why
        for line, part in _origins(template, resolved).items():
            uses[line] = _parameters_of(part, derived or {})
            if part.why:
                reasons[line] = part.why
        if expires is not None and statement.effect is Effect.ALLOW:
            statement = expire(statement, expires)
            reasons[f"{template.sid}/DateLessThan/aws:CurrentTime"] = _last_day(expires)
        out.append(statement)
    return Statements(tuple(out), reasons, uses)


def _last_day(day: date) -> str:
    return f"The grant expires on {day.isoformat()}; after that day nobody gets a new session."


GIVEN = "Written in the grant itself."


def given_trust(text: str, expires: date | None) -> Statements:
    """The statements of a trust policy that the grant holds whole; its Allows end with the grant."""
    reasons: dict[str, str] = {}
    out: list[Statement] = []
    for statement in PolicyDocument.from_json(text).statements:
        sid = statement.sid or ""
        reasons[sid] = GIVEN
        for condition in statement.conditions:
            reasons[f"{sid}/{condition.operator}/{condition.key}"] = GIVEN
        if expires is not None and statement.effect is Effect.ALLOW:
            statement = expire(statement, expires)
            reasons[f"{sid}/DateLessThan/aws:CurrentTime"] = _last_day(expires)
        out.append(statement)
    return Statements(tuple(out), reasons, {})


def _origins(template: StatementTemplate, resolved: Resolved) -> dict[str, ConditionTemplate]:
    """``Sid/operator/key`` -> the template that the condition was written from."""
    return {
        f"{template.sid}/{condition.operator}/{condition.key}": part
        for part in template.conditions
        if holds(part.when, resolved.texts)
        for condition in _conditions(part, template, resolved)
    }


def _parameters_of(part: ConditionTemplate, derived: Mapping[str, tuple[Alternative, ...]]) -> frozenset[str]:
    """The parameters that a condition depends on for its values or its being there, derived or not."""
    found: set[str] = set()
    pending = [name for text in part.values for name in names_in(text)]
    pending += [test.parameter for test in part.when]
    pending += [part.each] if part.each is not None else []
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        for one in derived.get(name, ()):
            pending += [inner for text in one.values for inner in names_in(text)]
            pending += [test.parameter for test in one.when]
    return frozenset(found)


def _write(template: StatementTemplate, resolved: Resolved) -> Statement:
    principals = tuple(
        TypedPrincipal(kind, text)
        for kind, texts in template.principals
        for text in expand_all(texts, resolved.texts)
    )
    actions = expand_all(template.actions, resolved.texts)
    resources = expand_all(template.resources, resolved.texts)
    for found, wanted, name in (
        (principals, template.principals, "Principal"),
        (actions, template.actions, "Action"),
        (resources, template.resources, "Resource"),
    ):
        if wanted and not found:
            raise _empty(template, name)
    conditions = [
        condition
        for part in template.conditions
        if holds(part.when, resolved.texts)
        for condition in _conditions(part, template, resolved)
    ]
    _check_unique(template, conditions)
    return Statement(
        effect=template.effect,
        actions=actions,
        resources=resources or None,
        principals=principals or None,
        conditions=tuple(conditions),
        sid=template.sid,
    )


def _conditions(part: ConditionTemplate, template: StatementTemplate, resolved: Resolved) -> list[Condition]:
    if part.each is None:
        rounds = [resolved.texts]
    else:
        only = {key.lower() for key in part.only}
        rounds = [
            {**resolved.texts, "key": (key,), "value": values}
            for key, values in resolved.maps.get(part.each, {}).items()
            if not only or key.lower() in only
        ]
    out: list[Condition] = []
    for texts in rounds:
        keys, values = expand_all((part.key,), texts), expand_all(part.values, texts)
        if not keys or not values:
            raise _empty(template, f"condition {part.operator} {part.key}")
        out.extend(Condition(_operator(part.operator, values), key, values) for key in keys)
    return out


def _operator(operator: str, values: tuple[str, ...]) -> str:
    """
    Write ``StringMatches``, which a blueprint may use for values that can be patterns.

    StringEquals takes ``*`` and ``?`` literally, so a pattern needs StringLike; a plain value is told better
    by StringEquals.
    """
    if operator != STRING_MATCHES:
        return operator
    return "StringLike" if any(sign in value for value in values for sign in "*?") else "StringEquals"


def _check_unique(template: StatementTemplate, conditions: list[Condition]) -> None:
    seen: set[tuple[str, str]] = set()
    for condition in conditions:
        pair = (condition.operator.lower(), condition.key.lower())
        if pair in seen:
            raise InputError(
                f"statement {template.sid} has two conditions {condition.operator} on {condition.key}; "
                "JSON keeps one of them",
                where=template.place,
                fix="put the values into one condition, or use two statements",
                code="duplicate-condition",
            )
        seen.add(pair)


def _empty(template: StatementTemplate, part: str) -> InputError:
    return InputError(
        f"statement {template.sid}: its {part} comes out empty, which would leave it without that limit",
        where=template.place,
        fix="give the value, or put `when` on that line of the blueprint",
        code="empty-limit",
    )
