"""Small parts of the search for one request that passes: where nobody assumes a role, and what shows most."""

from __future__ import annotations

from fnmatch import fnmatchcase

import attrs

from xacct.evaluate.model import ContextValue
from xacct.iam.policy import Effect, Statement
from xacct.lightsail.catalog import Action
from xacct.plan.access import HolderAccess, holder_delta
from xacct.plan.model import Witness
from xacct.plan.simulate import EXAMPLE_ID

__all__ = ["covers", "everything_but", "holder_example", "id_like", "telling", "text_of"]


def telling(action: Action) -> tuple[bool, bool, bool, bool, str]:
    """Sorts what shows most first: something that acts, on one resource, anywhere, and that harms little."""
    awkward = len(action.required_types) > 1 or action.only_region is not None
    harms = action.irreversible or action.disrupts
    return (action.is_read, action.wildcard_only, awkward, harms, action.name)


def holder_example(holders: HolderAccess, action: str, resource: str | None) -> Witness | None:
    """A request of the holders' for the action, on this resource if one is named; else for any action."""
    fences = [Statement(effect=Effect.DENY, not_actions=(action,), resources=("*",))]
    if resource is not None:
        fences.append(Statement(effect=Effect.DENY, actions=("*",), not_resources=(resource,)))
    narrowed = tuple(
        attrs.evolve(document, statements=(*document.statements, *fences)) for document in holders.policies
    )
    rows = holder_delta(None, attrs.evolve(holders, policies=narrowed)).rows
    return next((row.witness for row in rows if row.witness is not None), None)


def covers(pattern: str, resource: str) -> bool:
    """Whether a pattern of IAM's matches the ARN."""
    return fnmatchcase(resource, pattern.replace("[", "[[]"))


def id_like(pattern: str) -> str:
    """An ID as Lightsail gives them, with the letters of it that a pattern names at its start and end."""
    tail = pattern.rpartition("/")[2] if "/" in pattern else "*"
    if "*" not in tail and "?" not in tail:
        return tail
    head, end = tail.partition("*")[0].partition("?")[0], tail.rpartition("*")[2].rpartition("?")[2]
    return f"{head}{EXAMPLE_ID[len(head) : len(EXAMPLE_ID) - len(end)]}{end}"


def everything_but(statement: Statement) -> str:
    """What a statement with NotAction speaks of, in words."""
    return f"everything but {', '.join(statement.not_actions or ())}"


def text_of(value: ContextValue | None) -> str:
    """One text of a key; "" where it is absent."""
    if value is None or isinstance(value, str):
        return value or ""
    return value[0] if value else ""
