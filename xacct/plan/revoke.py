"""
Ending sessions that were issued before: an inline Deny on older tokens.

A session lives up to the role's session length and carries the role's current permissions, so taking
somebody out of the trust does not take the access from sessions they hold. IAM's answer is an inline policy
that denies everything to tokens issued before a time (IAM User Guide, id_roles_use_revoke-sessions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement
from xacct.iam.things import Role, RolePolicy, Thing
from xacct.plan.model import Change, Containment

__all__ = ["REVOCATION_NAME", "is_revocation", "revocation", "revoked_before", "sessions_left"]

REVOCATION_NAME = "xacct-revoke-older-sessions"


def revocation(role: str, before: str) -> RolePolicy:
    """The inline policy that ends all sessions of ``role`` issued before a time (ISO 8601, UTC)."""
    statement = Statement(
        effect=Effect.DENY,
        actions=("*",),
        resources=("*",),
        conditions=(Condition("DateLessThan", "aws:TokenIssueTime", (before,)),),
        sid="RevokeOlderSessions",
    )
    return RolePolicy(role=role, name=REVOCATION_NAME, document=PolicyDocument.of(statement))


def is_revocation(thing: Thing) -> bool:
    """
    Tell whether a thing is exactly such a Deny, under our name for it.

    It can only take access away, so it is no drift and stays where it is.
    """
    return revoked_before(thing) is not None


def revoked_before(thing: Thing) -> str | None:
    """The time before which sessions are ended, where the thing is a revocation of ours."""
    if not isinstance(thing, RolePolicy) or thing.name != REVOCATION_NAME:
        return None
    match thing.document.statements:
        case (Statement(conditions=(Condition(values=(before,)),)),):
            return before if thing == revocation(thing.role, before) else None
        case _:
            return None


def sessions_left(changes: Iterable[Change], containment: Mapping[str, Containment]) -> Iterator[str]:
    """
    Say what becomes of sessions issued before, for each role whose trust somebody loses.

    A session lives on with the role's current permissions until it ends (IAM User Guide,
    id_roles_use_revoke-sessions); where the permissions grow in the same change, it is ended by this apply.
    """
    for change in changes:
        before, after = change.before, change.after
        found = containment.get(change.name)
        if (
            not (isinstance(before, Role) and isinstance(after, Role))
            or found is None
            or not found.trust_loses
        ):
            continue
        if before == after:
            continue
        if found.permissions_gain:
            yield f"role {change.name}: sessions issued before are ended by this apply, as permissions grow"
        else:
            yield (
                f"role {change.name}: who loses the trust keeps the sessions it has, for up to "
                f"{before.max_session // 60} minutes, and console sessions made from them for up to 12 hours "
                "more; xacct revoke-sessions ends them all"
            )
