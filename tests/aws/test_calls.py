"""How calls are made: exactly, by pages, again where that is safe, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from xacct.aws.calls import Api, LostAnswerError, backoff, method_name
from xacct.aws.failures import AwsError
from xacct.aws.writer import IamWriter
from xacct.errors import XacctError
from xacct.plan.steps import creating, deleting, updating


@pytest.fixture
def stubbed(kit: Any) -> Iterator[tuple[Api, Stubber]]:
    """IAM behind botocore's Stubber, which knows the exact calls and their order."""
    client = botocore.session.Session().create_client("iam", region_name="us-east-1")
    with Stubber(client) as stubber:
        api = Api(client, sleep=kit.clock.sleep, clock=kit.clock, chance=lambda: 1.0)
        yield api, stubber
        stubber.assert_no_pending_responses()


ROLE: dict[str, Any] = {
    "Path": "/xacct/",
    "RoleName": "vendor",
    "RoleId": "AROAXXXXXXXXXXXXXXXXX",
    "Arn": "arn:aws:iam::111122223333:role/xacct/vendor",
    "CreateDate": "2026-01-01T00:00:00Z",
}


def test_pages_are_as_large_as_they_come_and_markers_are_followed(stubbed: tuple[Api, Stubber]) -> None:
    api, stubber = stubbed
    stubber.add_response(
        "list_roles",
        {"Roles": [ROLE], "IsTruncated": True, "Marker": "m1"},
        {"PathPrefix": "/xacct/", "MaxItems": 1000},
    )
    stubber.add_response(
        "list_roles",
        {"Roles": [ROLE, ROLE], "IsTruncated": False},
        {"PathPrefix": "/xacct/", "MaxItems": 1000, "Marker": "m1"},
    )
    pages = list(api.pages("ListRoles", PathPrefix="/xacct/"))
    assert [len(page["Roles"]) for page in pages] == [1, 2]
    assert api.count.by_operation == {"ListRoles": 2}


def test_a_new_role_with_its_policy_is_exactly_these_two_calls(
    kit: Any, stubbed: tuple[Api, Stubber]
) -> None:
    api, stubber = stubbed
    role = kit.role(
        description="Acme's backup", max_session=7200, boundary="arn:aws:iam::111122223333:policy/b"
    )
    stubber.add_response(
        "create_role",
        {"Role": ROLE},
        {
            "RoleName": "vendor",
            "Path": "/xacct/",
            "AssumeRolePolicyDocument": role.trust.minified(),
            "Description": "Acme's backup",
            "MaxSessionDuration": 7200,
            "PermissionsBoundary": "arn:aws:iam::111122223333:policy/b",
            "Tags": [{"Key": "xacct:grant", "Value": "vendor"}],
        },
    )
    stubber.add_response(
        "put_role_policy",
        {},
        {"RoleName": "vendor", "PolicyName": "xacct", "PolicyDocument": kit.document().minified()},
    )
    writer = IamWriter(api, kit.account, "aws", kit.clock.now)
    for step in (*creating(role), *creating(kit.policy())):
        writer.perform(step, lambda _reason, _wait: None)


def test_a_changed_role_is_exactly_one_call_an_aspect(kit: Any, stubbed: tuple[Api, Stubber]) -> None:
    api, stubber = stubbed
    before = kit.role(tags={"a": "1", "b": "2", "c": "3"})
    after = kit.role(
        trust=kit.trust(external_id="e-2"), max_session=7200, tags={"a": "1", "b": "9", "d": "4"}
    )
    stubber.add_response(
        "update_assume_role_policy", {}, {"RoleName": "vendor", "PolicyDocument": after.trust.minified()}
    )
    # UpdateRole would set what is not named back to IAM's own, so both are always sent.
    stubber.add_response(
        "update_role", {}, {"RoleName": "vendor", "Description": "", "MaxSessionDuration": 7200}
    )
    stubber.add_response("untag_role", {}, {"RoleName": "vendor", "TagKeys": ["c"]})
    stubber.add_response(
        "tag_role",
        {},
        {"RoleName": "vendor", "Tags": [{"Key": "b", "Value": "9"}, {"Key": "d", "Value": "4"}]},
    )
    writer = IamWriter(api, kit.account, "aws", kit.clock.now)
    for step in updating(before, after):
        writer.perform(step, lambda _reason, _wait: None)


def test_what_is_gone_already_needs_no_deletion(kit: Any, stubbed: tuple[Api, Stubber]) -> None:
    api, stubber = stubbed
    stubber.add_client_error("delete_role", "NoSuchEntity", "not found", 404)
    IamWriter(api, kit.account, "aws", kit.clock.now).perform(
        deleting(kit.role())[0], lambda _reason, _wait: None
    )


# --- throttling ------------------------------------------------------------------------------------


def test_a_refused_call_is_sent_again_later_and_counted_each_time(kit: Any) -> None:
    api = kit.api({"list_account_aliases": ["throttle", "throttle"]})
    assert api.read("ListAccountAliases")["AccountAliases"] == []
    assert api.count.by_operation == {"ListAccountAliases": 3}
    assert api.count.refused == 2
    assert kit.clock.seconds > 0


def test_a_write_that_was_refused_as_too_frequent_is_safe_to_send_again(kit: Any) -> None:
    writer, client = kit.writer({"create_role": ["throttle"]})
    told: list[str] = []
    writer.perform(creating(kit.role())[0], lambda reason, _wait: told.append(reason))
    assert client.calls == ["create_role", "create_role"]
    assert told == ["AWS asks for fewer calls a second"]


def test_patience_with_a_throttling_endpoint_has_an_end(kit: Any) -> None:
    api = kit.api({"list_account_aliases": ["throttle"] * 999})
    with pytest.raises(AwsError) as caught:
        api.read("ListAccountAliases")
    assert caught.value.problems[0].code == "throttling"
    assert 120 <= kit.clock.seconds <= 130
    assert api.count.total < 80


# --- server faults and lost answers ----------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "dropped", "lost"])
def test_a_read_is_repeated_after_a_servers_fault(kit: Any, fault: str) -> None:
    api = kit.api({"list_account_aliases": [fault, fault, "ok"]})
    api.read("ListAccountAliases") if fault == "500" else warmed(api).read("ListAccountAliases")
    assert api.count.by_operation["ListAccountAliases"] == 3


def warmed(api: Api) -> Api:
    """The API after a first answer."""
    api.read("GetAccountSummary")
    return api


def test_a_read_that_keeps_failing_says_so(kit: Any) -> None:
    api = kit.api({"list_account_aliases": ["500"] * 9})
    with pytest.raises(XacctError) as caught:
        api.read("ListAccountAliases")
    assert caught.value.problems[0].code == "aws-failure"
    assert api.count.total == 4


def test_a_write_is_never_repeated_by_itself(kit: Any) -> None:
    api = warmed(kit.api({"create_user": ["lost"]}))
    with pytest.raises(LostAnswerError):
        api.write("CreateUser", UserName="ann")
    assert api.count.by_operation["CreateUser"] == 1


def test_a_mistake_of_ours_is_not_dressed_up_as_an_error_of_awss(kit: Any) -> None:
    api = kit.api({"list_account_aliases": [ZeroDivisionError("ours")]})
    with pytest.raises(ZeroDivisionError):
        api.read("ListAccountAliases")


# --- small things ----------------------------------------------------------------------------------


def test_names_of_methods_are_those_of_botocore() -> None:
    client = botocore.session.Session().create_client("iam", region_name="us-east-1")
    mapping = client.meta.method_to_api_mapping
    assert {method_name(operation): operation for operation in mapping.values()} == mapping


def test_waits_grow_to_a_bound_and_vary(kit: Any) -> None:
    assert list(backoff(5, 0.25, 2.0, lambda: 1.0)) == [0.25, 0.5, 1.0, 2.0, 2.0]
    assert list(backoff(2, 1.0, 9.0, lambda: 0.0)) == [0.5, 1.0]
