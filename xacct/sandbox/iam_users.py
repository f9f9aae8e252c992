"""IAM's users, their access keys, and groups."""

from __future__ import annotations

import attrs

from xacct.sandbox.call import Answer, Call, Handler, page, when
from xacct.sandbox.counts import check_count
from xacct.sandbox.entities import AccessKey, Group, User
from xacct.sandbox.iam_roles import boundary_answer, check_boundary
from xacct.sandbox.lookup import find_group, find_user
from xacct.sandbox.names import OPERATOR_NAME, key_id, new_secret, unique_id
from xacct.sandbox.problems import AwsError, already_exists, conflict, limit, no_such
from xacct.sandbox.tagging import read_tags, tag_list
from xacct.sandbox.world import World

__all__ = ["HANDLERS", "group_answer", "groups_of", "keys_of", "make_key", "user_answer"]

KEY_QUOTA = 2
GROUP_QUOTA = 10


def user_answer(user: User) -> Answer:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": when(user.created),
    }


def group_answer(group: Group) -> Answer:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": when(group.created),
    }


def groups_of(world: World, account: str, user_name: str) -> list[Group]:
    return [group for group in world.all(Group, account) if user_name in group.members]


def keys_of(world: World, account: str, user_name: str | None) -> list[AccessKey]:
    return [key for key in world.all(AccessKey, "") if (key.account, key.user) == (account, user_name)]


def make_key(world: World, account: str, partition: str, user_name: str | None, now: int) -> AccessKey:
    """Make a long-term key for a user, or for the root user when the name is None."""
    return world.put(
        AccessKey(
            account=account,
            partition=partition,
            created=now,
            id=key_id("AKIA"),
            secret=new_secret(),
            user=user_name,
        )
    )


def create_user(call: Call) -> Answer:
    name = call.params["UserName"]
    tags = read_tags(call.params.get("Tags"))
    if name.lower() == OPERATOR_NAME or call.world.get(User, call.account, name.lower()) is not None:
        raise already_exists("User", name)
    check_count(call, User, "UsersPerAccount")
    user = User(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        name=name,
        path=call.params.get("Path") or "/",
        id=unique_id("AIDA"),
        tags=tags,
        boundary=check_boundary(call),
    )
    call.world.put(user)
    return {"User": {**user_answer(user), **boundary_answer(user.boundary), "Tags": tag_list(tags) or None}}


def get_user(call: Call) -> Answer:
    caller = call.signed_by
    if call.params.get("UserName") is None and (caller.is_operator or caller.is_root):
        return {
            "User": {"Path": "/", "UserId": caller.unique_id, "Arn": caller.arn, "CreateDate": when(0)}
            | ({"UserName": OPERATOR_NAME} if caller.is_operator else {})
        }
    user = find_user(call)
    more = {**boundary_answer(user.boundary), "Tags": tag_list(user.tags) or None}
    return {"User": user_answer(user) | more}


def list_users(call: Call) -> Answer:
    prefix = call.params.get("PathPrefix") or "/"
    users = [user for user in call.world.all(User, call.account) if user.path.startswith(prefix)]
    answer = page(call, "Users", users, lambda user: user.key)
    return answer | {"Users": [user_answer(user) for user in answer["Users"]]}


def update_user(call: Call) -> Answer:
    user = find_user(call)
    name = call.params.get("NewUserName") or user.name
    if name.lower() != user.key and call.world.get(User, call.account, name.lower()) is not None:
        raise already_exists("User", name)
    renamed = attrs.evolve(user, name=name, path=call.params.get("NewPath") or user.path)
    for group in groups_of(call.world, call.account, user.name):
        members = tuple(name if member == user.name else member for member in group.members)
        call.world.put(attrs.evolve(group, members=members))
    for key in keys_of(call.world, call.account, user.name):
        call.world.put(attrs.evolve(key, user=name))
    call.world.remove(user)
    call.world.put(renamed)
    return {}


def delete_user(call: Call) -> Answer:
    user = find_user(call)
    if keys_of(call.world, call.account, user.name):
        raise conflict("Cannot delete entity, must delete access keys first.")
    if user.attached:
        raise conflict("Cannot delete entity, must detach all policies first.")
    if user.inline:
        raise conflict("Cannot delete entity, must delete policies first.")
    if groups_of(call.world, call.account, user.name):
        raise conflict("Cannot delete entity, must remove users from group first.")
    call.world.remove(user)
    return {}


def create_access_key(call: Call) -> Answer:
    user = find_user(call)
    if len(keys_of(call.world, call.account, user.name)) >= KEY_QUOTA:
        raise limit("AccessKeysPerUser", KEY_QUOTA)
    key = make_key(call.world, call.account, user.partition, user.name, call.now)
    return {
        "AccessKey": {
            "UserName": user.name,
            "AccessKeyId": key.id,
            "Status": key.status,
            "SecretAccessKey": key.secret,
            "CreateDate": when(key.created),
        }
    }


def _find_key(call: Call) -> AccessKey:
    wanted = call.params["AccessKeyId"]
    key = call.world.get(AccessKey, "", wanted)
    user = find_user(call)
    if key is None or (key.account, key.user) != (call.account, user.name):
        raise AwsError("NoSuchEntity", f"The Access Key with id {wanted} cannot be found.")
    return key


def update_access_key(call: Call) -> Answer:
    call.world.put(attrs.evolve(_find_key(call), status=call.params["Status"]))
    return {}


def delete_access_key(call: Call) -> Answer:
    call.world.remove(_find_key(call))
    return {}


def list_access_keys(call: Call) -> Answer:
    user = find_user(call)
    keys = keys_of(call.world, call.account, user.name)
    answer = page(call, "AccessKeyMetadata", keys, lambda key: key.id)
    shown = [
        {
            "UserName": user.name,
            "AccessKeyId": key.id,
            "Status": key.status,
            "CreateDate": when(key.created),
        }
        for key in answer["AccessKeyMetadata"]
    ]
    return answer | {"AccessKeyMetadata": shown}


def get_access_key_last_used(call: Call) -> Answer:
    wanted = call.params["AccessKeyId"]
    key = call.world.get(AccessKey, "", wanted)
    if key is None or key.account != call.account:
        raise AwsError("AccessDenied", f"The Access Key with id {wanted} cannot be found.")
    used = {
        "ServiceName": key.last_used_service or "N/A",
        "Region": key.last_used_region or "N/A",
    }
    if key.last_used is not None:
        used |= {"LastUsedDate": when(key.last_used)}  # type: ignore[dict-item]
    return {"UserName": key.user, "AccessKeyLastUsed": used}


def create_group(call: Call) -> Answer:
    name = call.params["GroupName"]
    if call.world.get(Group, call.account, name.lower()) is not None:
        raise already_exists("Group", name)
    check_count(call, Group, "GroupsPerAccount")
    group = Group(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        name=name,
        path=call.params.get("Path") or "/",
        id=unique_id("AGPA"),
    )
    return {"Group": group_answer(call.world.put(group))}


def get_group(call: Call) -> Answer:
    group = find_group(call)
    found = (call.world.get(User, call.account, name.lower()) for name in group.members)
    answer = page(call, "Users", [user for user in found if user is not None], lambda user: user.key)
    return answer | {"Group": group_answer(group), "Users": [user_answer(user) for user in answer["Users"]]}


def list_groups(call: Call) -> Answer:
    prefix = call.params.get("PathPrefix") or "/"
    groups = [group for group in call.world.all(Group, call.account) if group.path.startswith(prefix)]
    answer = page(call, "Groups", groups, lambda group: group.key)
    return answer | {"Groups": [group_answer(group) for group in answer["Groups"]]}


def list_groups_for_user(call: Call) -> Answer:
    groups = groups_of(call.world, call.account, find_user(call).name)
    answer = page(call, "Groups", groups, lambda group: group.key)
    return answer | {"Groups": [group_answer(group) for group in answer["Groups"]]}


def update_group(call: Call) -> Answer:
    group = find_group(call)
    name = call.params.get("NewGroupName") or group.name
    if name.lower() != group.key and call.world.get(Group, call.account, name.lower()) is not None:
        raise already_exists("Group", name)
    call.world.remove(group)
    call.world.put(attrs.evolve(group, name=name, path=call.params.get("NewPath") or group.path))
    return {}


def delete_group(call: Call) -> Answer:
    group = find_group(call)
    if group.members:
        raise conflict("Cannot delete entity, must remove users from group first.")
    if group.attached:
        raise conflict("Cannot delete entity, must detach all policies first.")
    if group.inline:
        raise conflict("Cannot delete entity, must delete policies first.")
    call.world.remove(group)
    return {}


def add_user_to_group(call: Call) -> Answer:
    group, user = find_group(call), find_user(call)
    if user.name in group.members:
        return {}
    if len(groups_of(call.world, call.account, user.name)) >= GROUP_QUOTA:
        raise limit("GroupsPerUser", GROUP_QUOTA)
    call.world.put(attrs.evolve(group, members=(*group.members, user.name)))
    return {}


def remove_user_from_group(call: Call) -> Answer:
    group, user = find_group(call), find_user(call)
    if user.name not in group.members:
        raise no_such("user", user.name)
    call.world.put(attrs.evolve(group, members=tuple(name for name in group.members if name != user.name)))
    return {}


HANDLERS: dict[str, Handler] = {
    "CreateUser": create_user,
    "GetUser": get_user,
    "ListUsers": list_users,
    "UpdateUser": update_user,
    "DeleteUser": delete_user,
    "CreateAccessKey": create_access_key,
    "UpdateAccessKey": update_access_key,
    "DeleteAccessKey": delete_access_key,
    "ListAccessKeys": list_access_keys,
    "GetAccessKeyLastUsed": get_access_key_last_used,
    "CreateGroup": create_group,
    "GetGroup": get_group,
    "ListGroups": list_groups,
    "ListGroupsForUser": list_groups_for_user,
    "UpdateGroup": update_group,
    "DeleteGroup": delete_group,
    "AddUserToGroup": add_user_to_group,
    "RemoveUserFromGroup": remove_user_from_group,
}
