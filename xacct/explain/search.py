"""
The search for one request that passes: which actions show most, and on which resources each is tried.

The access delta finds a request within a resource, ``lifelike`` makes it one that AWS would see, and the
evaluator has the last word. Resources are tried in the Region of the grant and in those that its statements
reach, named as Lightsail names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from xacct.evaluate.model import ContextValue
from xacct.explain.lifelike import lifelike
from xacct.explain.places import asked_types
from xacct.iam.policy import Effect, Statement
from xacct.lightsail.catalog import REGIONS, Action
from xacct.plan.access import HolderAccess, holder_delta
from xacct.plan.model import Witness
from xacct.plan.simulate import EXAMPLE_ID, example_request

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = [
    "covers",
    "everything_but",
    "example",
    "examples",
    "has_session",
    "id_like",
    "passing",
    "telling",
    "text_of",
]

_REGIONS_TRIED = 3
"""Of those that a pattern reaches: the first may be denied, and one that passes suffices."""


def telling(action: Action) -> tuple[bool, bool, bool, bool, str]:
    """Sorts what shows most first: something that acts, on one resource, anywhere, and that harms little."""
    awkward = len(action.required_types) > 1 or action.only_region is not None
    harms = action.irreversible or action.disrupts
    return (action.is_read, action.wildcard_only, awkward, harms, action.name)


def passing(case: Case, action: Action) -> Witness | None:
    """A request for the action that passes, on whichever of the resources that it takes."""
    kinds = action.required_types or tuple(use.type for use in action.resource_types)
    found = (_example_of(case, action, kind) for kind in kinds)
    return next((one for one in found if one is not None), None) or example(case, action.full_name)


def examples(case: Case, action: Action) -> tuple[Witness | None, ...]:
    """One for each request that AWS decides in one call of the action; None for one that never passes."""
    kinds = asked_types(action)
    if len(kinds) < 2:
        return (passing(case, action),)
    return tuple(_example_of(case, action, kind) for kind in kinds)


def example(case: Case, action: str, resource: str | None = None) -> Witness | None:
    """A request for the action that passes, on a resource of this ARN if one is named."""
    if case.reachable is not None:
        found = example_request(case.reachable, action, resource)
    elif case.holders is not None:
        found = _holder_example(case.holders, action, resource)
    else:
        return None
    if found is None or found.action.lower() != action.lower() or not has_session(case, found):
        return None
    if resource is not None and not covers(resource, found.resource):
        return None
    return lifelike(case, found)


def has_session(case: Case, witness: Witness) -> bool:
    """Whether the request tells how its session is had, where the grant makes a role."""
    return bool(witness.assume_action) or case.access is None


def _example_of(case: Case, action: Action, kind: str) -> Witness | None:
    """On a resource of the type, in the Region that the grant names if it can be."""
    arns = [case.arn_of(kind), *_named_arns(case, kind)]
    found = (example(case, action.full_name, arn) for arn in dict.fromkeys(arns))
    return next((one for one in found if one is not None), None)


def _named_arns(case: Case, kind: str) -> Iterator[str]:
    """Resources of the type for each pattern of an Allow that covers any, where AWS has such."""
    patterns = dict.fromkeys(resource for one in case.allows for resource in one.resources or ())
    for pattern in patterns:
        arns = (case.arn_of(kind, region, tail=id_like(pattern)) for region in (case.region, *REGIONS))
        yield from islice((arn for arn in arns if covers(pattern, arn)), _REGIONS_TRIED)


def _holder_example(holders: HolderAccess, action: str, resource: str | None) -> Witness | None:
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
