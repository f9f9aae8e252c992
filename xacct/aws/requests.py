"""Which parameters a step's call takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xacct.iam.things import (
    DEFAULT_MAX_SESSION,
    Group,
    GroupMember,
    GroupPolicy,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Tags,
    Thing,
    User,
)
from xacct.plan.steps import Operation, Step
from xacct.values import frozen

__all__ = ["Request", "request_of", "subject_of"]

Parameters = dict[str, Any]


@frozen
class Request:
    """One call of IAM's API: its operation and parameters."""

    operation: str
    parameters: Parameters


def subject_of(thing: Thing, account: str, partition: str) -> str:
    """What to call a thing in messages: its ARN where it has one."""
    if isinstance(thing, (Role, ManagedPolicy, SamlProvider, OidcProvider)):
        return thing.arn(account, partition)
    return str(thing.key).replace("_", " ", 1)


def request_of(step: Step, account: str, partition: str) -> Request:
    """The call that a step stands for."""
    thing = step.after if step.after is not None else step.before
    assert thing is not None
    match thing:
        case PolicyAttachment():
            return _attachment(step.operation, thing)
        case RolePolicy() | GroupPolicy():
            return _inline(step, thing)
        case GroupMember():
            return Request(step.operation.value, {"GroupName": thing.group, "UserName": thing.user})
        case Group():
            path = {"Path": thing.path} if step.operation is Operation.CREATE_GROUP else {}
            return Request(step.operation.value, {"GroupName": thing.name} | path)
        case _:
            who = _identifier(thing, account, partition)
            return Request(step.operation.value, _PARAMETERS[step.operation](step, who))


def _identifier(thing: Thing, account: str, partition: str) -> Parameters:
    match thing:
        case Role():
            return {"RoleName": thing.name}
        case User():
            return {"UserName": thing.name}
        case ManagedPolicy():
            return {"PolicyArn": thing.arn(account, partition)}
        case SamlProvider():
            return {"SAMLProviderArn": thing.arn(account, partition)}
        case OidcProvider():
            return {"OpenIDConnectProviderArn": thing.arn(account, partition)}
        case _:
            raise AssertionError(f"{thing.key} has no identifier of its own")


def _attachment(operation: Operation, thing: PolicyAttachment) -> Request:
    verb = "Attach" if operation is Operation.ATTACH_POLICY else "Detach"
    holder = thing.holder_type.value.capitalize()
    return Request(f"{verb}{holder}Policy", {f"{holder}Name": thing.holder, "PolicyArn": thing.policy_arn})


def _inline(step: Step, thing: RolePolicy | GroupPolicy) -> Request:
    holder = {"RoleName": thing.role} if isinstance(thing, RolePolicy) else {"GroupName": thing.group}
    parameters: Parameters = {**holder, "PolicyName": thing.name}
    if step.after is not None:
        parameters["PolicyDocument"] = thing.document.minified()
    return Request(step.operation.value, parameters)


def _after(step: Step) -> Any:
    assert step.after is not None
    return step.after


def _tag_list(tags: Tags) -> Parameters:
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}


def _create_role(step: Step, who: Parameters) -> Parameters:
    role = _after(step)
    parameters = {**who, "Path": role.path, "AssumeRolePolicyDocument": role.trust.minified()}
    if role.description:
        parameters["Description"] = role.description
    if role.max_session != DEFAULT_MAX_SESSION:
        parameters["MaxSessionDuration"] = role.max_session
    if role.boundary:
        parameters["PermissionsBoundary"] = role.boundary
    return parameters | _tag_list(role.tags)


def _create_user(step: Step, who: Parameters) -> Parameters:
    user = _after(step)
    boundary = {"PermissionsBoundary": user.boundary} if user.boundary else {}
    return {**who, "Path": user.path} | boundary | _tag_list(user.tags)


def _create_policy(step: Step, who: Parameters) -> Parameters:
    del who
    policy = _after(step)
    parameters = {
        "PolicyName": policy.name,
        "Path": policy.path,
        "PolicyDocument": policy.document.minified(),
    }
    if policy.description:
        parameters["Description"] = policy.description
    return parameters | _tag_list(policy.tags)


def _create_saml(step: Step, who: Parameters) -> Parameters:
    del who
    provider = _after(step)
    return {"Name": provider.name, "SAMLMetadataDocument": provider.metadata} | _tag_list(provider.tags)


def _create_oidc(step: Step, who: Parameters) -> Parameters:
    del who
    provider = _after(step)
    parameters: Parameters = {"Url": f"https://{provider.url}", "ClientIDList": list(provider.client_ids)}
    if provider.thumbprints:
        parameters["ThumbprintList"] = list(provider.thumbprints)
    return parameters | _tag_list(provider.tags)


def _update_trust(step: Step, who: Parameters) -> Parameters:
    return {**who, "PolicyDocument": _after(step).trust.minified()}


def _update_role(step: Step, who: Parameters) -> Parameters:
    # UpdateRole sets the session length back to an hour where it is not named.
    role = _after(step)
    return {**who, "Description": role.description, "MaxSessionDuration": role.max_session}


def _put_boundary(step: Step, who: Parameters) -> Parameters:
    return {**who, "PermissionsBoundary": _after(step).boundary}


def _new_version(step: Step, who: Parameters) -> Parameters:
    return {**who, "PolicyDocument": _after(step).document.minified(), "SetAsDefault": True}


def _update_saml(step: Step, who: Parameters) -> Parameters:
    return {**who, "SAMLMetadataDocument": _after(step).metadata}


def _client_id(step: Step, who: Parameters) -> Parameters:
    return {**who, "ClientID": step.client_id}


def _tag(step: Step, who: Parameters) -> Parameters:
    before: Any = step.before
    changed = {key: value for key, value in _after(step).tags.items() if before.tags.get(key) != value}
    return {**who, **_tag_list(changed)}


def _untag(step: Step, who: Parameters) -> Parameters:
    before: Any = step.before
    return {**who, "TagKeys": [key for key in before.tags if key not in _after(step).tags]}


def _only(step: Step, who: Parameters) -> Parameters:
    del step
    return who


_PARAMETERS: dict[Operation, Callable[[Step, Parameters], Parameters]] = {
    Operation.CREATE_ROLE: _create_role,
    Operation.UPDATE_ASSUME_ROLE_POLICY: _update_trust,
    Operation.UPDATE_ROLE: _update_role,
    Operation.PUT_ROLE_BOUNDARY: _put_boundary,
    Operation.DELETE_ROLE_BOUNDARY: _only,
    Operation.TAG_ROLE: _tag,
    Operation.UNTAG_ROLE: _untag,
    Operation.DELETE_ROLE: _only,
    Operation.CREATE_POLICY: _create_policy,
    Operation.CREATE_POLICY_VERSION: _new_version,
    Operation.TAG_POLICY: _tag,
    Operation.UNTAG_POLICY: _untag,
    Operation.DELETE_POLICY: _only,
    Operation.CREATE_SAML_PROVIDER: _create_saml,
    Operation.UPDATE_SAML_PROVIDER: _update_saml,
    Operation.TAG_SAML_PROVIDER: _tag,
    Operation.UNTAG_SAML_PROVIDER: _untag,
    Operation.DELETE_SAML_PROVIDER: _only,
    Operation.CREATE_OIDC_PROVIDER: _create_oidc,
    Operation.ADD_CLIENT_ID: _client_id,
    Operation.REMOVE_CLIENT_ID: _client_id,
    Operation.TAG_OIDC_PROVIDER: _tag,
    Operation.UNTAG_OIDC_PROVIDER: _untag,
    Operation.DELETE_OIDC_PROVIDER: _only,
    Operation.CREATE_USER: _create_user,
    Operation.PUT_USER_BOUNDARY: _put_boundary,
    Operation.DELETE_USER_BOUNDARY: _only,
    Operation.TAG_USER: _tag,
    Operation.UNTAG_USER: _untag,
    Operation.DELETE_USER: _only,
}
