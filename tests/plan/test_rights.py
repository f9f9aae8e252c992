"""The rights that an operator needs, and that they are neither too few nor too many."""

from __future__ import annotations

import attrs

from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import (
    GroupMember,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    ThingKey,
    ThingType,
)
from xacct.plan.rights import read_permissions, required_permissions, undo_permissions
from xacct.plan.snapshot import ReadScope
from xacct.plan.steps import creating, deleting, updating

ACCOUNT = "111122223333"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/xacct/vendor"


def document(action: str = "lightsail:GetInstances") -> PolicyDocument:
    return PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=(action,), resources=("*",)))


TRUST = PolicyDocument.of(
    Statement(
        effect=Effect.ALLOW,
        actions=("sts:AssumeRole",),
        principals=(TypedPrincipal(PrincipalType.AWS, "arn:aws:iam::444455556666:root"),),
    )
)
ROLE = Role(name="vendor", path="/xacct/", trust=TRUST, tags={"xacct:grant": "vendor"})
POLICY = RolePolicy(role="vendor", name="xacct", document=document())


def as_dict(permissions: object) -> dict[str, tuple[str, ...]]:
    return {permission.action: permission.resources for permission in permissions}  # type: ignore[attr-defined]


def test_a_new_role_needs_creating_tagging_and_its_policy() -> None:
    steps = [*creating(ROLE), *creating(POLICY)]
    assert as_dict(required_permissions(steps, ACCOUNT)) == {
        "iam:CreateRole": (ROLE_ARN,),
        "iam:PutRolePolicy": (ROLE_ARN,),
        "iam:TagRole": (ROLE_ARN,),
    }


def test_a_role_without_tags_needs_no_right_to_tag() -> None:
    steps = creating(attrs.evolve(ROLE, tags={}))
    assert set(as_dict(required_permissions(steps, ACCOUNT))) == {"iam:CreateRole"}


def test_the_partition_is_that_of_the_account() -> None:
    permissions = as_dict(required_permissions(creating(ROLE), ACCOUNT, "aws-us-gov"))
    assert permissions["iam:CreateRole"] == (f"arn:aws-us-gov:iam::{ACCOUNT}:role/xacct/vendor",)


def test_a_holder_whose_path_is_not_known_is_named_under_any_path() -> None:
    permissions = as_dict(required_permissions(creating(POLICY), ACCOUNT))
    assert permissions == {"iam:PutRolePolicy": (f"arn:aws:iam::{ACCOUNT}:role/*vendor",)}
    known = as_dict(required_permissions(creating(POLICY), ACCOUNT, known=[ROLE]))
    assert known == {"iam:PutRolePolicy": (ROLE_ARN,)}


def test_attachments_are_named_by_their_holders_type() -> None:
    for holder in HolderType:
        attachment = PolicyAttachment(
            holder_type=holder, holder="x", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess"
        )
        kind = holder.value.capitalize()
        arn = (f"arn:aws:iam::{ACCOUNT}:{holder.value}/*x",)
        assert as_dict(required_permissions(creating(attachment), ACCOUNT)) == {
            f"iam:Attach{kind}Policy": arn
        }
        assert as_dict(required_permissions(deleting(attachment), ACCOUNT)) == {
            f"iam:Detach{kind}Policy": arn
        }


def test_versions_of_managed_policies_need_rights_of_their_own() -> None:
    before = ManagedPolicy(name="mp", path="/xacct/", document=document())
    after = attrs.evolve(before, document=document("lightsail:GetDisks"))
    for steps in (updating(before, after), deleting(before)):
        assert {"iam:DeletePolicyVersion", "iam:ListPolicyVersions"} < set(
            as_dict(required_permissions(steps, ACCOUNT))
        )


def test_resources_of_one_action_are_merged_and_sorted() -> None:
    roles = [attrs.evolve(ROLE, name=name) for name in ("b", "a", "b")]
    permissions = as_dict(required_permissions([step for role in roles for step in creating(role)], ACCOUNT))
    assert permissions["iam:CreateRole"] == tuple(
        f"arn:aws:iam::{ACCOUNT}:role/xacct/{name}" for name in "ab"
    )
    assert list(permissions) == sorted(permissions)


def test_reading_needs_the_two_bulk_reads_and_what_grants_name() -> None:
    keys = frozenset(
        [
            ROLE.key,
            OidcProvider(url="idp.test").key,
            GroupMember(group="team", user="ann").key,
            ThingKey(ThingType.USER, "ann"),
        ]
    )
    permissions = as_dict(read_permissions(ReadScope(keys=keys), ACCOUNT))
    assert permissions["iam:ListRoles"] == ("*",)
    assert permissions["iam:GetAccountAuthorizationDetails"] == ("*",)
    assert permissions["iam:GetRole"] == (ROLE_ARN,)
    assert permissions["iam:GetOpenIDConnectProvider"] == (f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.test",)
    assert "iam:GetUser" in permissions
    assert "iam:GetSAMLProvider" not in permissions


def test_undoing_needs_what_takes_the_steps_back() -> None:
    steps = [*creating(ROLE), *creating(POLICY), *deleting(attrs.evolve(ROLE, name="gone"))]
    assert as_dict(undo_permissions(steps, ACCOUNT)) == {
        "iam:DeleteRole": (ROLE_ARN,),
        "iam:DeleteRolePolicy": (ROLE_ARN,),
    }
