"""
The search for one request that passes: which actions show most, and on which resources each is tried.

The access delta finds a request within a resource, ``lifelike`` makes it one that AWS would see, and the
evaluator has the last word. Resources are tried in the Region of the grant and in those that its statements
reach, named as Lightsail names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from xacct.evaluate.model import ContextValue
from xacct.explain.lifelike import lifelike, moved_to
from xacct.explain.matching import names_action
from xacct.explain.places import asked_types, region_of
from xacct.explain.services import load_services
from xacct.iam.policy import Effect, Statement
from xacct.lightsail.catalog import PREFIX, REGIONS, Action, load_catalog
from xacct.lint.facts import expand
from xacct.plan.access import HolderAccess, access_delta, holder_delta
from xacct.plan.model import Witness
from xacct.plan.simulate import EXAMPLE_ID

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = [
    "OTHER_ID",
    "everything_but",
    "example",
    "examples",
    "has_session",
    "id_like",
    "names_elsewhere",
    "passes_somehow",
    "passing",
    "telling",
    "text_of",
    "ways_of",
]

OTHER_ID = "f9e8d7c6-b5a4-4321-8fed-cba987654321"
"""Has no letter in common with the usual example where a pattern may look: at its ends."""


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
    for region in dict.fromkeys([case.region, *REGIONS]):
        found = tuple(_example_of(case, action, kind, region) for kind in kinds)
        if all(one is not None for one in found):
            return found
    return tuple(_example_of(case, action, kind, case.region) for kind in kinds)


def example(case: Case, action: str) -> Witness | None:
    """A request for the action that passes, on whatever resource."""
    found = (lifelike(case, one) for one in ways_of(case, action))
    return next((one for one in found if one is not None), None)


def passes_somehow(case: Case, action: str) -> bool:
    """Whether a request of another service may pass: where no Deny is about it, what names it is believed."""
    if not any(names_action(one, action) for one in case.allows):
        return False
    denied = any(names_action(one, action) for one in case.denies)
    return not denied or example(case, action) is not None


def names_elsewhere(case: Case) -> Iterator[str]:
    """Actions of other services that statements may allow without naming them in full."""
    for one in case.allows:
        for name in _suggested(one):
            if names_action(one, name) and not name.startswith(PREFIX):
                yield name


def _suggested(statement: Statement) -> Iterator[str]:
    """What it names in full, what the table of services has, and some that its patterns may stand for."""
    patterns = statement.actions or ()
    yield from (text for text in patterns if "*" not in text and "?" not in text)
    arns = (text.split(":") for text in statement.resources or () if text.count(":") >= 5)
    named = [text.partition(":")[0].lower() for text in patterns]
    # Of * and NotAction, what the resources belong to tells which actions pass.
    prefixes = named if named and "*" not in named else [*named, *(arn[2] for arn in arns)]
    for prefix in dict.fromkeys(prefixes):
        service = load_services().by_prefix(prefix)
        if service is not None and service.need is not None:
            yield from (*service.need.reads, *service.need.works)
    for text in patterns:
        yield from islice((found.name for found in expand(text.lower())), 3)


def has_session(case: Case, witness: Witness) -> bool:
    """Whether the request tells how its session is had, where the grant makes a role."""
    return bool(witness.assume_action) or case.access is None


def ways_of(case: Case, action: str) -> list[Witness]:
    """What the access delta shows of the action: one request for each way in which it passes; asked once."""
    if action not in case.ways:
        case.ways[action] = _ways_of(case, action)
    return case.ways[action]


def _ways_of(case: Case, action: str) -> list[Witness]:
    fence = Statement(effect=Effect.DENY, not_actions=(action,), resources=("*",))
    held = case.reachable or case.holders
    if held is None:
        return []
    policies = tuple(attrs.evolve(one, statements=(*one.statements, fence)) for one in held.policies)
    narrowed = attrs.evolve(held, policies=policies)
    delta = (
        holder_delta(None, narrowed) if isinstance(narrowed, HolderAccess) else access_delta(None, narrowed)
    )
    shown = [row.witness for row in delta.rows if row.witness is not None and has_session(case, row.witness)]
    return [one for one in shown if one.action.lower() == action.lower()]


def _example_of(case: Case, action: Action, kind: str, region: str = "") -> Witness | None:
    """On a resource of the type, in the Region if one is named, else in the grant's if it can be."""
    found = ways_of(case, action.full_name)
    for arn in _arns(case, kind, region):
        for witness in found:
            placed = lifelike(case, attrs.evolve(witness, resource=arn))
            if placed is not None and _is_in(placed, region):
                return placed
    placed_as_found = (lifelike(case, one) for one in found)
    fits = (one for one in placed_as_found if one and f":{kind}/" in one.resource)
    return next((one for one in fits if _is_in(one, region)), None)


def _is_in(witness: Witness, region: str) -> bool:
    """Whether the resource is in the Region, or in none; any will do where none is named."""
    return not region or region_of(witness.resource) in ("", "global", region)


def _arns(case: Case, kind: str, region: str) -> Iterator[str]:
    """
    Resources of the type to try, in one Region or in all, the grant's first.

    IDs are told apart as the statements tell them: by the letters that a pattern begins or ends with.
    """
    ids = _ids(case)
    regions = (region,) if region else tuple(dict.fromkeys([case.region, *REGIONS]))
    arns = [case.arn_of(kind, place, tail=one) for place in regions for one in ids]
    known = load_catalog().resource_type(kind)
    if known is not None and known.call_region and not known.is_global:
        # Its calls are answered in one Region; which one its ARN has is not documented.
        arns += [moved_to(arn, place) for place in regions for arn in arns[: len(ids)]]
    yield from dict.fromkeys(arns)


def _ids(case: Case) -> list[str]:
    """IDs that the statements may tell apart; one for each digit where some are taken off."""
    statements = [one for document in case.documents for one in document.statements]
    named = [text for one in statements for text in (*(one.resources or ()), *(one.not_resources or ()))]
    ids = [EXAMPLE_ID, *map(id_like, named), OTHER_ID]
    if any(_names_id(text) for one in statements for text in _taken_off(one)):
        ids += [f"{digit}{OTHER_ID[1:-1]}{digit}" for digit in "0123456789abcdef"]
    return list(dict.fromkeys(ids))


def _taken_off(statement: Statement) -> tuple[str, ...]:
    """The resources that a Deny takes off, or an Allow leaves out."""
    texts = statement.resources if statement.effect is Effect.DENY else statement.not_resources
    return texts or ()


def _names_id(pattern: str) -> bool:
    """Whether it names an ID, or part of one."""
    return "/" in pattern and pattern.rpartition("/")[2].strip("*?") != ""


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
