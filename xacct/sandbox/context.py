"""
The condition keys of a request.

Source: IAM User Guide, reference_policies_condition-keys: which keys are present for which caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from xacct.sandbox.call import Call, Caller, Tags

__all__ = ["Context", "base_context", "caller_context", "request_tags", "resource_tags"]

Context: TypeAlias = dict[str, str | tuple[str, ...]]


def base_context(call: Call) -> Context:
    """The keys that every request has, and those of its caller when there is one."""
    context: Context = {
        "aws:CurrentTime": iso(call.now),
        "aws:EpochTime": str(call.now),
        "aws:SourceIp": call.source_ip,
        "aws:SecureTransport": "true",
        "aws:RequestedRegion": call.region,
        "aws:ViaAWSService": "false",
        "aws:PrincipalIsAWSService": "false",
    }
    if call.caller is None:
        return context
    context |= caller_context(call.caller)
    session = call.caller.session
    if session is not None and "aws:MultiFactorAuthAge" in session.context:
        # The session was opened with the code; the key counts the seconds since then.
        context["aws:MultiFactorAuthAge"] = str(call.now - session.created)
    return context


def caller_context(caller: Caller) -> Context:
    context: Context = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalType": _principal_type(caller),
        "aws:userid": caller.unique_id,
    }
    if caller.user is not None and caller.arn == caller.principal_arn and ":user/" in caller.arn:
        context["aws:username"] = caller.user
    for key, value in caller.tags.items():
        context[f"aws:PrincipalTag/{key}"] = value
    session = caller.session
    if session is not None:
        context["aws:TokenIssueTime"] = iso(session.created)
        # Temporary credentials always say whether MFA was used; long-term keys never do.
        context["aws:MultiFactorAuthPresent"] = "false"
        if session.source_identity is not None:
            context["aws:SourceIdentity"] = session.source_identity
        context |= session.context
    return context


def _principal_type(caller: Caller) -> str:
    if caller.is_root:
        return "Account"
    if caller.role is not None:
        return "AssumedRole"
    return "User" if caller.arn == caller.principal_arn and ":user/" in caller.arn else "FederatedUser"


def request_tags(tags: Tags) -> Context:
    """The keys about the tags that a request carries; absent without tags."""
    if not tags:
        return {}
    context: Context = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return context | {"aws:TagKeys": tuple(tags)}


def resource_tags(tags: Mapping[str, str], *prefixes: str) -> Context:
    """The keys about the tags of what is acted upon, under ``aws:ResourceTag`` and the given prefixes."""
    return {
        f"{prefix}/{key}": value for prefix in ("aws:ResourceTag", *prefixes) for key, value in tags.items()
    }


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
