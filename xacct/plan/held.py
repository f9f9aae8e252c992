"""What a role or a group carries, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.iam.ownership import DEFAULT_PATH, role_digest
from xacct.iam.things import (
    AccountThings,
    GroupMember,
    GroupPolicy,
    HolderType,
    PolicyAttachment,
    Role,
    RolePolicy,
    Thing,
)
from xacct.plan.revoke import is_revocation

__all__ = ["held_by_group", "held_by_role", "is_own_policy", "live_digest"]


def is_own_policy(arn: str, account: str) -> bool:
    """Whether a managed policy is under our path in this account."""
    return f":{account}:policy{DEFAULT_PATH}" in arn


def live_digest(things: AccountThings, role: Role) -> str:
    """The digest of a role as it stands, without what only ends sessions."""
    held = [thing for thing in held_by_role(things, role.name) if not is_revocation(thing)]
    return role_digest(
        role,
        [thing for thing in held if isinstance(thing, RolePolicy)],
        [thing for thing in held if isinstance(thing, PolicyAttachment)],
    )


def held_by_role(things: AccountThings, role: str) -> Iterator[RolePolicy | PolicyAttachment]:
    for thing in things:
        match thing:
            case RolePolicy(role=name) if name == role:
                yield thing
            case PolicyAttachment(holder_type=HolderType.ROLE, holder=name) if name == role:
                yield thing


def held_by_group(things: AccountThings, group: str) -> Iterator[Thing]:
    for thing in things:
        match thing:
            case GroupPolicy(group=name) | GroupMember(group=name) if name == group:
                yield thing
            case PolicyAttachment(holder_type=HolderType.GROUP, holder=name) if name == group:
                yield thing
