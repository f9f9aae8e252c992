"""What a reviewer should be told about permissions that the statements do not say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from xacct.lightsail.catalog import Action, Source, load_catalog
from xacct.lightsail.limits import Limits
from xacct.lightsail.scoping import Placed
from xacct.lightsail.selection import Selection

__all__ = ["notes_on"]

_Entry: TypeAlias = tuple[Selection, Limits, Placed]
_TAG = "lightsail:TagResource"


def notes_on(entries: Sequence[_Entry], overtaken: Iterable[str], partition: str) -> list[str]:
    """All notes, sorted, each once. ``overtaken``: actions that another entry allows with fewer limits."""
    notes = {note for entry in entries for note in _of_entry(*entry)}
    notes.update(_missing_help(entries))
    if names := _names(_worth_telling(overtaken)):
        notes.add(f"another entry allows these with fewer limits, so the narrower limits do nothing: {names}")
    if partition != "aws" and any(placed.scopes for _, _, placed in entries):
        notes.add(f"Lightsail exists only in partition aws: in {partition} these permissions allow nothing")
    return sorted(notes)


def _worth_telling(names: Iterable[str]) -> Iterator[str]:
    """Harmless reads in several entries are no surprise; all else is."""
    for name in names:
        action = load_catalog().action(name)
        if action is None or not action.is_read or action.sensitive is not None:
            yield name


def _of_entry(selection: Selection, limits: Limits, placed: Placed) -> Iterator[str]:
    granted = _granted(selection, placed)
    limited = bool(limits.arns or limits.tags)
    if selection.cut_from_everything or (selection.everything and limited):
        yield (
            "full-access that is limited or cut is written action by action: "
            "actions that AWS adds to Lightsail later are not in it"
        )
    unknown = _names(action.full_name for action in granted if action.source is Source.SDK)
    if unknown and (limited or not selection.everything):
        yield f"AWS does not publish how these are authorised; they are allowed on every resource: {unknown}"
    if placed.elsewhere:
        yield (
            "domains and distributions are global, and calls about them are answered in us-east-1 only; "
            f"allowed there: {_names(placed.elsewhere)}"
        )
    if limits.tags:
        yield from _on_tags(granted, limits)
    yield from _idle_arns(selection, limits)


def _on_tags(granted: Sequence[Action], limits: Limits) -> Iterator[str]:
    tags = ", ".join(limits.tags)
    if makes := _names(action.full_name for action in granted if action.creates_without_source):
        yield (
            f"these have to give the tags ({tags}) to what they make, for which AWS asks {_TAG} as well: "
            f"{makes}; it is never added by itself: whoever may tag any resource can tag it into this limit"
        )
    names = {action.name for action in granted}
    if "PutAlarm" in names:
        yield f"lightsail:PutAlarm changes alarms that have the tags ({tags}); it cannot make new ones"
    if "TagResource" in names:
        yield (
            f"{_TAG} reaches resources that have the tags ({tags}) already; "
            "it may not suffice to tag what is being made"
        )


def _idle_arns(selection: Selection, limits: Limits) -> Iterator[str]:
    taken = {use.type for action in selection.actions for use in action.resource_types}
    for kind in limits.arns:
        if kind not in taken:
            arns = _names(limits.arns[kind])
            yield f"no action of the entry takes {kind} resources, so naming them changes nothing: {arns}"


def _missing_help(entries: Sequence[_Entry]) -> Iterator[str]:
    """Actions that others depend on and that no entry grants."""
    granted = {action.full_name: action for entry in entries for action in _granted(entry[0], entry[2])}
    for name in sorted(granted):
        missing = _names(needed for needed in granted[name].dependent_actions if needed not in granted)
        if missing:
            yield f"{name} can also ask for {missing}, which the grant does not allow"


def _granted(selection: Selection, placed: Placed) -> list[Action]:
    left = {item.action for item in placed.left_out}
    return [action for action in selection.actions if action.full_name not in left]


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
