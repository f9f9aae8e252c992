"""Events of CloudTrail and decoded authorization messages, found as JSON inside a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from xacct.values import frozen

__all__ = ["Decoded", "Event", "find_json"]

_TRIES = 400
_DEPTH = 12
_OPENING = re.compile(r"^[^{\[\n]{0,400}?([{\[])(?=\s*[\"{\[])", re.MULTILINE)


@frozen(kw_only=True)
class Event:
    """One refused call as CloudTrail records it. ``message`` may be absent; ``code`` then says all."""

    code: str | None
    message: str | None
    operation: str
    service: str | None
    principal: str | None
    resource: str | None
    request_id: str | None


@frozen(kw_only=True)
class Decoded:
    """What sts:DecodeAuthorizationMessage says of one request."""

    explicit: bool
    principal: str | None
    action: str | None
    resource: str | None


def find_json(text: str) -> list[tuple[int, int, tuple[Event | Decoded, ...]]]:
    """The stretches of the text that are JSON with such records in it, each with its records."""
    if not any(word in text for word in ("eventName", "explicitDeny")):
        return []
    found: list[tuple[int, int, tuple[Event | Decoded, ...]]] = []
    decoder = json.JSONDecoder()
    at = tries = 0
    while tries < _TRIES:
        match = _OPENING.search(text, at)
        if match is None:
            break
        tries += 1
        start = match.start(1)
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            line = text.find("\n", start)
            at = len(text) if line < 0 else line + 1
            continue
        records = tuple(_records(value, 0))
        if records:
            found.append((start, end, records))
        at = end
    return found


def _records(value: Any, depth: int) -> Iterator[Event | Decoded]:
    if depth > _DEPTH:
        return
    match value:
        case Mapping():
            record = _event(value) or _decoded(value)
            if record is not None:
                yield record
                return
            for item in value.values():
                yield from _records(item, depth + 1)
        case list():
            for item in value:
                yield from _records(item, depth + 1)
        case str() if value.lstrip().startswith("{") and ("eventName" in value or "explicitDeny" in value):
            try:
                yield from _records(json.loads(value), depth + 1)
            except (ValueError, RecursionError):
                return


def _event(value: Mapping[str, Any]) -> Event | None:
    operation = _text(value.get("eventName"))
    code, message = _text(value.get("errorCode")), _text(value.get("errorMessage"))
    if operation is None or (code is None and message is None):
        return None
    who = value.get("userIdentity")
    return Event(
        code=code,
        message=message,
        operation=operation,
        service=(_text(value.get("eventSource")) or "").removesuffix(".amazonaws.com") or None,
        principal=_text(who.get("arn")) if isinstance(who, Mapping) else None,
        resource=_event_resource(value),
        request_id=_text(value.get("requestID")),
    )


def _event_resource(value: Mapping[str, Any]) -> str | None:
    listed = value.get("resources")
    if isinstance(listed, list):
        for item in listed:
            if isinstance(item, Mapping) and (arn := _text(item.get("ARN"))):
                return arn
    parameters = value.get("requestParameters")
    return _text(parameters.get("roleArn")) if isinstance(parameters, Mapping) else None


def _decoded(value: Mapping[str, Any]) -> Decoded | None:
    context = value.get("context")
    if "explicitDeny" not in value or not isinstance(context, Mapping):
        return None
    principal = context.get("principal")
    return Decoded(
        explicit=value.get("explicitDeny") is True,
        principal=_text(principal.get("arn")) if isinstance(principal, Mapping) else None,
        action=_text(context.get("action")),
        resource=_text(context.get("resource")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
