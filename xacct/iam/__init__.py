"""
IAM's own words as frozen values: ARNs, principals, policy documents, roles and what goes with them.

In comes text or JSON as people and AWS write it; out come values that compare by meaning. Nothing here knows
Lightsail, files, or the network.
"""

from xacct.iam.arn import Arn, check_account_id, is_account_id, partition_of_region
from xacct.iam.policy import (
    Condition,
    Effect,
    PolicyDocument,
    PrincipalType,
    Statement,
    TypedPrincipal,
)
from xacct.iam.things import (
    AccountThings,
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
    ThingType,
    User,
)

__all__ = [
    "AccountThings",
    "Arn",
    "Condition",
    "Effect",
    "Group",
    "GroupMember",
    "GroupPolicy",
    "HolderType",
    "ManagedPolicy",
    "OidcProvider",
    "PolicyAttachment",
    "PolicyDocument",
    "PrincipalType",
    "Role",
    "RolePolicy",
    "SamlProvider",
    "Statement",
    "Thing",
    "ThingKey",
    "ThingType",
    "TypedPrincipal",
    "User",
    "check_account_id",
    "is_account_id",
    "partition_of_region",
]
