"""Where each action of an entry goes: onto which resources, under which conditions, or nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from xacct.iam.policy import Condition
from xacct.lightsail.catalog import Action
from xacct.lightsail.entry import LeftOut
from xacct.lightsail.limits import Limits, region_condition, tag_conditions
from xacct.lightsail.selection import Selection
from xacct.lightsail.sets import EVERYTHING

__all__ = ["Placed", "Scope", "place_actions"]

# How CLI and Terraform wait for a change: a write in one Region is followed there.
_FOLLOWING = frozenset({"GetOperation", "GetOperations", "GetOperationsForResource"})


@attrs.frozen(order=True)
class Scope:
    """Resources and conditions of a statement, each sorted."""

    resources: tuple[str, ...] = ("*",)
    conditions: tuple[Condition, ...] = attrs.field(
        default=(), order=lambda conditions: tuple(condition.canonical for condition in conditions)
    )

    def covers(self, other: Scope) -> bool:
        """Whether whatever the other scope lets through, this one does too."""
        return (set(other.resources) <= set(self.resources) or self.resources == ("*",)) and all(
            any(_is_looser(mine, theirs) for theirs in other.conditions) for mine in self.conditions
        )


def _is_looser(mine: Condition, theirs: Condition) -> bool:
    same = (mine.operator, mine.key) == (theirs.operator, theirs.key)
    return same and set(theirs.values) <= set(mine.values)


@attrs.frozen
class Placed:
    """One entry's actions by scope, with what the limits could not do."""

    scopes: tuple[tuple[Scope, str], ...]
    """Pairs of scope and action, the action as a full name or the pattern of everything."""
    account_wide: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Actions allowed in a Region outside the entry's, because only that one answers them."""


@attrs.frozen
class _Reach:
    """How far the limits by resource and tag take one action."""

    resources: tuple[str, ...] = ("*",)
    conditions: tuple[Condition, ...] = ()
    account_wide: bool = False


def place_actions(selection: Selection, limits: Limits, *, unscoped: bool) -> Placed:
    """Give every selected action the narrowest scope that the limits ask for and that it supports."""
    scopes: list[tuple[Scope, str]] = []
    account_wide, left_out, elsewhere = [], [], set()
    whole = selection.everything and not limits.arns and not limits.tags
    if whole:
        scopes.append((_in_regions(_Reach(), limits.regions), EVERYTHING))
    for action in selection.actions:
        reach = _reach(action, limits, unscoped)
        if isinstance(reach, LeftOut):
            left_out.append(reach)
            continue
        if reach.account_wide:
            account_wide.append(action.full_name)
        for regions in _regions(action, selection, limits.regions):
            if regions == limits.regions and whole:
                continue  # the pattern of everything has it
            scopes.append((_in_regions(reach, regions), action.full_name))
            if set(regions) - set(limits.regions):
                elsewhere.add(action.full_name)
    return Placed(tuple(scopes), tuple(account_wide), tuple(left_out), tuple(sorted(elsewhere)))


def _in_regions(reach: _Reach, regions: tuple[str, ...]) -> Scope:
    conditions = reach.conditions + ((region_condition(regions),) if regions else ())
    return Scope(reach.resources, tuple(sorted(conditions, key=lambda condition: condition.canonical)))


def _regions(action: Action, selection: Selection, regions: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The Regions to allow an action in, one tuple a statement."""
    home = action.only_region
    if not regions or home is None or home in regions:
        yield regions
    if regions and home is not None and home not in regions:
        yield (home,)
    if regions and action.name in _FOLLOWING:
        homes = _homes_of_writes(selection.actions) - set(regions)
        yield from ((home,) for home in sorted(homes))


def _homes_of_writes(actions: Iterable[Action]) -> set[str]:
    return {action.only_region for action in actions if action.only_region and not action.is_read}


def _reach(action: Action, limits: Limits, unscoped: bool) -> _Reach | LeftOut:
    """Apply the limit by resource, then the limit by tag."""
    limitless = action.is_read or unscoped
    resources: tuple[str, ...] = ("*",)
    short = False
    if limits.arns and action.wildcard_only:
        short = True
        if not limitless:
            return LeftOut(action.full_name, 'takes only "*", so no ARN can limit it')
    elif limits.arns:
        missing = _missing_types(action, limits)
        if missing:
            return LeftOut(action.full_name, missing)
        resources = tuple(
            sorted(arn for use in action.resource_types for arn in limits.arns.get(use.type, ()))
        )
    if not limits.tags:
        return _Reach(resources, (), short)
    if action.supports_resource_tags:
        return _Reach(resources, tag_conditions("aws:ResourceTag", limits.tags), short)
    if action.creates_without_source:
        return _Reach(resources, tag_conditions("aws:RequestTag", limits.tags), short)
    if not limitless:
        return LeftOut(action.full_name, _why_no_tag(action))
    return _Reach(resources, (), True)


def _missing_types(action: Action, limits: Limits) -> str:
    """Why the ARNs given do not suffice for an action; empty when they do."""
    takes = [use.type for use in action.resource_types]
    missing = [kind for kind in action.required_types if kind not in limits.arns]
    if missing and len(action.required_types) > 1:
        return f"needs ARNs of {' and '.join(takes)} in one entry; none of {' and '.join(missing)} is given"
    if missing or not any(kind in limits.arns for kind in takes):
        return f"takes ARNs of {' or '.join(takes)}, of which none is given ({takes[0]}/* is all of a type)"
    return ""


def _why_no_tag(action: Action) -> str:
    if action.copies:
        return 'takes only "*", so no tag of what it copies can limit it'
    return 'takes only "*" and no tags in the request, so no tag can limit it'
