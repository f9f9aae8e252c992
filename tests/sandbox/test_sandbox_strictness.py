"""What IAM refuses, the sandbox refuses, with IAM's codes; tables in tests/cases/sandbox."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

_CASES = Path(__file__).parents[1] / "cases" / "sandbox"


def _rows(name: str) -> list[Any]:
    lines = (_CASES / name).read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=row["note"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("case", _rows("documents.jsonl"))
def test_a_document_is_taken_or_refused_as_by_iam(case: dict[str, Any], people: Any) -> None:
    iam = people.client("iam")
    if case["kind"] == "trust":
        call, parameters = iam.create_role, {"RoleName": "r", "AssumeRolePolicyDocument": case["document"]}
    else:
        call, parameters = iam.create_policy, {"PolicyName": "p", "PolicyDocument": case["document"]}
    if case["code"] is None:
        call(**parameters)
    else:
        code, message = people.refusal(call, **parameters)
        assert code == case["code"]
        assert case["message"] in message


@pytest.mark.parametrize("case", _rows("calls.jsonl"))
def test_a_call_is_refused_in_iams_words(case: dict[str, Any], people: Any) -> None:
    code, message = people.refusal(getattr(people.client("iam"), case["operation"]), **case["parameters"])
    assert code == case["code"]
    assert case["message"] in message


def test_a_refused_call_changes_nothing(people: Any) -> None:
    iam = people.client("iam")
    people.refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument="{}")
    assert iam.list_roles()["Roles"] == []


def test_names_are_unique_in_any_case_but_read_in_their_own(people: Any) -> None:
    people.role("Backup")
    iam = people.client("iam")
    document = json.dumps(people.trusting(people.vendor))
    assert people.refusal(
        iam.create_role, RoleName="backup", Path="/x/", AssumeRolePolicyDocument=document
    ) == (
        "EntityAlreadyExists",
        "Role with name backup already exists.",
    )
    assert people.refusal(iam.get_role, RoleName="backup")[0] == "NoSuchEntity"


@pytest.mark.parametrize(("noun", "quota"), [("role", 10240), ("user", 2048), ("group", 5120)])
def test_inline_policies_share_one_quota(noun: str, quota: int, people: Any) -> None:
    iam = people.client("iam")
    if noun == "role":
        people.role("x")
    else:
        getattr(iam, f"create_{noun}")(**{f"{noun.capitalize()}Name": "x"})

    def put(name: str, size: int) -> Any:
        empty = len(
            json.dumps(
                people.policy(people.allow("lightsail:GetInstances") | {"Sid": ""}), separators=(",", ":")
            )
        )
        document = people.policy(people.allow("lightsail:GetInstances") | {"Sid": "A" * (size - empty)})
        return getattr(iam, f"put_{noun}_policy")(
            **{f"{noun.capitalize()}Name": "x"},
            PolicyName=name,
            PolicyDocument=json.dumps(document, indent=8),
        )

    put("one", quota - 1000)
    put("two", 1000)
    call = getattr(iam, f"put_{noun}_policy")
    code, message = people.refusal(
        call,
        **{f"{noun.capitalize()}Name": "x"},
        PolicyName="three",
        PolicyDocument=json.dumps(people.policy(people.allow("lightsail:GetDisks"))),
    )
    assert code == "LimitExceeded"
    assert message == f"Maximum policy size of {quota} bytes exceeded for {noun} x"
    put("two", 900)  # a policy that is put again counts once


def _document_of(people: Any, size: int) -> str:
    """A policy of so many characters, spread out with white space that does not count."""
    statement = people.allow("lightsail:GetInstances")
    empty = len(json.dumps(people.policy(statement | {"Sid": ""}), separators=(",", ":")))
    return json.dumps(people.policy(statement | {"Sid": "A" * (size - empty)}), indent=8)


def test_ten_policies_can_be_attached(people: Any) -> None:
    people.role("r")
    iam = people.client("iam")
    arns = [
        iam.create_policy(
            PolicyName=f"p{number}", PolicyDocument=json.dumps(people.policy(people.allow("s3:*")))
        )["Policy"]["Arn"]
        for number in range(11)
    ]
    for arn in (*arns[:10], arns[0]):  # attaching twice is no error
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert people.refusal(iam.attach_role_policy, RoleName="r", PolicyArn=arns[10]) == (
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
    )


def test_policies_of_aws_can_be_attached_but_not_changed(people: Any) -> None:
    people.role("r")
    iam = people.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert people.refusal(iam.delete_policy, PolicyArn=arn)[0] == "AccessDenied"
    missing = "arn:aws:iam::aws:policy/NoSuchPolicy"
    assert people.refusal(iam.attach_role_policy, RoleName="r", PolicyArn=missing)[0] == "NoSuchEntity"


def test_a_managed_policy_has_five_versions_at_most(people: Any) -> None:
    iam = people.client("iam")
    document = json.dumps(people.policy(people.allow("s3:*")))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    assert (
        people.refusal(iam.create_policy_version, PolicyArn=arn, PolicyDocument=document)[0]
        == "LimitExceeded"
    )
    assert people.refusal(iam.delete_policy_version, PolicyArn=arn, VersionId="v5") == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)["PolicyVersion"]
    assert made["VersionId"] == "v6"  # numbers are not used again
    assert not made["IsDefaultVersion"]


def test_deletion_waits_for_what_hangs_on_a_thing(people: Any) -> None:
    iam = people.client("iam")
    people.role("r", allow=[people.allow("s3:*")])
    document = json.dumps(people.policy(people.allow("s3:*")))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)

    assert (
        people.refusal(iam.delete_policy, PolicyArn=arn)[1] == "Cannot delete a policy attached to entities."
    )
    assert "detach all policies first" in people.refusal(iam.delete_role, RoleName="r")[1]
    iam.detach_role_policy(RoleName="r", PolicyArn=arn)
    assert people.refusal(iam.delete_role, RoleName="r") == (
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    )
    iam.delete_role_policy(RoleName="r", PolicyName="rights")
    iam.delete_role(RoleName="r")
    assert "more than one version" in people.refusal(iam.delete_policy, PolicyArn=arn)[1]
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.put_role_permissions_boundary(RoleName=_role_with(people, "b"), PermissionsBoundary=arn)
    assert people.refusal(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    iam.delete_role(RoleName="b")
    iam.delete_policy(PolicyArn=arn)


def _role_with(people: Any, name: str) -> str:
    people.role(name)
    return name


def test_a_user_with_keys_or_groups_is_not_deleted(people: Any) -> None:
    iam = people.client("iam")
    iam.create_user(UserName="robin")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="robin")
    keys = [iam.create_access_key(UserName="robin")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    assert people.refusal(iam.create_access_key, UserName="robin") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    assert "access keys" in people.refusal(iam.delete_user, UserName="robin")[1]
    for key in keys:
        iam.delete_access_key(UserName="robin", AccessKeyId=key)
    assert "group" in people.refusal(iam.delete_user, UserName="robin")[1]
    assert people.refusal(iam.delete_group, GroupName="staff")[0] == "DeleteConflict"
    iam.remove_user_from_group(GroupName="staff", UserName="robin")
    iam.delete_user(UserName="robin")
    iam.delete_group(GroupName="staff")


def test_tags_are_merged_ignoring_case_and_limited_to_fifty(people: Any) -> None:
    people.role("r", Tags=[{"Key": f"k{number}", "Value": "1"} for number in range(50)])
    iam = people.client("iam")
    iam.tag_role(RoleName="r", Tags=[{"Key": "K0", "Value": "2"}])
    code, message = people.refusal(iam.tag_role, RoleName="r", Tags=[{"Key": "new", "Value": ""}])
    assert (code, message) == ("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50")
    iam.untag_role(RoleName="r", TagKeys=["k1"])
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName="r")["Tags"]}
    assert tags["K0"] == "2"
    assert "k0" not in tags
    assert "k1" not in tags


def test_a_deleted_principal_shows_as_its_unique_id_and_is_not_trusted_again(people: Any) -> None:
    vendor_iam = people.client("iam", account=people.vendor)
    user = vendor_iam.create_user(UserName="robot")["User"]
    people.role("r", trust=people.trusting(user["Arn"]))
    iam = people.client("iam")

    def trusted() -> Any:
        found = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
        return found["Statement"][0]["Principal"]["AWS"]

    assert trusted() == user["Arn"]
    vendor_iam.delete_user(UserName="robot")
    assert trusted() == user["UserId"]
    vendor_iam.create_user(UserName="robot")
    assert trusted() == user["UserId"]
    stale = json.dumps(iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"])
    code, message = people.refusal(iam.update_assume_role_policy, RoleName="r", PolicyDocument=stale)
    assert code == "MalformedPolicyDocument"
    assert re.search(rf'Invalid principal in policy: "AWS":"{user["UserId"]}"', message)
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=json.dumps(people.trusting(user["Arn"])))
    assert trusted() == user["Arn"]


def test_errors_carry_aws_statuses(people: Any) -> None:
    from botocore.exceptions import ClientError

    iam = people.client("iam")
    with pytest.raises(ClientError) as caught:
        iam.get_role(RoleName="none")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert caught.type is iam.exceptions.NoSuchEntityException


def test_credentials_are_frozen_and_keep_their_secret_out_of_logs(people: Any) -> None:
    credentials = people.sandbox.credentials_for(None, people.ours)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        credentials.access_key_id = "x"
    assert credentials.secret_access_key not in repr(credentials)
