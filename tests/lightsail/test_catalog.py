from __future__ import annotations

import json
from importlib.resources import files

import pytest

from xacct.lightsail.catalog import (
    DOMAIN_REGION,
    REGIONS,
    AccessLevel,
    Severity,
    Source,
    load_catalog,
)

CATALOG = load_catalog()
SDK_ONLY = {
    "CheckSubdomainAvailability",
    "CreateSubdomain",
    "DeleteSubdomain",
    "GetProfile",
    "GetSubdomains",
    "UpdateSubdomainAssociation",
}


def names(condition) -> set[str]:
    return {action.name for action in CATALOG.actions.values() if condition(action)}


def test_the_counts_are_those_of_the_service_authorization_reference():
    published = [action for action in CATALOG.actions.values() if action.source is not Source.SDK]
    assert len(published) == 161
    assert sum(action.wildcard_only for action in published) == 87
    assert sum(bool(action.required_types) for action in published) == 67
    assert sum(action.supports_resource_tags for action in published) == 74
    assert sum(action.supports_request_tags for action in published) == 19
    levels = [action.access_level for action in published]
    assert [levels.count(level) for level in AccessLevel] == [64, 95, 2]


def test_six_operations_are_known_to_the_sdk_alone():
    assert names(lambda action: action.source is Source.SDK) == SDK_ONLY


def test_the_getters_of_logins_are_writes_and_sensitive():
    for name in (
        "GetInstanceAccessDetails",
        "GetRelationalDatabaseMasterUserPassword",
        "DownloadDefaultKeyPair",
    ):
        action = CATALOG.action(name)
        assert action is not None
        assert action.access_level is AccessLevel.WRITE
        assert action.sensitive is not None
        assert action.sensitive.severity is Severity.HIGH
        assert action.sensitive.hands_out
        assert action.sensitive.outlives


def test_alarms_carry_tags_though_the_older_data_lack_them():
    alarm = CATALOG.resource_type("Alarm")
    put_alarm = CATALOG.action("PutAlarm")
    assert alarm is not None and alarm.tags
    assert put_alarm is not None and put_alarm.supports_request_tags and put_alarm.supports_resource_tags


def test_three_actions_need_two_resources():
    assert names(lambda action: len(action.required_types) == 2) == {
        "AttachCertificateToDistribution",
        "AttachStaticIp",
        "SetResourceAccessForBucket",
    }


def test_an_action_is_found_in_any_case_with_or_without_its_service():
    found = {
        CATALOG.action(name)
        for name in ("getInstances", "lightsail:GetInstances", " LIGHTSAIL:GETINSTANCES ")
    }
    assert [action.full_name for action in found if action] == ["lightsail:GetInstances"]
    assert CATALOG.action("ec2:GetInstances") is None
    assert CATALOG.action("") is None


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("lightsail:*", 167),
        ("*", 167),
        ("LIGHTSAIL:get*", 67),
        ("lightsail:Get?nstance", 1),
        ("s3:*", 0),
        ("lightsail:[A-Z]*", 0),
        ("lightsail:", 0),
        ("", 0),
    ],
)
def test_patterns_expand_as_iam_reads_them(pattern: str, count: int):
    assert len(CATALOG.expand(pattern)) == count


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("GetInstnces", "lightsail:GetInstances"), ("lightsail:rebotInstance", "lightsail:RebootInstance")],
)
def test_a_misspelt_action_has_a_nearest_one(typo: str, meant: str):
    assert CATALOG.nearest(typo) == meant


def test_nothing_is_near_to_nonsense():
    assert CATALOG.nearest("zzzzzzzzzzzz") is None


def test_domains_are_global_and_answered_in_one_region():
    domain = CATALOG.resource_type("Domain")
    assert domain is not None
    assert domain.is_global
    assert DOMAIN_REGION in domain.find_command("example.com")
    assert names(lambda action: action.only_region is not None) == names(
        lambda action: (
            ("Domain" in action.name and "Subdomain" not in action.name) or ("Distribution" in action.name)
        )
    )


def test_every_sensitive_action_says_why_and_every_irreversible_one_disrupts():
    for action in CATALOG.actions.values():
        if action.sensitive is not None:
            assert len(action.sensitive.why) > 20
            assert action.sensitive.kind
        if action.irreversible:
            assert action.disrupts, action.name


def test_every_action_that_returns_what_the_model_marks_as_secret_is_judged():
    for action in CATALOG.actions.values():
        if action.returns_secrets:
            assert action.sensitive is not None, action.name
            assert action.sensitive.hands_out, action.name


def test_every_type_that_an_action_takes_can_be_limited_and_found():
    for action in CATALOG.actions.values():
        for use in action.resource_types:
            kind = CATALOG.resource_types[use.type]
            assert kind.tags
            assert kind.refusal is None
            assert kind.find_command("x").startswith("aws lightsail get-")


def test_a_name_with_strange_characters_is_quoted_for_the_shell():
    command = CATALOG.resource_types["Instance"].find_command("my server; rm -rf ~", "eu-west-1")
    assert command == (
        "aws lightsail get-instance --instance-name 'my server; rm -rf ~' --region eu-west-1"
        " --query instance.arn --output text"
    )


def test_the_installed_sdk_has_not_moved_on():
    from botocore.loaders import Loader

    model = Loader().load_service_model("lightsail", "service-2")
    operations = set(model["operations"])
    known = {action.name for action in CATALOG.actions.values()}
    assert operations - known == set(), "new operations: judge them in the overlay and run make catalog"
    # An older SDK may lack the newest operations, never one of the published ones.
    assert known - operations <= SDK_ONLY, "operations that the SDK dropped: run make catalog"
    regions = set(model["shapes"]["RegionName"]["enum"])
    assert regions - set(REGIONS) == set(), "new Regions: add them to REGIONS and run make catalog"


def test_the_regions_are_those_of_the_generated_catalog():
    raw = json.loads(files("xacct.lightsail").joinpath("catalog.json").read_text(encoding="utf-8"))
    assert tuple(raw["regions"]) == REGIONS


def test_every_command_that_finds_an_arn_exists_in_the_sdk():
    from botocore.loaders import Loader

    model = Loader().load_service_model("lightsail", "service-2")
    operations = {name.lower(): operation for name, operation in model["operations"].items()}
    for kind in CATALOG.resource_types.values():
        if kind.find:
            command, option, query = kind.find
            operation = operations[command.replace("-", "")]
            inputs = {name.lower() for name in model["shapes"][operation["input"]["shape"]]["members"]}
            outputs = model["shapes"][operation["output"]["shape"]]["members"]
            assert not option or option.replace("-", "") in inputs
            top, _, rest = query.partition(".")
            shape = model["shapes"][outputs[top.partition("[")[0]]["shape"]]
            shape = model["shapes"][shape["member"]["shape"]] if "member" in shape else shape
            assert all(part in shape["members"] for part in rest.strip("[]").split(","))
