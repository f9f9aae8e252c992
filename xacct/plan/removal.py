"""What goes when a grant goes: all that is ours alone. What is shared or foreign stays, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xacct.errors import Problem
from xacct.iam.ownership import TAG_GRANT, group_path, is_ours
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
    User,
)
from xacct.plan.diff import Difference
from xacct.plan.held import held_by_group, held_by_role, is_own_policy
from xacct.plan.model import Change, ChangeKind, Reason
from xacct.plan.snapshot import Snapshot

__all__ = ["diff_removal"]


def diff_removal(
    grant: str, desired: Iterable[Thing], snapshot: Snapshot, *, force_foreign: bool = False
) -> Difference:
    """Decide what goes with a grant: what is ours alone; what is shared or foreign stays, and says so."""
    remover = _Remover(grant, AccountThings(snapshot.account, tuple(desired)), snapshot, force_foreign)
    changes = [change for thing in remover.desired for change in remover.remove(thing)]
    return Difference(tuple(changes), tuple(remover.problems))


class _Remover:
    def __init__(self, grant: str, desired: AccountThings, snapshot: Snapshot, force_foreign: bool) -> None:
        self.grant = grant
        self.desired = desired
        self.snapshot = snapshot
        self.actual = snapshot.things
        self.force_foreign = force_foreign
        self.problems: list[Problem] = []

    def remove(self, thing: Thing) -> Iterator[Change]:
        actual = self.actual.things.get(thing.key)
        if actual is None:
            return
        match actual:
            case Role():
                yield from self.remove_role(actual)
            case RolePolicy() | GroupPolicy() | GroupMember():
                return  # goes with its holder
            case Group():
                if actual.path == group_path(self.grant):
                    yield from self.remove_held(held_by_group(self.actual, actual.name))
                    yield self.removed(actual)
                else:
                    yield self.stays(actual, "not ours, or of another grant")
            case PolicyAttachment():
                if actual.holder_type is HolderType.USER or self.desired.role(actual.holder) is None:
                    yield self.removed(actual)
            case ManagedPolicy() | User():
                if actual.tags.get(TAG_GRANT) == self.grant:
                    yield self.removed(actual)
                else:
                    yield self.stays(actual, "not ours")
            case OidcProvider() | SamlProvider():
                yield self.remove_provider(actual)

    def remove_role(self, role: Role) -> Iterator[Change]:
        if role.tags.get(TAG_GRANT) != self.grant:
            yield self.stays(role, "not ours, or of another grant")
            return
        held = list(held_by_role(self.actual, role.name))
        foreign = [
            thing.policy_arn
            for thing in held
            if isinstance(thing, PolicyAttachment)
            and not is_own_policy(thing.policy_arn, self.snapshot.account)
            and thing.key not in self.desired.things  # what the grant itself attaches is nobody else's
        ]
        if (foreign or role.instance_profiles) and not self.force_foreign:
            others = ", ".join((*foreign, *role.instance_profiles))
            self.problems.append(
                Problem(
                    f"role {role.name} carries what others attached: {others}",
                    where=f"grant {self.grant}",
                    fix="take it off, or say --force-foreign to remove it with the role",
                    code="foreign-attachment",
                )
            )
        yield from self.remove_held(held)
        yield self.removed(role)

    def remove_held(self, held: Iterable[Thing]) -> Iterator[Change]:
        for thing in held:
            yield self.removed(thing)

    def remove_provider(self, provider: OidcProvider | SamlProvider) -> Change:
        if not is_ours(provider.tags):
            return self.stays(provider, "not ours")
        arn = provider.arn(self.snapshot.account, self.actual.partition)
        going = {
            thing.name
            for thing in self.desired
            if isinstance(thing, Role) and self.actual.role(thing.name) is not None
        }
        users = [name for name in self.snapshot.provider_users.get(arn, ()) if name not in going]
        if users:
            return self.stays(provider, f"trusted by {', '.join(sorted(users))} too")
        return self.removed(provider)

    def removed(self, thing: Thing) -> Change:
        return Change.of(self.grant, ChangeKind.DELETE, thing, None, Reason.DESTROY)

    def stays(self, thing: Thing, why: str) -> Change:
        return Change.of(self.grant, ChangeKind.NONE, thing, thing, Reason.FOREIGN, note=f"stays: {why}")
