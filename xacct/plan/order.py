"""
The order of steps: at no moment does anyone have access that neither the old nor the new state gives.

What makes an order safe, for one role with trust T and permissions P going from (T0, P0) to (T1, P1):

- A request needs one Allow of the trust, one Allow of the permissions, and no Deny. An Allow that stands
  among the Denies it belongs to gives only what the old or the new state gives, whatever stands beside it.
  Where an order would part an Allow from its Denies for a moment, a temporary Deny for everything stands
  around the change.
- A trust that only narrows goes first, one that only widens goes last. If the permissions only narrow they
  go first, if they only widen the trust goes first. Where neither is so, the trust is closed in between.
- Sessions issued before live on with the role's current permissions. Where somebody loses trust while
  permissions grow, older sessions are ended before the permissions grow.

Containment is taken from the access delta; where it is unknown, the careful way is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import (
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    PolicyAttachment,
    Role,
    RolePolicy,
    Thing,
    ThingKey,
    ThingType,
)
from xacct.plan.model import Change, ChangeKind, Containment, Verdict
from xacct.plan.revoke import is_revocation, revocation
from xacct.plan.steps import Operation, Step, creating, deleting, trust_step, updating
from xacct.values import frozen

__all__ = ["TRANSITION_NAME", "order_changes"]

TRANSITION_NAME = "xacct-transition"
"""The inline Deny that stands only while permissions with Denies change over."""


def order_changes(
    changes: Sequence[Change], containment: Mapping[str, Containment], *, now: str = ""
) -> list[Step]:
    """
    Derive the steps of one grant in one account, in a safe order.

    ``changes`` are all of the grant's, those of kind ``none`` too: they tell what stands beside what changes.
    ``containment`` is by role name; a role that is missing there is taken as unknown. ``now`` (ISO 8601) is
    what a revocation shows in the plan; the writer puts the time of the call.
    """
    carriers = _carriers(changes)
    steps = _prepare(changes)
    for carrier in carriers:
        match carrier.change:
            case Change(type=ThingType.ROLE):
                steps += _role_steps(carrier, containment.get(carrier.name, Containment()), now)
            case _:
                steps += _group_steps(carrier, changes)
    steps += _loose_steps(changes, carriers)
    return steps + _clear_away(changes)


# -- what roles and groups lean on ---------------------------------------------------------------------------

_MADE_FIRST = (
    ThingType.OIDC_PROVIDER,
    ThingType.SAML_PROVIDER,
    ThingType.USER,
    ThingType.GROUP,
    ThingType.MANAGED_POLICY,
)
_GOES_LAST = (ThingType.MANAGED_POLICY, ThingType.GROUP, ThingType.USER, *_MADE_FIRST[:2])


def _prepare(changes: Sequence[Change]) -> list[Step]:
    """What others lean on is made first; none of it gives access by itself."""
    steps: list[Step] = []
    for kind in _MADE_FIRST:
        for change in _of_type(changes, kind):
            if change.kind is ChangeKind.CREATE or (
                change.kind is ChangeKind.UPDATE and kind is not ThingType.MANAGED_POLICY
            ):
                steps += _straight(change)
    return steps


def _clear_away(changes: Sequence[Change]) -> list[Step]:
    return [
        step
        for kind in _GOES_LAST
        for change in _of_type(changes, kind)
        if change.kind is ChangeKind.DELETE
        for step in _straight(change)
    ]


def _of_type(changes: Iterable[Change], kind: ThingType) -> list[Change]:
    return [change for change in changes if change.type is kind]


def _straight(change: Change) -> list[Step]:
    """The steps of one change, without regard to others."""
    if change.kind is ChangeKind.NONE:
        return []
    if change.after is None:
        assert change.before is not None
        return deleting(change.before)
    steps = creating(change.after) if change.before is None else updating(change.before, change.after)
    if is_revocation(change.after):
        return [attrs.evolve(step, revokes=True) for step in steps]
    return steps


# -- roles ---------------------------------------------------------------------------------------------------


def _role_steps(carrier: _Carrier, containment: Containment, now: str) -> list[Step]:
    before, after = carrier.change.before, carrier.change.after
    if after is None:
        assert isinstance(before, Role)
        return carrier.permission_steps() + deleting(before)
    assert isinstance(after, Role)
    if before is None:
        return creating(after) + carrier.permission_steps()
    assert isinstance(before, Role)
    trusting = attrs.evolve(before, trust=after.trust)
    rest = updating(trusting, after)
    tags = [step for step in rest if _is_tag_step(step)]
    permissions = carrier.permission_steps([step for step in rest if not _is_tag_step(step)])
    if trusting == before:
        return permissions + tags
    trust = trust_step(before, after.trust)
    return _threaded(before, _interleave(trust, permissions, containment, now) + tags)


_ASPECTS = {
    Operation.UPDATE_ASSUME_ROLE_POLICY: ("trust",),
    Operation.PUT_ROLE_BOUNDARY: ("boundary",),
    Operation.DELETE_ROLE_BOUNDARY: ("boundary",),
    Operation.UPDATE_ROLE: ("description", "max_session"),
    Operation.TAG_ROLE: ("tags",),
    Operation.UNTAG_ROLE: ("tags",),
}
"""What of a role each call changes."""


def _threaded(role: Role, steps: Iterable[Step]) -> list[Step]:
    """
    Let each step hold the role as it is at its turn: a boundary that changes while the trust is closed.

    What became of a call whose answer was lost is told by comparing the account with these.
    """
    out: list[Step] = []
    for step in steps:
        if isinstance(step.after, Role):
            change = {aspect: getattr(step.after, aspect) for aspect in _ASPECTS[step.operation]}
            following = attrs.evolve(role, **change)
            step = attrs.evolve(step, before=role, after=following)
            role = following
        out.append(step)
    return out


def _interleave(trust: Step, permissions: list[Step], containment: Containment, now: str) -> list[Step]:
    """Put the change of trust before, after or around the changes of permissions."""
    assert isinstance(trust.before, Role)
    assert isinstance(trust.after, Role)
    if not permissions or containment.permissions is Verdict.EQUAL:
        return [trust, *permissions]
    revoke: list[Step] = []
    if containment.trust_loses and containment.permissions_gain:
        made = creating(revocation(trust.before.name, now))
        revoke = [attrs.evolve(step, revokes=True) for step in made]
    if not containment.trust_gains or not containment.permissions_lose:
        return [trust, *revoke, *permissions]
    if not containment.trust_loses or not containment.permissions_gain:
        return [*permissions, trust]
    closing = trust_step(trust.before, _closed(trust.after.trust))
    assert isinstance(closing.after, Role)
    return [closing, *revoke, *permissions, trust_step(closing.after, trust.after.trust)]


def _closed(trust: PolicyDocument) -> PolicyDocument:
    """The new trust with a Deny for everyone: it admits nobody, and its principals are known to exist."""
    nobody = Statement(
        effect=Effect.DENY,
        principals=(TypedPrincipal(PrincipalType.AWS, "*"),),
        actions=("sts:*",),
        sid="ClosedWhileChanging",
    )
    return PolicyDocument((nobody, *trust.statements), trust.version)


def _is_tag_step(step: Step) -> bool:
    return step.operation.value.startswith(("Tag", "Untag"))


# -- groups --------------------------------------------------------------------------------------------------


def _group_steps(carrier: _Carrier, changes: Sequence[Change]) -> list[Step]:
    """Members who leave go first and members who come come last; what a group gives changes in between."""
    members = [
        change
        for change in _of_type(changes, ThingType.GROUP_MEMBER)
        if change.name.startswith(f"{carrier.name}/")
    ]
    leaving = [step for change in members if change.after is None for step in _straight(change)]
    coming = [step for change in members if change.before is None for step in _straight(change)]
    return leaving + carrier.permission_steps() + coming


def _loose_steps(changes: Sequence[Change], carriers: Sequence[_Carrier]) -> list[Step]:
    """Managed policies of ours that hang on principals that are not ours, and those attachments."""
    carried = {change.key for carrier in carriers for change in carrier.held}
    loose = [
        change
        for kind in (ThingType.MANAGED_POLICY, ThingType.POLICY_ATTACHMENT)
        for change in _of_type(changes, kind)
        if change.key not in carried
    ]
    removals = [
        step
        for change in loose
        if change.after is None and change.type is ThingType.POLICY_ATTACHMENT
        for step in _straight(change)
    ]
    updates = [step for change in loose if change.kind is ChangeKind.UPDATE for step in _straight(change)]
    arrivals = [
        step
        for change in loose
        if change.kind is ChangeKind.CREATE and change.type is ThingType.POLICY_ATTACHMENT
        for step in _straight(change)
    ]
    return removals + updates + arrivals


# -- permissions of one role or group ------------------------------------------------------------------------


@frozen
class _Carrier:
    """A role or group with the changes of what it carries; managed policies count where they are attached."""

    change: Change
    held: tuple[Change, ...]

    @property
    def name(self) -> str:
        return self.change.name

    def permission_steps(self, shape: Sequence[Step] = ()) -> list[Step]:
        """
        The steps that change what the holder may do, with a temporary Deny around them where needed.

        ``shape`` are a role's own steps (boundary, session length). A boundary that changes together with
        policies changes under the temporary Deny too.
        """
        direct = self.direct_steps()
        boundary = any(step.operation.value.endswith("PermissionsBoundary") for step in shape)
        if not (boundary and direct) and self.keeps_denies(direct):
            return [*shape, *direct]
        guard = self.guard()
        return [*creating(guard), *shape, *direct, *deleting(guard)]

    def direct_steps(self) -> list[Step]:
        """Removals first, so that a run that stops has given less rather than more."""
        held = [change for change in self.held if change.type is not ThingType.MANAGED_POLICY]
        updated = [change for change in self.held if change.kind is ChangeKind.UPDATE]
        steps = [step for change in held if change.after is None for step in _straight(change)]
        steps += [step for change in updated for step in _straight(change)]
        return steps + [step for change in held if change.before is None for step in _straight(change)]

    def guard(self) -> RolePolicy | GroupPolicy:
        statement = Statement(effect=Effect.DENY, actions=("*",), resources=("*",), sid="ClosedWhileChanging")
        document = PolicyDocument.of(statement)
        if self.change.type is ThingType.ROLE:
            return RolePolicy(role=self.name, name=TRANSITION_NAME, document=document)
        return GroupPolicy(group=self.name, name=TRANSITION_NAME, document=document)

    def keeps_denies(self, steps: Sequence[Step]) -> bool:
        """Whether, after each of these steps, every Allow stands among the Denies that belong to it."""
        old = _Rights.of(self.held_things("before"))
        new = _Rights.of(self.held_things("after"))
        things = self.held_things("before")
        for step in steps:
            things.pop(step.key, None)
            if step.after is not None:
                things[step.key] = step.after
            if not _Rights.of(things).within(old, new):
                return False
        return True

    def held_things(self, side: str) -> dict[ThingKey, Thing]:
        things = {change.key: getattr(change, side) for change in self.held}
        return {key: thing for key, thing in things.items() if thing is not None}


def _carriers(changes: Sequence[Change]) -> list[_Carrier]:
    """Every role, and every group, with what it carries."""
    out = []
    for change in changes:
        match change.type:
            case ThingType.ROLE:
                kinds, holder = (ThingType.ROLE_POLICY,), HolderType.ROLE
            case ThingType.GROUP:
                kinds, holder = (ThingType.GROUP_POLICY,), HolderType.GROUP
            case _:
                continue
        prefix = f"{holder.value}/{change.name}/"
        inline = [held for held in changes if held.type in kinds and held.name.startswith(f"{change.name}/")]
        attached = [
            held for held in _of_type(changes, ThingType.POLICY_ATTACHMENT) if held.name.startswith(prefix)
        ]
        arns = [held.name.removeprefix(prefix) for held in attached]
        managed = [
            held
            for held in _of_type(changes, ThingType.MANAGED_POLICY)
            if any(arn.endswith(f"/{held.name}") for arn in arns)
        ]
        out.append(_Carrier(change, (*inline, *attached, *managed)))
    return out


@frozen
class _Rights:
    """The Allow and Deny statements that hold at one moment, each as a comparable form."""

    allows: frozenset[object]
    denies: frozenset[object]

    @classmethod
    def of(cls, things: Mapping[ThingKey, Thing]) -> _Rights:
        allows: set[object] = set()
        denies: set[object] = set()
        attached = [thing.policy_arn for thing in things.values() if isinstance(thing, PolicyAttachment)]
        known = [thing for thing in things.values() if isinstance(thing, ManagedPolicy)]
        documents = [
            thing.document for thing in things.values() if isinstance(thing, (RolePolicy, GroupPolicy))
        ]
        for arn in attached:
            found = [
                policy.document for policy in known if arn.endswith(f":policy{policy.path}{policy.name}")
            ]
            documents += found
            if not found:  # a policy that we do not know may allow and deny anything
                allows.add(arn)
                denies.add(arn)
        for document in documents:
            for statement in document.statements:
                side = denies if statement.effect is Effect.DENY else allows
                side.add((document.version, statement.canonical))
        return cls(frozenset(allows), frozenset(denies))

    def within(self, old: _Rights, new: _Rights) -> bool:
        """Whether all that is given at this moment is given by the old or by the new rights."""
        return all(
            (allow in old.allows and self.denies >= old.denies)
            or (allow in new.allows and self.denies >= new.denies)
            for allow in self.allows
        )
