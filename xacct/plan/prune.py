"""
What stands under our tag though no grant asks for it: roles of grants that are gone, and roles that a grant
made under another name.

Without being asked to prune, a plan only shows what a grant left under another name. Pruning removes what is
left, but never what may be missed: a role that was used lately, that sits in an instance profile, or that
others attached policies to stays unless it is forced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date, timedelta

import attrs

from xacct.iam.ownership import DEFAULT_PATH, TAG_BLUEPRINT, TAG_GRANT, TAG_MANAGED
from xacct.iam.things import (
    AccountThings,
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
)
from xacct.plan.model import Change, ChangeKind, GrantRef, Reason
from xacct.plan.snapshot import Snapshot
from xacct.values import frozen

__all__ = ["IN_USE_DAYS", "Wanted", "gone_grants", "left_behind", "prune"]

IN_USE_DAYS = 30
"""A role that was used within so many days is in use."""


@frozen(kw_only=True)
class Wanted:
    """What the grants of a run ask for in one account: their names, and the keys of all their things."""

    grants: Set[str]
    keys: Set[ThingKey]


def left_behind(snapshot: Snapshot, wanted: Wanted) -> tuple[Change, ...]:
    """The roles that these grants made under another name than they ask for now; nothing happens to them."""
    return tuple(
        _stays(role, f"its grant {role.tags[TAG_GRANT]} asks for another role now; --prune removes it")
        for role in _leftover_roles(snapshot.things, wanted)
        if role.tags[TAG_GRANT] in wanted.grants
    )


def prune(snapshot: Snapshot, wanted: Wanted, today: date, *, force: bool = False) -> tuple[Change, ...]:
    """
    Remove what no grant asks for: roles, managed policies, groups of ours, and providers of ours that no
    role trusts but these.

    With ``force`` also what is in use or carries what others attached.
    """
    return tuple(_Pruner(snapshot, wanted, today, force).changes())


def gone_grants(changes: Iterable[Change], known: Set[str]) -> tuple[GrantRef, ...]:
    """References to the grants that only these changes name; nothing but their tags is known of them."""
    blueprints: dict[str, str] = {}
    for change in changes:
        tags = getattr(change.before, "tags", {})
        if change.grant and change.grant not in known:
            blueprints[change.grant] = tags.get(TAG_BLUEPRINT) or blueprints.get(change.grant, "")
    return tuple(
        GrantRef(name=name, blueprint=blueprint, digest="") for name, blueprint in blueprints.items()
    )


def _leftover_roles(things: AccountThings, wanted: Wanted) -> Iterator[Role]:
    return (role for role in things.roles if TAG_GRANT in role.tags and role.key not in wanted.keys)


@attrs.define
class _Pruner:
    snapshot: Snapshot
    wanted: Wanted
    today: date
    force: bool
    going: set[str] = attrs.field(factory=set)
    busy: set[str] = attrs.field(factory=set)
    """ARNs of the policies that something which stays carries."""

    @property
    def things(self) -> AccountThings:
        return self.snapshot.things

    def changes(self) -> Iterator[Change]:
        for role in _leftover_roles(self.things, self.wanted):
            yield from self.role(role)
        for thing in self.things:
            match thing:
                case Group() if thing.path.startswith(DEFAULT_PATH) and thing.key not in self.wanted.keys:
                    yield from self.group(thing)
        for thing in self.things:
            match thing:
                case ManagedPolicy() if self.is_leftover(thing):
                    yield self.policy(thing)
                case OidcProvider() | SamlProvider() if self.is_unused(thing):
                    yield _goes(thing, None, Reason.GRANT_GONE)

    def role(self, role: Role) -> Iterator[Change]:
        held = list(_held(self.things, HolderType.ROLE, role.name))
        why = [] if self.force else [*self.uses(role), *self.foreign(held)]
        if why:
            self.keep(held)
            yield _stays(role, f"{', '.join(why)}; --force-foreign removes it all the same")
            return
        grant = role.tags[TAG_GRANT]
        reason = Reason.OTHER_ROLE if grant in self.wanted.grants else Reason.GRANT_GONE
        self.going.add(role.name)
        for thing in (*held, role):
            yield _goes(thing, grant, reason)

    def group(self, group: Group) -> Iterator[Change]:
        held = list(_held(self.things, HolderType.GROUP, group.name))
        foreign = [] if self.force else self.foreign(held)
        if foreign:
            self.keep(held)
            yield _stays(group, f"{', '.join(foreign)}; --force-foreign removes it all the same")
            return
        for thing in (*held, group):
            yield _goes(thing, group.name, Reason.GRANT_GONE)

    def policy(self, policy: ManagedPolicy) -> Change:
        if policy.arn(self.things.account, self.things.partition) in self.busy:
            return _stays(policy, "attached to what stays")
        return _goes(policy, policy.tags[TAG_GRANT], Reason.GRANT_GONE)

    def uses(self, role: Role) -> Iterator[str]:
        if role.last_used and role.last_used[:10] > (self.today - timedelta(days=IN_USE_DAYS)).isoformat():
            yield f"in use, the last time on {role.last_used[:10]}"
        if role.instance_profiles:
            yield f"in the instance profile {', '.join(role.instance_profiles)}"

    def foreign(self, held: Iterable[Thing]) -> list[str]:
        own = f":{self.things.account}:policy{DEFAULT_PATH}"
        arns = [thing.policy_arn for thing in held if isinstance(thing, PolicyAttachment)]
        others = [arn for arn in arns if own not in arn]
        return [f"carries what others attached: {', '.join(others)}"] if others else []

    def keep(self, held: Iterable[Thing]) -> None:
        self.busy |= {thing.policy_arn for thing in held if isinstance(thing, PolicyAttachment)}

    def is_leftover(self, policy: ManagedPolicy) -> bool:
        return TAG_GRANT in policy.tags and policy.key not in self.wanted.keys

    def is_unused(self, provider: OidcProvider | SamlProvider) -> bool:
        if TAG_MANAGED not in provider.tags or provider.key in self.wanted.keys:
            return False
        arn = provider.arn(self.things.account, self.things.partition)
        return not set(self.snapshot.provider_users.get(arn, ())) - self.going


def _held(things: AccountThings, kind: HolderType, holder: str) -> Iterator[Thing]:
    for thing in things:
        match thing:
            case RolePolicy(role=name) if kind is HolderType.ROLE and name == holder:
                yield thing
            case GroupPolicy(group=name) | GroupMember(group=name) if (
                kind is HolderType.GROUP and name == holder
            ):
                yield thing
            case PolicyAttachment(holder_type=held_by, holder=name) if held_by is kind and name == holder:
                yield thing
            case _:
                pass


def _goes(thing: Thing, grant: str | None, reason: Reason) -> Change:
    return Change(kind=ChangeKind.DELETE, key=thing.key, grant=grant, before=thing, after=None, reason=reason)


def _stays(thing: Thing, why: str) -> Change:
    tags: Mapping[str, str] = getattr(thing, "tags", {})
    return Change(
        kind=ChangeKind.NONE,
        key=thing.key,
        grant=tags.get(TAG_GRANT, thing.key.name),
        before=thing,
        after=thing,
        reason=Reason.FOREIGN,
        note=f"stays: {why}",
    )
