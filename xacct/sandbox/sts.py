"""
AWS STS for signed callers: who am I, AssumeRole, GetSessionToken, GetFederationToken.

Sources: STS API Reference; IAM User Guide, id_credentials_temp_request, id_session-tags,
id_roles_terms-and-concepts.
"""

from __future__ import annotations

import re

import attrs

from xacct.evaluate import Policies, Request
from xacct.iam import Arn, is_account_id
from xacct.sandbox.call import Answer, Call, Handler
from xacct.sandbox.context import Context, base_context, request_tags, resource_tags
from xacct.sandbox.documents import parse_document
from xacct.sandbox.enforce import decide, policies_of
from xacct.sandbox.entities import AccessKey, Role, Session
from xacct.sandbox.names import operator_account
from xacct.sandbox.problems import AwsError, denied, validation, validation_of
from xacct.sandbox.sessions import (
    CHAINED_SECONDS,
    DEFAULT_SECONDS,
    credentials_answer,
    open_session,
    packed_size,
    read_session_policies,
    session_arn,
)
from xacct.sandbox.tagging import read_tags
from xacct.sandbox.trusted import trust_as_shown
from xacct.sandbox.world import World

__all__ = [
    "HANDLERS",
    "check_duration",
    "find_assumable",
    "is_session_text",
    "trust_allows",
]

_SESSION_TEXT = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_USER_SECONDS = 43200
_ROOT_SECONDS = 3600


def get_caller_identity(call: Call) -> Answer:
    caller = call.signed_by
    return {"UserId": caller.unique_id, "Account": caller.account, "Arn": caller.arn}


def get_access_key_info(call: Call) -> Answer:
    wanted = call.params["AccessKeyId"]
    found = call.world.get(AccessKey, "", wanted) or call.world.get(Session, "", wanted)
    account = found.account if found is not None else operator_account(wanted)
    if account is None:
        raise validation("The access key ID is not known.")
    return {"Account": account}


def find_assumable(world: World, arn_text: str) -> Role | None:
    """
    Find the role of an ARN, in whatever account. Raises AwsError for what is no ARN.

    IAM compares the whole ARN, path and case included.
    """
    arn = Arn.try_parse(arn_text)
    if arn is None or arn.service != "iam" or not is_account_id(arn.account):
        raise validation(f"{arn_text} is invalid")
    role = world.get(Role, arn.account, arn.name.lower())
    return role if role is not None and role.arn == arn_text else None


def is_session_text(value: str) -> bool:
    """Whether the text can be a role session name or a source identity."""
    return _SESSION_TEXT.fullmatch(value) is not None


def check_duration(seconds: int | None, role: Role, *, chained: bool = False) -> int:
    """Return how long the session may live. Raises AwsError; a duration that is too long is never cut."""
    wanted = seconds or DEFAULT_SECONDS
    if chained and wanted > CHAINED_SECONDS:
        raise validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
            "chaining."
        )
    if wanted > role.max_session:
        raise validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return wanted


def assume_role(call: Call) -> Answer:
    caller, params = call.signed_by, call.params
    tags = read_tags(params.get("Tags"))
    role = find_assumable(call.world, params["RoleArn"])
    if caller.is_root:
        raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.")
    mfa = _mfa_context(call)
    if role is None:
        # The same words as for a role that does not trust the caller, so that nobody can probe for names.
        raise denied(caller.arn, "sts:AssumeRole", params["RoleArn"])
    _authorize_assumption(call, role, tags, mfa)
    seconds = check_duration(params.get("DurationSeconds"), role, chained=caller.session is not None)
    return _open_role_session(call, role, tags, seconds)


def _mfa_context(call: Call) -> Context:
    serial, code = call.params.get("SerialNumber"), call.params.get("TokenCode")
    if serial is None and code is None:
        return {}
    caller = call.signed_by
    if serial is None or code is None:
        raise _mfa_failure("must provide both MFA serial number and one time pass code.")
    arn = Arn.try_parse(serial)
    owned = arn is not None and arn.account == caller.account and arn.resource_type == "mfa"
    if caller.user is None or (arn is not None and not owned):
        raise _mfa_failure(
            "unable to validate MFA code. Please verify your MFA serial number is valid and associated with "
            "this user."
        )
    if not re.fullmatch(r"[0-9]{6}", code):
        raise _mfa_failure("invalid MFA one time pass code.")
    return {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}


def _mfa_failure(why: str) -> AwsError:
    return AwsError("AccessDenied", f"MultiFactorAuthentication failed with {why}")


def _authorize_assumption(call: Call, role: Role, tags: dict[str, str], mfa: Context) -> None:
    caller = call.signed_by
    identity = _source_identity(call)
    context = base_context(call) | mfa | _assumption_context(call, role, tags, identity)
    actions = ["sts:AssumeRole"]
    if tags or call.params.get("TransitiveTagKeys"):
        actions.append("sts:TagSession")
    if identity is not None:
        actions.append("sts:SetSourceIdentity")
    policies = policies_of(call.world, caller)
    for action in actions:
        if not trust_allows(call.world, role, caller.arn, action, context, policies):
            raise denied(caller.arn, action, role.arn)


def _source_identity(call: Call) -> str | None:
    """What was set before stays; it can be set once. Raises AwsError for an attempt to change it."""
    session = call.signed_by.session
    held = session.source_identity if session is not None else None
    wanted: str | None = call.params.get("SourceIdentity")
    if wanted is not None and wanted.lower().startswith("aws:"):
        raise validation_of(wanted, "sourceIdentity", "Member must not begin with the reserved prefix aws:")
    if held is not None and wanted is not None and held != wanted:
        raise validation("The source identity of the calling session cannot be changed.")
    return wanted or held


def _assumption_context(call: Call, role: Role, tags: dict[str, str], identity: str | None) -> Context:
    params = call.params
    context = resource_tags(role.tags, "iam:ResourceTag") | request_tags(tags)
    context["sts:RoleSessionName"] = params["RoleSessionName"]
    context["aws:ResourceAccount"] = role.account
    if params.get("ExternalId") is not None:
        context["sts:ExternalId"] = params["ExternalId"]
    if identity is not None:
        context["sts:SourceIdentity"] = identity
    if params.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = tuple(params["TransitiveTagKeys"])
    return context


def trust_allows(
    world: World, role: Role, principal: str, action: str, context: Context, policies: Policies
) -> bool:
    """Tell whether the role's trust policy, and the caller's own policies where they count, let this pass."""
    request = Request(
        principal=principal,
        action=action,
        resource=role.arn,
        resource_account=role.account,
        context=context,
    )
    trust = parse_document(trust_as_shown(role, world))
    return decide(request, attrs.evolve(policies, resource=trust)).allowed


def _open_role_session(call: Call, role: Role, tags: dict[str, str], seconds: int) -> Answer:
    name = call.params["RoleSessionName"]
    limits = read_session_policies(call, role.account)
    packed = packed_size(limits, tags)
    before = call.signed_by.session
    inherited = _transitive_tags(before)
    asked = call.params.get("TransitiveTagKeys") or ()
    session = open_session(
        call.world,
        Session(
            account=role.account,
            partition=role.partition,
            created=call.now,
            arn=session_arn(role, name),
            unique_id=f"{role.id}:{name}",
            role=role.name,
            expires=call.now + seconds,
            policies=limits.policies,
            policy_arns=limits.policy_arns,
            tags={**tags, **inherited},
            transitive=tuple(dict.fromkeys((*inherited, *asked))),
            source_identity=_source_identity(call),
        ),
    )
    return {
        "Credentials": credentials_answer(session),
        "AssumedRoleUser": {"AssumedRoleId": session.unique_id, "Arn": session.arn},
        "PackedPolicySize": packed,
        "SourceIdentity": session.source_identity,
    }


def _transitive_tags(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    kept = {key.lower() for key in session.transitive}
    return {key: value for key, value in session.tags.items() if key.lower() in kept}


def get_session_token(call: Call) -> Answer:
    caller = call.signed_by
    if caller.session is not None:
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials")
    seconds = _user_seconds(call)
    mfa = {key: str(value) for key, value in _mfa_context(call).items()}
    session = open_session(
        call.world,
        Session(
            account=caller.account,
            partition=caller.partition,
            created=call.now,
            arn=caller.arn,
            unique_id=caller.unique_id,
            user=caller.user,
            expires=call.now + seconds,
            context=mfa,
        ),
    )
    return {"Credentials": credentials_answer(session)}


def _user_seconds(call: Call) -> int:
    wanted = call.params.get("DurationSeconds") or _USER_SECONDS
    return min(int(wanted), _ROOT_SECONDS) if call.signed_by.is_root else int(wanted)


def get_federation_token(call: Call) -> Answer:
    caller = call.signed_by
    if caller.session is not None:
        raise AwsError("AccessDenied", "Cannot call GetFederationToken with session credentials")
    limits = read_session_policies(call, caller.account)
    tags = read_tags(call.params.get("Tags"))
    packed = packed_size(limits, tags)
    name = call.params["Name"]
    session = open_session(
        call.world,
        Session(
            account=caller.account,
            partition=caller.partition,
            created=call.now,
            arn=f"arn:{caller.partition}:sts::{caller.account}:federated-user/{name}",
            unique_id=f"{caller.account}:{name}",
            user=caller.user,
            expires=call.now + _user_seconds(call),
            policies=limits.policies,
            policy_arns=limits.policy_arns,
            tags=tags,
        ),
    )
    return {
        "Credentials": credentials_answer(session),
        "FederatedUser": {"FederatedUserId": session.unique_id, "Arn": session.arn},
        "PackedPolicySize": packed,
    }


HANDLERS: dict[str, Handler] = {
    "GetCallerIdentity": get_caller_identity,
    "GetAccessKeyInfo": get_access_key_info,
    "AssumeRole": assume_role,
    "GetSessionToken": get_session_token,
    "GetFederationToken": get_federation_token,
}
