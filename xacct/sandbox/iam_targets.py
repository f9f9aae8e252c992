"""
What an IAM call acts upon: the resource's ARN and the condition keys about it.

Source: Service Authorization Reference, AWS Identity and Access Management.
"""

from __future__ import annotations

from xacct.sandbox.call import Call, Caller
from xacct.sandbox.context import Context, request_tags, resource_tags
from xacct.sandbox.entities import Group, InstanceProfile, Role, SamlProvider, User
from xacct.sandbox.lookup import policy_of

__all__ = ["target_of"]

_LISTS = {"ListRoles": "role/", "ListUsers": "user/", "ListGroups": "group/", "ListPolicies": "policy/"}
_NAMED: tuple[tuple[str, type[Role | User | Group | InstanceProfile]], ...] = (
    ("RoleName", Role),
    ("GroupName", Group),
    ("InstanceProfileName", InstanceProfile),
    ("UserName", User),
)
# Operations that act on the calling user when no name is given.
_ON_SELF = frozenset(("GetUser", "UpdateUser", "ListMFADevices"))
_KEY_SUFFIXES = ("AccessKey", "AccessKeys")


def target_of(call: Call) -> tuple[str, Context]:
    """Return the ARN that the call acts upon (``*`` where there is none) and the condition keys about it."""
    arn, context = _resource(call)
    params = call.params
    tags = {tag["Key"]: tag.get("Value") or "" for tag in params.get("Tags") or ()}
    context |= request_tags(tags)
    if params.get("TagKeys"):
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    if params.get("PolicyArn"):
        context["iam:PolicyARN"] = params["PolicyArn"]
    if params.get("PermissionsBoundary"):
        context["iam:PermissionsBoundary"] = params["PermissionsBoundary"]
    return arn, context


def _resource(call: Call) -> tuple[str, Context]:
    caller, params, name = call.signed_by, call.params, call.operation.name
    for parameter, kind in _NAMED:
        if params.get(parameter):
            return _named(call, kind, params[parameter])
    if (name in _ON_SELF or name.endswith(_KEY_SUFFIXES)) and caller.user is not None:
        return _named(call, User, caller.user)
    for parameter in ("SAMLProviderArn", "OpenIDConnectProviderArn"):
        if params.get(parameter):
            return _provider(call, params[parameter])
    if params.get("PolicyArn"):
        policy = policy_of(call.world, caller.account, params["PolicyArn"])
        return params["PolicyArn"], resource_tags(policy.tags) if policy is not None else {}
    return _unmade(caller, call), {}


def _unmade(caller: Caller, call: Call) -> str:
    """The ARN of something that is about to be made, or the one that lists go by."""
    params, name = call.params, call.operation.name
    head = f"arn:{caller.partition}:iam::{caller.account}:"
    if name == "CreatePolicy":
        return f"{head}policy{params.get('Path') or '/'}{params['PolicyName']}"
    if name == "CreateSAMLProvider":
        return f"{head}saml-provider/{params['Name']}"
    if name == "CreateOpenIDConnectProvider":
        return f"{head}oidc-provider/{str(params['Url']).removeprefix('https://')}"
    return head + _LISTS[name] if name in _LISTS else "*"


def _named(call: Call, kind: type[Role | User | Group | InstanceProfile], name: str) -> tuple[str, Context]:
    caller = call.signed_by
    found = call.world.get(kind, caller.account, name.lower())
    if found is None or call.operation.name.startswith("Create"):
        path = call.params.get("Path") or "/"
        return f"arn:{caller.partition}:iam::{caller.account}:{kind.segment}{path}{name}", {}
    context = resource_tags(found.tags, "iam:ResourceTag")
    boundary = getattr(found, "boundary", None)
    if boundary is not None:
        # For operations on a principal this key is the boundary that the principal has.
        context["iam:PermissionsBoundary"] = boundary
    return found.arn, context


def _provider(call: Call, arn: str) -> tuple[str, Context]:
    for provider in call.world.all(SamlProvider, call.account):
        if provider.arn == arn:
            return arn, resource_tags(provider.tags)
    return arn, {}
