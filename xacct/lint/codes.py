"""Codes of findings that no rule over a document makes: the contract, and acceptances."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from xacct.lint.model import Severity
from xacct.values import frozen

__all__ = ["CONTRACT", "EXPIRED", "OTHER_CODES", "UNUSED", "OtherCode"]

CONTRACT = "XA900"
UNUSED = "XA901"
EXPIRED = "XA902"


@frozen(kw_only=True)
class OtherCode:
    """What ``xacct rule CODE`` tells of it."""

    code: str
    title: str
    severity: Severity
    why: str
    fix: str


OTHER_CODES: Mapping[str, OtherCode] = MappingProxyType(
    {
        made.code: made
        for made in (
            OtherCode(
                code=CONTRACT,
                title="The grant breaks its own contract",
                severity=Severity.ERROR,
                why="The grant's expect: says what must stay possible or impossible, and a request shows "
                "that it is not so. It cannot be accepted: either the grant or its contract is wrong.",
                fix="change the grant until the line of expect: holds, or change that line",
            ),
            OtherCode(
                code=UNUSED,
                title="An acceptance that accepts nothing",
                severity=Severity.INFO,
                why="There is no such finding any more. Left in, it would silently accept the next one.",
                fix="take the line out of accept:",
            ),
            OtherCode(
                code=EXPIRED,
                title="An acceptance that has run out",
                severity=Severity.WARNING,
                why="Its until: has passed, so the finding counts again.",
                fix="mend the finding, or give a later date with a reason",
            ),
        )
    }
)
