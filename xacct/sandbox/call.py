"""One call on its way through the sandbox: who calls what, when, in which world; and paging."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

import attrs

from xacct.sandbox.entities import Session
from xacct.sandbox.problems import validation
from xacct.sandbox.wire import Operation
from xacct.sandbox.world import World
from xacct.values import frozen

__all__ = ["Answer", "Call", "Caller", "Handler", "Tags", "page", "when"]

Answer: TypeAlias = dict[str, Any]
Tags: TypeAlias = Mapping[str, str]


@frozen(kw_only=True)
class Caller:
    """
    Who made a request.

    ``arn`` is how IAM names the caller (a session's ARN for a role), ``principal_arn`` the value of
    ``aws:PrincipalArn`` (the role's). ``user`` and ``role`` are names; all three of user, role and session
    are None for the root user. The operator passes every check in the operator's own account.
    """

    account: str
    partition: str
    arn: str
    principal_arn: str
    unique_id: str
    access_key_id: str
    user: str | None = None
    role: str | None = None
    session: Session | None = None
    tags: Tags = attrs.field(factory=dict)
    is_operator: bool = False
    is_root: bool = False


@frozen(kw_only=True)
class Call:
    """``caller`` is None for the unsigned calls, AssumeRoleWithSAML and AssumeRoleWithWebIdentity."""

    operation: Operation
    world: World
    caller: Caller | None
    region: str
    now: int
    source_ip: str = "127.0.0.1"

    @property
    def params(self) -> Mapping[str, Any]:
        return self.operation.params

    @property
    def signed_by(self) -> Caller:
        assert self.caller is not None, "unsigned calls reach only the handlers that expect them"
        return self.caller

    @property
    def account(self) -> str:
        return self.signed_by.account


Handler: TypeAlias = Callable[[Call], Answer]
T = TypeVar("T")

_DEFAULT_PAGE = 100


def when(seconds: int) -> datetime:
    """A date as the serializers want it: UTC, without a zone."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def page(call: Call, result_key: str, items: Iterable[T], key: Callable[[T], str]) -> Answer:
    """
    Cut one page out of the items, by the call's MaxItems and Marker.

    A marker names the last item given, so pages stay right when things come and go between two of them.
    """
    ordered = sorted(items, key=key)
    marker = call.params.get("Marker")
    if marker is not None:
        last = _read_marker(marker)
        ordered = [item for item in ordered if key(item) > last]
    size = int(call.params.get("MaxItems") or _DEFAULT_PAGE)
    answer: Answer = {result_key: ordered[:size], "IsTruncated": len(ordered) > size}
    if len(ordered) > size:
        answer["Marker"] = base64.urlsafe_b64encode(key(ordered[size - 1]).encode()).decode()
    return answer


def _read_marker(marker: str) -> str:
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise validation("Invalid Marker.") from None
