"""Findings that a grant accepts, with a reason and, if it likes, an end."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import attrs

from xacct.errors import InputError, Problem
from xacct.lint.codes import EXPIRED, UNUSED
from xacct.lint.model import Finding, Severity
from xacct.lint.rules import RULES, rule
from xacct.values import frozen

__all__ = ["Acceptance", "accept"]


@frozen(kw_only=True)
class Acceptance:
    """One accepted rule. ``until`` is the last day on which it counts, ``where`` its place."""

    rule: str
    reason: str
    until: datetime.date | None = None
    where: str = ""


def accept(
    findings: Iterable[Finding], acceptances: Sequence[Acceptance], today: datetime.date
) -> tuple[Finding, ...]:
    """
    Mark the findings that are accepted.

    One that has run out no longer counts, and one that matches nothing is useless: each is told by a finding
    of its own. Raises InputError for one without a reason or with an unknown rule.
    """
    found = list(findings)
    _refuse(acceptances)
    counting = {item.rule.upper(): item for item in acceptances if item.until is None or item.until >= today}
    marked = [
        attrs.evolve(item, accepted=counting[item.rule].reason) if item.rule in counting else item
        for item in found
    ]
    present = {item.rule for item in found}
    for index, item in enumerate(acceptances):
        path = f"accept.{index}"
        if item.rule.upper() not in present:
            marked.append(
                _about(item, path, UNUSED, Severity.INFO, "accepts nothing: there is no such finding")
            )
        elif item.rule.upper() not in counting:
            marked.append(
                _about(item, path, EXPIRED, Severity.WARNING, f"ran out on {item.until} and no longer counts")
            )
    return tuple(marked)


def _refuse(acceptances: Sequence[Acceptance]) -> None:
    problems: list[Problem] = []
    for item in acceptances:
        if not item.reason.strip():
            fix = "say why the finding is fine here"
            problems.append(
                Problem(f"accepting {item.rule} needs a reason", item.where, fix, "accept-reason")
            )
        if item.rule.upper() not in RULES:
            try:
                rule(item.rule)
            except InputError as error:
                problems.append(attrs.evolve(error.problems[0], where=item.where))
    if problems:
        raise InputError(problems)


def _about(item: Acceptance, path: str, code: str, severity: Severity, what: str) -> Finding:
    return Finding(
        rule=code,
        severity=severity,
        message=f"the acceptance of {item.rule} {what}",
        fix="take it out" if code == UNUSED else "mend the finding, or give a later date with a reason",
        path=path,
    )
