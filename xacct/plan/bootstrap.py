"""
The smallest policies for those who plan and those who apply.

Reading an account's roles has no narrower form than the two bulk reads on ``*``. Writing is fenced in by the
path of our roles and policies; providers have no path and are named by type.
"""

from __future__ import annotations

from xacct.iam.ownership import DEFAULT_PATH
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement

__all__ = ["apply_policy", "plan_policy"]

_READS = (
    "iam:GetAccountAuthorizationDetails",
    "iam:GetGroup",
    "iam:GetGroupPolicy",
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetSAMLProvider",
    "iam:GetUser",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListInstanceProfilesForRole",
    "iam:ListPolicyTags",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
    "iam:ListRoles",
)
_ROLE_WRITES = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)
_BOUNDARY_WRITES = ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")
_POLICY_WRITES = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
)
_ATTACHMENTS = ("iam:AttachRolePolicy", "iam:DetachRolePolicy")
_PROVIDER_WRITES = (
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreateSAMLProvider",
    "iam:DeleteOpenIDConnectProvider",
    "iam:DeleteSAMLProvider",
    "iam:RemoveClientIDFromOpenIDConnectProvider",
    "iam:TagOpenIDConnectProvider",
    "iam:TagSAMLProvider",
    "iam:UntagOpenIDConnectProvider",
    "iam:UntagSAMLProvider",
    "iam:UpdateSAMLProvider",
)
_GROUP_WRITES = (
    "iam:AddUserToGroup",
    "iam:CreateGroup",
    "iam:DeleteGroup",
    "iam:DeleteGroupPolicy",
    "iam:PutGroupPolicy",
    "iam:RemoveUserFromGroup",
)


def plan_policy() -> PolicyDocument:
    """What ``xacct plan``, ``list``, ``show`` and ``drift`` read, and nothing more."""
    return PolicyDocument.of(_allow("ReadToPlan", _READS, ("*",)))


def apply_policy(account: str, partition: str = "aws", path: str = DEFAULT_PATH) -> PolicyDocument:
    """
    What ``xacct apply`` and ``destroy`` need: roles, policies and groups under our path, and providers.

    Whoever holds this can give roles under the path any permissions. To limit that, require a permissions
    boundary with ``iam:PermissionsBoundary`` on CreateRole and PutRolePolicy.
    """
    iam = f"arn:{partition}:iam::{account}"
    attach_own = Condition("ArnLike", "iam:PolicyARN", (f"{iam}:policy{path}*",))
    return PolicyDocument.of(
        _allow("ReadToPlan", _READS, ("*",)),
        _allow("RolesOfOurs", (*_ROLE_WRITES, *_BOUNDARY_WRITES), (f"{iam}:role{path}*",)),
        _allow("PoliciesOfOurs", _POLICY_WRITES, (f"{iam}:policy{path}*",)),
        _allow("AttachOurs", _ATTACHMENTS, (f"{iam}:role{path}*",), attach_own),
        _allow("GroupsOfOurs", _GROUP_WRITES, (f"{iam}:group{DEFAULT_PATH}*",)),
        _allow("Providers", _PROVIDER_WRITES, (f"{iam}:oidc-provider/*", f"{iam}:saml-provider/*")),
    )


def _allow(
    sid: str, actions: tuple[str, ...], resources: tuple[str, ...], *conditions: Condition
) -> Statement:
    return Statement(
        effect=Effect.ALLOW, actions=actions, resources=resources, conditions=conditions, sid=sid
    )
