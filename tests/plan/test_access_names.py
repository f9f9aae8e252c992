"""How the rows of a plan name actions, and which example they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xacct.iam.policy import PolicyDocument
from xacct.plan.access import AccessDelta, RoleAccess, access_delta
from xacct.plan.model import Witness

CASES = json.loads((Path(__file__).parents[1] / "cases" / "access" / "names.json").read_text())
ACCOUNT = "111122223333"
VERSION = "2012-10-17"


def document(statements: list[dict[str, Any]]) -> PolicyDocument:
    return PolicyDocument.from_json(json.dumps({"Version": VERSION, "Statement": statements}))


def gained(statements: list[dict[str, Any]], principal: dict[str, Any] | str = "444455556666") -> AccessDelta:
    who = {"AWS": principal} if isinstance(principal, str) else principal
    trust = document([{"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}])
    arn = f"arn:aws:iam::{ACCOUNT}:role/r"
    return access_delta(
        None, RoleAccess(account=ACCOUNT, role_arn=arn, trust=trust, policies=(document(statements),))
    )


@pytest.mark.parametrize("row", CASES, ids=lambda row: row["why"])
def test_a_row_names_what_is_left_and_nothing_else(row: dict[str, Any]) -> None:
    assert [list(one.actions) for one in gained(row["statements"]).rows] == row["rows"]


def test_what_takes_no_resource_is_told_once() -> None:
    named = {
        "Effect": "Allow",
        "Action": ["lightsail:GetInstances", "lightsail:StopInstance"],
        "Resource": f"arn:aws:lightsail:eu-west-1:{ACCOUNT}:Instance/i",
    }
    listing = {"Effect": "Allow", "Action": "lightsail:GetInstances", "Resource": "*"}
    [row] = gained([named, listing]).rows
    assert row.resources == (named["Resource"], "* (for actions that take no resource)")


def test_what_aws_adds_to_lightsail_is_told_apart_from_what_is_known() -> None:
    reads = {"Effect": "Allow", "Action": "lightsail:Get*", "Resource": "*"}
    some = {
        "Effect": "Deny",
        "Action": ["lightsail:GetInstances", "lightsail:GetRelational*"],
        "Resource": "*",
    }
    [row] = gained([reads, some]).rows
    assert "lightsail:GetInstances" not in row.actions
    assert row.actions[-1] == "later additions to lightsail:Get* but not lightsail:GetRelational*"


def shown(delta: AccessDelta) -> Witness:
    [row] = delta.rows
    assert row.witness is not None
    return row.witness


def test_an_example_is_about_a_resource_of_its_own_service() -> None:
    resources = [f"arn:aws:iam::{ACCOUNT}:role/site", "arn:aws:s3:::site/*"]
    found = shown(gained([{"Effect": "Allow", "Action": ["s3:PutObject", "ec2:X"], "Resource": resources}]))
    assert (found.action, found.resource) == ("s3:PutObject", "arn:aws:s3:::site/x")


def test_an_example_is_about_a_resource_of_a_type_that_the_action_takes() -> None:
    head = f"arn:aws:lightsail:eu-west-1:{ACCOUNT}"
    resources = [f"{head}:Disk/d", f"{head}:Instance/i"]
    found = shown(gained([{"Effect": "Allow", "Action": "lightsail:StopInstance", "Resource": resources}]))
    assert found.resource == f"{head}:Instance/i"


def test_an_example_of_anyone_comes_from_outside() -> None:
    found = shown(gained([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}], "*"))
    assert f"::{ACCOUNT}:" not in found.principal
