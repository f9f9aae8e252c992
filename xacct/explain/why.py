"""
Why is an action allowed or denied for the trusted party, and what would change that?

Each proposed edit of the grant is tried: the grant is expanded anew, the request decided anew, and the rules
asked what they find in it that they did not find before. An edit that does not work is not proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.house import HouseRules
from xacct.blueprint.model import Grant
from xacct.errors import InputError
from xacct.evaluate.model import ContextValue, Decision, Outcome
from xacct.explain import sources
from xacct.explain.case import Case, Party, case_of
from xacct.explain.model import (
    Block,
    Call,
    Code,
    Explanation,
    Point,
    Points,
    Section,
    Step,
    Steps,
    Text,
    Tone,
)
from xacct.explain.path import decision_words, path_section, shown_statements
from xacct.explain.probes import probes_section
from xacct.explain.text import outcome_tone, outcome_words, shown_context
from xacct.iam.things import DEFAULT_MAX_SESSION
from xacct.lightsail.catalog import Action, load_catalog
from xacct.lightsail.entry import PermissionEntry
from xacct.lint.check import check_role
from xacct.lint.context import LintContext
from xacct.lint.model import Finding, Severity
from xacct.plan.simulate import ASSUME_ACTIONS

__all__ = ["Edit", "edits_for", "explain_action"]


@attrs.frozen
class Edit:
    """A change of the grant that was tried. ``piece`` is what to write in the file."""

    words: str
    piece: str
    grant: Grant
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


def explain_action(case: Case, action: str) -> Explanation:
    """Raises InputError for a name that is no action."""
    name = _full_name(action)
    if name.lower() in {one.lower() for one in ASSUME_ACTIONS}:
        return _about_assuming(case, name)
    title = f"{name} in grant {case.grant_name}"
    if case.witness is None:
        lead = "Denied for the trusted party: no request of any kind passes by this grant."
        return Explanation(about="action", name=name, title=title, lead=lead, sections=(path_section(case),))
    decision, step = _decided(case, name)
    allowed = decision.allowed
    blocks: list[Block] = [Steps((step,))]
    sections = [
        Section("decision", "The decision", tuple(blocks)),
        _change_section(case, name, allowed=allowed),
    ]
    known = load_catalog().action(name)
    if known is not None:
        sections.append(_about(known))
    word = "Allowed" if allowed else "Denied"
    return Explanation(
        about="action",
        name=name,
        title=title,
        lead=f"{word} for the trusted party: {_short(case, name, decision)}",
        sections=tuple(sections),
    )


def _full_name(action: str) -> str:
    catalog = load_catalog()
    known = catalog.action(action)
    if known is not None:
        return known.full_name
    service, _, name = action.strip().partition(":")
    plain = service.replace("-", "").isalnum() and name.isalnum() and action.isascii()
    if plain and service.lower() != "lightsail":
        return action.strip()
    near = catalog.nearest(action)
    raise InputError(
        f"{action!r} is no action",
        where="--why",
        fix=f"did you mean {near}?" if near else "name one action, such as lightsail:RebootInstance",
        code="unknown-action",
    )


def _short(case: Case, name: str, decision: Decision) -> str:
    if decision.allowed:
        rows = [row for row in case.rows if name in row.actions]
        conditions = list(dict.fromkeys(row.condition for row in rows if row.condition))
        return (
            f"if the call is made {'; or '.join(conditions)}."
            if conditions
            else "without further conditions."
        )
    if decision.outcome is Outcome.EXPLICITLY_DENIED:
        return decision.why
    left = [item for item in case.expansion.left_out if item.action == name]
    if left:
        return f"the grant asks for it, but it was left out: {left[0].why}."
    return "no statement of the grant allows it."


# -- the decision --------------------------------------------------------------------------------------------


def _decided(case: Case, name: str) -> tuple[Decision, Step]:
    """The decision about one request, one that passes where there is one."""
    action = load_catalog().action(name)
    resource = case.resource_for(action) if action is not None else None
    witness = case.example(name, resource) or case.example(name) or case.witness
    assert witness is not None, "asked only where some request passes"
    request = case.request_of(witness)
    if request.action.lower() != name.lower():
        context: dict[str, ContextValue] = dict(request.context)
        if resource is not None:
            context.update(_friendly(case))
        request = attrs.evolve(request, action=name, resource=resource or "*", context=context)
    decision = case.decide(request)
    asked = "the role's permissions policy" if case.access is not None else "the group's policy"
    step = Step(
        title=f"{name}: {asked} is asked",
        actor=request.principal,
        credentials="those of the role session" if case.access is not None else "its own",
        account=f"{case.account} (yours)",
        asked=asked,
        outcome=outcome_words(decision),
        tone=outcome_tone(decision),
        why=decision_words(decision, asked),
        call=Call(
            request.principal, request.action, request.resource, shown_context(request, reveal=case.reveal)
        ),
        statements=shown_statements(decision),
    )
    return decision, step


def _friendly(case: Case) -> dict[str, ContextValue]:
    """The tags that the grant asks of resources, so that only the action itself is in question."""
    return {
        f"aws:ResourceTag/{key}": values[0]
        for entry in case.expansion.grant.permissions
        for key, values in entry.tags.items()
        if values
    }


def _about_assuming(case: Case, name: str) -> Explanation:
    assume = case.assume_request
    if case.party is Party.GROUP or assume is None:
        lead = "Denied: the grant makes no role, so there is none to assume."
        return Explanation(
            about="action", name=name, title=f"{name} in grant {case.grant_name}", lead=lead, sections=()
        )
    if assume.action.lower() == name.lower():
        lead = "Allowed for the trusted party, when the call meets the trust policy below."
    else:
        lead = f"Denied: the role is assumed by {assume.action}; the trust policy does not allow {name}."
    sections = (path_section(case), probes_section(case))
    return Explanation(
        about="action", name=name, title=f"{name} in grant {case.grant_name}", lead=lead, sections=sections
    )


# -- what would change it ------------------------------------------------------------------------------------


def _change_section(case: Case, name: str, *, allowed: bool) -> Section:
    title = "What would take it away" if allowed else "What would allow it"
    edits = list(edits_for(case, name, allowed=allowed))
    if not edits:
        return Section("change", title, (Text(_no_edit(case, name, allowed=allowed)),))
    return Section("change", title, tuple(block for edit in edits[:2] for block in _edit_blocks(edit, name)))


def _no_edit(case: Case, name: str, *, allowed: bool) -> str:
    if allowed:
        return "It comes from a statement that was written into the grant; change that statement."
    if not name.startswith("lightsail:"):
        return (
            f"The permission sets are about Lightsail alone. Paste a statement that allows {name} under"
            " permissions, as statements, with the resources that are meant."
        )
    return f"No small edit of {case.grant_name} was found that allows it within the grant's limits."


def _edit_blocks(edit: Edit, name: str) -> Iterator[Block]:
    yield Text(f"{edit.words} Tried: with this edit the decision changes.")
    yield Code(f"In the grant, for {name}", edit.piece, "yaml")
    warnings = [Point(text, "Mind", Tone.WARN) for text in edit.warnings]
    warnings += [
        Point(
            f"{finding.message}; fix: {finding.fix}",
            f"{finding.severity.value} {finding.rule}",
            Tone.BAD if finding.severity is Severity.ERROR else Tone.WARN,
        )
        for finding in edit.findings
    ]
    if warnings:
        yield Points(tuple(warnings))


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
    short = name.removeprefix("lightsail:")
    changed: list[PermissionEntry] = []
    for entry in entries:
        added = tuple(one for one in entry.add if one.removeprefix("lightsail:").lower() != short.lower())
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
    from xacct.lightsail.selection import select_actions

    return any(action.full_name == name for action in select_actions(entry, "permissions", []).actions)


def _additions(case: Case, name: str) -> Iterator[_Candidate]:
    if load_catalog().action(name) is None:
        return
    grant = case.expansion.grant
    short = name.removeprefix("lightsail:")
    for index, entry in enumerate(grant.permissions):
        if any(one.removeprefix("lightsail:").lower() == short.lower() for one in entry.remove):
            removed = tuple(
                one for one in entry.remove if one.removeprefix("lightsail:").lower() != short.lower()
            )
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
    import json

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


def _about(action: Action) -> Section:
    types = ", ".join(use.type for use in action.resource_types) or "none: Resource has to be *"
    points = [
        Point(f"{action.access_level.value}", "Access level"),
        Point(types, "Resource types", source=sources.LIGHTSAIL),
    ]
    if action.sensitive is not None:
        points.append(Point(action.sensitive.why, "Why it deserves a second look", Tone.WARN))
    return Section("action", f"What is known of {action.full_name}", (Points(tuple(points)),))
