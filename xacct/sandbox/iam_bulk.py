"""IAM's reads of a whole account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from xacct.sandbox.call import Answer, Call, Handler, page
from xacct.sandbox.counts import ACCOUNT_QUOTAS
from xacct.sandbox.documents import ATTACHED_QUOTA, INLINE_QUOTAS, MANAGED_QUOTA, TRUST_QUOTA
from xacct.sandbox.entities import (
    Entity,
    Group,
    InstanceProfile,
    OidcProvider,
    Policy,
    Role,
    SamlProvider,
    User,
)
from xacct.sandbox.iam_holders import attached_answer, inline_answer
from xacct.sandbox.iam_policies import policy_answer, version_answer
from xacct.sandbox.iam_roles import boundary_answer, last_used_answer, profile_answer, role_answer
from xacct.sandbox.iam_users import group_answer, groups_of, user_answer
from xacct.sandbox.lookup import policies_of_aws
from xacct.sandbox.tagging import tag_list

__all__ = ["HANDLERS"]

Detail: TypeAlias = User | Group | Role | Policy

_LISTS = {
    "user": "UserDetailList",
    "group": "GroupDetailList",
    "role": "RoleDetailList",
    "policy": "Policies",
}


def get_account_authorization_details(call: Call) -> Answer:
    """
    Give users, groups, roles and policies with all that hangs on them, page by page.

    Unlike GetRole it has neither MaxSessionDuration nor Description of a role, and unlike ListPolicies it
    gives AWS's policies only where they are attached.
    """
    answer = page(call, "", _selected(call), lambda thing: f"{thing.kind}/{thing.arn}")
    shown: list[Detail] = answer.pop("")
    for kind, key in _LISTS.items():
        answer[key] = [_detail(call, thing) for thing in shown if thing.kind == kind]
    return answer


def _selected(call: Call) -> Iterator[Detail]:
    wanted = call.params.get("Filter") or ["User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"]
    kinds: tuple[tuple[str, type[Detail]], ...] = (
        ("User", User),
        ("Group", Group),
        ("Role", Role),
        ("LocalManagedPolicy", Policy),
    )
    for name, kind in kinds:
        if name in wanted:
            yield from call.world.all(kind, call.account)
    if "AWSManagedPolicy" in wanted:
        yield from _attached_of_aws(call)


def _attached_of_aws(call: Call) -> Iterator[Policy]:
    arns: set[str] = set()
    for kind in (User, Group, Role):
        for holder in call.world.all(kind, call.account):
            arns.update(
                arn for arn in (*holder.attached, holder.boundary or "") if ":iam::aws:policy/" in arn
            )
    if arns:
        known = policies_of_aws(call.signed_by.partition)
        yield from (known[arn] for arn in sorted(arns) if arn in known)


def _detail(call: Call, thing: Detail) -> dict[str, Any]:
    match thing:
        case Role():
            return _role_detail(call, thing)
        case User():
            return {
                **user_answer(thing),
                "UserPolicyList": inline_answer(thing),
                "GroupList": [group.name for group in groups_of(call.world, call.account, thing.name)],
                "AttachedManagedPolicies": attached_answer(thing),
                **boundary_answer(thing.boundary),
                "Tags": tag_list(thing.tags),
            }
        case Group():
            return {
                **group_answer(thing),
                "GroupPolicyList": inline_answer(thing),
                "AttachedManagedPolicies": attached_answer(thing),
            }
        case Policy():
            versions = [version_answer(thing, version) for version in thing.versions]
            return {**policy_answer(call, thing), "PolicyVersionList": versions}


def _role_detail(call: Call, role: Role) -> dict[str, Any]:
    profiles = [item for item in call.world.all(InstanceProfile, call.account) if role.name in item.roles]
    return {
        **role_answer(call, role),
        "InstanceProfileList": [profile_answer(call, profile) for profile in profiles],
        "RolePolicyList": inline_answer(role),
        "AttachedManagedPolicies": attached_answer(role),
        **boundary_answer(role.boundary),
        "Tags": tag_list(role.tags),
        "RoleLastUsed": last_used_answer(role),
    }


def get_account_summary(call: Call) -> Answer:
    def count(*kinds: type[Entity]) -> int:
        return sum(call.world.count(kind, call.account) for kind in kinds)

    return {
        "SummaryMap": {
            "Users": count(User),
            "UsersQuota": ACCOUNT_QUOTAS["user"],
            "Groups": count(Group),
            "GroupsQuota": ACCOUNT_QUOTAS["group"],
            "Roles": count(Role),
            "RolesQuota": ACCOUNT_QUOTAS["role"],
            "Policies": count(Policy),
            "PoliciesQuota": ACCOUNT_QUOTAS["policy"],
            "InstanceProfiles": count(InstanceProfile),
            "InstanceProfilesQuota": 1000,
            "Providers": count(SamlProvider, OidcProvider),
            "AssumeRolePolicySizeQuota": TRUST_QUOTA,
            "PolicySizeQuota": MANAGED_QUOTA,
            "RolePolicySizeQuota": INLINE_QUOTAS["role"],
            "UserPolicySizeQuota": INLINE_QUOTAS["user"],
            "GroupPolicySizeQuota": INLINE_QUOTAS["group"],
            "AttachedPoliciesPerRoleQuota": ATTACHED_QUOTA,
            "AttachedPoliciesPerUserQuota": ATTACHED_QUOTA,
            "AttachedPoliciesPerGroupQuota": ATTACHED_QUOTA,
            "VersionsPerPolicyQuota": 5,
            "AccessKeysPerUserQuota": 2,
            "GroupsPerUserQuota": 10,
            "AccountMFAEnabled": 1,
            "AccountAccessKeysPresent": 0,
        }
    }


def list_account_aliases(_: Call) -> Answer:
    return {"AccountAliases": [], "IsTruncated": False}


def list_mfa_devices(_: Call) -> Answer:
    return {"MFADevices": [], "IsTruncated": False}


HANDLERS: dict[str, Handler] = {
    "GetAccountAuthorizationDetails": get_account_authorization_details,
    "GetAccountSummary": get_account_summary,
    "ListAccountAliases": list_account_aliases,
    "ListMFADevices": list_mfa_devices,
}
