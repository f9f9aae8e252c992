"""What helps against each type of policy that can say no, for any action."""

from __future__ import annotations

from typing import assert_never

from xacct.diagnose.ask import ask_for
from xacct.diagnose.caller import Caller, CallerKind, account_of
from xacct.diagnose.model import Cause, DeniedBy, Found, Likelihood, Step, StepKind, Who
from xacct.diagnose.statements import allow, resource_statement, target_of
from xacct.iam.policy import PolicyDocument

__all__ = ["access_causes", "access_steps"]

_NAMES = {
    DeniedBy.IDENTITY: "identity-based policy",
    DeniedBy.RESOURCE: "resource-based policy",
    DeniedBy.TRUST: "role trust policy",
    DeniedBy.BOUNDARY: "permissions boundary",
    DeniedBy.SESSION: "session policy",
    DeniedBy.SCP: "service control policy",
    DeniedBy.RCP: "resource control policy",
    DeniedBy.VPCE: "VPC endpoint policy",
}
_WHY = {
    DeniedBy.IDENTITY: "None of the policies of the caller has an Allow that fits this action, "
    "resource and request.",
    DeniedBy.RESOURCE: "The policy on the resource does not admit the caller. Identity-based policies "
    "are not what is missing.",
    DeniedBy.TRUST: "The policy that says who may become the role does not admit the caller.",
    DeniedBy.BOUNDARY: "The boundary is the ceiling of what the caller's policies can give; adding "
    "policies does not lift it.",
    DeniedBy.SESSION: "The policy that was passed when the session was made is narrower than the role.",
    DeniedBy.SCP: "The organization limits what accounts may do. Nothing in the account itself can "
    "lift that.",
    DeniedBy.RCP: "The organization of the resource limits who may use its resources.",
    DeniedBy.VPCE: "The call went through a VPC endpoint, and the endpoint's policy does not let it pass.",
}
_EXPLICIT = (
    "A Deny statement fits the request, and more Allow does not help. Look at its conditions: MFA, "
    "Region, tags, source address, an expiry date, or sessions revoked before a certain time."
)
_ONE_AT_A_TIME = "AWS names one policy even when several say no: after the fix another may show."


def access_causes(found: Found, caller: Caller) -> tuple[Cause, ...]:
    name = _NAMES.get(found.denied_by)
    if name is not None:
        return (_named_cause(found, name),)
    if found.denied_by is DeniedBy.OTHER:
        return (
            Cause(
                title="Some policy explicitly denies it; the text does not say which type",
                why=_EXPLICIT,
                likelihood=Likelihood.CERTAIN,
            ),
        )
    return _unnamed_causes(found, caller)


def _named_cause(found: Found, name: str) -> Cause:
    verb = "explicitly denies it" if found.explicit else "does not allow it"
    arns = f" It is {', '.join(found.policy_arns)}." if found.policy_arns else ""
    why = f"{_EXPLICIT} {_WHY[found.denied_by]}" if found.explicit else _WHY[found.denied_by]
    article = "An" if name[0] in "aeiou" else "A"
    return Cause(
        title=f"{article} {name} {verb}", why=f"{why}{arns} {_ONE_AT_A_TIME}", likelihood=Likelihood.CERTAIN
    )


def _unnamed_causes(found: Found, caller: Caller) -> tuple[Cause, ...]:
    owner = account_of(found.resource)
    across = owner is not None and caller.account is not None and owner != caller.account
    identity = Cause(
        title="The caller has no Allow for this action on this resource",
        why="The message is of the short form, which names no policy.",
        likelihood=Likelihood.LIKELY,
    )
    resource = Cause(
        title="The resource's own policy does not admit the caller",
        why="Across accounts both sides must allow, and AWS does not tell which one said no."
        if across
        else "Buckets, keys, queues, repositories and secrets have policies of their own.",
        likelihood=Likelihood.LIKELY if across else Likelihood.POSSIBLE,
    )
    condition = Cause(
        title="A condition is not met, or a boundary, session policy or organization policy stands in "
        "the way",
        why="Services that do not tell the reason answer alike for all of them.",
    )
    # Lightsail has no resource-based policies.
    return (identity, condition) if found.family == "lightsail" else (identity, resource, condition)


def access_steps(found: Found, caller: Caller, statement: PolicyDocument | None = None) -> tuple[Step, ...]:
    """
    The steps for an access denial, first the one that the text points to.

    ``statement`` is the Allow that the caller needs when the catalog knows it better than the message.
    """
    action = found.missing_action or found.action
    target = target_of(found.resource, caller)
    note = "" if statement else target.note
    statement = statement or allow(action, target.resource)
    if found.explicit and found.denied_by is not DeniedBy.VPCE:
        return (_deny_step(found, caller),)
    match found.denied_by:
        case DeniedBy.IDENTITY:
            return (_allow_step(found, caller, statement, note),)
        case DeniedBy.RESOURCE | DeniedBy.TRUST:
            return (_resource_step(found, caller, target.resource),)
        case DeniedBy.BOUNDARY:
            return (_boundary_step(found, caller, statement),)
        case DeniedBy.SESSION:
            return (_session_step(found, statement),)
        case DeniedBy.SCP | DeniedBy.RCP:
            return (_organization_step(found),)
        case DeniedBy.VPCE:
            return (_endpoint_step(found, statement),)
        case DeniedBy.NONE:
            return _both_sides(found, caller, statement, note)
        case DeniedBy.OTHER:
            return (_deny_step(found, caller),)
        case _:
            assert_never(found.denied_by)


def _allow_step(found: Found, caller: Caller, statement: PolicyDocument | None, note: str) -> Step:
    place = caller.policy_place
    return Step(
        kind=StepKind.ADD_ALLOW,
        who=Who.CALLER_ADMIN,
        account=caller.account,
        text=f"Add this statement to {place}. {note}".rstrip(),
        where=place,
        statement=statement,
        command=caller.put_command("allow-missing-action"),
        ask=ask_for(found, f"Please allow it to {caller.words}.", statement, place),
        warning='Allowing the whole service (SERVICE:*) or Resource "*" gives far more than this '
        "one call needs.",
    )


def _resource_step(found: Found, caller: Caller, target: str) -> Step:
    action = found.missing_action or found.action
    where = f"the policy of {found.resource}" if found.resource else "the resource's own policy"
    statement = resource_statement(action, caller, target)
    return Step(
        kind=StepKind.EDIT_RESOURCE_POLICY,
        who=Who.OWNER_ADMIN,
        account=account_of(found.resource),
        text=f'Admit the caller in {where}. In a KMS key policy the Resource is "*".',
        where=where,
        statement=statement,
        ask=ask_for(found, f"Please admit {caller.words} in {where}.", statement, where),
        warning='Principal "*" without a condition makes the resource public.',
    )


def _boundary_step(found: Found, caller: Caller, statement: PolicyDocument | None) -> Step:
    which = (
        found.policy_arns[0] if found.policy_arns else "the policy that is set as the permissions boundary"
    )
    who = "role" if caller.kind is CallerKind.ROLE else "user"
    return Step(
        kind=StepKind.EDIT_BOUNDARY,
        who=Who.CALLER_ADMIN,
        account=caller.account,
        text="Add the statement to the boundary, for all who have it; an identity-based policy must "
        "allow it as well.",
        where=which,
        statement=statement,
        command=f"aws iam get-{who} --{who}-name {caller.name or '<NAME>'} --query '*.PermissionsBoundary'",
        ask=ask_for(
            found, f"Please let the permissions boundary of {caller.words} allow it.", statement, which
        ),
        warning="Taking the boundary off lifts the ceiling for everything, not for this one action.",
    )


def _session_step(found: Found, statement: PolicyDocument | None) -> Step:
    return Step(
        kind=StepKind.EDIT_SESSION_POLICY,
        who=Who.READER,
        text="Let whoever makes the session pass a policy that allows it (Policy or PolicyArns of "
        "AssumeRole or GetFederationToken), or pass none. Tools that vend credentials add one by "
        "themselves.",
        where=found.policy_arns[0] if found.policy_arns else "the session policy passed with the call",
        statement=statement,
    )


def _organization_step(found: Found) -> Step:
    rcp = found.denied_by is DeniedBy.RCP
    name = "resource control policy" if rcp else "service control policy"
    whose = "resource's " if rcp else ""
    which = f" ({', '.join(found.policy_arns)})" if found.policy_arns else ""
    return Step(
        kind=StepKind.ASK_ORGANIZATION,
        who=Who.ORGANIZATION_ADMIN,
        account=account_of(found.resource) if rcp else None,
        text=f"Ask the administrators of the {whose}organization whether the "
        f"{name}{which} is meant to stop this. Often another Region or another account is what is "
        "allowed.",
        where=f"the {name}{which}",
        ask=ask_for(
            found,
            f"The {name}{which} stops it. Is that meant? If not, please make an exception for this "
            "principal and action; if so, which Region or account should I use?",
        ),
        warning="Policies in the account cannot lift this; a wider role only widens what is open elsewhere.",
    )


def _endpoint_step(found: Found, statement: PolicyDocument | None) -> Step:
    text = (
        "Find the Deny in the endpoint's policy and meet or change its condition."
        if found.explicit
        else "Let the endpoint's policy pass this action for this principal."
    )
    return Step(
        kind=StepKind.EDIT_ENDPOINT_POLICY,
        who=Who.CALLER_ADMIN,
        text=f"{text} The endpoint is in the network that the call came from; a call that does not go "
        "through it is not stopped.",
        where="the policy of the VPC endpoint, with a Principal",
        statement=None if found.explicit else statement,
        command="aws ec2 describe-vpc-endpoints --query "
        "'VpcEndpoints[].[VpcEndpointId,ServiceName,PolicyDocument]'",
        ask=ask_for(found, "The policy of a VPC endpoint stops it. Please let it pass.", statement),
    )


def _deny_step(found: Found, caller: Caller) -> Step:
    name = _NAMES.get(found.denied_by, "policy")
    which = f" ({', '.join(found.policy_arns)})" if found.policy_arns else ""
    who, kind, account = _who_changes(found, caller)
    unnamed = (
        " Look in turn at: the caller's policies and groups, its boundary, the session policy, the "
        "resource's policy, the organization's policies."
        if found.denied_by is DeniedBy.OTHER
        else ""
    )
    return Step(
        kind=kind,
        who=who,
        account=account,
        text=f"Find the Deny statement in the {name}{which} that fits this request, and meet its "
        "condition: sign in with MFA, use an allowed Region, set the tag, come from the right "
        f"network.{unnamed} Only if the Deny is not meant for this, narrow it.",
        where=f"the {name}{which}",
        ask=ask_for(
            found, f"A Deny in a {name}{which} stops it. Is that meant, and what do I have to do to pass?"
        ),
        warning="A Deny is there on purpose, mostly to guard something; taking it out opens that for "
        "all it covers.",
    )


def _who_changes(found: Found, caller: Caller) -> tuple[Who, StepKind, str | None]:
    match found.denied_by:
        case DeniedBy.SCP | DeniedBy.RCP:
            return Who.ORGANIZATION_ADMIN, StepKind.ASK_ORGANIZATION, None
        case DeniedBy.RESOURCE | DeniedBy.TRUST:
            return Who.OWNER_ADMIN, StepKind.CHANGE_DENY, account_of(found.resource)
        case _:
            return Who.CALLER_ADMIN, StepKind.CHANGE_DENY, caller.account


def _both_sides(
    found: Found, caller: Caller, statement: PolicyDocument | None, note: str
) -> tuple[Step, ...]:
    look = Step(
        kind=StepKind.LOOK,
        who=Who.READER,
        text="See who you really are. CloudTrail's event of the call often tells more than the "
        "program showed.",
        command="aws sts get-caller-identity",
    )
    owner = account_of(found.resource)
    if caller.kind is CallerKind.ANONYMOUS:
        signed = Step(
            kind=StepKind.CHANGE_REQUEST,
            who=Who.READER,
            text="Sign the request with credentials; it was sent without any.",
        )
        return (signed, look)
    if found.action is None:
        return (look,)
    steps = [_allow_step(found, caller, statement, note)]
    if owner is not None and caller.account is not None and owner != caller.account:
        steps.append(_resource_step(found, caller, target_of(found.resource, caller).resource))
    return (*steps, look)
