"""Which resources a call of one action is about, and in which Region it is answered, by the catalog."""

from __future__ import annotations

from xacct.explain.text import listed
from xacct.lightsail.catalog import DOMAIN_REGION, Action, ResourceType, Source, load_catalog
from xacct.plan.simulate import EXAMPLE_ID

__all__ = ["answering_region", "asked_types", "made_type", "region_of", "type_arn", "types_in_words"]


def asked_types(action: Action) -> tuple[str, ...]:
    """The types that one call is decided about, each apart: all that are required, else the first."""
    return action.required_types or tuple(use.type for use in action.resource_types[:1])


def type_arn(kind: str, *, partition: str, account: str, region: str, tail: str = EXAMPLE_ID) -> str:
    """An example's ARN; ``region`` counts only where resources of the type are in Regions."""
    known = load_catalog().resource_type(kind)
    return f"arn:{partition}:lightsail:{_place(known, region)}:{account}:{kind}/{tail}"


def _place(kind: ResourceType | None, region: str) -> str:
    if kind is not None and kind.is_global:
        return "global"
    return (kind.call_region if kind is not None else None) or region


def region_of(resource: str) -> str:
    """The Region field of an ARN; "" for ``*`` and for ARNs without one."""
    parts = resource.split(":", 5)
    return parts[3] if len(parts) == 6 else ""


def answering_region(action: Action | None, resource: str) -> str | None:
    """The one Region that answers the call, by the action or by the resource; None where any may."""
    if action is not None and action.only_region:
        return action.only_region
    place = region_of(resource)
    return DOMAIN_REGION if place == "global" else place or None


def made_type(action: Action) -> str | None:
    """The type of what the action makes, and tags: CreateInstancesFromSnapshot makes an Instance."""
    stem = action.name.removeprefix("Create").removeprefix("Put").removesuffix("FromSnapshot")
    known = load_catalog().resource_type
    return next((one for one in (stem, stem.removesuffix("s")) if known(one) is not None), None)


def types_in_words(action: Action) -> str:
    """The resource types as a reader needs them: all in one request, either, none, or not known."""
    if action.source is Source.SDK:
        return "not known; a policy for it is written with *"
    required = action.required_types
    optional = [use.type for use in action.resource_types if not use.required]
    if not action.resource_types:
        return "none: Resource has to be *"
    said = listed(required) + (", each asked apart in the same call" if len(required) > 1 else "")
    either = f"{listed(optional, 'or')}, where the call is about one"
    return "; ".join(part for part in (said, either if optional else "") if part)
