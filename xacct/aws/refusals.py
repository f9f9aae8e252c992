"""
Calls that AWS refused, by its code: what it means to the user, and the fix.

The texts of denials are described in the IAM User Guide (troubleshoot_access-denied).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from xacct.aws.failures import (
    SERVER_FAULTS,
    AwsError,
    CallContext,
    doing,
    is_throttling,
    message_of,
    profile_option,
    status_of,
    where,
)
from xacct.errors import CredentialsError, Problem, XacctError

__all__ = ["refused"]


def refused(error: BaseException, code: str, context: CallContext) -> XacctError:
    message = message_of(error)
    if code in _CREDENTIAL_CODES:
        what, fix = _CREDENTIAL_CODES[code]
        return CredentialsError(
            what, where=where(context), fix=fix.format(profile=profile_option(context)), code=_kebab(code)
        )
    if is_throttling(error):
        code = "Throttling"
    maker = _BY_CODE.get(code)
    if maker is not None:
        return AwsError(maker(message, context), code, context.operation)
    if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
        return AwsError(_denied(message, context), "AccessDenied", context.operation)
    if status_of(error) >= 500:
        return AwsError(_fault(message, context), code, context.operation)
    problem = Problem(f"{doing(context)} was refused: {message} ({code})", where(context), "", _kebab(code))
    return AwsError(problem, code, context.operation)


_NEW_KEYS = "sign in again, or give other credentials with --profile"
_CLOCK = "set this machine's clock (AWS refuses requests that are more than five minutes off), then try again"
_CREDENTIAL_CODES: dict[str, tuple[str, str]] = {
    "ExpiredToken": (
        "the credentials have expired",
        "sign in again: aws sso login{profile}, or fetch new ones",
    ),
    "ExpiredTokenException": (
        "the credentials have expired",
        "sign in again: aws sso login{profile}, or fetch new ones",
    ),
    "InvalidClientTokenId": (
        "AWS does not know the access key: it was deleted, made inactive, or belongs to another partition",
        _NEW_KEYS,
    ),
    "UnrecognizedClientException": ("AWS does not know the access key or its session token", _NEW_KEYS),
    "InvalidAccessKeyId": ("AWS does not know the access key", _NEW_KEYS),
    "SignatureDoesNotMatch": (
        "AWS refused the signature: the secret access key is wrong, or this machine's clock is",
        "compare the secret access key with the one that was given out, and check the clock",
    ),
    "IncompleteSignature": (
        "AWS could not read the signature: a key holds characters that do not belong",
        _NEW_KEYS,
    ),
    "MissingAuthenticationToken": ("the request carried no credentials", _NEW_KEYS),
    "RequestExpired": ("AWS refused the request as too old or too new", _CLOCK),
    "RequestTimeTooSkewed": ("AWS refused the request as too old or too new", _CLOCK),
    "InvalidToken": ("AWS refused the session token", _NEW_KEYS),
    "OptInRequired": (
        "the account is not signed up for this service",
        "finish the account's sign-up, then try again",
    ),
    "RegionDisabledException": (
        "AWS STS is not active in this Region for the account",
        "choose another Region with --region, or activate STS there (IAM console, account settings)",
    ),
}

_DENIAL = re.compile(
    r"(?:User:\s*)?(?P<who>\S+)?\s*is not authorized to perform:?\s*(?P<action>[\w-]+:\w+)"
    r"(?:\s+on resource:?\s*\"?(?P<resource>[^\s\"]+)\"?)?(?P<rest>.*)",
    re.DOTALL,
)


def _denied(message: str, context: CallContext) -> Problem:
    found = _DENIAL.search(message)
    if found is None:
        return Problem(
            f"{doing(context)} was denied: {message}",
            where(context),
            f"ask for the right {doing(context)}",
            "access-denied",
        )
    who = found["who"] or "the credentials in use"
    resource = found["resource"] or context.subject or "*"
    what = f"{who} may not {found['action']} on {resource}"
    return Problem(
        what, where(context), _denial_fix(found["action"], resource, found["rest"]), "access-denied"
    )


def _denial_fix(action: str, resource: str, rest: str) -> str:
    for words, place in _DENIERS:
        if words in rest:
            return place
    if "explicit deny" in rest:
        return "a Deny statement that applies to these credentials matches; find it and meet its condition"
    statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})
    if action.startswith("sts:"):
        return (
            f"the caller's own policy must allow it: {statement}; "
            "and the role's trust policy must admit the caller, with the external ID it asks for"
        )
    return f"allow it to these credentials: {statement}"


_DENIERS = (
    (
        "service control policy",
        "the organization's service control policy forbids it; its administrator can help",
    ),
    (
        "resource control policy",
        "the organization's resource control policy forbids it; its administrator can help",
    ),
    (
        "permissions boundary",
        "the permissions boundary of these credentials does not allow it; widen the boundary",
    ),
    (
        "session polic",
        "the session policy that these credentials came with does not allow it; sign in without it",
    ),
    ("VPC endpoint policy", "the policy of the VPC endpoint does not allow it; change that policy"),
)


def _throttled(message: str, context: CallContext) -> Problem:
    del message
    return Problem(
        f"AWS goes on refusing {doing(context)} as too frequent",
        where(context),
        "other programs use up the account's rate; wait a minute, or run with a smaller --jobs",
        "throttling",
    )


_QUOTA = re.compile(r"quota for (?P<name>\w+):?\s*(?P<limit>\d+)")


def _limit(message: str, context: CallContext) -> Problem:
    found = _QUOTA.search(message)
    if found is None:
        fix = "remove what is not needed; `aws iam get-account-summary` shows the account's quotas"
        return Problem(f"a quota of the account is reached: {message}", where(context), fix, "limit")
    name, limit = found["name"], found["limit"]
    return Problem(
        f"the account's quota {name} ({limit}) is reached",
        where(context),
        _QUOTA_FIXES.get(name, "ask for more in Service Quotas (IAM), or remove what is not needed"),
        "limit",
    )


_DETACH = "detach a policy, or raise 'Managed policies per role' (or per group) in Service Quotas (IAM)"
_QUOTA_FIXES = {
    "RolesPerAccount": "remove roles that nobody uses, or raise 'Roles per account' in Service Quotas (IAM)",
    "PoliciesPerAccount": "remove unused managed policies, or raise the quota in Service Quotas (IAM)",
    "ACLSizePerRole": "shorten the trust policy, or raise 'Role trust policy length' in Service Quotas (IAM)",
    "PolicySize": "the document is too long and this quota cannot be raised: split it over two policies",
    "PoliciesPerRole": _DETACH,
    "AttachedPoliciesPerRole": _DETACH,
    "AttachedPoliciesPerGroup": _DETACH,
    "VersionsPerPolicy": "delete an old version of the policy",
}

_INVALID_PRINCIPAL = re.compile(
    r"[Ii]nvalid principal in policy:?\s*\"?(?P<type>\w+)?\"?\s*:?\s*\"?(?P<who>[^\"\s]*)"
)


def _malformed(message: str, context: CallContext) -> Problem:
    found = _INVALID_PRINCIPAL.search(message)
    if found is None:
        return Problem(f"IAM refused the policy document: {message}", where(context), "", "malformed-policy")
    who = found["who"].strip('"') or "one of its principals"
    return Problem(
        f"IAM does not know {who}, which the trust policy names",
        where(context),
        "whatever a trust policy names must exist: check account, path and upper and lower case; "
        "or name the account and narrow it with a condition on aws:PrincipalArn",
        "invalid-principal",
    )


def _exists(message: str, context: CallContext) -> Problem:
    return Problem(
        f"{context.subject or 'a thing of that name'} is there already and is not of this run: {message}",
        where(context),
        "somebody made it since the plan was computed; plan again",
        "already-exists",
    )


def _absent(message: str, context: CallContext) -> Problem:
    if context.operation == "AddUserToGroup" and "user with name" in message:
        return Problem(
            f"the user to be put into the group does not exist: {message}",
            where(context),
            "check the name in the grant, or make the user first",
            "no-such-user",
        )
    return Problem(
        f"{context.subject or 'what the call was about'} is not there: {message}",
        where(context),
        "somebody removed it since the plan was computed; plan again",
        "not-found",
    )


def _conflict(message: str, context: CallContext) -> Problem:
    return Problem(
        f"{context.subject or 'it'} cannot be deleted while something depends on it: {message}",
        where(context),
        "take off what others attached to it, or leave it in place",
        "delete-conflict",
    )


def _busy(message: str, context: CallContext) -> Problem:
    return Problem(
        f"somebody else is changing {context.subject or 'it'} at this moment: {message}",
        where(context),
        "wait until they are done, then plan again",
        "concurrent-modification",
    )


def _unmodifiable(message: str, context: CallContext) -> Problem:
    return Problem(
        f"AWS alone may change {context.subject or 'it'}: {message}",
        where(context),
        "choose another role; a service-linked role cannot be used",
        "unmodifiable",
    )


def _invalid(message: str, context: CallContext) -> Problem:
    return Problem(f"AWS refused a value of {doing(context)}: {message}", where(context), "", "invalid-value")


def _fault(message: str, context: CallContext) -> Problem:
    return Problem(
        f"AWS failed to answer {doing(context)}: {message or 'internal error'}",
        where(context),
        "AWS's side is at fault; try again in a few minutes",
        "aws-failure",
    )


_BY_CODE: dict[str, Callable[[str, CallContext], Problem]] = {
    "Throttling": _throttled,
    "LimitExceeded": _limit,
    "LimitExceededException": _limit,
    "MalformedPolicyDocument": _malformed,
    "EntityAlreadyExists": _exists,
    "NoSuchEntity": _absent,
    "DeleteConflict": _conflict,
    "ConcurrentModification": _busy,
    "EntityTemporarilyUnmodifiable": _busy,
    "UnmodifiableEntity": _unmodifiable,
    "ValidationError": _invalid,
    "InvalidInput": _invalid,
    "InvalidParameterValue": _invalid,
    **dict.fromkeys(SERVER_FAULTS, _fault),
}


def _kebab(code: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", code).lower() or "aws"
