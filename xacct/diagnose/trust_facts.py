"""Why this caller gets no session of a grant's role: the trust policy, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from xacct.blueprint.model import Parameter, ParameterType
from xacct.diagnose.caller import CallerKind
from xacct.diagnose.differ import compare, nearest
from xacct.diagnose.model import Cause, GrantEdit, Likelihood, Step, StepKind, Who
from xacct.diagnose.question import TrustQuestion
from xacct.diagnose.reason import Reason, best_match, certain, unmet
from xacct.diagnose.statements import allow
from xacct.diagnose.trust_conditions import (
    condition_reason,
    expired_reason,
    external_id_reason,
    mfa_reason,
    text_of,
)
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
from xacct.evaluate.principals import principal_arn
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement
from xacct.plan.simulate import example_request

__all__ = ["TRUST_ACTIONS", "trust_reasons"]

TRUST_ACTIONS = {
    name.lower(): name
    for name in (
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "TagSession",
        "SetSourceIdentity",
    )
}
_EVERYTHING = PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",)))
_PARAMETER_OF = {"TagSession": "session_tags", "SetSourceIdentity": "source_identity"}


def trust_reasons(question: TrustQuestion) -> list[Reason]:
    """The causes that fit, the certain ones first."""
    named = _other_role(question)
    if named is not None:
        return [named]
    decision = _decide(question)
    if decision is None:
        return []
    denies = [one for one in decision.trace if one.effect == "Deny" and one.applies is True]
    if denies:
        return [_denied(question, denies[0])]
    allows = [
        one
        for one in decision.trace
        if one.effect == "Allow" and one.policy_type.value == "trust" and _has_action(one)
    ]
    if not allows:
        return [_no_action(question)]
    best = best_match(allows)
    reasons = [_unmet(question, element) for element in sorted(unmet(best), key=_rank)]
    if not any(reason.is_certain for reason in reasons) and _needs_own_policy(question, best):
        reasons.append(_caller_side(question))
    return reasons


def _rank(element: ElementTrace) -> tuple[bool, bool]:
    # Audiences are mostly set by the tools alike; subjects are what people get wrong.
    return element.matched is None, (element.key or "").endswith(":aud")


def _needs_own_policy(question: TrustQuestion, statement: StatementTrace) -> bool:
    """Whether the caller's own policy has to allow it: not for tokens, nor for who is named at home."""
    if question.action in ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"):
        return False
    if question.caller.account != question.owner:
        return True
    named = {
        value for element in statement.elements if element.key is None for value in element.policy_values
    }
    return not named & {question.diagnosis.principal, question.caller.arn_for_trust}


def _has_action(statement: StatementTrace) -> bool:
    return any(
        element.element is Element.ACTION and element.matched is True for element in statement.elements
    )


# The role that was asked for


def _other_role(question: TrustQuestion) -> Reason | None:
    asked, ours = question.diagnosis.resource or "", question.access.role_arn
    arn, own = Arn.try_parse(asked), Arn.parse(ours)
    if arn is None or asked == ours or arn.resource_type != "role" or "*" in asked:
        return None
    shown = compare(("asked for", "the role"), (asked, ours))
    step = Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.READER,
        text=f"Ask for {ours}: path and case of the name count.",
        command=f"aws sts assume-role --role-arn {ours} --role-session-name test",
    )
    if (arn.account, arn.name.lower()) == (own.account, own.name.lower()):
        # Names of roles are unique in an account whatever path and case: no other role can be meant.
        cause = certain(f"The ARN that was asked for is not quite that of the {question.noun}'s role", shown)
        return Reason(cause=cause, steps=(step,))
    cause = Cause(
        title=f"The message is about another role than the {question.noun}'s",
        why=f"{shown}\nEither the wrong role was asked for, or the message is about something else.",
        likelihood=Likelihood.LIKELY,
    )
    return Reason(cause=cause, steps=(step,))


# The decision


def _decide(question: TrustQuestion) -> Decision | None:
    """Ask the trust policy alone; what the message does not tell stays unknown."""
    caller = _requester(question)
    context: dict[str, ContextValue] = dict(question.context)
    if caller.startswith("arn:") and "-provider/" not in caller:
        context.setdefault("aws:PrincipalArn", principal_arn(caller))
    request = Request(
        principal=caller,
        action=f"sts:{question.action}",
        resource=question.access.role_arn,
        resource_account=question.owner,
        context=context,
        partial=True,
    )
    try:
        return evaluate(request, Policies(identity=(_EVERYTHING,), resource=question.access.trust))
    except InputError:
        return None


def _requester(question: TrustQuestion) -> str:
    """The caller of the message; where it names none that can be read, one whom the trust is meant for."""
    text = question.diagnosis.principal or ""
    if question.action in ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"):
        return next(iter(_federated(question.access.trust)), text)
    if Arn.try_parse(text) is not None and question.caller.account is not None:
        return text
    example = example_request(question.access, "sts:AssumeRole")
    return example.principal if example else f"arn:aws:iam::{question.owner}:root"


def _federated(trust: PolicyDocument) -> list[str]:
    return [
        principal.value
        for statement in trust.statements
        for principal in statement.principals or ()
        if principal.type is PrincipalType.FEDERATED
    ]


# Statements


def _denied(question: TrustQuestion, statement: StatementTrace) -> Reason:
    keys = sorted({element.key for element in statement.elements if element.key})
    about = f" It looks at {', '.join(keys)}." if keys else ""
    return Reason(
        cause=certain(
            f"The Deny {statement.sid or statement.index + 1} of the trust policy fits the request",
            f"No Allow helps against it.{about}",
        ),
        steps=(_use_grant(question, "See what the Deny is for, and meet its condition."),),
    )


def _no_action(question: TrustQuestion) -> Reason:
    action = f"sts:{question.action}"
    parameter = _PARAMETER_OF.get(question.action, "")
    known = question.source.parameters.get(parameter)
    cause = certain(
        f"No statement of the trust policy allows {action}",
        "It is decided apart from sts:AssumeRole: a call that sends "
        f"{'tags' if question.action == 'TagSession' else 'it'} needs both.",
    )
    if known is None:
        step = _use_grant(question, f"Do not send it, or let the trust policy allow {action}.")
        return Reason(cause=cause, steps=(step,))
    is_bool = known.type is ParameterType.BOOL
    value = "true" if is_bool else "[KEY, …]"
    text = f"Let the grant allow it: parameters.{parameter}: {value}. Or stop sending it."
    edits = (
        (GrantEdit(path=f"parameters.{parameter}", value="true", why=f"allows {action}"),) if is_bool else ()
    )
    return Reason(cause=cause, steps=(_use_grant(question, text),), edits=edits)


def _unmet(question: TrustQuestion, element: ElementTrace) -> Reason:
    if element.element is Element.PRINCIPAL:
        return _principal(question, element)
    key = (element.key or "").lower()
    if key == "sts:externalid":
        return external_id_reason(question, element)
    if key.startswith("aws:multifactorauth"):
        return mfa_reason(question, element)
    if key == "aws:currenttime":
        return expired_reason(question, element)
    if key == "aws:principalarn":
        return _principal(question, element)
    return condition_reason(question, element)


def _principal(question: TrustQuestion, element: ElementTrace) -> Reason:
    recreated = [value for value in element.policy_values if value.startswith(("AROA", "AIDA", "AGPA"))]
    if recreated:
        return _recreated(question, recreated)
    asked = text_of(element.requested) or question.diagnosis.principal or "the caller"
    admitted = [value for value in element.policy_values if value]
    account = question.caller.account
    like = asked
    if account is not None and all(value.endswith(":root") for value in admitted):
        like = f"arn:{question.caller.partition}:iam::{account}:root"
    near = nearest(like, admitted)
    shown = (
        compare(("trusted", "caller"), (near, like))
        if near
        else f"Trusted: {', '.join(admitted)}. The caller: {asked}."
    )
    edits = tuple(_admitting(question, asked))
    place = f" ({edits[0].path})" if edits else ""
    text = (
        "Call as one of those who are trusted. If this caller is meant to have the access, name it in the "
        f"{question.noun}{place}, look at the plan, and apply it."
    )
    return Reason(
        cause=certain("The trust policy admits others, not this caller", shown),
        steps=(_use_grant(question, text, who_calls=True),),
        edits=edits,
    )


def _admitting(question: TrustQuestion, asked: str) -> Iterator[GrantEdit]:
    """Naming the caller where the grant lists principals of that account one by one."""
    if question.caller.kind not in (CallerKind.USER, CallerKind.ROLE):
        return
    arn = question.caller.arn_for_trust if asked == question.diagnosis.principal else asked
    for name, parameter in question.source.parameters.items():
        held = question.source.values.get(name, ())
        if arn is None or not held or not _lists_principals(parameter):
            continue
        accounts = {one.account for value in held if (one := Arn.try_parse(value))}
        if question.caller.account in accounts:
            yield GrantEdit(
                path=f"parameters.{name}",
                value=(*held, arn),
                why=f"lets {question.caller.words} assume the role",
                warning=f"It admits one more caller to everything that the {question.noun} gives.",
            )


def _lists_principals(parameter: Parameter) -> bool:
    return parameter.type is ParameterType.LIST and parameter.item is ParameterType.PRINCIPAL_ARN


def _recreated(question: TrustQuestion, ids: Iterable[str]) -> Reason:
    return Reason(
        cause=certain(
            "The trust policy holds on to a user or role that was deleted",
            f"It shows {', '.join(ids)}, the unique ID of one that is gone. One that was made anew under "
            "the same name has another ID, and is not admitted.",
        ),
        steps=(
            question.source.change(
                "Save the trust policy again with the ARN (apply the grant): IAM then looks it up anew.",
                "apply",
            ),
        ),
    )


def _caller_side(question: TrustQuestion) -> Reason:
    caller = question.caller
    across = caller.account is not None and caller.account != question.owner
    cause = Cause(
        title="The caller's own policies do not allow sts:AssumeRole on this role",
        why="Across accounts both sides must allow, and the message is the same for either."
        if across
        else "The role's trust policy names the account, so a policy of the caller decides as well.",
        likelihood=Likelihood.LIKELY if across else Likelihood.POSSIBLE,
    )
    step = Step(
        kind=StepKind.ADD_ALLOW,
        who=Who.CALLER_ADMIN,
        account=caller.account,
        text=f"On the caller's side, allow sts:{question.action} on this one role.",
        where=caller.policy_place,
        statement=allow(f"sts:{question.action}", question.access.role_arn),
        command=caller.put_command("assume-role"),
    )
    return Reason(cause=cause, steps=(step,))


def _use_grant(question: TrustQuestion, text: str, *, who_calls: bool = False) -> Step:
    step = question.source.change(text)
    return attrs.evolve(step, kind=StepKind.CHANGE_CREDENTIALS) if who_calls else step
