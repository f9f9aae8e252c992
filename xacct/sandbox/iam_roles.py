"""IAM's roles and instance profiles."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import attrs

from xacct.sandbox.call import Answer, Call, Handler, page, when
from xacct.sandbox.counts import check_count
from xacct.sandbox.documents import check_trust_policy
from xacct.sandbox.entities import InstanceProfile, Role
from xacct.sandbox.lookup import find_role, policy_of
from xacct.sandbox.names import unique_id
from xacct.sandbox.problems import AwsError, already_exists, conflict, limit, no_such
from xacct.sandbox.tagging import read_tags, tag_list
from xacct.sandbox.trusted import trust_as_shown

__all__ = [
    "HANDLERS",
    "boundary_answer",
    "check_boundary",
    "last_used_answer",
    "profile_answer",
    "role_answer",
]


def role_answer(call: Call, role: Role) -> Answer:
    """What every operation tells of a role."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": when(role.created),
        "AssumeRolePolicyDocument": quote(trust_as_shown(role, call.world), safe=""),
    }


def _whole_role(call: Call, role: Role) -> Answer:
    return {
        **_listed_role(call, role),
        **boundary_answer(role.boundary),
        "Tags": tag_list(role.tags) or None,
        "RoleLastUsed": last_used_answer(role),
    }


def _listed_role(call: Call, role: Role) -> Answer:
    # ListRoles leaves out boundary, tags and last use (IAM API Reference, ListRoles).
    return {
        **role_answer(call, role),
        "Description": role.description,
        "MaxSessionDuration": role.max_session,
    }


def last_used_answer(role: Role) -> Answer:
    if role.last_used is None:
        return {}
    return {"LastUsedDate": when(role.last_used), "Region": role.last_used_region}


def boundary_answer(arn: str | None) -> Answer:
    if arn is None:
        return {}
    return {
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": arn,
        }
    }


def check_boundary(call: Call) -> str | None:
    """Return the boundary that the call names. Raises AwsError when there is no such policy."""
    arn: str | None = call.params.get("PermissionsBoundary")
    if arn is not None and policy_of(call.world, call.account, arn) is None:
        raise AwsError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def create_role(call: Call) -> Answer:
    params = call.params
    name = params["RoleName"]
    trust = params["AssumeRolePolicyDocument"]
    tags = read_tags(params.get("Tags"))
    ids = check_trust_policy(trust, call.world, call.account)
    if call.world.get(Role, call.account, name.lower()) is not None:
        raise already_exists("Role", name)
    check_count(call, Role, "RolesPerAccount")
    role = Role(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        name=name,
        path=params.get("Path") or "/",
        id=unique_id("AROA"),
        tags=tags,
        trust=trust,
        principal_ids=ids,
        description=params.get("Description"),
        max_session=params.get("MaxSessionDuration") or 3600,
        boundary=check_boundary(call),
    )
    call.world.put(role)
    made = {**role_answer(call, role), **boundary_answer(role.boundary), "Tags": tag_list(tags) or None}
    return {"Role": made}


def get_role(call: Call) -> Answer:
    return {"Role": _whole_role(call, find_role(call))}


def list_roles(call: Call) -> Answer:
    prefix = call.params.get("PathPrefix") or "/"
    roles = [role for role in call.world.all(Role, call.account) if role.path.startswith(prefix)]
    answer = page(call, "Roles", roles, lambda role: role.key)
    return answer | {"Roles": [_listed_role(call, role) for role in answer["Roles"]]}


def update_role(call: Call) -> Answer:
    role = find_role(call)
    _refuse_service_linked(role)
    call.world.put(
        attrs.evolve(
            role,
            description=call.params.get("Description", role.description),
            max_session=call.params.get("MaxSessionDuration", role.max_session),
        )
    )
    return {}


def update_role_description(call: Call) -> Answer:
    role = call.world.put(attrs.evolve(find_role(call), description=call.params["Description"]))
    return {"Role": _whole_role(call, role)}


def update_assume_role_policy(call: Call) -> Answer:
    role = find_role(call)
    _refuse_service_linked(role)
    text = call.params["PolicyDocument"]
    ids = check_trust_policy(text, call.world, call.account)
    call.world.put(attrs.evolve(role, trust=text, principal_ids=ids))
    return {}


def delete_role(call: Call) -> Answer:
    role = find_role(call)
    _refuse_service_linked(role)
    if any(role.name in profile.roles for profile in call.world.all(InstanceProfile, call.account)):
        raise conflict("Cannot delete entity, must remove roles from instance profile first.")
    if role.attached:
        raise conflict("Cannot delete entity, must detach all policies first.")
    if role.inline:
        raise conflict("Cannot delete entity, must delete policies first.")
    call.world.remove(role)
    return {}


def _refuse_service_linked(role: Role) -> None:
    if role.path.startswith("/aws-service-role/"):
        raise AwsError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only "
            "modifiable by AWS",
        )


def profile_answer(call: Call, profile: InstanceProfile) -> Answer:
    found = (call.world.get(Role, call.account, name.lower()) for name in profile.roles)
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": when(profile.created),
        "Roles": [role_answer(call, role) for role in found if role is not None],
        "Tags": tag_list(profile.tags) or None,
    }


def _find_profile(call: Call) -> InstanceProfile:
    name = call.params["InstanceProfileName"]
    found = call.world.get(InstanceProfile, call.account, name.lower())
    if found is None or found.name != name:
        raise AwsError("NoSuchEntity", f"Instance Profile {name} cannot be found.")
    return found


def create_instance_profile(call: Call) -> Answer:
    name = call.params["InstanceProfileName"]
    if call.world.get(InstanceProfile, call.account, name.lower()) is not None:
        raise AwsError("EntityAlreadyExists", f"Instance Profile {name} already exists.")
    profile = InstanceProfile(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        name=name,
        path=call.params.get("Path") or "/",
        id=unique_id("AIPA"),
        tags=read_tags(call.params.get("Tags")),
    )
    return {"InstanceProfile": profile_answer(call, call.world.put(profile))}


def get_instance_profile(call: Call) -> Answer:
    return {"InstanceProfile": profile_answer(call, _find_profile(call))}


def delete_instance_profile(call: Call) -> Answer:
    profile = _find_profile(call)
    if profile.roles:
        raise conflict("Cannot delete entity, must remove roles from instance profile first.")
    call.world.remove(profile)
    return {}


def add_role_to_instance_profile(call: Call) -> Answer:
    profile, role = _find_profile(call), find_role(call)
    if profile.roles:
        raise limit("InstanceSessionsPerInstanceProfile", 1)
    call.world.put(attrs.evolve(profile, roles=(role.name,)))
    return {}


def remove_role_from_instance_profile(call: Call) -> Answer:
    profile, role = _find_profile(call), find_role(call)
    if role.name not in profile.roles:
        raise no_such("role", role.name)
    call.world.put(attrs.evolve(profile, roles=()))
    return {}


def _list_profiles(keep: Callable[[Call, InstanceProfile], bool]) -> Handler:
    def handler(call: Call) -> Answer:
        held = [item for item in call.world.all(InstanceProfile, call.account) if keep(call, item)]
        answer = page(call, "InstanceProfiles", held, lambda profile: profile.key)
        return answer | {"InstanceProfiles": [profile_answer(call, x) for x in answer["InstanceProfiles"]]}

    return handler


HANDLERS: dict[str, Handler] = {
    "CreateRole": create_role,
    "GetRole": get_role,
    "ListRoles": list_roles,
    "UpdateRole": update_role,
    "UpdateRoleDescription": update_role_description,
    "UpdateAssumeRolePolicy": update_assume_role_policy,
    "DeleteRole": delete_role,
    "CreateInstanceProfile": create_instance_profile,
    "GetInstanceProfile": get_instance_profile,
    "DeleteInstanceProfile": delete_instance_profile,
    "AddRoleToInstanceProfile": add_role_to_instance_profile,
    "RemoveRoleFromInstanceProfile": remove_role_from_instance_profile,
    "ListInstanceProfiles": _list_profiles(
        lambda call, profile: profile.path.startswith(call.params.get("PathPrefix") or "/")
    ),
    "ListInstanceProfilesForRole": _list_profiles(
        lambda call, profile: find_role(call).name in profile.roles
    ),
}
