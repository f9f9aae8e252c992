"""What it means that one condition of a trust policy is not met, and what helps."""

from __future__ import annotations

from xacct.diagnose.caller import CallerKind
from xacct.diagnose.differ import alike, compare, nearest
from xacct.diagnose.model import Cause, Step, StepKind, Who
from xacct.diagnose.question import TrustQuestion
from xacct.diagnose.reason import Reason, certain, likelihood_of
from xacct.evaluate.model import ContextValue, ElementTrace

__all__ = ["condition_reason", "expired_reason", "external_id_reason", "mfa_reason", "text_of"]


def external_id_reason(question: TrustQuestion, element: ElementTrace) -> Reason:
    sent = text_of(element.requested)
    if sent is None:
        title = "No external ID was sent, or another one"
        why = "The trust policy asks for one, and AWS does not tell which condition failed."
    else:
        expected = nearest(sent, element.policy_values) or element.policy_values[0]
        title, why = (
            f"The external ID that was sent is not the {question.noun}'s",
            _difference(sent, expected),
        )
    step = Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.READER,
        text=f"Send the external ID with the call, letter by letter as it stands in the {question.noun} "
        f"({question.source.place}): ExternalId in an SDK, external_id in a profile of the AWS "
        "configuration.",
        command=f"aws sts assume-role --role-arn {question.access.role_arn} --role-session-name test "
        "--external-id <EXTERNAL-ID>",
        warning=f"Do not take the condition out of the {question.noun}: without it, another customer of "
        "the same vendor could have the vendor open this role.",
    )
    return Reason(
        cause=Cause(title=title, why=why, likelihood=likelihood_of(element)),
        steps=(step,),
    )


def _difference(sent: str, expected: str) -> str:
    """How two external IDs differ, without showing either."""
    if sent.strip() == expected:
        return "It has white space around it."
    if sent.lower() == expected.lower():
        return "It differs in upper and lower case only."
    place = alike(sent, expected)
    return (
        f"They differ from character {place + 1} on; {len(sent)} characters were sent, {len(expected)} are "
        "expected."
    )


def mfa_reason(question: TrustQuestion, element: ElementTrace) -> Reason:
    carries = question.caller.kind is CallerKind.USER
    text = (
        "Sign in with MFA: in the profile set mfa_serial to the ARN of your device; in a program get a "
        "session with GetSessionToken, SerialNumber and TokenCode first."
        if carries
        else "Sessions of roles, and of IAM Identity Center, carry no MFA context: call as an IAM user "
        f"with MFA, or do not ask for MFA in the {question.noun} (mfa: false) if sign-in is guarded "
        "elsewhere."
    )
    return Reason(
        cause=Cause(
            title="The role asks for MFA, and the call carries none",
            why=f"The condition on {element.key} is met only by credentials that were got with a second "
            "factor.",
            likelihood=likelihood_of(element),
        ),
        steps=(
            Step(
                kind=StepKind.CHANGE_CREDENTIALS,
                who=Who.READER,
                text=text,
                command=f"aws sts assume-role --role-arn {question.access.role_arn} --role-session-name "
                "test --serial-number <MFA-ARN> --token-code <CODE>",
            ),
        ),
    )


def expired_reason(question: TrustQuestion, element: ElementTrace) -> Reason:
    expires = question.source.expires
    day = expires.isoformat() if expires else ", ".join(element.policy_values)
    return Reason(
        cause=certain(
            f"The {question.noun} expired on {day}",
            "A date condition in the trust policy ends it; nobody gets a session any more.",
        ),
        steps=(
            question.source.change(
                "If the access is still needed, set a later day under expires, and apply the grant.",
            ),
        ),
    )


def condition_reason(question: TrustQuestion, element: ElementTrace) -> Reason:
    asked = text_of(element.requested)
    wanted = ", ".join(element.policy_values)
    near = nearest(asked, element.policy_values) if asked else None
    if asked and near:
        why = compare(("trusted", "sent"), (near, asked))
    elif asked:
        why = f"Trusted: {wanted}. Sent: {asked}."
    else:
        why = f"It asks for {wanted} ({element.operator}). The message does not tell what was sent."
    key = element.key or ""
    title = (
        f"{key} of the token differs from what the trust policy asks for"
        if key.endswith((":sub", ":aud"))
        else f"The trust policy's condition on {key} is not met"
    )
    if asked is None:
        title = f"{title}, perhaps"
    step = Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.READER,
        text=f"Compare what is sent as {key} with what the {question.noun} asks for, letter by letter, and "
        "mend whichever is wrong. To have it compared here, give it.",
        command=f"xacct diagnose - {question.source.option} --context {key}=<VALUE>",
    )
    return Reason(cause=Cause(title=title, why=why, likelihood=likelihood_of(element)), steps=(step,))


def text_of(value: ContextValue | None) -> str | None:
    return value if value is None or isinstance(value, str) else ", ".join(value)
