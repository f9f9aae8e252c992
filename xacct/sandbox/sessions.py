"""What the operations of STS that give out credentials have in common."""

from __future__ import annotations

import attrs

from xacct.sandbox.call import Answer, Call, Tags, when
from xacct.sandbox.documents import check_identity_policy, size_of
from xacct.sandbox.entities import Role, Session
from xacct.sandbox.lookup import policy_of
from xacct.sandbox.names import key_id, new_secret, new_token
from xacct.sandbox.problems import AwsError, validation, validation_of
from xacct.sandbox.world import World
from xacct.values import frozen

__all__ = [
    "SessionLimits",
    "credentials_answer",
    "open_session",
    "packed_size",
    "read_session_policies",
    "session_arn",
]

DEFAULT_SECONDS = 3600
CHAINED_SECONDS = 3600
POLICY_QUOTA = 2048
_PACKED_QUOTA = 4096


@frozen(kw_only=True)
class SessionLimits:
    """What a call asked to narrow a session to; both None when it asked nothing."""

    policies: tuple[str, ...] | None = None
    policy_arns: tuple[str, ...] | None = None


def read_session_policies(call: Call, account: str) -> SessionLimits:
    """Raises AwsError for a session policy that is malformed, too long, or not there."""
    text = call.params.get("Policy")
    arns = tuple(item["arn"] for item in call.params.get("PolicyArns") or () if item.get("arn"))
    if text is not None:
        if len(text) > POLICY_QUOTA:
            raise validation_of(
                text[:60] + "...",
                "policy",
                f"Member must have length less than or equal to {POLICY_QUOTA}",
            )
        check_identity_policy(text)
    if len(arns) > 10:
        raise validation("The number of managed session policies cannot exceed 10.")
    for arn in arns:
        if policy_of(call.world, account, arn) is None:
            raise AwsError(
                "MalformedPolicyDocument", f"The policy {arn} does not exist or is not attachable."
            )
    return SessionLimits(policies=(text,) if text is not None else None, policy_arns=arns or None)


def packed_size(limits: SessionLimits, tags: Tags) -> int | None:
    """
    Tell how much of the packed limit is used, in percent; None when nothing was passed.

    AWS does not publish how it packs; the size without white space is taken. Raises AwsError above 100.
    """
    size = sum(size_of(text) for text in limits.policies or ())
    size += sum(len(arn) for arn in limits.policy_arns or ())
    size += sum(len(key) + len(value) for key, value in tags.items())
    if not size:
        return None
    percent = -(-100 * size // _PACKED_QUOTA)
    if percent > 100:
        raise AwsError(
            "PackedPolicyTooLarge", f"Packed size of session tags consumes {percent}% of allotted space."
        )
    return percent


def session_arn(role: Role, session_name: str) -> str:
    return f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/{session_name}"


def open_session(world: World, session: Session) -> Session:
    """Give the session its keys, keep it, and forget those that are long over."""
    for old in world.all(Session, ""):
        if old.expires + 86400 < session.created:
            world.remove(old)
    return world.put(attrs.evolve(session, id=key_id("ASIA"), secret=new_secret(), token=new_token()))


def credentials_answer(session: Session) -> Answer:
    return {
        "AccessKeyId": session.id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": when(session.expires),
    }
