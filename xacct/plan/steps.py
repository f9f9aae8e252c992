"""
Steps: one IAM call each, derived from changes.

A step names the call and holds the thing before and after; which parameters that makes is the writer's
business (``xacct.aws``). The inverse of a step is a step, so what a run did can be undone in reverse order.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import attrs

from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
    User,
)
from xacct.values import frozen

__all__ = ["Operation", "Step", "creating", "deleting", "inverse", "trust_step", "updating"]

_Tagged = TypeVar("_Tagged", Role, ManagedPolicy, SamlProvider, OidcProvider, User)


class Operation(StrEnum):
    """The IAM calls that steps make, by the names of IAM's API."""

    CREATE_ROLE = "CreateRole"
    UPDATE_ASSUME_ROLE_POLICY = "UpdateAssumeRolePolicy"
    UPDATE_ROLE = "UpdateRole"
    PUT_ROLE_BOUNDARY = "PutRolePermissionsBoundary"
    DELETE_ROLE_BOUNDARY = "DeleteRolePermissionsBoundary"
    TAG_ROLE = "TagRole"
    UNTAG_ROLE = "UntagRole"
    DELETE_ROLE = "DeleteRole"
    PUT_ROLE_POLICY = "PutRolePolicy"
    DELETE_ROLE_POLICY = "DeleteRolePolicy"
    CREATE_POLICY = "CreatePolicy"
    CREATE_POLICY_VERSION = "CreatePolicyVersion"
    TAG_POLICY = "TagPolicy"
    UNTAG_POLICY = "UntagPolicy"
    DELETE_POLICY = "DeletePolicy"
    ATTACH_POLICY = "AttachPolicy"
    DETACH_POLICY = "DetachPolicy"
    CREATE_SAML_PROVIDER = "CreateSAMLProvider"
    UPDATE_SAML_PROVIDER = "UpdateSAMLProvider"
    TAG_SAML_PROVIDER = "TagSAMLProvider"
    UNTAG_SAML_PROVIDER = "UntagSAMLProvider"
    DELETE_SAML_PROVIDER = "DeleteSAMLProvider"
    CREATE_OIDC_PROVIDER = "CreateOpenIDConnectProvider"
    ADD_CLIENT_ID = "AddClientIDToOpenIDConnectProvider"
    REMOVE_CLIENT_ID = "RemoveClientIDFromOpenIDConnectProvider"
    TAG_OIDC_PROVIDER = "TagOpenIDConnectProvider"
    UNTAG_OIDC_PROVIDER = "UntagOpenIDConnectProvider"
    DELETE_OIDC_PROVIDER = "DeleteOpenIDConnectProvider"
    CREATE_GROUP = "CreateGroup"
    DELETE_GROUP = "DeleteGroup"
    PUT_GROUP_POLICY = "PutGroupPolicy"
    DELETE_GROUP_POLICY = "DeleteGroupPolicy"
    ADD_USER_TO_GROUP = "AddUserToGroup"
    REMOVE_USER_FROM_GROUP = "RemoveUserFromGroup"
    CREATE_USER = "CreateUser"
    PUT_USER_BOUNDARY = "PutUserPermissionsBoundary"
    DELETE_USER_BOUNDARY = "DeleteUserPermissionsBoundary"
    TAG_USER = "TagUser"
    UNTAG_USER = "UntagUser"
    DELETE_USER = "DeleteUser"


@frozen(kw_only=True)
class Step:
    """
    One IAM call.

    ``before`` and ``after`` are the thing around this one call: a TagRole's two roles differ in tags alone.
    ``client_id`` is for the two calls that add and remove an audience. ``revokes`` marks the PutRolePolicy
    whose Deny on ``aws:TokenIssueTime`` must carry the time at which it is sent.
    """

    operation: Operation
    key: ThingKey
    before: Thing | None = None
    after: Thing | None = None
    client_id: str | None = None
    revokes: bool = False


def creating(thing: Thing) -> list[Step]:
    """The call that makes a thing, tags and boundary included."""
    operation = _CREATE[type(thing)]
    return [Step(operation=operation, key=thing.key, after=thing)]


def deleting(thing: Thing) -> list[Step]:
    """The call that removes a thing that holds nothing any more."""
    operation = _DELETE[type(thing)]
    return [Step(operation=operation, key=thing.key, before=thing)]


def updating(before: Thing, after: Thing) -> list[Step]:
    """The calls that turn one thing into another of the same key, one aspect a call."""
    match before, after:
        case Role(), Role():
            return _update_role(before, after)
        case RolePolicy(), RolePolicy():
            return [_step(Operation.PUT_ROLE_POLICY, before, after)]
        case GroupPolicy(), GroupPolicy():
            return [_step(Operation.PUT_GROUP_POLICY, before, after)]
        case ManagedPolicy(), ManagedPolicy():
            return _update_managed_policy(before, after)
        case SamlProvider(), SamlProvider():
            steps = []
            if before.metadata.strip() != after.metadata.strip():
                middle = attrs.evolve(before, metadata=after.metadata)
                steps = [_step(Operation.UPDATE_SAML_PROVIDER, before, middle)]
                before = middle
            return steps + _retag(before, after, Operation.TAG_SAML_PROVIDER, Operation.UNTAG_SAML_PROVIDER)
        case OidcProvider(), OidcProvider():
            return _update_oidc_provider(before, after)
        case User(), User():
            return _update_user(before, after)
        case _:
            raise AssertionError(f"nothing of {before.key} can be updated")


def trust_step(before: Role, trust: PolicyDocument) -> Step:
    """The call that replaces a role's trust policy."""
    return _step(Operation.UPDATE_ASSUME_ROLE_POLICY, before, attrs.evolve(before, trust=trust))


def inverse(step: Step) -> list[Step] | None:
    """
    The steps that undo this one, mostly one.

    None where the call cannot be undone: what DeleteRole, DeleteUser and the deletion of a provider took away
    would come back as something else under the same name, and the unique ID is what others trust.
    """
    if step.client_id is not None:
        operation = _INVERSE_OF_CLIENT_ID[step.operation]
        return [attrs.evolve(step, operation=operation, before=step.after, after=step.before)]
    if step.after is None:
        assert step.before is not None
        return None if isinstance(step.before, _UNREPEATABLE) else creating(step.before)
    if step.before is None:
        return deleting(step.after)
    return updating(step.after, step.before)


def _step(operation: Operation, before: Thing, after: Thing) -> Step:
    return Step(operation=operation, key=after.key, before=before, after=after)


def _update_role(before: Role, after: Role) -> list[Step]:
    steps: list[Step] = []
    current = before
    following = attrs.evolve(current, trust=after.trust)
    if following != current:
        steps.append(_step(Operation.UPDATE_ASSUME_ROLE_POLICY, current, following))
        current = following
    following = attrs.evolve(current, boundary=after.boundary)
    if following != current:
        operation = Operation.PUT_ROLE_BOUNDARY if after.boundary else Operation.DELETE_ROLE_BOUNDARY
        steps.append(_step(operation, current, following))
        current = following
    following = attrs.evolve(current, description=after.description, max_session=after.max_session)
    if following != current:
        steps.append(_step(Operation.UPDATE_ROLE, current, following))
        current = following
    return steps + _retag(current, after, Operation.TAG_ROLE, Operation.UNTAG_ROLE)


def _update_user(before: User, after: User) -> list[Step]:
    steps: list[Step] = []
    if before.boundary != after.boundary:
        middle = attrs.evolve(before, boundary=after.boundary)
        operation = Operation.PUT_USER_BOUNDARY if after.boundary else Operation.DELETE_USER_BOUNDARY
        steps.append(_step(operation, before, middle))
        before = middle
    return steps + _retag(before, after, Operation.TAG_USER, Operation.UNTAG_USER)


def _update_managed_policy(before: ManagedPolicy, after: ManagedPolicy) -> list[Step]:
    steps: list[Step] = []
    middle = attrs.evolve(before, document=after.document)
    if middle != before:
        steps.append(_step(Operation.CREATE_POLICY_VERSION, before, middle))
    return steps + _retag(middle, after, Operation.TAG_POLICY, Operation.UNTAG_POLICY)


def _update_oidc_provider(before: OidcProvider, after: OidcProvider) -> list[Step]:
    steps: list[Step] = []
    current = before
    for client_id in after.client_ids:
        if client_id not in before.client_ids:
            following = attrs.evolve(current, client_ids=(*current.client_ids, client_id))
            steps.append(
                attrs.evolve(_step(Operation.ADD_CLIENT_ID, current, following), client_id=client_id)
            )
            current = following
    for client_id in before.client_ids:
        if client_id not in after.client_ids:
            rest = tuple(other for other in current.client_ids if other != client_id)
            following = attrs.evolve(current, client_ids=rest)
            steps.append(
                attrs.evolve(_step(Operation.REMOVE_CLIENT_ID, current, following), client_id=client_id)
            )
            current = following
    return steps + _retag(current, after, Operation.TAG_OIDC_PROVIDER, Operation.UNTAG_OIDC_PROVIDER)


def _retag(before: _Tagged, after: _Tagged, tag: Operation, untag: Operation) -> list[Step]:
    steps: list[Step] = []
    kept = {key: value for key, value in before.tags.items() if key in after.tags}
    if len(kept) < len(before.tags):
        middle = attrs.evolve(before, tags=kept)
        steps.append(_step(untag, before, middle))
        before = middle
    if dict(before.tags) != dict(after.tags):
        steps.append(_step(tag, before, attrs.evolve(before, tags=after.tags)))
    return steps


_CREATE: dict[type, Operation] = {
    Role: Operation.CREATE_ROLE,
    RolePolicy: Operation.PUT_ROLE_POLICY,
    ManagedPolicy: Operation.CREATE_POLICY,
    PolicyAttachment: Operation.ATTACH_POLICY,
    SamlProvider: Operation.CREATE_SAML_PROVIDER,
    OidcProvider: Operation.CREATE_OIDC_PROVIDER,
    Group: Operation.CREATE_GROUP,
    GroupPolicy: Operation.PUT_GROUP_POLICY,
    GroupMember: Operation.ADD_USER_TO_GROUP,
    User: Operation.CREATE_USER,
}

_DELETE: dict[type, Operation] = {
    Role: Operation.DELETE_ROLE,
    RolePolicy: Operation.DELETE_ROLE_POLICY,
    ManagedPolicy: Operation.DELETE_POLICY,
    PolicyAttachment: Operation.DETACH_POLICY,
    SamlProvider: Operation.DELETE_SAML_PROVIDER,
    OidcProvider: Operation.DELETE_OIDC_PROVIDER,
    Group: Operation.DELETE_GROUP,
    GroupPolicy: Operation.DELETE_GROUP_POLICY,
    GroupMember: Operation.REMOVE_USER_FROM_GROUP,
    User: Operation.DELETE_USER,
}

_INVERSE_OF_CLIENT_ID = {
    Operation.ADD_CLIENT_ID: Operation.REMOVE_CLIENT_ID,
    Operation.REMOVE_CLIENT_ID: Operation.ADD_CLIENT_ID,
}
_UNREPEATABLE = (Role, User, SamlProvider, OidcProvider)
