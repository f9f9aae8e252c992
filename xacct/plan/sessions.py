"""
A plan that ends the sessions of a role that were issued so far, and changes nothing else.

New sessions can be had at once by whoever the role trusts; who shall not get any is taken out of the grant
first.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from xacct.blueprint.expand import Expansion
from xacct.errors import InputError, XacctError
from xacct.iam.ownership import TAG_GRANT
from xacct.iam.things import HolderType, PolicyAttachment, Role, RolePolicy, Thing
from xacct.plan.build import compose, grant_reference
from xacct.plan.model import Change, ChangeKind, Plan, Reason
from xacct.plan.options import PlanOptions
from xacct.plan.perform import after_changes
from xacct.plan.reach import reach_of
from xacct.plan.revoke import revocation
from xacct.plan.snapshot import Snapshot

__all__ = ["plan_revocation"]


def plan_revocation(expansion: Expansion, snapshot: Snapshot, options: PlanOptions) -> Plan:
    """
    Plan the Deny on every session issued before ``options.created_at``; the call itself carries its own time.

    Raises InputError when the grant has no role, XacctError when the account has none of the grant.
    """
    role = _role_of(expansion, snapshot)
    grant = expansion.grant.name
    changes = [_unchanged(thing, grant) for thing in (role, *_held(snapshot, role))]
    wanted = revocation(role.name, options.created_at)
    before = snapshot.things.things.get(wanted.key)
    changes.append(
        Change(
            kind=ChangeKind.CREATE if before is None else ChangeKind.UPDATE,
            key=wanted.key,
            grant=grant,
            before=before,
            after=wanted,
            reason=Reason.REVOKED,
            aspects=() if before is None else ("document",),
        )
    )
    after = after_changes(snapshot.things, changes)
    reach = reach_of(grant, changes, snapshot.things, after, snapshot.policy_documents)
    reference = attrs.evolve(grant_reference(expansion, snapshot.account, removal=False), notes=())
    return Plan(
        target=options.target,
        created_at=options.created_at,
        accounts=(compose(after, [reference], changes, reach),),
    )


def _role_of(expansion: Expansion, snapshot: Snapshot) -> Role:
    grant = expansion.grant
    if expansion.role is None:
        raise InputError(
            f"the grant {grant.name} makes no role, so it has no sessions",
            where=grant.where(),
            fix="name a grant with a role",
            code="no-role",
        )
    role = snapshot.things.role(expansion.role.name)
    if role is None or role.tags.get(TAG_GRANT) != grant.name:
        raise XacctError(
            f"account {snapshot.account} has no role {expansion.role.name} of the grant {grant.name}",
            where=grant.where("name"),
            fix="nothing has to be revoked; xacct list shows what there is",
            code="no-role",
        )
    return role


def _held(snapshot: Snapshot, role: Role) -> Iterator[Thing]:
    key = revocation(role.name, "").key
    for thing in snapshot.things:
        match thing:
            case RolePolicy(role=name) if name == role.name and thing.key != key:
                yield thing
            case PolicyAttachment(holder_type=HolderType.ROLE, holder=name) if name == role.name:
                yield thing


def _unchanged(thing: Thing, grant: str) -> Change:
    return Change(
        kind=ChangeKind.NONE, key=thing.key, grant=grant, before=thing, after=thing, reason=Reason.SAME
    )
