"""The smallest statement that would let a refused request pass."""

from __future__ import annotations

import re

from xacct.diagnose.caller import Caller
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.values import frozen

__all__ = ["Target", "allow", "resource_statement", "target_of", "trust_statement"]

_HIDDEN = re.compile(r"\*\*|#{2,}|[<{\[]|x{3,}|X{3,}|REDACTED|masked")
_NAMED = re.compile(r"(role|user|group|policy|instance profile)\s+(\S+)$")
_PLAIN_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+\*?$", re.IGNORECASE)


@frozen
class Target:
    """The Resource of a statement, and a note when the message does not tell it wholly."""

    resource: str
    note: str = ""


def target_of(resource: str | None, caller: Caller) -> Target:
    """Turn the resource of a message into what a policy takes."""
    if resource is None:
        return Target(
            "<ARN>",
            'The message names no resource: write its ARN in place of <ARN>, or "*" if the action takes '
            "no ARN.",
        )
    if resource == "*":
        return Target("*")
    named = _NAMED.fullmatch(resource)
    if named is not None and caller.account is not None:
        kind = named[1].replace(" ", "-")
        return Target(
            f"arn:{caller.partition}:iam::{caller.account}:{kind}/{named[2]}",
            "If it has a path, put the path before the name.",
        )
    if not resource.startswith("arn:"):
        return Target("<ARN>", f"Write the ARN of {resource} in place of <ARN>.")
    if _HIDDEN.search(resource):
        return Target(resource, "Put the real values in place of what is hidden in the ARN.")
    return Target(resource)


def allow(action: str | None, target: str, *conditions: Condition) -> PolicyDocument | None:
    """A permissions policy with one Allow; None when the action is not one that a policy takes."""
    if action is None or _PLAIN_ACTION.fullmatch(action) is None:
        return None
    return PolicyDocument.of(
        Statement(effect=Effect.ALLOW, actions=(action,), resources=(target,), conditions=conditions)
    )


def resource_statement(action: str | None, caller: Caller, target: str) -> PolicyDocument | None:
    """A resource-based policy's Allow for the caller."""
    if action is None or _PLAIN_ACTION.fullmatch(action) is None:
        return None
    return PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW, principals=(_principal(caller),), actions=(action,), resources=(target,)
        )
    )


def trust_statement(caller: Caller, *actions: str, conditions: tuple[Condition, ...] = ()) -> PolicyDocument:
    """A trust policy's Allow for the caller and no one else."""
    return PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW, principals=(_principal(caller),), actions=actions, conditions=conditions
        )
    )


def _principal(caller: Caller) -> TypedPrincipal:
    if caller.kind.value == "service" and caller.name is not None:
        return TypedPrincipal(PrincipalType.SERVICE, caller.name)
    return TypedPrincipal(PrincipalType.AWS, caller.arn_for_trust or "<CALLER-ARN>")
