"""
Why is an action allowed or denied for the trusted party, and what would change that?

The decision comes from the evaluator, the edits that would change it from ``edits``, where each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from xacct.errors import InputError
from xacct.evaluate.model import ContextValue, Decision, Outcome
from xacct.explain import sources
from xacct.explain.case import Case, Party
from xacct.explain.edits import Edit, edits_for
from xacct.explain.matching import allowing
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
from xacct.lightsail.catalog import Action, load_catalog
from xacct.lint.model import Severity
from xacct.plan.simulate import ASSUME_ACTIONS

__all__ = ["explain_action"]


def explain_action(case: Case, action: str) -> Explanation:
    """Raises InputError for a name that is no action."""
    name = _full_name(action)
    if name.lower() in {one.lower() for one in (*ASSUME_ACTIONS, *_WITH_THE_SESSION)}:
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
        if resource is None:
            context = {key: value for key, value in context.items() if not _of_resource(key)}
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


def _of_resource(key: str) -> bool:
    """Tags of a resource, which a call about ``*`` has none of."""
    return key.lower().startswith("aws:resourcetag/")


def _friendly(case: Case) -> dict[str, ContextValue]:
    """The tags that the grant asks of resources, so that only the action itself is in question."""
    return {
        f"aws:ResourceTag/{key}": values[0]
        for entry in case.expansion.grant.permissions
        for key, values in entry.tags.items()
        if values
    }


_WITH_THE_SESSION = ("sts:TagSession", "sts:SetSourceIdentity")
"""Asked of the trust policy too, in the call that gets the session (id_session-tags)."""


def _about_assuming(case: Case, name: str) -> Explanation:
    assume = case.assume_request
    if case.party is Party.GROUP or assume is None:
        lead = "Denied: the grant makes no role, so there is none to assume."
        return Explanation(
            about="action", name=name, title=f"{name} in grant {case.grant_name}", lead=lead, sections=()
        )
    trust = case.access.trust if case.access is not None else None
    together = name.lower() in {one.lower() for one in _WITH_THE_SESSION}
    if assume.action.lower() == name.lower():
        lead = "Allowed for the trusted party, when the call meets the trust policy below."
    elif together and allowing(trust, name):
        lead = (
            f"Allowed for the trusted party, in the call of {assume.action}, when it meets the statement of"
            f" the trust policy that allows {name}."
        )
    elif together:
        lead = (
            f"Denied: a call of {assume.action} that asks for it is refused whole, because the trust policy"
            f" does not allow {name}. A statement of the permissions would not change that."
        )
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


def _about(action: Action) -> Section:
    types = ", ".join(use.type for use in action.resource_types) or "none: Resource has to be *"
    points = [
        Point(f"{action.access_level.value}", "Access level"),
        Point(types, "Resource types", source=sources.LIGHTSAIL),
    ]
    if action.sensitive is not None:
        points.append(Point(action.sensitive.why, "Why it deserves a second look", Tone.WARN))
    return Section("action", f"What is known of {action.full_name}", (Points(tuple(points)),))
