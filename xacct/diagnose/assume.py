"""Refused AssumeRole, and the two actions that go with it: TagSession and SetSourceIdentity."""

from __future__ import annotations

from xacct.diagnose.ask import ask_for
from xacct.diagnose.caller import Caller, CallerKind, account_of
from xacct.diagnose.model import Cause, DeniedBy, Found, Likelihood, Step, StepKind, Who
from xacct.diagnose.statements import allow, target_of, trust_statement
from xacct.iam.arn import Arn

__all__ = ["TRUST_HOLE", "assume_causes", "assume_steps"]

TRUST_HOLE = (
    'Do not trust "*", and do not drop the external ID or the MFA condition to make it work: the first '
    "lets every AWS account in, the others keep out a confused vendor, or a thief of one access key."
)
_COMPANION = {"tag-session": "sts:TagSession", "source-identity": "sts:SetSourceIdentity"}


def _is_user_arn(found: Found) -> bool:
    arn = Arn.try_parse(found.resource or "")
    return arn is not None and arn.service == "iam" and arn.resource_type == "user"


def _same_account(found: Found, caller: Caller) -> bool | None:
    owner = account_of(found.resource)
    return None if owner is None or caller.account is None else owner == caller.account


def assume_causes(found: Found, caller: Caller) -> tuple[Cause, ...]:
    """What a plain denial of AssumeRole can mean; STS says the same for all of them, on purpose."""
    certain = _certain_cause(found, caller)
    if certain is not None:
        return (certain,)
    companion = _COMPANION.get(found.family)
    if companion is not None:
        return (_companion_cause(companion), *_common_causes(found, caller)[:2])
    return _common_causes(found, caller)


def _certain_cause(found: Found, caller: Caller) -> Cause | None:
    if _is_user_arn(found):
        return Cause(
            title="A user's ARN was sent where a role's belongs",
            why=f"{found.resource} is a user; only roles can be assumed.",
            likelihood=Likelihood.CERTAIN,
        )
    if caller.kind is CallerKind.ROOT:
        return Cause(
            title="The caller is the root user",
            why="The root user can assume no role.",
            likelihood=Likelihood.CERTAIN,
        )
    return None


def _companion_cause(action: str) -> Cause:
    what = "session tags" if action == "sts:TagSession" else "a source identity"
    return Cause(
        title=f"The call sends {what}, and the trust policy does not allow {action}",
        why=f"{action} is decided on its own: the role's trust policy must allow it, and across "
        "accounts the caller's policy, too. A tool or an identity provider may send it without being "
        "asked.",
        likelihood=Likelihood.LIKELY,
    )


def _common_causes(found: Found, caller: Caller) -> tuple[Cause, ...]:
    same = _same_account(found, caller)
    both = "" if same else " Across accounts both sides must allow."
    causes = [
        Cause(
            title="The caller may not assume this role",
            why=f"A policy of the caller must allow sts:AssumeRole on the role's ARN.{both}",
            likelihood=Likelihood.LIKELY if not same else Likelihood.POSSIBLE,
        ),
        Cause(
            title="The role's trust policy does not admit the caller",
            why="Its principal is another account, user or role; or it names a user or role that was "
            "deleted and made again, which shows as AIDA… or AROA… in the policy.",
            likelihood=Likelihood.LIKELY,
        ),
        Cause(
            title="A condition of the trust policy is not met",
            why="An external ID that was not sent or differs in a character, MFA that was not used, "
            "another organization, a date that has passed, a role session name of another form.",
            likelihood=Likelihood.LIKELY,
        ),
        Cause(
            title="There is no role of this name and path",
            why="STS answers alike for a role that does not exist. Names are case-sensitive here, and "
            "the path is part of the ARN.",
        ),
    ]
    if _assumes_itself(found, caller):
        causes.insert(
            0,
            Cause(
                title="The role assumes itself",
                why="Since 2022 a role no longer trusts itself by nature. Mostly the program already "
                "has the role's credentials, and need not assume it again.",
                likelihood=Likelihood.LIKELY,
            ),
        )
    return tuple(causes)


def _assumes_itself(found: Found, caller: Caller) -> bool:
    arn = Arn.try_parse(found.resource or "")
    return (
        caller.kind is CallerKind.ROLE
        and arn is not None
        and arn.resource_type == "role"
        and arn.name == caller.name
        and arn.account == caller.account
    )


def assume_steps(found: Found, caller: Caller) -> tuple[Step, ...]:
    if _is_user_arn(found):
        return (
            Step(
                kind=StepKind.CHANGE_REQUEST,
                who=Who.READER,
                text="Send the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME) as RoleArn, not the user's.",
            ),
        )
    if caller.kind is CallerKind.ROOT:
        return (
            Step(
                kind=StepKind.CHANGE_CREDENTIALS,
                who=Who.READER,
                text="Call as an IAM user or a role, not as root.",
            ),
        )
    caller_side, trust_side = _caller_step(found, caller), _trust_step(found, caller)
    request = _request_step()
    match found.denied_by:
        case DeniedBy.IDENTITY:
            return (caller_side,)
        case DeniedBy.TRUST | DeniedBy.RESOURCE:
            return (trust_side, request)
        case _ if found.family in _COMPANION:
            return (trust_side, caller_side)
        case _:
            return (caller_side, trust_side, request)


def _action(found: Found) -> str:
    return _COMPANION.get(found.family, "sts:AssumeRole")


def _caller_step(found: Found, caller: Caller) -> Step:
    target = target_of(found.resource, caller)
    statement = allow(_action(found), target.resource)
    place = caller.policy_place
    return Step(
        kind=StepKind.ADD_ALLOW,
        who=Who.CALLER_ADMIN,
        account=caller.account,
        text=f"On the caller's side, allow {_action(found)} on this one role. {target.note}".rstrip(),
        where=place,
        statement=statement,
        command=caller.put_command("assume-role"),
        ask=ask_for(found, f"Please let {caller.words} assume this role.", statement, place),
    )


def _trust_step(found: Found, caller: Caller) -> Step:
    owner = account_of(found.resource)
    role = Arn.try_parse(found.resource or "")
    name = role.name if role is not None else "<ROLE>"
    statement = trust_statement(caller, *dict.fromkeys(("sts:AssumeRole", _action(found))))
    place = f"the trust policy of role {name}" + (f" in account {owner}" if owner else "")
    path = (
        " If the caller's role has a path, put it before the name." if caller.kind is CallerKind.ROLE else ""
    )
    return Step(
        kind=StepKind.EDIT_TRUST,
        who=Who.OWNER_ADMIN,
        account=owner,
        text="On the role's side, let the trust policy admit the caller. For somebody else's account "
        f"keep, or add, the condition on sts:ExternalId.{path} If the role comes from a grant, edit "
        "the grant, then plan and apply.",
        where=place,
        statement=statement,
        command=f"aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument",
        ask=ask_for(found, f"Please let the role's trust policy admit {caller.words}.", statement, place),
        warning=TRUST_HOLE,
    )


def _request_step() -> Step:
    return Step(
        kind=StepKind.CHANGE_REQUEST,
        who=Who.READER,
        text="See who you are, and compare what you send with what the role asks for: account, path "
        "and name of the role letter by letter, external ID (external_id in the profile), MFA "
        "(mfa_serial). A role made in the last minute may not have spread yet.",
        command="aws sts get-caller-identity",
    )
