"""What is advised: statements that are exact, steps for the right person, warnings before holes."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from xacct.diagnose import DeniedBy, Diagnosis, StepKind, Who, diagnose
from xacct.iam.policy import PolicyDocument
from xacct.lightsail.sets import permission_set

_USER = "arn:aws:iam::111122223333:user/dana"
_SESSION = "arn:aws:sts::111122223333:assumed-role/harbor/run-7"
_ROLE = "arn:aws:iam::444455556666:role/lantern"
_UUID = "3f1d2c4b-0a1b-4c2d-9e8f-7a6b5c4d3e2f"


def _refused(action: str, resource: str = "", tail: str = "", who: str = _USER) -> Diagnosis:
    on = f" on resource: {resource}" if resource else ""
    (only,) = diagnose(f"User: {who} is not authorized to perform: {action}{on}{tail}")
    return only


def _statement(diagnosis: Diagnosis, step: int = 0) -> dict[str, Any]:
    document = diagnosis.fix[step].statement
    assert document is not None
    (statement,) = document.to_json()["Statement"]
    return dict(statement)


def test_wildcard_only_lightsail_action_is_granted_on_star_whatever_the_message_shows() -> None:
    told = _refused("lightsail:GetRegions", "arn:aws:lightsail:us-east-1:111122223333:*")
    assert _statement(told) == {"Effect": "Allow", "Action": "lightsail:GetRegions", "Resource": "*"}


def test_lightsail_action_with_an_arn_is_granted_on_that_arn() -> None:
    arn = f"arn:aws:lightsail:eu-west-1:111122223333:Instance/{_UUID}"
    told = _refused("lightsail:RebootInstance", arn)
    assert _statement(told)["Resource"] == arn


def test_name_in_place_of_a_uuid_is_told_with_the_way_to_find_it() -> None:
    told = _refused("lightsail:RebootInstance", "arn:aws:lightsail:eu-west-1:111122223333:Instance/web-1")
    assert _statement(told)["Resource"] == "arn:aws:lightsail:eu-west-1:111122223333:Instance/<UUID>"
    assert "aws lightsail get-instance" in told.fix[0].text
    assert "web-1" in told.fix[0].text


def test_lightsail_denial_names_the_permission_set_that_fits_and_warns_of_full_access() -> None:
    told = _refused(
        "lightsail:CreateInstanceSnapshot", f"arn:aws:lightsail:eu-west-1:111122223333:Instance/{_UUID}"
    )
    grant = next(step for step in told.fix if step.kind is StepKind.USE_GRANT)
    assert "set: snapshot-operator" in (grant.command or "")
    assert any("lightsail:*" in warning for warning in told.warnings)


def test_sensitive_action_is_added_by_name_and_told_to_be_sensitive() -> None:
    told = _refused("lightsail:UpdateRelationalDatabase")
    grant = next(step for step in told.fix if step.kind is StepKind.USE_GRANT)
    assert "add:" in (grant.command or "")
    assert any("sensitive" in warning for warning in told.warnings)


def test_unknown_lightsail_action_is_told_with_the_nearest() -> None:
    told = _refused("lightsail:GetInstanse")
    assert "lightsail:GetInstance" in told.fix[0].text


def test_code_on_an_instance_is_told_to_bring_its_own_credentials() -> None:
    told = _refused(
        "s3:ListAllMyBuckets", who="arn:aws:sts::999900001111:assumed-role/AmazonLightsailInstanceRole/i-1"
    )
    assert told.sure
    assert told.fix[0].kind is StepKind.CHANGE_CREDENTIALS
    assert told.fix[0].statement is None


def test_pass_role_is_limited_to_the_role_and_the_service_that_was_called() -> None:
    (told,) = diagnose(
        "An error occurred (AccessDeniedException) when calling the CreateFunction operation: "
        f"User: {_USER} is not authorized to perform: iam:PassRole on resource: {_ROLE}"
    )
    assert _statement(told) == {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": _ROLE,
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    }
    assert '"*"' in (told.fix[0].warning or "")


def test_pass_role_says_that_lightsail_takes_no_role() -> None:
    told = _refused("iam:PassRole", _ROLE)
    assert any("Lightsail" in cause.title for cause in told.causes)


def test_assume_role_gets_both_sides_with_the_caller_as_principal() -> None:
    told = _refused("sts:AssumeRole", _ROLE)
    assert _statement(told, 0) == {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": _ROLE}
    assert _statement(told, 1) == {"Effect": "Allow", "Principal": {"AWS": _USER}, "Action": "sts:AssumeRole"}
    assert (told.fix[0].account, told.fix[1].account) == ("111122223333", "444455556666")


def test_session_is_trusted_by_its_role() -> None:
    told = _refused("sts:AssumeRole", _ROLE, who=_SESSION)
    assert _statement(told, 1)["Principal"] == {"AWS": "arn:aws:iam::111122223333:role/harbor"}


@pytest.mark.parametrize(
    ("action", "family"), [("sts:TagSession", "tag"), ("sts:SetSourceIdentity", "identity")]
)
def test_companion_action_is_allowed_in_the_trust_beside_assume_role(action: str, family: str) -> None:
    told = _refused(action, _ROLE)
    assert told.fix[0].kind is StepKind.EDIT_TRUST
    assert _statement(told)["Action"] == ["sts:AssumeRole", action]
    assert family in told.family


def test_missing_action_of_the_clause_is_the_one_to_allow() -> None:
    told = _refused(
        "ec2:CreateVpcEndpoint",
        "*",
        " because no identity-based policy allows the vpce:AllowMultiRegion action",
    )
    assert told.action == "ec2:CreateVpcEndpoint"
    assert _statement(told)["Action"] == "vpce:AllowMultiRegion"


def test_permission_set_of_identity_center_is_the_place_and_no_role_is_edited() -> None:
    who = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Operators_0123456789abcdef/dana"
    step = _refused("s3:GetObject", "arn:aws:s3:::quay/a", who=who).fix[0]
    assert "permission set Operators" in (step.where or "")
    assert step.command is None


def test_the_path_of_a_role_of_identity_center_is_not_made_up() -> None:
    who = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Operators_0123456789abcdef/dana"
    told = _refused("sts:AssumeRole", "arn:aws:iam::222233334444:role/reader", who=who)
    statements = [step.statement.minified() for step in told.fix if step.statement is not None]
    assert any("<CALLER-ARN>" in text for text in statements)
    assert not any("aws-reserved" in text for text in statements)


def test_policy_arns_of_the_message_are_kept() -> None:
    scp = "arn:aws:organizations::999988887777:policy/o-abc/service_control_policy/p-1"
    told = _refused("s3:GetObject", "*", f" with an explicit deny in a service control policy: {scp}")
    assert told.policy_arns == (scp,)
    assert scp in (told.fix[0].where or "")
    assert told.fix[0].who is Who.ORGANIZATION_ADMIN


def test_request_for_an_administrator_carries_all_that_is_needed() -> None:
    ask = _refused("s3:GetObject", "arn:aws:s3:::quay/a").fix[0].ask or ""
    assert _USER in ask
    assert '"Action": "s3:GetObject"' in ask


def test_third_access_key_is_answered_with_rotation() -> None:
    (told,) = diagnose("LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2")
    assert "inactive ones included" in told.causes[0].why
    assert told.fix[0].command == "xacct keys list"


def test_who_said_no_is_sure_only_when_the_text_names_it() -> None:
    assert _refused("s3:GetObject", "*", " because no session policy allows the s3:GetObject action").sure
    assert not _refused("s3:GetObject", "*").sure
    assert not _refused("s3:GetObject", "*", " with an explicit deny").sure


def test_every_statement_that_is_proposed_is_a_policy_and_json_holds_all_keys() -> None:
    for action, tail in (
        ("s3:GetObject", ""),
        ("sts:AssumeRole", ""),
        ("iam:PassRole", ""),
        ("lightsail:StopInstance", ""),
    ):
        told = _refused(action, "arn:aws:s3:::quay/a", tail)
        out = json.loads(json.dumps(told.to_json()))
        assert {"message", "principal", "action", "resource", "denied_by", "sure", "causes", "fix"} <= set(
            out
        )
        for step in out["fix"]:
            if step["statement"] is not None:
                PolicyDocument.from_json(step["statement"])


@attrs.frozen
class _Settled:
    """Facts that know the boundary to be the reason."""

    def settle(self, diagnosis: Diagnosis) -> Diagnosis:
        return attrs.evolve(diagnosis, denied_by=DeniedBy.BOUNDARY, sure=True)


def test_facts_settle_what_the_text_leaves_open() -> None:
    (told,) = diagnose(f"User: {_USER} is not authorized to perform: s3:GetObject", _Settled())
    assert (told.denied_by, told.sure) == (DeniedBy.BOUNDARY, True)


def test_blank_text_gives_nothing() -> None:
    assert diagnose(" \n\t ") == ()


@pytest.mark.parametrize("action", ["lightsail:GetInstances", "lightsail:GetDomains", "lightsail:GetRegions"])
def test_refused_read_is_never_answered_with_a_set_that_writes(action: str) -> None:
    grant = next(step for step in _refused(action).fix if step.kind is StepKind.USE_GRANT)
    named = (grant.command or "").partition("set: ")[2].split()[0]
    assert all(item.is_read for item in permission_set(named).known_actions)


def test_catalog_decides_the_resource_and_nothing_asks_for_an_arn() -> None:
    told = _refused("lightsail:GetInstances")
    assert _statement(told)["Resource"] == "*"
    assert "<ARN>" not in told.fix[0].text


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("CreateInstanceSnapshot", "snapshot-operator"),
        ("RebootInstance", "instance-operator"),
        ("AttachDisk", "disk-manager"),
        ("CreateDomainEntry", "dns-manager"),
        ("GetInstances", "monitoring"),
    ],
)
def test_set_that_is_named_gives_least_beside_the_action(action: str, name: str) -> None:
    step = next(step for step in _refused(f"lightsail:{action}").fix if step.kind is StepKind.USE_GRANT)
    assert f"set: {name}" in (step.command or "")
