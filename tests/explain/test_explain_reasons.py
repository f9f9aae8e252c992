"""What is said of each line of a permissions policy fits its operator, its resources and its actions."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from explain_builders import ROOT

from xacct.explain.reasons import why_actions, why_condition, why_denied, why_resources
from xacct.iam.policy import PolicyDocument, Statement

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "reasons.json").read_text())
INSTANCE = "arn:aws:lightsail:eu-west-1:111122223333:Instance/i"
STOP, LIST = "lightsail:StopInstance", "lightsail:GetInstances"
_ID = "Their ARNs end in an ID that AWS gives, never in the name."


def statement(**elements: Any) -> Statement:
    held = {"Effect": "Allow", "Action": STOP, "Resource": "*", **elements}
    kept = {key: value for key, value in held.items() if value is not None}
    document = PolicyDocument.from_json(json.dumps({"Version": "2012-10-17", "Statement": [kept]}))
    return document.statements[0]


@pytest.mark.parametrize("row", CASES, ids=lambda row: json.dumps(row["line"]))
def test_a_condition_is_told_by_its_operator(row: dict[str, Any]) -> None:
    found = statement(Action=row.get("actions", STOP), Condition=row["line"])
    expires = date.fromisoformat(row["expires"]) if "expires" in row else None
    assert why_condition(found.conditions[0], found, expires) == row["why"]


def test_many_actions_without_the_tag_are_told_by_their_number() -> None:
    found = statement(Action="lightsail:*", Condition={"StringEquals": {"aws:ResourceTag/a": "b"}})
    said = why_condition(found.conditions[0], found, None)
    assert said.count("Requests for 87 of these actions carry no such tag, so this does not allow them.") == 1


@pytest.mark.parametrize(
    ("elements", "why"),
    [
        ({"Resource": INSTANCE}, f"Only these resources. {_ID}"),
        (
            {"Resource": [INSTANCE, "arn:aws:s3:::b"]},
            "Only these resources. ARNs of Lightsail end in an ID that AWS gives, never in the name.",
        ),
        ({"Resource": "arn:aws:s3:::b"}, "Only these resources."),
        ({"Resource": None, "NotResource": INSTANCE}, "Any resource but these."),
        ({"Action": "s3:GetObject"}, "Written into the grant as it stands here."),
        ({}, "The statement names no resources; these actions could be limited by ARN."),
        (
            {"Action": [STOP, "s3:GetObject"]},
            "The statement names no resources; these actions of Lightsail could be limited by ARN.",
        ),
        (
            {"Action": [LIST, "cloudwatch:GetMetricData"]},
            (
                "AWS checks these actions of Lightsail against * alone; the ARN of a resource would match"
                " nothing here."
            ),
        ),
        (
            {"Action": [LIST, STOP, "s3:GetObject"]},
            (
                "The statement names no resources. 1 action of Lightsail here takes * alone;"
                " the others could be limited by ARN."
            ),
        ),
    ],
)
def test_resources_are_told_as_what_they_are(elements: dict[str, Any], why: str) -> None:
    assert why_resources(statement(**elements)) == why


def test_what_a_deny_is_for() -> None:
    ending = {"DateGreaterThanEquals": {"aws:CurrentTime": "2030-02-01T00:00:00Z"}}
    of_grant = statement(Sid="GrantExpired", Effect="Deny", Action="*", Condition=ending)
    assert why_denied(of_grant, date(2030, 1, 31)).startswith("Ends sessions that still run")
    assert why_denied(of_grant, None).startswith("A Deny wins")
    early = statement(Effect="Deny", Condition={"DateLessThan": {"aws:CurrentTime": "2030-02-01T00:00:00Z"}})
    assert why_denied(early, date(2030, 1, 31)).startswith("A Deny wins")


def test_changes_are_counted_and_unknown_actions_are_not() -> None:
    assert why_actions(statement(Action=[STOP, LIST])) == "1 read and 1 change of Lightsail."
    assert why_actions(statement(Action="s3:*")) == "Written into the grant as it stands here."
