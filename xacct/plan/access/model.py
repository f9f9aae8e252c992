"""What is compared, and what comes out."""

from __future__ import annotations

from xacct.iam.policy import PolicyDocument
from xacct.plan.model import AccessRow, Verdict
from xacct.values import frozen

__all__ = ["AccessDelta", "HolderAccess", "RoleAccess"]


@frozen(kw_only=True)
class RoleAccess:
    """
    All that decides who gets which access through a role.

    ``boundary_arn`` tells which permissions boundary is meant where its document is not at hand
    (``boundary_unknown``), and ``unknown_policies`` the ARNs of attached policies without their documents:
    what hangs on them is told, never claimed. ``tags`` are the role's; None where they are not at hand.
    """

    account: str
    role_arn: str
    trust: PolicyDocument
    policies: tuple[PolicyDocument, ...]
    boundary: PolicyDocument | None = None
    boundary_unknown: bool = False
    boundary_arn: str | None = None
    unknown_policies: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] | None = None


@frozen(kw_only=True)
class HolderAccess:
    """
    What principals hold without a role in between: the members of a group, or a user.

    ``holders`` are their ARNs; a group without members gives nobody anything.
    """

    account: str
    holders: tuple[str, ...]
    policies: tuple[PolicyDocument, ...]
    boundary: PolicyDocument | None = None
    boundary_unknown: bool = False
    boundary_arn: str | None = None
    unknown_policies: tuple[str, ...] = ()


@frozen
class AccessDelta:
    """
    How the access after compares with the access before.

    A verdict is never ``equal`` or ``narrower`` while some request is newly allowed, and never ``equal`` or
    ``wider`` while some request is newly refused. Rows without a witness tell what could not be decided.
    """

    verdict: Verdict
    rows: tuple[AccessRow, ...] = ()
    trust_verdict: Verdict = Verdict.EQUAL
    permissions_verdict: Verdict = Verdict.EQUAL
