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
from xacct.values import frozen

__all__ = ["Placed", "Scope", "place_actions"]

# How CLI and Terraform wait for a change: a write in one Region is followed there.
_FOLLOWING = frozenset({"GetOperation", "GetOperations", "GetOperationsForResource"})


@frozen(order=True)
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


@frozen
class Placed:
    """One entry's actions by scope, with what the limits could not do."""

    scopes: tuple[tuple[Scope, str], ...]
    """Pairs of scope and action, the action as a full name or the pattern of everything."""
    account_wide: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Actions allowed in a Region outside the entry's, because only that one answers them."""


@frozen
class _Reach:
    """How far the limits by resource and tag take one action."""

    resources: tuple[str, ...] = ("*",)
    conditions: tuple[Condition, ...] = ()
    account_wide: bool = False


def place_actions(selection: Selection, limits: Limits, *, unscoped: bool) -> Placed:
    """Give every selected action the narrowest scope that the limits ask for and that it supports."""
    scopes: list[tuple[Scope, str]] = []
    whole = selection.everything and not limits.arns and not limits.tags
    if whole:
        scopes.append((_in_regions(_Reach(), limits.regions), EVERYTHING))
    account_wide, left_out, elsewhere = [], [], set()
    for action in selection.actions:
        if why := _why_not(action, limits, unscoped):
            left_out.append(LeftOut(action.full_name, why))
            continue
        reach = _reach(action, limits)
        if reach.account_wide:
            account_wide.append(action.full_name)
        for regions in _regions(action, selection, limits.regions):
            if regions != limits.regions:
                elsewhere.add(action.full_name)
            elif whole:
                continue  # the pattern of everything has it
            scopes.append((_in_regions(reach, regions), action.full_name))
    return Placed(tuple(scopes), tuple(account_wide), tuple(left_out), tuple(sorted(elsewhere)))


def _in_regions(reach: _Reach, regions: tuple[str, ...]) -> Scope:
    conditions = reach.conditions + ((region_condition(regions),) if regions else ())
    return Scope(reach.resources, tuple(sorted(conditions, key=lambda condition: condition.canonical)))


def _regions(action: Action, selection: Selection, regions: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The Regions to allow an action in, one tuple a statement."""
    home = action.only_region
    abroad = home is not None and bool(regions) and home not in regions
    yield (home,) if home is not None and abroad else regions
    if regions and action.name in _FOLLOWING:
        homes = _homes_of_writes(selection.actions) - set(regions)
        yield from ((home,) for home in sorted(homes))


def _homes_of_writes(actions: Iterable[Action]) -> set[str]:
    return {action.only_region for action in actions if action.only_region and not action.is_read}


def _reach(action: Action, limits: Limits) -> _Reach:
    """How far the limits reach an action that is granted."""
    resources: tuple[str, ...] = ("*",)
    if limits.arns and not action.wildcard_only:
        resources = tuple(
            sorted(arn for use in action.resource_types for arn in limits.arns.get(use.type, ()))
        )
    conditions: tuple[Condition, ...] = ()
    if action.supports_resource_tags:
        conditions = tag_conditions("aws:ResourceTag", limits.tags)
    elif action.creates_without_source:
        conditions = tag_conditions("aws:RequestTag", limits.tags)
    return _Reach(resources, conditions, _escapes_arns(action, limits) or _escapes_tags(action, limits))


def _escapes_arns(action: Action, limits: Limits) -> bool:
    return bool(limits.arns) and action.wildcard_only


def _escapes_tags(action: Action, limits: Limits) -> bool:
    return bool(limits.tags) and not (action.supports_resource_tags or action.creates_without_source)


def _why_not(action: Action, limits: Limits, unscoped: bool) -> str:
    """Why an action is left out; empty when it is granted. Reads that no limit reaches are granted."""
    limitless = action.is_read or unscoped
    if _escapes_arns(action, limits) and not limitless:
        return 'takes only "*", so no ARN can limit it'
    if limits.arns and not action.wildcard_only and (missing := _missing_types(action, limits)):
        return missing
    if not _escapes_tags(action, limits) or limitless:
        return ""
    if action.copies:
        return 'takes only "*", so no tag of what it copies can limit it'
    return 'takes only "*" and no tags in the request, so no tag of a resource or request can limit it'


def _missing_types(action: Action, limits: Limits) -> str:
    """Why the ARNs given do not suffice for an action; empty when they do."""
    takes = [use.type for use in action.resource_types]
    missing = [kind for kind in action.required_types if kind not in limits.arns]
    if missing and len(action.required_types) > 1:
        return f"needs ARNs of {' and '.join(takes)} in one entry; none of {' and '.join(missing)} is given"
    if missing or not any(kind in limits.arns for kind in takes):
        return f"takes ARNs of {' or '.join(takes)}, of which none is given ({takes[0]}/* is all of a type)"
    return ""
