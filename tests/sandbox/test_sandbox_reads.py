"""Reads in bulk: what each operation tells and leaves out, page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def account(people: Any) -> Any:
    """Five roles under two paths, with everything that can hang on one."""
    iam = people.client("iam")
    document = json.dumps(people.policy(people.allow("lightsail:GetDisks")))
    edge = iam.create_policy(PolicyName="edge", Path="/xacct/", PolicyDocument=document)["Policy"]["Arn"]
    for number in range(5):
        people.role(
            f"r{number}",
            Path="/xacct/" if number < 3 else "/",
            Description=f"role {number}",
            MaxSessionDuration=7200,
            Tags=[{"Key": "team", "Value": "blue"}],
            PermissionsBoundary=edge,
            allow=[people.allow("lightsail:*")],
        )
    iam.attach_role_policy(RoleName="r0", PolicyArn=edge)
    return iam


def test_list_roles_leaves_out_tags_boundary_and_last_use(account: Any) -> None:
    roles = account.list_roles(PathPrefix="/xacct/")["Roles"]
    assert [role["RoleName"] for role in roles] == ["r0", "r1", "r2"]
    for role in roles:
        assert role["Description"] == f"role {role['RoleName'][1]}"
        assert role["MaxSessionDuration"] == 7200
        assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & role.keys()


def test_get_role_tells_all(account: Any) -> None:
    role = account.get_role(RoleName="r0")["Role"]
    assert role["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/xacct/edge")
    assert role["RoleLastUsed"] == {}
    assert role["Arn"] == "arn:aws:iam::111122223333:role/xacct/r0"
    assert role["RoleId"].startswith("AROA")
    assert len(role["RoleId"]) == 21


def test_account_details_have_policies_and_tags_but_no_duration_or_description(account: Any) -> None:
    details = account.get_account_authorization_details(Filter=["Role"])
    assert details["UserDetailList"] == details["Policies"] == []
    role = next(role for role in details["RoleDetailList"] if role["RoleName"] == "r0")
    assert role["RolePolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == ["lightsail:*"]
    assert [policy["PolicyName"] for policy in role["AttachedManagedPolicies"]] == ["edge"]
    assert role["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert role["InstanceProfileList"] == []
    assert "PermissionsBoundary" in role
    assert not {"MaxSessionDuration", "Description"} & role.keys()


def test_account_details_hold_users_groups_and_policies(account: Any, people: Any) -> None:
    account.create_user(UserName="robin", Tags=[{"Key": "a", "Value": "b"}])
    account.create_group(GroupName="staff")
    account.add_user_to_group(GroupName="staff", UserName="robin")
    account.attach_role_policy(RoleName="r1", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    details = account.get_account_authorization_details()
    assert details["UserDetailList"][0]["GroupList"] == ["staff"]
    assert details["GroupDetailList"][0]["GroupName"] == "staff"
    assert {policy["PolicyName"] for policy in details["Policies"]} == {"edge", "ReadOnlyAccess"}
    edge = next(policy for policy in details["Policies"] if policy["PolicyName"] == "edge")
    assert edge["PermissionsBoundaryUsageCount"] == 5
    assert edge["PolicyVersionList"][0]["IsDefaultVersion"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_pages_hold_everything_once(size: int, account: Any) -> None:
    pages = account.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": size})
    names = [[role["RoleName"] for role in page["Roles"]] for page in pages]
    assert [name for names_of_page in names for name in names_of_page] == ["r0", "r1", "r2", "r3", "r4"]
    assert all(len(names_of_page) <= size for names_of_page in names)
    pages = account.get_paginator("get_account_authorization_details").paginate(
        PaginationConfig={"PageSize": size}
    )
    found = [thing for page in pages for thing in (*page["RoleDetailList"], *page["Policies"])]
    assert len(found) == 6


def test_a_role_that_goes_between_two_pages_hides_no_other(account: Any) -> None:
    first = account.list_roles(MaxItems=2)
    for name in ("r0", "r1"):
        account.delete_role_policy(RoleName=name, PolicyName="rights")
    account.detach_role_policy(RoleName="r0", PolicyArn="arn:aws:iam::111122223333:policy/xacct/edge")
    account.delete_role(RoleName="r0")
    second = account.list_roles(MaxItems=2, Marker=first["Marker"])
    assert [role["RoleName"] for role in second["Roles"]] == ["r2", "r3"]
    assert second["IsTruncated"]


def test_accounts_do_not_see_one_another(account: Any, people: Any) -> None:
    other = people.client("iam", account=people.vendor)
    assert other.list_roles()["Roles"] == []
    assert people.refusal(other.get_role, RoleName="r0")[0] == "NoSuchEntity"


def test_providers_are_listed_and_read(people: Any) -> None:
    iam = people.client("iam")
    arn = iam.create_open_id_connect_provider(
        Url="https://login.example.com/tenant",
        ClientIDList=["a", "a", "b"],
        Tags=[{"Key": "k", "Value": "v"}],
    )["OpenIDConnectProviderArn"]
    assert arn == "arn:aws:iam::111122223333:oidc-provider/login.example.com/tenant"
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (read["Url"], read["ClientIDList"]) == ("login.example.com/tenant", ["a", "b"])
    assert read["Tags"] == [{"Key": "k", "Value": "v"}]
    again = people.refusal(iam.create_open_id_connect_provider, Url="https://login.example.com/tenant")
    assert again[0] == "EntityAlreadyExists"
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    missing = people.refusal(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
    assert missing == ("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")


def test_updating_a_role_keeps_what_is_not_named(people: Any) -> None:
    people.role("r", Description="first", MaxSessionDuration=7200)
    iam = people.client("iam")
    iam.update_role(RoleName="r", MaxSessionDuration=3600)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("first", 3600)
    iam.update_role(RoleName="r", Description="")
    assert iam.get_role(RoleName="r")["Role"].get("Description", "") == ""


def test_last_use_of_a_role_and_of_a_key_is_kept(people: Any, clock: Any) -> None:
    arn = people.role("r", allow=[people.allow("lightsail:*")])
    iam = people.client("iam")
    robot = people.client("sts", "arn:aws:iam::444455556666:user/robot")
    session = robot.assume_role(RoleArn=arn, RoleSessionName="visit")["Credentials"]
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"] == {}
    people.client("lightsail", credentials=session, region="eu-west-2").get_instances()
    used = iam.get_role(RoleName="r")["Role"]["RoleLastUsed"]
    assert used["Region"] == "eu-west-2"
    assert used["LastUsedDate"].timestamp() == clock.now
    other = people.client("iam", account=people.vendor)
    key = other.list_access_keys(UserName="robot")["AccessKeyMetadata"][0]["AccessKeyId"]
    last = other.get_access_key_last_used(AccessKeyId=key)
    assert (last["UserName"], last["AccessKeyLastUsed"]["ServiceName"]) == ("robot", "sts")


def test_other_partitions_have_their_own_arns(people: Any) -> None:
    iam = people.client("iam", account="777788889999", region="cn-north-1")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws-cn:iam::444455556666:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    assert made["Arn"] == "arn:aws-cn:iam::777788889999:role/r"
