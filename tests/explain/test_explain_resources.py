"""Which actions a statement reaches by the resources that it names, as AWS names them in requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from explain_builders import ROOT, from_text

from xacct.explain import explain_grant
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.why import explain_action
from xacct.lightsail.catalog import account_arn, covers_account

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "resources.json").read_text())
ACTIONS = ("AttachStaticIp", "CreateDiskSnapshot", "DeleteDomain", "GetInstances", "StopInstance")
UNIQUE_ID = "AROAEXAMPLEEXAMPLE123"


def raw(folder: Path, statement: dict[str, Any], principal: str = "444455556666") -> Case:
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions}
    documents = {
        "trust": {"Version": "2012-10-17", "Statement": [trust]},
        "policies": {"main": {"Version": "2012-10-17", "Statement": [statement]}},
    }
    grant = {"blueprint": "raw", "name": "odd", "account": "111122223333", "parameters": documents}
    return case_of(from_text(json.dumps(grant), folder))


@pytest.mark.parametrize("row", CASES, ids=lambda row: row["why"])
def test_what_a_resource_reaches_is_told_as_allowed_and_nothing_else(
    row: dict[str, Any], tmp_path: Path
) -> None:
    actions = [f"lightsail:{name}" for name in ACTIONS]
    statement = {"Effect": "Allow", "Action": actions, "Resource": row["resource"]}
    case = raw(tmp_path, {**statement, **({"Condition": row["condition"]} if "condition" in row else {})})
    assert [action.name for action in case.granted] == row["allowed"]
    for name in ACTIONS:
        lead = explain_action(case, name).lead
        assert lead.startswith("Allowed" if name in row["allowed"] else "Denied"), name
    said = explain_grant(case.expansion).lead
    assert said.startswith("Callers of account" if row["allowed"] else "Nobody gets anything")


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("arn:aws:lightsail:eu-west-1:111122223333:*", True),
        ("arn:aws:lightsail:*:*:*", True),
        ("arn:*:*:*:*:*", True),
        ("arn:aws:lightsail:*", True),
        ("*", True),
        ("arn:aws:lightsail:*:*:Instance/*", False),
        ("arn:aws:lightsail:*:*:*/*", False),
        ("arn:aws:s3:::*", False),
    ],
)
def test_a_pattern_covers_the_account_or_not(pattern: str, covered: bool) -> None:
    assert covers_account(pattern) is covered


def test_an_account_by_arn_is_told_to_go_beyond_what_is_documented(tmp_path: Path) -> None:
    arn = account_arn("aws", "us-east-1", "111122223333")
    case = raw(tmp_path, {"Effect": "Allow", "Action": "lightsail:GetInstances", "Resource": arn})
    assert case.request is not None
    assert (case.request.resource, case.decide(case.request).allowed) == (arn, True)
    lines = next(one for one in explain_grant(case.expansion).sections if one.key == "lines")
    assert "AWS documents * alone for 1 action" in str(lines)


def test_whether_a_unique_id_lets_anybody_in_is_left_open(tmp_path: Path) -> None:
    case = raw(tmp_path, {"Effect": "Allow", "Action": "lightsail:StopInstance", "Resource": "*"}, UNIQUE_ID)
    found = explain_grant(case.expansion)
    assert found.lead.startswith("Whether anybody gets anything by this grant is undecided.")
    assert UNIQUE_ID in found.lead
    assert explain_action(case, "StopInstance").lead.startswith("Undecided")
    assert explain_action(case, "sts:AssumeRole").lead.startswith("Undecided")
    assert explain_action(case, "DeleteInstance").lead.startswith("Denied")
    assert "account ," not in str(found) and "caller in ." not in str(found)
