"""What an account holds of ours, grant by grant, from what was read."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.iam.ownership import DEFAULT_PATH, TAG_BLUEPRINT, TAG_DIGEST, TAG_GRANT, role_digest
from xacct.iam.policy import Effect, PolicyDocument
from xacct.iam.things import (
    AccountThings,
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    PolicyAttachment,
    Role,
    RolePolicy,
    Thing,
)
from xacct.plan.revoke import is_revocation, revoked_before
from xacct.plan.snapshot import Snapshot
from xacct.values import frozen

__all__ = ["LiveGrant", "expiry_of", "live_grants"]


@frozen(kw_only=True)
class LiveGrant:
    """
    One grant as it stands in an account.

    ``touched`` tells that the role differs from what the last apply left on it. ``expires`` and ``revoked``
    are ISO 8601 as the policies have them; ``trusted`` are the principals that the trust policy names.
    """

    name: str
    blueprint: str
    account: str
    arn: str
    role: Role | None
    group: Group | None
    things: tuple[Thing, ...]
    trusted: tuple[str, ...]
    expires: str | None
    revoked: str | None
    touched: bool


def live_grants(snapshot: Snapshot) -> list[LiveGrant]:
    """Every role with our tag and every group under our path, by the names of their grants."""
    things = snapshot.things
    found = [_of_role(role, things) for role in things.roles if TAG_GRANT in role.tags]
    found += [
        _of_group(thing, things)
        for thing in things
        if isinstance(thing, Group) and thing.path.startswith(DEFAULT_PATH)
    ]
    return sorted(found, key=lambda grant: (grant.name, grant.arn))


def _of_role(role: Role, things: AccountThings) -> LiveGrant:
    held = tuple(_held(role, things))
    own = [thing for thing in held if not is_revocation(thing)]
    digest = role_digest(
        role,
        [thing for thing in own if isinstance(thing, RolePolicy)],
        [thing for thing in own if isinstance(thing, PolicyAttachment)],
    )
    return LiveGrant(
        name=role.tags[TAG_GRANT],
        blueprint=role.tags.get(TAG_BLUEPRINT, ""),
        account=things.account,
        arn=role.arn(things.account, things.partition),
        role=role,
        group=None,
        things=held,
        trusted=_principals(role.trust),
        expires=expiry_of(role.trust),
        revoked=next((time for thing in held if (time := revoked_before(thing))), None),
        touched=digest != role.tags.get(TAG_DIGEST),
    )


def _of_group(group: Group, things: AccountThings) -> LiveGrant:
    held = tuple(
        thing
        for thing in things
        if isinstance(thing, (GroupPolicy, GroupMember)) and thing.group == group.name
    )
    members = tuple(thing.user for thing in held if isinstance(thing, GroupMember))
    documents = [thing.document for thing in held if isinstance(thing, GroupPolicy)]
    return LiveGrant(
        name=group.name,
        blueprint="",
        account=things.account,
        arn=f"arn:{things.partition}:iam::{things.account}:group{group.path}{group.name}",
        role=None,
        group=group,
        things=held,
        trusted=members,
        expires=next((time for document in documents if (time := expiry_of(document))), None),
        revoked=None,
        touched=False,
    )


def _held(role: Role, things: AccountThings) -> Iterator[Thing]:
    for thing in things:
        match thing:
            case RolePolicy(role=name) if name == role.name:
                yield thing
            case PolicyAttachment(holder_type=HolderType.ROLE, holder=name) if name == role.name:
                yield thing
                policy = things.managed_policy(thing.policy_arn)
                if policy is not None:
                    yield policy


def _principals(trust: PolicyDocument) -> tuple[str, ...]:
    named = [
        principal.canonical.value
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for principal in statement.principals or ()
    ]
    return tuple(dict.fromkeys(named))


def expiry_of(document: PolicyDocument) -> str | None:
    """The time after which a document no longer gives anything, where a date condition says so."""
    for statement in document.statements:
        for condition in statement.conditions:
            if condition.key.lower() == "aws:currenttime" and condition.operator.startswith("Date"):
                return condition.values[0] if condition.values else None
    return None
