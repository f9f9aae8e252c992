"""What a rule is, and the table that the rules enter themselves into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import attrs

from xacct.lint.context import LintContext
from xacct.lint.document import Document, Kind
from xacct.lint.model import Severity
from xacct.values import frozen

__all__ = ["BOTH", "ERROR", "INFO", "PERMISSION", "TABLE", "TRUST", "WARNING", "Hit", "Rule", "define"]

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
TRUST: tuple[Kind, ...] = ("trust",)
PERMISSION: tuple[Kind, ...] = ("permission",)
BOTH: tuple[Kind, ...] = ("trust", "permission")


@frozen
class Hit:
    """One place that a rule objects to. ``fix`` and ``severity`` are the rule's own unless given."""

    path: str
    message: str
    fix: str = ""
    severity: Severity | None = None


Check: TypeAlias = Callable[[Document, LintContext], Iterable[Hit]]


@frozen(kw_only=True)
class Rule:
    """
    One rule, with all that ``xacct rule CODE`` tells.

    ``bad`` and ``good`` are documents of the first of ``kinds``; the tests check that ``bad`` gives this rule
    at this severity and ``good`` nothing to change.
    """

    code: str
    title: str
    severity: Severity
    kinds: tuple[Kind, ...]
    why: str
    fix: str
    bad: str
    good: str
    source: str
    check: Check = attrs.field(repr=False, eq=False)


TABLE: dict[str, Rule] = {}


def define(
    code: str,
    title: str,
    severity: Severity,
    kinds: tuple[Kind, ...],
    *,
    why: str,
    fix: str,
    bad: str,
    good: str,
    source: str,
) -> Callable[[Check], Check]:
    """Enter the decorated function into the table as the check of a rule."""

    def enter(check: Check) -> Check:
        if code in TABLE:
            raise ValueError(f"two rules have the code {code}")
        TABLE[code] = Rule(
            code=code,
            title=title,
            severity=severity,
            kinds=kinds,
            why=why,
            fix=fix,
            bad=bad,
            good=good,
            source=source,
            check=check,
        )
        return check

    return enter
