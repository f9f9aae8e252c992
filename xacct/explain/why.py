"""
Why is an action allowed or denied for the trusted party, and what would change that?

The decision comes from the evaluator, the edits that would change it from ``edits``, where each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from xacct.errors import InputError
from xacct.evaluate.model import Outcome
from xacct.explain import sources
from xacct.explain.assuming import about_sts
from xacct.explain.calls import TAGGING, Asked, calling
from xacct.explain.case import Case
from xacct.explain.edits import Edit, edits_for
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
from xacct.explain.nothing import nothing_answer
from xacct.explain.path import decision_words, path_section, shown_statements
from xacct.explain.places import types_in_words
from xacct.explain.services import load_services
from xacct.explain.text import listed, outcome_tone, outcome_words, shown_context
from xacct.explain.when import when_words
from xacct.lightsail.catalog import Action, Source, load_catalog
from xacct.lint.model import Severity

__all__ = ["explain_action"]


def explain_action(case: Case, action: str) -> Explanation:
    """Raises InputError for a name that is no action."""
    name = _full_name(action)
    found = about_sts(case, name)
    if found is not None:
        return found
    title = f"{name} in grant {case.grant_name}"
    if case.witness is None:
        lead = nothing_answer(case, name)
        return Explanation(about="action", name=name, title=title, lead=lead, sections=(path_section(case),))
    asked = calling(case, name)
    refused = next((one for one in asked if not one.decision.allowed), None)
    sections = [
        Section("decision", "The decision", (Steps(tuple(_step(case, one, name) for one in asked)),)),
        _change_section(case, name, allowed=refused is None),
    ]
    known = load_catalog().action(name)
    if known is not None:
        sections.append(_about(known))
    lead = _allowed(case, name) if refused is None else _refused(case, name, refused, asked[0])
    return Explanation(about="action", name=name, title=title, lead=lead, sections=tuple(sections))


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


def _allowed(case: Case, name: str) -> str:
    conditions = when_words(case, name)
    said = conditions or "without further conditions"
    return f"Allowed for the trusted party: {said}."


def _refused(case: Case, name: str, refused: Asked, first: Asked) -> str:
    if not case.unknown_policies or refused.decision.outcome is Outcome.EXPLICITLY_DENIED:
        return _refused_here(case, name, refused, first)
    return (
        "Undecided for the trusted party: no statement of the grant allows it. What the attached"
        f" {listed(case.unknown_policies)} allows is not at hand."
    )


def _refused_here(case: Case, name: str, refused: Asked, first: Asked) -> str:
    if refused.request.action.lower() != name.lower():
        return (
            "Denied for the trusted party: the grant allows it"
            f" {when_words(case, name)}, and for the tags AWS asks {TAGGING} as well, which the grant does"
            " not allow there."
        )
    if refused.decision.outcome is Outcome.EXPLICITLY_DENIED:
        return f"Denied for the trusted party: {refused.decision.why}"
    if refused is not first:
        return (
            "Denied for the trusted party: AWS asks about each resource of the call, and the grant does not"
            f" allow {name} on {refused.request.resource}."
        )
    if load_catalog().action(name) is None:
        return f"Not given to the trusted party by this grant: no statement of it allows {name}."
    left = [item for item in case.expansion.left_out if item.action == name]
    if left:
        return f"Denied for the trusted party: the grant asks for it, but it was left out: {left[0].why}."
    return "Denied for the trusted party: no statement of the grant allows it."


# -- the decision --------------------------------------------------------------------------------------------


def _step(case: Case, asked: Asked, name: str) -> Step:
    request, decision = asked.request, asked.decision
    policy = "the role's permissions policy" if case.access is not None else "the group's policy"
    beside = request.action.lower() != name.lower()
    return Step(
        title=f"{request.action}{', for the tags' if beside else ''}: {policy} is asked",
        actor=request.principal,
        credentials="those of the role session" if case.access is not None else "its own",
        account=f"{case.account} (yours)",
        asked=policy,
        outcome=outcome_words(decision),
        tone=outcome_tone(decision),
        why=decision_words(case, decision, policy) + (_DOCUMENTED if beside else ""),
        call=Call(
            request.principal,
            request.action,
            _resource(asked),
            shown_context(request, reveal=case.reveal),
        ),
        statements=shown_statements(decision),
    )


_DOCUMENTED = " AWS documents this second question for some of these actions; xacct takes it to hold for all."


def _resource(asked: Asked) -> str:
    """Of another service's action nothing is known; where none passes, it is refused on any resource."""
    unknown = load_catalog().action(asked.request.action) is None and asked.request.resource == "*"
    return "any resource" if unknown and not asked.decision.allowed else asked.request.resource


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
            f" permissions, as statements, with the resources that are meant.{_on_the_resource(case, name)}"
        )
    return f"No small edit of {case.grant_name} was found that allows it within the grant's limits."


def _on_the_resource(case: Case, name: str) -> str:
    """What a policy of the resource has to say, or can, of an action of another service."""
    service = load_services().by_prefix(name.partition(":")[0])
    who, own = ("user", "users' and groups' policies") if case.access is None else ("role", "role's policies")
    if service is not None and service.id == "kms":
        return (
            f" For KMS that is not enough: the key's policy has to allow it as well, by naming the {who}, or"
            f" the account and so leaving it to the {own}; or a KMS grant on the key has to. xacct sees"
            " neither."
        )
    if service is not None and service.support == "yes":
        return (
            f" {service.name} has resource-based policies: for a resource of this account, one that names the"
            f" {who} may allow the action although the grant does not. A Deny, in the grant's policies or in"
            " the resource's, always wins. xacct does not see the resource's."
        )
    return ""


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


_GUESSED = ", guessed from what the SDK says it does: AWS's authorization data does not list the action"


def _about(action: Action) -> Section:
    guessed = action.source is Source.SDK
    level = action.access_level.value + (_GUESSED if guessed else "")
    points = [
        Point(level, "Access level", source=sources.SDK_MODELS if guessed else ""),
        Point(types_in_words(action), "Resource types", source="" if guessed else sources.LIGHTSAIL),
    ]
    if action.sensitive is not None:
        points.append(Point(action.sensitive.why, "Why it deserves a second look", Tone.WARN))
    return Section("action", f"What is known of {action.full_name}", (Points(tuple(points)),))
