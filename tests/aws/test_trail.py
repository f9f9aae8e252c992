"""Who changed a role, from CloudTrail's events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from xacct.aws.session import Sessions
from xacct.aws.trail import role_events
from xacct.errors import XacctError

ACCOUNT = "111122223333"


def event(name: str, **detail: Any) -> dict[str, Any]:
    return {
        "EventName": name,
        "EventSource": "iam.amazonaws.com",
        "EventTime": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        "Username": "raj",
        "CloudTrailEvent": json.dumps(detail),
    }


class Client:
    def __init__(self, events: list[dict[str, Any]] | Exception) -> None:
        self.events = events
        self.asked: dict[str, Any] = {}

    def lookup_events(self, **parameters: Any) -> dict[str, Any]:
        self.asked = parameters
        if isinstance(self.events, Exception):
            raise self.events
        return {"Events": self.events}


def sessions_with(client: Client, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    sessions = Sessions(region="eu-west-1")

    def give(service: str, account: str, region: str | None = None) -> Client:
        assert (service, account, region) == ("cloudtrail", ACCOUNT, "us-east-1")
        return client

    monkeypatch.setattr(sessions, "client", give)
    return sessions


def test_changes_are_told_with_their_principal_and_reads_and_refusals_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arn = "arn:aws:iam::111122223333:user/raj"
    client = Client(
        [
            event("GetRole", userIdentity={"arn": arn}),
            event("UpdateRole", userIdentity={"arn": arn}, sourceIPAddress="192.0.2.7"),
            event("DeleteRole", userIdentity={"arn": arn}, errorCode="AccessDenied"),
            {**event("PutRolePolicy"), "CloudTrailEvent": "no JSON"},
        ]
    )
    found = role_events(sessions_with(client, monkeypatch), ACCOUNT, "acme")
    assert [(item.call, item.principal, item.source) for item in found] == [
        ("UpdateRole", arn, "192.0.2.7"),
        ("PutRolePolicy", "raj", ""),
    ]
    assert found[0].at == "2026-11-20T09:00:00+00:00"
    assert client.asked["LookupAttributes"] == [{"AttributeKey": "ResourceName", "AttributeValue": "acme"}]


def test_a_denied_look_up_is_an_error_that_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "LookupEvents"
    )
    with pytest.raises(XacctError):
        role_events(sessions_with(Client(denied), monkeypatch), ACCOUNT, "acme")
