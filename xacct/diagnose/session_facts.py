"""Why a session of a grant's role, or a member of its group, may not do one Lightsail action."""

from __future__ import annotations

import attrs

from xacct.diagnose.caller import Caller
from xacct.diagnose.differ import compare, nearest
from xacct.diagnose.edits import UUID, edit_adding, edit_words, edits_for_region, edits_for_resource, name_of
from xacct.diagnose.model import Cause, Likelihood, Step, StepKind, Who
from xacct.diagnose.question import EXAMPLE_ID, ActionQuestion
from xacct.diagnose.reason import Reason, best_match, certain, likelihood_of, unmet
from xacct.diagnose.statements import allow
from xacct.errors import InputError
from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import (
    ContextValue,
    Decision,
    Element,
    ElementTrace,
    Policies,
    Request,
    StatementTrace,
)
from xacct.iam.arn import Arn
from xacct.lightsail.catalog import load_catalog

__all__ = ["action_reasons"]


def action_reasons(question: ActionQuestion) -> list[Reason]:
    """The causes that fit, the certain ones first; none when the grant lets the action pass."""
    if question.known is None:
        return [_no_such_action(question)]
    decision = _decide(question)
    if decision is None:
        return []
    denies = [one for one in decision.trace if one.effect == "Deny" and one.applies is True]
    if denies:
        return [_denied(question, denies[0])]
    allows = [one for one in decision.trace if one.effect == "Allow" and _has_action(one)]
    if not allows:
        return [_not_granted(question)]
    return [_unmet(question, element) for element in unmet(best_match(allows))]


def _has_action(statement: StatementTrace) -> bool:
    return any(element.element is Element.ACTION and element.matched for element in statement.elements)


def _decide(question: ActionQuestion) -> Decision | None:
    context: dict[str, ContextValue] = dict(question.context)
    if question.region is not None:
        context.setdefault("aws:RequestedRegion", question.region)
    request = Request(
        principal=question.principal,
        action=question.action,
        resource=question.resource,
        resource_account=question.source.account,
        context=context,
        partial=True,
    )
    try:
        return evaluate(request, Policies(identity=question.policies))
    except InputError:
        return None


# What is missing


def _no_such_action(question: ActionQuestion) -> Reason:
    near = load_catalog().nearest(question.action)
    return Reason(
        cause=certain(
            f"Lightsail has no action {question.action}",
            f"The nearest is {near}." if near else "No policy can grant it.",
        ),
        steps=(
            _grant_step(question, "Name the action as the service reference does.", "xacct permissions list"),
        ),
    )


def _denied(question: ActionQuestion, statement: StatementTrace) -> Reason:
    keys = {(element.key or "").lower() for element in statement.elements}
    expires = question.source.expires
    if "aws:currenttime" in keys and expires is not None:
        return _expired(question)
    if "aws:tokenissuetime" in keys:
        step = Step(
            kind=StepKind.CHANGE_CREDENTIALS,
            who=Who.READER,
            text="Assume the role again: new sessions are not denied.",
        )
        return Reason(
            cause=certain(
                "The session was revoked", "Sessions issued before a certain time are denied everything."
            ),
            steps=(step,),
        )
    return Reason(
        cause=certain(
            f"The Deny {statement.sid or statement.index + 1} of the {question.noun}'s permissions fits "
            "the request",
            "No Allow helps against it.",
        ),
        steps=(_grant_step(question, "See what the Deny is for, and meet its condition."),),
    )


def _expired(question: ActionQuestion) -> Reason:
    expires = question.source.expires
    return Reason(
        cause=certain(
            f"The {question.noun} expired on {expires.isoformat() if expires else 'an earlier day'}",
            "Its permissions deny everything from then on, to sessions that still run as well.",
        ),
        steps=(
            _grant_step(
                question,
                "If the access is still needed, set a later day under expires, and apply the grant.",
            ),
        ),
    )


def _not_granted(question: ActionQuestion) -> Reason:
    left_out = next(
        (left.why for left in question.source.left_out if left.action.lower() == question.action.lower()),
        None,
    )
    names = [entry.set for entry in question.source.entries if entry.set]
    sets = (
        f"the permission set{'s' if len(names) > 1 else ''} {', '.join(names)}"
        if names
        else f"the {question.noun}"
    )
    if left_out is None:
        cause = certain(
            f"{name_of(question)} is not among what the {question.noun} allows",
            f"Neither {sets} nor what is added to it has it.",
        )
    else:
        cause = certain(
            f"{name_of(question)} was left out of the {question.noun}",
            f"It is part of {sets}, but it {left_out}; so it was not granted for the whole account without "
            "a word.",
        )
    if not question.source.entries:
        return Reason(cause=cause, steps=(_statement_step(question),))
    edit = edit_adding(question, escapes=left_out is not None)
    text = f"If it is meant to be allowed, add this one action to the grant: {edit_words(edit)}."
    return Reason(cause=cause, steps=(_grant_step(question, text),), edits=(edit,))


def _statement_step(question: ActionQuestion) -> Step:
    """The one action as a statement, for a role whose grant is not at hand."""
    step = _grant_step(
        question, "If it is meant to be allowed, add this statement to the role's permissions."
    )
    target = question.resource.replace(EXAMPLE_ID, "*")
    put = Caller.of(question.principal).put_command("allow-missing-action")
    return attrs.evolve(step, statement=allow(name_of(question), target), command=put)


# What does not fit


def _unmet(question: ActionQuestion, element: ElementTrace) -> Reason:
    if element.element is Element.RESOURCE:
        return _resource(question, element)
    key = (element.key or "").lower()
    if key == "aws:requestedregion":
        return _region(question, element)
    if key.startswith("aws:resourcetag/"):
        return _resource_tag(question, element)
    if key.startswith("aws:requesttag/"):
        return _request_tag(question, element)
    if key == "aws:currenttime":
        return _expired(question)
    return Reason(
        cause=Cause(
            title=f"The condition on {element.key} is not met",
            why=f"It asks for {', '.join(element.policy_values)} ({element.operator}).",
            likelihood=likelihood_of(element),
        ),
        steps=(
            _grant_step(
                question, f"Meet the condition, or change what the {question.noun} asks of {element.key}."
            ),
        ),
    )


def _resource(question: ActionQuestion, element: ElementTrace) -> Reason:
    known, asked = question.known, question.resource
    assert known is not None
    if known.wildcard_only:
        return Reason(
            cause=certain(
                f'The {question.noun} allows {known.name} on an ARN, where only "*" counts',
                "A statement that pairs such an action with an ARN never matches.",
            ),
            steps=(_grant_step(question, f'In the pasted statement, put {known.name} on Resource "*".'),),
        )
    named = [value for value in element.policy_values if _is_named(value)]
    if named:
        return _name_for_uuid(question, named[0])
    if question.is_example:
        cause = Cause(
            title=f"The {question.noun} is limited to certain resources, and the message does not tell "
            "which was meant",
            why=f"Allowed: {', '.join(element.policy_values)}.",
            likelihood=Likelihood.LIKELY,
        )
        return Reason(cause=cause, steps=(_grant_step(question, "Compare the resource's ARN with those."),))
    near = nearest(asked, element.policy_values)
    why = (
        compare(("allowed", "asked for"), (near, asked))
        if near
        else f"Allowed: {', '.join(element.policy_values)}."
    )
    edits = tuple(edits_for_resource(question, asked))
    text = f"If this resource is meant as well, add its ARN to resources in the {question.noun}."
    return Reason(
        cause=certain(f"The {question.noun} is limited to other resources", why),
        steps=(_grant_step(question, text),),
        edits=edits,
    )


def _is_named(value: str) -> bool:
    arn = Arn.try_parse(value)
    return (
        arn is not None
        and bool(arn.resource_path)
        and not (UUID.fullmatch(arn.resource_path) or "*" in arn.resource_path or "?" in arn.resource_path)
    )


def _name_for_uuid(question: ActionQuestion, value: str) -> Reason:
    arn = Arn.parse(value)
    kind = load_catalog().resource_type(arn.resource_type)
    command = kind.find_command(arn.resource_path, question.region) if kind else None
    return Reason(
        cause=certain(
            f"The {question.noun} has the name {arn.resource_path} where Lightsail has a UUID",
            f"{value} can be saved, and never matches.",
        ),
        steps=(_grant_step(question, "Put the ARN that this command prints in its place.", command),),
    )


def _region(question: ActionQuestion, element: ElementTrace) -> Reason:
    asked, allowed = question.region, ", ".join(element.policy_values)
    title = f"The {question.noun} allows it in {allowed} only"
    why = (
        f"The call went to {asked}." if asked else "The message does not tell to which Region the call went."
    )
    edits = () if asked is None else edits_for_region(question, asked)
    step = Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.READER,
        text=f"Call with --region {element.policy_values[0]}, or set it in the profile, if that is where "
        f"the resource is. Else add the Region to regions in the {question.noun}.",
    )
    return Reason(
        cause=Cause(title=title, why=why, likelihood=likelihood_of(element)), steps=(step,), edits=edits
    )


def _resource_tag(question: ActionQuestion, element: ElementTrace) -> Reason:
    key = (element.key or "").partition("/")[2]
    value = element.policy_values[0] if element.policy_values else ""
    arn = Arn.try_parse(question.diagnosis.resource or "")
    named = f" --resource-arn {arn}" if arn is not None and UUID.fullmatch(arn.resource_path) else ""
    region = f" --region {question.region}" if question.region else ""
    step = Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.OWNER_ADMIN,
        account=question.source.account,
        text=f"If this resource is meant to be within the {question.noun}, tag it {key}={value}. If not, "
        "the refusal is right: the tag is what keeps the others out.",
        command=f"aws lightsail tag-resource --resource-name <NAME>{named} --tags "
        f"key={key},value={value}{region}",
        warning=f"Do not take the tag out of the {question.noun} to make it pass: that opens every "
        "resource of the account.",
    )
    return Reason(
        cause=Cause(
            title=f"The resource has no tag {key}={' or '.join(element.policy_values)}",
            why=f"The {question.noun} reaches resources with this tag only. Case counts, in key and value.",
            likelihood=likelihood_of(element),
        ),
        steps=(step,),
    )


def _request_tag(question: ActionQuestion, element: ElementTrace) -> Reason:
    key = (element.key or "").partition("/")[2]
    value = element.policy_values[0] if element.policy_values else ""
    step = Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.READER,
        text="What is made has to be tagged by the very call that makes it: add --tags "
        f"key={key},value={value}.",
    )
    return Reason(
        cause=Cause(
            title=f"The call does not tag what it makes {key}={value}",
            why=f"The {question.noun} allows new resources with this tag only.",
            likelihood=likelihood_of(element),
        ),
        steps=(step,),
    )


def _grant_step(question: ActionQuestion, text: str, command: str | None = None) -> Step:
    caller = Caller.of(question.principal)
    step = question.source.change(text)
    return attrs.evolve(
        step,
        command=command or step.command,
        ask=f"Hello,\n\nthe {question.noun} {question.source.place} does not let {caller.words} do "
        f"{name_of(question)}. {text}",
    )
