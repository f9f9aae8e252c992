from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from xacct.errors import InputError
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.lightsail.sets import permission_sets
from xacct.lightsail.writing import PermissionEntry, Written, write_statements

ACCOUNT = "111122223333"
UUID = "2c9d1b1e-5f0a-4a59-9d3c-0a7f1c2b3d4e"
LINES = (Path(__file__).parents[1] / "cases" / "lightsail" / "writing.jsonl").read_text(encoding="utf-8")
CASES = [json.loads(line) for line in LINES.splitlines()]


def arn(kind: str, name: str = UUID, region: str = "eu-west-1") -> str:
    return f"arn:aws:lightsail:{region}:{ACCOUNT}:{kind}/{name}"


def write(*entries: PermissionEntry, partition: str = "aws") -> Written:
    return write_statements(entries, account=ACCOUNT, partition=partition)


def entry(raw: dict[str, Any]) -> PermissionEntry:
    lists = {key: tuple(raw.get(key, ())) for key in ("add", "remove", "resources", "regions")}
    tags = {key: tuple(values) for key, values in raw.get("tags", {}).items()}
    return PermissionEntry(set=raw.get("set"), tags=tags, unscoped=raw.get("unscoped", False), **lists)


def rows(written: Written) -> dict[str, tuple[set[str], set[str], dict[str, tuple[str, ...]]]]:
    """Statements by Sid: bare action names, resources, conditions by operator and key."""
    return {
        str(statement.sid): (
            {name.removeprefix("lightsail:") for name in statement.actions or ()},
            set(statement.resources or ()),
            {f"{one.operator} {one.key}": one.values for one in statement.conditions},
        )
        for statement in written.statements
    }


def problems(*entries: PermissionEntry) -> str:
    with pytest.raises(InputError) as caught:
        write(*entries)
    return str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_action_lands_where_the_rules_say(case: dict[str, Any]):
    """
    Each case is an entry and, by action, what became of it: [resources, conditions] or why it is left out.
    """
    written = write(*(entry(raw) for raw in case["entries"]))
    for name, expected in case["actions"].items():
        full = f"lightsail:{name}"
        found = [
            [list(statement.resources or ()), statement.to_json().get("Condition", {})]
            for statement in written.statements
            if full in (statement.actions or ())
        ]
        if isinstance(expected, str):
            assert not found
            assert [left.why for left in written.left_out if left.action == full] == [expected]
        else:
            assert found == expected
    if "account_wide" in case:
        wide = {name.removeprefix("lightsail:") for name in written.account_wide}
        assert set(case["account_wide"]) == wide & set(case["actions"])


@pytest.mark.parametrize("name", list(permission_sets()))
def test_a_set_without_limits_is_one_statement_of_exactly_its_actions(name: str):
    written = write(PermissionEntry(set=name))
    (statement,) = written.statements
    assert statement.actions == permission_sets()[name].actions
    assert statement.resources == ("*",)
    assert statement.conditions == ()
    assert written.left_out == ()
    assert written.account_wide == ()


def test_the_console_set_stays_a_pattern_under_a_limit_by_region_with_the_global_calls_beside():
    found = rows(write(PermissionEntry(set="full-access", regions=("eu-west-1", "eu-west-2"))))
    assert found["Lightsail"][0] == {"*"}
    assert {"GetDomains", "CreateDistribution", "GetOperation"} <= found["LightsailUsEast1"][0]
    assert "GetInstances" not in found["LightsailUsEast1"][0]
    assert found["LightsailUsEast1"][2] == {"StringEquals aws:RequestedRegion": ("us-east-1",)}


def test_full_access_that_is_cut_is_written_out_and_says_so():
    written = write(PermissionEntry(set="full-access", remove=("lightsail:Delete*",)))
    assert all("*" not in name and "Delete" not in name for name in written.statements[0].actions or ())
    assert "later are not in it" in "".join(written.notes)


def test_domains_stay_reachable_under_a_limit_to_another_region_and_that_is_told():
    written = write(PermissionEntry(set="dns-manager", regions=("eu-west-1",)))
    found = rows(written)
    assert {"CreateDomainEntry", "GetDomains", "GetOperation"} <= found["LightsailUsEast1"][0]
    assert "CreateDomainEntry" not in found["LightsailEuWest1"][0]
    assert "GetOperation" in found["LightsailEuWest1"][0]
    assert any("us-east-1 only" in note and "lightsail:CreateDomainEntry" in note for note in written.notes)


def test_where_us_east_1_is_allowed_anyway_nothing_is_apart():
    written = write(PermissionEntry(set="dns-manager", regions=("eu-west-1", "us-east-1")))
    assert len(written.statements) == 1
    assert written.notes == ()


def test_reads_of_operations_follow_to_us_east_1_only_where_something_is_changed_there():
    found = rows(write(PermissionEntry(set="monitoring", regions=("eu-west-1",))))
    assert found["LightsailUsEast1"][0] == {
        "GetDistributionLatestCacheReset",
        "GetDistributionMetricData",
        "GetDistributions",
    }


def test_tag_values_that_hold_a_star_are_patterns_and_all_keys_must_hold():
    written = write(
        PermissionEntry(add=("RebootInstance",), tags={"Team": ("web-*", "ops"), "Environment": ("prod",)})
    )
    assert written.statements[0].conditions == (
        Condition("StringEquals", "aws:ResourceTag/Environment", ("prod",)),
        Condition("StringLike", "aws:ResourceTag/Team", ("ops", "web-*")),
    )


def test_policy_variables_pass_through_in_tag_values():
    written = write(PermissionEntry(add=("RebootInstance",), tags={"Team": ("${aws:PrincipalTag/Team}",)}))
    assert written.statements[0].conditions[0].values == ("${aws:PrincipalTag/Team}",)


def test_creating_under_a_limit_by_tag_tells_of_tag_resource_and_does_not_add_it():
    written = write(PermissionEntry(set="bucket-manager", tags={"Team": ("web",)}))
    assert any("lightsail:TagResource" in note and "lightsail:CreateBucket" in note for note in written.notes)
    assert all("lightsail:TagResource" not in (statement.actions or ()) for statement in written.statements)


def test_alarms_under_a_limit_by_tag_cannot_be_new_and_that_is_told():
    notes = write(PermissionEntry(set="instance-operator", tags={"Team": ("web",)})).notes
    assert any("PutAlarm" in note and "cannot make new ones" in note for note in notes)


def test_helpers_that_an_action_depends_on_are_told_and_not_added():
    written = write(PermissionEntry(set="snapshot-operator", add=("ExportSnapshot",)))
    assert any(
        "lightsail:ExportSnapshot can also ask for iam:CreateServiceLinkedRole" in note
        for note in written.notes
    )
    assert write(PermissionEntry(add=("SetupInstanceHttps", "GetInstanceAccessDetails"))).notes == ()


def test_an_operation_that_only_the_sdk_knows_may_be_added_by_name_and_is_told():
    written = write(PermissionEntry(add=("GetSubdomains",)))
    assert written.statements[0].resources == ("*",)
    assert any("AWS does not publish" in note and "GetSubdomains" in note for note in written.notes)
    pattern = write(PermissionEntry(set="inventory", add=("lightsail:*Subdomain*", "lightsail:Is*")))
    assert not any("Subdomain" in name for name in pattern.statements[0].actions or ())


def test_a_pattern_adds_what_it_matches_but_never_something_sensitive_unnamed():
    written = write(PermissionEntry(add=("lightsail:GetInstance*", "lightsail:getInstanceAccessDetails")))
    assert "lightsail:GetInstanceAccessDetails" in (written.statements[0].actions or ())
    text = problems(PermissionEntry(set="read-only", add=("lightsail:Get*",)))
    assert "lightsail:GetInstanceAccessDetails" in text
    assert "lightsail:GetRelationalDatabases" not in text  # the set has it already
    assert "set: full-access" in problems(PermissionEntry(add=("*",)))


def test_all_problems_of_all_entries_are_told_at_once_with_their_places():
    with pytest.raises(InputError) as caught:
        write(
            PermissionEntry(set="readonly", regions=("eu-west-7",)),
            PermissionEntry(add=("GetInstnces", "ec2:Run*", "Foo*"), resources=("web-1",)),
            PermissionEntry(set="inventory", remove=("StopInstance", "GetInstanse"), tags={"aws:x": ("y",)}),
            PermissionEntry(),
        )
    assert [problem.where for problem in caught.value.problems] == [
        "permissions[0].set",
        "permissions[0].regions[0]",
        "permissions[1].add[0]",
        "permissions[1].add[1]",
        "permissions[1].add[2]",
        "permissions[1].resources[0]",
        "permissions[2].remove[0]",
        "permissions[2].remove[1]",
        "permissions[2].tags.aws:x",
        "permissions[3]",
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            PermissionEntry(set="inventory", remove=("lightsail:GetInstanse",)),
            "did you mean 'lightsail:GetInstance",
        ),
        (PermissionEntry(add=("s3:GetObject",)), "paste a statement"),
        (PermissionEntry(add=("lightsail:",)), "no action 'lightsail:'"),
        (PermissionEntry(add=("RebootInstance",), regions=("eu-west-11",)), "did you mean 'eu-west-1'?"),
        (PermissionEntry(add=("RebootInstance",), regions=("*",)), "the Regions are us-east-1"),
        (
            PermissionEntry(add=("RebootInstance",), regions=("us-east-1",), resources=(arn("Instance"),)),
            "is in Region eu-west-1, but the entry allows only us-east-1",
        ),
        (PermissionEntry(set="inventory", remove=("*",)), "the entry allows nothing"),
        (PermissionEntry(add=("EnableAddOn",), tags={"a": ("b",)}), "the limits leave none"),
        (PermissionEntry(add=("StartInstance",), resources=(arn("Disk"),)), "takes ARNs of Instance"),
        (PermissionEntry(set="inventory", tags={"Env": ("a",), "env": ("b",)}), "differ only by case"),
        (PermissionEntry(set="inventory", tags={"": ("a",)}), "1 to 128 characters, this has 0"),
        (PermissionEntry(set="inventory", tags={"k" * 129: ("a",)}), "this has 129"),
        (PermissionEntry(set="inventory", tags={"k": ("v" * 257,)}), "has 257"),
        (PermissionEntry(set="inventory", tags={"k*": ("v",)}), "'*', which no tag may have"),
        (PermissionEntry(set="inventory", tags={"k": ("a|b", "c\n")}), "'|', which no tag may have"),
        (PermissionEntry(set="inventory", tags={"k": ("${aws:x",)}), "'$' '{', which no tag may have"),
        (PermissionEntry(set="inventory", tags={"k": ()}), "has no value"),
    ],
)
def test_what_can_never_work_is_refused(given: PermissionEntry, says: str):
    assert says in problems(given)


def test_no_entries_at_all_are_refused():
    with pytest.raises(InputError, match="no permissions"):
        write()


def test_tags_in_any_script_with_spaces_are_fine():
    written = write(PermissionEntry(add=("RebootInstance",), tags={"Größe": ("sehr groß", "大", "")}))
    assert written.statements[0].conditions[0].values == ("", "sehr groß", "大")


def test_entries_that_say_the_same_of_different_resources_become_one_statement():
    first = PermissionEntry(add=("RebootInstance",), resources=(arn("Instance"),))
    second = PermissionEntry(add=("RebootInstance",), resources=(arn("Instance", "*", "us-west-2"),))
    (statement,) = write(first, second).statements
    assert statement.resources == (arn("Instance"), arn("Instance", "*", "us-west-2"))


def test_what_another_entry_allows_without_limits_is_written_once_and_told():
    narrow = PermissionEntry(set="instance-operator", tags={"Team": ("web",)})
    wide = PermissionEntry(add=("RebootInstance",))
    written = write(narrow, wide)
    assert [
        statement.sid for statement in written.statements if "lightsail:RebootInstance" in statement.actions
    ] == ["Lightsail"]
    assert any("fewer limits" in note and "lightsail:RebootInstance" in note for note in written.notes)


def test_what_one_entry_leaves_out_and_another_allows_is_not_told_as_left_out():
    limited = PermissionEntry(set="instance-operator", resources=(arn("Instance"),))
    alarms = PermissionEntry(add=("PutAlarm", "TestAlarm"), resources=(arn("Alarm", "*"),))
    assert [left.action for left in write(limited, alarms).left_out] == ["lightsail:EnableAddOn"]


def test_full_access_swallows_every_other_entry():
    written = write(
        PermissionEntry(set="full-access"), PermissionEntry(set="read-only", regions=("eu-west-1",))
    )
    assert [statement.actions for statement in written.statements] == [("lightsail:*",)]


def test_resources_that_no_action_takes_are_told():
    written = write(PermissionEntry(set="read-only", resources=(arn("Instance"), arn("Bucket"))))
    assert [note for note in written.notes if "takes Bucket" in note]


def test_outside_the_partition_where_lightsail_exists_that_is_told():
    notes = write(PermissionEntry(set="read-only"), partition="aws-cn").notes
    assert any("exists only in partition aws" in note for note in notes)


PASTED = Statement(
    effect=Effect.ALLOW,
    actions=("s3:GetObject",),
    resources=("arn:aws:s3:::bucket/*",),
    sid="Lightsail",
)


def test_pasted_statements_pass_through_once_and_only_a_doubled_sid_changes():
    other = Statement(effect=Effect.DENY, not_actions=("lightsail:*",), resources=("*",), sid="Guard")
    written = write(
        PermissionEntry(set="inventory", statements=(PASTED,)),
        PermissionEntry(statements=(other, PASTED)),
    )
    assert [statement.sid for statement in written.statements] == ["Lightsail", "Guard", "Lightsail2"]
    assert written.statements[1] == other
    assert written.statements[2].to_json() == {**PASTED.to_json(), "Sid": "Lightsail2"}


def test_a_sid_keeps_only_what_iam_takes():
    spaced, empty = (
        attrs.evolve(PASTED, sid=sid, effect=effect)
        for sid, effect in (("My (bucket)", Effect.ALLOW), ("é!", Effect.DENY))
    )
    found = write(PermissionEntry(statements=(spaced, empty))).statements
    assert {statement.sid for statement in found} == {"Mybucket", None}


def test_a_pasted_statement_alone_is_enough():
    assert write(PermissionEntry(statements=(PASTED,))).statements == (PASTED,)


def test_a_pasted_trust_statement_is_refused():
    trust = Statement(
        effect=Effect.ALLOW,
        actions=("sts:AssumeRole",),
        principals=(TypedPrincipal(PrincipalType.AWS, ACCOUNT),),
    )
    text = problems(PermissionEntry(statements=(trust,)))
    assert "names no principals" in text
    assert "no Resource" in text


def test_sids_are_unique_and_of_letters_and_digits():
    written = write(
        PermissionEntry(set="full-access", tags={"a": ("b",)}, regions=("eu-west-1",)),
        PermissionEntry(set="full-access", tags={"a": ("c",)}, regions=("eu-west-1",)),
        PermissionEntry(set="full-access", tags={"a": ("c",)}, resources=(arn("Instance"), arn("Disk"))),
    )
    sids = [statement.sid or "" for statement in written.statements]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() and sid.isascii() for sid in sids)
    PolicyDocument.from_json(PolicyDocument(written.statements).minified())
