"""
Edits of a grant that turn a decision, each tried before it is proposed.

The grant is expanded anew with the edit, the request looked for anew, and the rules asked what they find in
it that they did not find before. An edit that does not work is not proposed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import attrs

from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.house import HouseRules
from xacct.blueprint.model import Grant
from xacct.errors import InputError
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.iam.things import DEFAULT_MAX_SESSION
from xacct.lightsail.catalog import PREFIX, load_catalog
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
    known = {finding.message for finding in _findings(case.expansion)}
    for words, piece, grant in candidates:
        expansion = _expanded(case, grant)
        if expansion is None or _granted(expansion, name) is allowed:
            continue
        if allowed:
            yield Edit(words, piece, grant)
            continue
        new = tuple(item for item in _findings(expansion) if item.message not in known)
        yield Edit(words, piece, grant, new, tuple(_warnings(expansion, name)))


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
    if load_catalog().action(name) is None:
        return
    grant = case.expansion.grant
    short = name.removeprefix(PREFIX)
    for index, entry in enumerate(grant.permissions):
        if any(one.removeprefix(PREFIX).lower() == short.lower() for one in entry.remove):
            removed = tuple(one for one in entry.remove if one.removeprefix(PREFIX).lower() != short.lower())
            yield _replaced(grant, index, attrs.evolve(entry, remove=removed), "Do not take the action away.")
    for index, entry in enumerate(grant.permissions):
        if _has(entry, name) and not entry.unscoped:
            words = (
                "A limit of the entry cannot reach the action; let such actions through, in the whole"
                " account."
            )
            yield _replaced(grant, index, attrs.evolve(entry, unscoped=True), words)
    for index, entry in enumerate(grant.permissions[:1]):
        added = attrs.evolve(entry, add=(*entry.add, short))
        yield _replaced(grant, index, added, "Add the action, within the limits of the entry.")
    alone = PermissionEntry(add=(short,))
    words = "Add the action in an entry of its own, without the limits of the others."
    yield (
        words,
        _piece([alone], start="# beside the other entries\n"),
        attrs.evolve(grant, permissions=(*grant.permissions, alone)),
    )


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


def _expanded(case: Case, grant: Grant) -> Expansion | None:
    """The edited grant, expanded; None when it is no valid grant."""
    role = case.role
    pinned = attrs.evolve(
        grant,
        account=case.account,
        path=role.path if role is not None else grant.path,
        max_session=grant.max_session or DEFAULT_MAX_SESSION,
    )
    try:
        return expand(
            pinned, case.expansion.blueprint, partition=case.expansion.partition, house=HouseRules()
        )
    except InputError:
        return None


def _granted(expansion: Expansion, name: str) -> bool:
    """Whether any request for the action passes."""
    return case_of(expansion).example(name) is not None


def _findings(expansion: Expansion) -> tuple[Finding, ...]:
    if expansion.role is None:
        return ()
    context = LintContext(account=expansion.account, partition=expansion.partition, role=expansion.role_arn)
    found = check_role(expansion.role, case_of(expansion).documents, context)
    return tuple(item for item in found if item.severity is not Severity.INFO)


def _warnings(expansion: Expansion, name: str) -> Iterator[str]:
    action = load_catalog().action(name)
    if action is None:
        return
    if action.sensitive is not None:
        yield f"{action.name} {action.sensitive.why}."
        if action.sensitive.outlives:
            yield f"What it hands out or leaves outlives the role: {action.sensitive.outlives}."
    if action.irreversible:
        yield f"{action.name} cannot be undone."
    if action.wildcard_only and not action.is_read:
        yield (
            "AWS checks this action against * alone: no limit by resource or tag holds for it, it reaches"
            " the whole account."
        )
    if action.name in ("TagResource", "UntagResource") and any(
        one.tags for one in expansion.grant.permissions
    ):
        yield "Whoever may change tags can tag any resource into a limit by tag, and out of one."
