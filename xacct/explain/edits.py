"""
Edits of a grant that turn a decision, each tried before it is proposed.

The grant is expanded anew with the edit, the request looked for anew, and the rules asked what they find in
it that they did not find before. An edit that does not work is not proposed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import attrs

from xacct.blueprint.expand import expand
from xacct.blueprint.house import HouseRules
from xacct.blueprint.model import Grant
from xacct.errors import InputError
from xacct.explain.calls import TAGGING, is_allowed
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.minding import minding
from xacct.iam.things import DEFAULT_MAX_SESSION
from xacct.lightsail.catalog import PREFIX, Action, Source, load_catalog
from xacct.lightsail.entry import PermissionEntry
from xacct.lightsail.selection import select_actions
from xacct.lint.check import check_role
from xacct.lint.context import LintContext
from xacct.lint.model import Finding, Severity
from xacct.values import frozen

__all__ = ["Edit", "edits_for"]


@frozen
class Edit:
    """A change of the grant that was tried. ``piece`` is what to write in the file."""

    words: str
    piece: str
    grant: Grant
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


def edits_for(case: Case, name: str, *, allowed: bool) -> Iterator[Edit]:
    """Edits of the grant that turn the decision, the smallest first; each was tried."""
    candidates = _removals(case, name) if allowed else _additions(case, name)
    known = {finding.message for finding in _findings(case)}
    for words, piece, grant in candidates:
        edited = _edited(case, grant)
        if edited is None or is_allowed(edited, name) is allowed:
            continue
        if allowed:
            yield Edit(words, piece, grant)
            continue
        new = tuple(item for item in _findings(edited) if item.message not in known)
        yield Edit(words, piece, grant, new, tuple(minding(case, edited, name)))


_Candidate = tuple[str, str, Grant]


def _removals(case: Case, name: str) -> Iterator[_Candidate]:
    entries = case.expansion.grant.permissions
    short = name.removeprefix(PREFIX)
    changed: list[PermissionEntry] = []
    for entry in entries:
        added = tuple(one for one in entry.add if one.removeprefix(PREFIX).lower() != short.lower())
        trimmed = attrs.evolve(entry, add=added)
        if not _has(trimmed, name):
            changed.append(trimmed)
        else:
            changed.append(attrs.evolve(trimmed, remove=(*trimmed.remove, short)))
    kept = tuple(entry for entry in changed if entry.set or entry.add or entry.statements)
    touched = [entry for entry, old in zip(changed, entries, strict=True) if entry != old]
    piece = _piece([entry for entry in touched if entry in kept])
    if kept and touched:
        yield (
            "Take the action away from the grant.",
            piece,
            attrs.evolve(case.expansion.grant, permissions=kept),
        )


def _has(entry: PermissionEntry, name: str) -> bool:
    return any(action.full_name == name for action in select_actions(entry, "permissions", []).actions)


def _additions(case: Case, name: str) -> Iterator[_Candidate]:
    action = load_catalog().action(name)
    if action is None:
        return
    grant = case.expansion.grant
    yield from _restored(grant, action)
    for index, entry in enumerate(grant.permissions):
        if _has(entry, name) and not entry.unscoped:
            words = (
                "A limit of the entry cannot reach the action; let such actions through, in the whole"
                " account."
            )
            yield _replaced(grant, index, attrs.evolve(entry, unscoped=True), words)
    for index, entry in enumerate(grant.permissions[:1]):
        added = attrs.evolve(entry, add=(*entry.add, action.name))
        yield _replaced(grant, index, added, f"Add the action {_limits(entry, action)}.")
    if action.supports_request_tags and action.full_name != TAGGING:
        yield from _with_tagging(grant, action)
    words = "Add the action in an entry of its own, without the limits of the others."
    yield _beside(grant, action.name, words)


def _restored(grant: Grant, action: Action) -> Iterator[_Candidate]:
    short = action.name.lower()
    for index, entry in enumerate(grant.permissions):
        removed = tuple(one for one in entry.remove if one.removeprefix(PREFIX).lower() != short)
        if removed != entry.remove:
            yield _replaced(grant, index, attrs.evolve(entry, remove=removed), "Do not take the action away.")


def _with_tagging(grant: Grant, action: Action) -> Iterator[_Candidate]:
    """With TagResource, which is asked for the tags that the entry's limit demands of what is made."""
    tagging = TAGGING.removeprefix(PREFIX)
    if any(_has(entry, action.full_name) for entry in grant.permissions):
        words = f"Add {TAGGING}, which AWS asks for the tags as well, in an entry of its own."
        yield _beside(grant, tagging, words)
        return
    for index, entry in enumerate(grant.permissions[:1]):
        added = attrs.evolve(entry, add=(*entry.add, action.name))
        alone = PermissionEntry(add=(tagging,))
        words = (
            f"Add the action {_limits(entry, action)}, and {TAGGING}, which AWS asks for the tags as well, in"
            " an entry of its own."
        )
        _, _, edited = _replaced(grant, index, added, words)
        whole = attrs.evolve(edited, permissions=(*edited.permissions, alone))
        yield words, _piece([added, alone]), whole


def _limits(entry: PermissionEntry, action: Action) -> str:
    """In which sense the action is within the entry's limits."""
    if action.source is Source.SDK:
        return "to the entry"
    reached = not action.wildcard_only or (action.creates_without_source and not entry.resources)
    if reached or not (entry.tags or entry.resources):
        return "to the entry, within its limits"
    return "to the entry, whose limit by tag or resource cannot reach it"


def _beside(grant: Grant, short: str, words: str) -> _Candidate:
    alone = PermissionEntry(add=(short,))
    piece = _piece([alone], start="# beside the other entries\n")
    return words, piece, attrs.evolve(grant, permissions=(*grant.permissions, alone))


def _replaced(grant: Grant, index: int, entry: PermissionEntry, words: str) -> _Candidate:
    entries = list(grant.permissions)
    entries[index] = entry
    return words, _piece([entry]), attrs.evolve(grant, permissions=tuple(entries))


def _piece(entries: Sequence[PermissionEntry], start: str = "") -> str:
    """The entries as the grant's file has them."""
    lines = ["permissions:"]
    for entry in entries:
        keys: list[str] = []
        if entry.set:
            keys.append(f"set: {entry.set}")
        for key, values in (
            ("add", entry.add),
            ("remove", entry.remove),
            ("resources", entry.resources),
            ("regions", entry.regions),
        ):
            if values:
                shown = (f'"{value}"' if ":" in value else value for value in values)
                keys.append(f"{key}: [{', '.join(shown)}]")
        if entry.tags:
            tags = ", ".join(f"{key}: {_tag(values)}" for key, values in entry.tags.items())
            keys.append(f"tags: {{{tags}}}")
        if entry.unscoped:
            keys.append("unscoped: allow")
        if entry.statements:
            keys.append("statements: …   # as they are")
        lines += [f"  {'- ' if index == 0 else '  '}{key}" for index, key in enumerate(keys)]
    return start + "\n".join(lines)


def _tag(values: Sequence[str]) -> str:
    return json.dumps(values[0] if len(values) == 1 else list(values), ensure_ascii=False)


def _edited(case: Case, grant: Grant) -> Case | None:
    """The edited grant as a case; None when it is no valid grant."""
    role = case.role
    pinned = attrs.evolve(
        grant,
        account=case.account,
        path=role.path if role is not None else grant.path,
        max_session=grant.max_session or DEFAULT_MAX_SESSION,
    )
    try:
        return case_of(
            expand(pinned, case.expansion.blueprint, partition=case.expansion.partition, house=HouseRules())
        )
    except InputError:
        return None


def _findings(case: Case) -> tuple[Finding, ...]:
    role = case.role
    if role is None:
        return ()
    context = LintContext(account=case.account, partition=case.expansion.partition, role=case.role_arn)
    found = check_role(role, case.documents, context)
    return tuple(item for item in found if item.severity is not Severity.INFO)
