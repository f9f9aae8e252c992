"""What a grant asks for in one entry of its permissions, and what its writing leaves to tell."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from xacct.iam.policy import Statement
from xacct.values import frozen

__all__ = ["LeftOut", "PermissionEntry", "Written"]


@frozen(kw_only=True)
class PermissionEntry:
    """
    A set with single actions added and taken away, and the limits that hold for all of them.

    Values are as the user wrote them; ``write_statements`` checks them. ``statements`` are statements pasted
    from elsewhere: they pass through untouched, and no limit of the entry holds for them.
    """

    set: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    """Tag key to the values that are allowed; several keys must all hold."""
    regions: tuple[str, ...] = ()
    unscoped: bool = False
    """Keep the writes that the limits by resource or tag cannot reach, account-wide."""
    statements: tuple[Statement, ...] = ()


@frozen(order=True)
class LeftOut:
    """An action that was asked for and is not granted, because a limit cannot reach it."""

    action: str
    why: str


@frozen
class Written:
    """Statements, and what a reviewer has to be told about them. Actions are full names, all sorted."""

    statements: tuple[Statement, ...]
    account_wide: tuple[str, ...] = ()
    """Actions that reach the whole account although a limit by resource or tag was asked for."""
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
