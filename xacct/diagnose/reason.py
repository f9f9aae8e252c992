"""A true cause, found by holding the refused request against a grant, and what helps against it."""

from __future__ import annotations

from xacct.diagnose.model import Cause, GrantEdit, Likelihood, Step
from xacct.evaluate.model import Element, ElementTrace, StatementTrace
from xacct.values import frozen

__all__ = ["Reason", "best_match", "certain", "likelihood_of", "unmet"]


@frozen(kw_only=True)
class Reason:
    """``edits`` change the grant; empty where the grant is right as it is, or nobody can tell the value."""

    cause: Cause
    steps: tuple[Step, ...] = ()
    edits: tuple[GrantEdit, ...] = ()

    @property
    def is_certain(self) -> bool:
        return self.cause.likelihood is Likelihood.CERTAIN


def certain(title: str, why: str) -> Cause:
    return Cause(title=title, why=why, likelihood=Likelihood.CERTAIN)


def likelihood_of(element: ElementTrace) -> Likelihood:
    """An element that fails is certain; one that hangs on what the message does not tell is likely."""
    return Likelihood.CERTAIN if element.matched is False else Likelihood.LIKELY


def best_match(statements: list[StatementTrace]) -> StatementTrace:
    """The statement that came nearest to letting the request pass."""

    def distance(statement: StatementTrace) -> tuple[int, int]:
        failed = sum(element.matched is False for element in statement.elements)
        return failed, sum(element.matched is None for element in statement.elements)

    return min(statements, key=distance)


def unmet(statement: StatementTrace) -> list[ElementTrace]:
    """What of a statement failed, then what hangs on keys that are not known; the action is met."""
    open_ones = [
        element
        for element in statement.elements
        if element.matched is not True and element.element is not Element.ACTION
    ]
    return sorted(open_ones, key=lambda element: element.matched is None)
