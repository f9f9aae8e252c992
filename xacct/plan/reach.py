"""Whose access a grant's changes touch: the access delta of each role, group and user among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    AccountThings,
    GroupMember,
    GroupPolicy,
    HolderType,
    PolicyAttachment,
    Role,
    ThingType,
)
from xacct.plan.access import HolderAccess, RoleAccess, access_delta, holder_delta
from xacct.plan.model import AccessRow, Change, ChangeKind, Containment, Verdict
from xacct.values import frozen

__all__ = ["Reach", "overall", "reach_of", "role_access"]


@frozen(kw_only=True)
class Reach:
    """The access delta of one role (``role`` is its name), or of one group or user (None)."""

    role: str | None
    rows: tuple[AccessRow, ...]
    verdict: Verdict
    containment: Containment = Containment()


def reach_of(
    grant: str,
    changes: Sequence[Change],
    before: AccountThings,
    after: AccountThings,
    documents: Mapping[str, PolicyDocument],
) -> list[Reach]:
    """
    Compare the access that the account gives before and after these changes, holder by holder.

    ``documents`` holds managed policies by ARN that are not among the things.
    """
    if all(change.kind is ChangeKind.NONE for change in changes):
        return []
    found = [
        _role_reach(change.name, before, after, documents)
        for change in changes
        if change.type is ThingType.ROLE
    ]
    found += [_holder_reach(holder, before, after, documents) for holder in _holders(changes)]
    return [attrs.evolve(reach, rows=tuple(_of_grant(row, grant) for row in reach.rows)) for reach in found]


def _of_grant(row: AccessRow, grant: str) -> AccessRow:
    """The row with its grant; beside ``*`` no single action says more."""
    actions = ("*",) if "*" in row.actions else row.actions
    return attrs.evolve(row, grant=grant, actions=actions)


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Sum up verdicts about different holders."""
    seen = set(verdicts) - {Verdict.EQUAL}
    if not seen:
        return Verdict.EQUAL
    if Verdict.UNKNOWN in seen:
        return Verdict.UNKNOWN
    return seen.pop() if len(seen) == 1 else Verdict.BOTH


def role_access(
    things: AccountThings, role: Role | None, documents: Mapping[str, PolicyDocument]
) -> RoleAccess | None:
    """A role as the access delta takes it, with its own and its attached policies."""
    if role is None:
        return None
    inline = list(things.policies_of_role(role.name))
    missing: list[str] = []
    for arn in _attached(things, HolderType.ROLE, role.name):
        if things.managed_policy(arn) is not None:
            continue
        document = documents.get(arn)
        if document is None:
            missing.append(arn)
        else:
            inline.append(document)
    boundary = documents.get(role.boundary) if role.boundary else None
    return RoleAccess(
        account=things.account,
        role_arn=role.arn(things.account, things.partition),
        trust=role.trust,
        policies=tuple(inline),
        boundary=boundary,
        boundary_unknown=role.boundary is not None and boundary is None,
        boundary_arn=role.boundary,
        unknown_policies=tuple(missing),
        tags=tuple(sorted(role.tags.items())),
    )


def _role_reach(
    name: str, before: AccountThings, after: AccountThings, documents: Mapping[str, PolicyDocument]
) -> Reach:
    delta = access_delta(
        role_access(before, before.role(name), documents), role_access(after, after.role(name), documents)
    )
    containment = Containment(trust=delta.trust_verdict, permissions=delta.permissions_verdict)
    return Reach(role=name, rows=delta.rows, verdict=delta.verdict, containment=containment)


_Holder = tuple[HolderType, str]


def _holders(changes: Iterable[Change]) -> list[_Holder]:
    """Users whose own attachments or whose groups change; a group counts through its members."""
    holders: dict[_Holder, None] = {}
    for change in changes:
        thing = change.after if change.after is not None else change.before
        match thing:
            case GroupMember():
                holders[(HolderType.USER, thing.user)] = None
            case PolicyAttachment(holder_type=HolderType.USER | HolderType.ROLE) if change.kind is not (
                ChangeKind.NONE
            ):
                holders[(thing.holder_type, thing.holder)] = None
            case _:
                pass
    roles = {change.name for change in changes if change.type is ThingType.ROLE}
    return [holder for holder in holders if not (holder[0] is HolderType.ROLE and holder[1] in roles)]


def _holder_reach(
    holder: _Holder, before: AccountThings, after: AccountThings, documents: Mapping[str, PolicyDocument]
) -> Reach:
    delta = holder_delta(_holder_access(holder, before, documents), _holder_access(holder, after, documents))
    return Reach(role=None, rows=delta.rows, verdict=delta.verdict)


def _holder_access(
    holder: _Holder, things: AccountThings, documents: Mapping[str, PolicyDocument]
) -> HolderAccess | None:
    kind, name = holder
    policies = _attached_documents(things, kind, name, documents)
    groups = {thing.group for thing in things if isinstance(thing, GroupMember) and thing.user == name}
    if kind is HolderType.USER:
        for group in sorted(groups):
            policies += [
                thing.document for thing in things if isinstance(thing, GroupPolicy) and thing.group == group
            ]
            policies += _attached_documents(things, HolderType.GROUP, group, documents)
    if not policies:
        return None
    arn = f"arn:{things.partition}:iam::{things.account}:{kind.value}/{name}"
    return HolderAccess(account=things.account, holders=(arn,), policies=tuple(policies))


def _attached(things: AccountThings, kind: HolderType, name: str) -> list[str]:
    return [
        thing.policy_arn
        for thing in things
        if isinstance(thing, PolicyAttachment) and thing.holder_type is kind and thing.holder == name
    ]


def _attached_documents(
    things: AccountThings, kind: HolderType, name: str, documents: Mapping[str, PolicyDocument]
) -> list[PolicyDocument]:
    out: list[PolicyDocument] = []
    for arn in _attached(things, kind, name):
        policy = things.managed_policy(arn)
        document = policy.document if policy is not None else documents.get(arn)
        out += [document] if document is not None else []
    return out
