"""
Who changed a role, as far as CloudTrail's event history tells.

LookupEvents shows the management events of the last 90 days without any trail being set up; those of IAM are
in us-east-1 only, and appear some minutes after the call. It takes two calls a second and account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from xacct.aws.botocore_sessions import context_for
from xacct.aws.calls import Api
from xacct.aws.session import Sessions
from xacct.plan.drift import TrailEvent

__all__ = ["role_events"]

_REGION = "us-east-1"
_MOST = 50
"""Events of one page, the newest first."""
_READS = ("Get", "List", "Simulate", "Generate")


def role_events(sessions: Sessions, account: str, role: str, most: int = 5) -> tuple[TrailEvent, ...]:
    """The latest changes of a role, the newest first. Raises XacctError where they may not be read."""
    api = Api(
        sessions.client("cloudtrail", account, _REGION),
        context=context_for(service="cloudtrail", account=account, profile=sessions.profile),
    )
    answer = api.read(
        "LookupEvents",
        subject=f"role {role}",
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": role}],
        MaxResults=_MOST,
    )
    return tuple(_changes(answer.get("Events") or ()))[:most]


def _changes(events: Iterable[dict[str, Any]]) -> Iterator[TrailEvent]:
    for event in events:
        name = str(event.get("EventName", ""))
        if name.startswith(_READS) or event.get("EventSource") != "iam.amazonaws.com":
            continue
        detail = _detail(event)
        if detail.get("errorCode"):
            continue  # it was refused, so it changed nothing
        at: Any = event.get("EventTime")
        yield TrailEvent(
            at=at.isoformat() if hasattr(at, "isoformat") else str(at or ""),
            call=name,
            principal=str((detail.get("userIdentity") or {}).get("arn") or event.get("Username") or ""),
            source=str(detail.get("sourceIPAddress") or ""),
        )


def _detail(event: dict[str, Any]) -> dict[str, Any]:
    try:
        value = json.loads(event.get("CloudTrailEvent") or "{}")
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
