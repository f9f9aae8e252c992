"""Lightsail: authorization by ARN, tag and Region first; then the resources that can be made."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import botocore.session
import pytest


@pytest.fixture
def visitor(people: Any) -> Any:
    """A function that gives a Lightsail client with just these statements."""

    def make(*statements: dict[str, Any], region: str = "eu-west-1") -> Any:
        iam = people.client("iam")
        if not iam.list_roles()["Roles"]:
            people.role("visitor")
        document = json.dumps(people.policy(*statements))
        iam.put_role_policy(RoleName="visitor", PolicyName="rights", PolicyDocument=document)
        arn = "arn:aws:iam::111122223333:role/visitor"
        return people.client("lightsail", arn, region=region)

    return make


def _instance(people: Any, name: str = "web", **tags: str) -> str:
    lightsail = people.client("lightsail")
    lightsail.create_instances(
        instanceNames=[name],
        availabilityZone="eu-west-1a",
        blueprintId="ubuntu_24_04",
        bundleId="nano_3_0",
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    return str(lightsail.get_instance(instanceName=name)["instance"]["arn"])


DISK = {"diskName": "disk-1", "availabilityZone": "eu-west-1a", "sizeInGb": 8}
BUCKET = {"bucketName": "bucket-1", "bundleId": "small_1_0"}
DATABASE = {
    "relationalDatabaseName": "db",
    "relationalDatabaseBlueprintId": "mysql_8_0",
    "relationalDatabaseBundleId": "micro_2_0",
    "masterDatabaseName": "main",
    "masterUsername": "admin",
}
# What makes it, with what; what reads it, under which key; what deletes it, by which parameter.
MAKE: list[tuple[str, dict[str, Any], str, str, str, str]] = [
    ("create_disk", DISK, "get_disks", "disks", "delete_disk", "diskName"),
    ("create_bucket", BUCKET, "get_buckets", "buckets", "delete_bucket", "bucketName"),
    (
        "allocate_static_ip",
        {"staticIpName": "ip"},
        "get_static_ips",
        "staticIps",
        "release_static_ip",
        "staticIpName",
    ),
    (
        "create_relational_database",
        DATABASE,
        "get_relational_databases",
        "relationalDatabases",
        "delete_relational_database",
        "relationalDatabaseName",
    ),
]


@pytest.mark.parametrize(
    ("make", "given", "read", "key", "delete", "parameter"), MAKE, ids=[row[3] for row in MAKE]
)
def test_resources_are_made_listed_tagged_and_deleted(
    make: str, given: dict[str, Any], read: str, key: str, delete: str, parameter: str, people: Any
) -> None:
    lightsail = people.client("lightsail")
    getattr(lightsail, make)(**given)
    (found,) = getattr(lightsail, read)()[key]
    name = given[parameter]
    assert found["name"] == name
    assert found["arn"].startswith("arn:aws:lightsail:eu-west-1:111122223333:")
    UUID(found["arn"].rpartition("/")[2])  # an ARN says nothing of the name
    assert people.refusal(getattr(lightsail, make), **given)[1] == f"Some names are already in use: {name}"
    lightsail.tag_resource(resourceName=name, tags=[{"key": "a", "value": "b"}])
    if "tags" in found:  # the model shows no tags of static IPs
        assert getattr(lightsail, read)()[key][0]["tags"] == [{"key": "a", "value": "b"}]
        lightsail.untag_resource(resourceName=name, tagKeys=["a"])
        assert getattr(lightsail, read)()[key][0]["tags"] == []
    other = people.client("lightsail", region="eu-west-2")
    assert getattr(other, read)()[key] == []
    operation = getattr(lightsail, delete)(**{parameter: name})
    assert operation.get("operations") or operation.get("operation")
    assert getattr(lightsail, read)()[key] == []


def test_snapshots_are_made_of_what_exists(people: Any) -> None:
    _instance(people)
    lightsail = people.client("lightsail")
    lightsail.create_instance_snapshot(instanceName="web", instanceSnapshotName="web-1")
    assert [s["name"] for s in lightsail.get_instance_snapshots()["instanceSnapshots"]] == ["web-1"]
    missing = people.refusal(
        lightsail.create_instance_snapshot, instanceName="none", instanceSnapshotName="snap"
    )
    assert missing == ("NotFoundException", "The Instance does not exist: none")
    lightsail.delete_instance_snapshot(instanceSnapshotName="web-1")
    assert lightsail.get_instances()["instances"][0]["name"] == "web"


def test_domains_are_global_and_answered_in_one_region(people: Any) -> None:
    lightsail = people.client("lightsail", region="us-east-1")
    lightsail.create_domain(domainName="example.com")
    assert lightsail.get_domain(domainName="example.com")["domain"]["arn"].startswith(
        "arn:aws:lightsail:global:111122223333:Domain/"
    )
    code, message = people.refusal(people.client("lightsail").get_domains)
    assert code == "InvalidInputException"
    assert "us-east-1" in message


def test_a_denial_names_principal_action_resource_and_policy_type(people: Any, visitor: Any) -> None:
    arn = _instance(people)
    client = visitor(people.allow("lightsail:GetInstances"))
    assert people.refusal(client.delete_instance, instanceName="web") == (
        "AccessDeniedException",
        (
            "User: arn:aws:sts::111122223333:assumed-role/visitor/sandbox is not authorized to perform: "
            f"lightsail:DeleteInstance on resource: {arn} because no identity-based policy allows the "
            "lightsail:DeleteInstance action"
        ),
    )


def test_a_role_limited_by_arn_reaches_that_resource_alone(people: Any, visitor: Any) -> None:
    one, _ = _instance(people, "one"), _instance(people, "two")
    client = visitor(people.allow("lightsail:RebootInstance", resource=one))
    client.reboot_instance(instanceName="one")
    assert people.refusal(client.reboot_instance, instanceName="two")[0] == "AccessDeniedException"


def test_a_role_limited_by_tag_follows_the_tag(people: Any, visitor: Any) -> None:
    _instance(people, "prod", Environment="prod")
    _instance(people, "test", Environment="test")
    tagged = {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}
    client = visitor(people.allow("lightsail:CreateInstanceSnapshot", Condition=tagged))
    client.create_instance_snapshot(instanceName="prod", instanceSnapshotName="s1")
    asked = {"instanceName": "test", "instanceSnapshotName": "s2"}
    assert people.refusal(client.create_instance_snapshot, **asked)[0] == "AccessDeniedException"
    people.client("lightsail").tag_resource(
        resourceName="test", tags=[{"key": "Environment", "value": "prod"}]
    )
    client.create_instance_snapshot(**asked)


def test_a_role_limited_by_request_tag_creates_with_that_tag_alone(people: Any, visitor: Any) -> None:
    tagged = {"StringEquals": {"aws:RequestTag/Environment": "prod"}}
    client = visitor(people.allow("lightsail:CreateDisk", "lightsail:TagResource", Condition=tagged))
    disk = {"availabilityZone": "eu-west-1a", "sizeInGb": 8}
    client.create_disk(diskName="disk-a", tags=[{"key": "Environment", "value": "prod"}], **disk)
    assert people.refusal(client.create_disk, diskName="disk-b", **disk)[0] == "AccessDeniedException"
    test = [{"key": "Environment", "value": "test"}]
    assert (
        people.refusal(client.create_disk, diskName="disk-c", tags=test, **disk)[0] == "AccessDeniedException"
    )


def test_tagging_what_is_made_needs_tag_resource(people: Any, visitor: Any) -> None:
    client = visitor(people.allow("lightsail:CreateDisk"))
    disk = {"diskName": "disk-a", "availabilityZone": "eu-west-1a", "sizeInGb": 8}
    tags = [{"key": "a", "value": "b"}]
    assert "lightsail:TagResource" in people.refusal(client.create_disk, tags=tags, **disk)[1]
    client.create_disk(**disk)


def test_a_role_limited_to_a_region_is_denied_in_another(people: Any, visitor: Any) -> None:
    there = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    statement = people.allow("lightsail:GetInstances", Condition=there)
    visitor(statement).get_instances()
    assert people.refusal(visitor(statement, region="eu-west-2").get_instances)[0] == "AccessDeniedException"


def test_an_action_that_takes_only_the_star_is_not_granted_by_an_arn(people: Any, visitor: Any) -> None:
    client = visitor(people.allow("lightsail:GetInstances", resource="arn:aws:lightsail:*:*:Instance/*"))
    code, message = people.refusal(client.get_instances)
    assert code == "AccessDeniedException"
    assert "on resource: arn:aws:lightsail:eu-west-1:111122223333:* because" in message


def test_such_an_action_is_granted_by_the_arn_that_its_denials_name(people: Any, visitor: Any) -> None:
    here = "arn:aws:lightsail:eu-west-1:111122223333:*"
    visitor(people.allow("lightsail:GetInstances", resource=here)).get_instances()
    client = visitor(people.allow("lightsail:GetInstances", resource=here.replace("eu-west-1", "us-east-1")))
    assert people.refusal(client.get_instances)[0] == "AccessDeniedException"


def test_an_action_on_two_resources_needs_both(people: Any, visitor: Any) -> None:
    arn = _instance(people)
    people.client("lightsail").allocate_static_ip(staticIpName="ip")
    asked = {"staticIpName": "ip", "instanceName": "web"}
    client = visitor(people.allow("lightsail:AttachStaticIp", resource=arn))
    assert ":StaticIp/" in people.refusal(client.attach_static_ip, **asked)[1]
    visitor(
        people.allow("lightsail:AttachStaticIp", resource=[arn, "arn:aws:lightsail:*:*:StaticIp/*"])
    ).attach_static_ip(**asked)


def test_what_does_not_exist_is_told_only_to_those_who_may_act(people: Any, visitor: Any) -> None:
    client = visitor(people.allow("lightsail:DeleteInstance", resource="arn:aws:lightsail:*:*:Instance/*"))
    assert people.refusal(client.delete_instance, instanceName="none")[0] == "NotFoundException"
    one = _instance(people)
    limited = visitor(people.allow("lightsail:DeleteInstance", resource=one))
    assert people.refusal(limited.delete_instance, instanceName="none")[0] == "AccessDeniedException"


def test_authorization_comes_before_the_input_is_looked_at(people: Any, visitor: Any) -> None:
    client = visitor(people.allow("lightsail:GetInstances"))
    assert people.refusal(client.create_bucket, bucketName="A", bundleId="s")[0] == "AccessDeniedException"
    operator = people.client("lightsail")
    assert people.refusal(operator.create_bucket, bucketName="A", bundleId="s")[0] == "InvalidInputException"


def test_every_operation_of_the_model_answers_or_refuses_in_lightsails_words(people: Any) -> None:
    model = botocore.session.Session().get_service_model("lightsail")
    lightsail = people.client("lightsail", region="us-east-1")
    from botocore import xform_name
    from botocore.exceptions import ClientError

    known = {"InvalidInputException", "NotFoundException"}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        given = {key: _filled(shape.members[key]) for key in shape.required_members}
        try:
            getattr(lightsail, xform_name(name))(**given)
        except ClientError as error:
            assert error.response["Error"]["Code"] in known, (name, error)
    assert {call.operation for call in people.sandbox.calls} == set(model.operation_names)


def _filled(shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            return {key: _filled(shape.members[key]) for key in shape.required_members}
        case "list":
            return [_filled(shape.member)]
        case "string":
            return (shape.enum or ["name-1"])[0]
        case "boolean":
            return True
        case "timestamp":
            return 1_800_000_000
        case "map":
            return {}
        case "blob":
            return b"x"
        case _:
            return 8
