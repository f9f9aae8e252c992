"""
All that AWS decides when one action is called: the action, about each resource that it takes in one request,
and, where the request gives tags to what is made, lightsail:TagResource as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING

import attrs

from xacct.evaluate.model import ContextValue, Decision, Request
from xacct.explain.lifelike import example_elsewhere, with_region
from xacct.explain.matching import allowing_in, asks_key, names_action
from xacct.explain.places import answering_region, asked_types, made_type, type_arn
from xacct.explain.search import OTHER_ID, example, examples, ways_of
from xacct.lightsail.catalog import REGIONS, Action, load_catalog
from xacct.plan.simulate import EXAMPLE_ID
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = ["TAGGING", "Asked", "calling", "is_allowed", "refused_for_tags", "tags_freely"]

TAGGING = "lightsail:TagResource"
"""
Asked beside the action that gives tags to what it makes. AWS documents it for CreateBucket and
CreateCertificate (Service Authorization Reference); taken to hold for all.
"""

_RESOURCE_TAG = "aws:resourcetag/"
_REQUEST_TAG = ("aws:requesttag/", "aws:tagkeys")


@frozen
class Asked:
    """One of the decisions of a call."""

    request: Request
    decision: Decision


def calling(case: Case, name: str) -> tuple[Asked, ...]:
    """
    The decisions of one call that passes if any does; the first is about the action itself.

    ``name`` is a full one. Some request of the case has to pass.
    """
    action = load_catalog().action(name)
    if action is None:
        witness = example(case, name)
        only = case.request_of(witness) if witness is not None else _elsewhere(case, name)
        return (Asked(only, case.decide(only)),)
    found = zip(asked_types(action) or (None,), examples(case, action), strict=True)
    requests = [
        _untagged(case, case.request_of(witness)) if witness is not None else _refused(case, action, kind)
        for kind, witness in found
    ]
    requests[0], tagging = _with_tagging(case, action, requests[0])
    decided = [Asked(request, case.decide(request)) for request in requests]
    if tagging is not None and decided[0].decision.allowed:
        decided.append(Asked(tagging, case.decide(tagging)))
    return tuple(decided)


def is_allowed(case: Case, name: str) -> bool:
    """Whether some call of the action passes, with all that AWS asks of it."""
    return case.witness is not None and all(one.decision.allowed for one in calling(case, name))


def refused_for_tags(case: Case) -> tuple[str, ...]:
    """Actions that are allowed with tags in the request alone, while TagResource is not allowed for them."""
    return tuple(
        action.full_name
        for action in case.allowed
        if action.supports_request_tags and _tagged(case, action) and _lacks_tagging(case, action)
    )


def _lacks_tagging(case: Case, action: Action) -> bool:
    found = examples(case, action)[0]
    if found is None:
        return False
    _, tagging = _with_tagging(case, action, _untagged(case, case.request_of(found)))
    return tagging is not None and not case.passes(tagging)


def tags_freely(case: Case) -> bool:
    """Whether tags may be put on resources, whatever tags these have."""
    return any(not asks_key(one, _RESOURCE_TAG) for one in allowing_in(case.documents, TAGGING))


def _tagged(case: Case, action: Action) -> bool:
    """Whether any statement about the action asks for tags in the request; only then may it need them."""
    statements = (one for document in case.documents for one in document.statements)
    about = (one for one in statements if names_action(one, action.full_name))
    return any(asks_key(one, start) for one in about for start in _REQUEST_TAG)


# -- the requests --------------------------------------------------------------------------------------------


def _untagged(case: Case, request: Request) -> Request:
    """The request without tags of its own, where it passes so too."""
    bare = attrs.evolve(request, context=_without(request, *_REQUEST_TAG))
    return bare if case.decide(bare).allowed else request


def _with_tagging(case: Case, action: Action, request: Request) -> tuple[Request, Request | None]:
    """The request and the one for its tags; with other tags, or elsewhere, where only so both pass."""
    first = next(_tagging(case, action, request), None)
    if first is None or case.passes(first):
        return request, first
    for other in _with_other_tags(case, action, request):
        for tagging in _tagging(case, action, other):
            if case.passes(other) and case.passes(tagging):
                return other, tagging
    return request, first


def _with_other_tags(case: Case, action: Action, request: Request) -> Iterator[Request]:
    """The request with the tags that TagResource may ask for as well, in each Region that may answer it."""
    tags = [_tags_of(witness.context) for witness in ways_of(case, TAGGING)]
    regions = (_region(request), *(REGIONS if action.wildcard_only and not action.only_region else ()))
    for region, more in product(dict.fromkeys(regions), ({}, *tags)):
        yield attrs.evolve(request, context=with_region({**request.context, **more}, region))


def _tags_of(context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    return {key: value for key, value in context.items() if key.lower().startswith("aws:requesttag/")}


def _tagging(case: Case, action: Action, request: Request) -> Iterator[Request]:
    """
    The second request, where the first gives tags; what is made may have one ID or another.

    It has no tags yet, so no limit by its tags can hold.
    """
    made = made_type(action)
    if not _tags_of(request.context) or made is None or action.full_name == TAGGING:
        return
    context = _without(request, _RESOURCE_TAG)
    for one in (EXAMPLE_ID, OTHER_ID):
        resource = case.arn_of(made, _region(request), tail=one)
        yield attrs.evolve(request, action=TAGGING, resource=resource, context=context)


def _refused(case: Case, action: Action, kind: str | None) -> Request:
    """The request of the path, made for this action with the tags that the grant asks for."""
    base = _base(case)
    region = action.only_region or _region(base)
    resource = _arn(case, kind, region) if kind is not None else "*"
    region = answering_region(action, resource) or region
    tag = "aws:ResourceTag" if kind is not None else "aws:RequestTag" if action.supports_request_tags else ""
    return _made_for(base, action.full_name, resource, region, _friendly(case, tag))


def _elsewhere(case: Case, name: str) -> Request:
    """Of another service: about an example where one is known; ``*`` stands for any resource."""
    base = _base(case)
    resource = example_elsewhere(case, name) or "*"
    return _made_for(base, name, resource, answering_region(None, resource) or _region(base), {})


def _made_for(base: Request, name: str, resource: str, region: str, tags: dict[str, ContextValue]) -> Request:
    context = with_region({**_without(base, _RESOURCE_TAG, *_REQUEST_TAG), **tags}, region)
    return attrs.evolve(base, action=name, resource=resource, context=context)


def _friendly(case: Case, tag: str) -> dict[str, ContextValue]:
    """The tags that the grant asks for, so that only the action itself is in question."""
    entries = case.expansion.grant.permissions if tag else ()
    return {f"{tag}/{key}": values[0] for entry in entries for key, values in entry.tags.items() if values}


def _base(case: Case) -> Request:
    assert case.request is not None, "asked only where some request passes"
    return case.request


def _region(request: Request) -> str:
    region = request.context.get("aws:RequestedRegion", "")
    return region if isinstance(region, str) else region[0]


def _without(request: Request, *starts: str) -> dict[str, ContextValue]:
    return {key: value for key, value in request.context.items() if not key.lower().startswith(starts)}


def _arn(case: Case, kind: str, region: str) -> str:
    return type_arn(kind, partition=case.expansion.partition, account=case.account, region=region)
