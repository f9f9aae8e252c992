"""
From desired and actual to changes.

Both sides are mappings of the same values, so most of this is a comparison. The rest is ownership: what is
not ours is never changed, what is shared is kept while others use it, and what somebody added to a role of
ours is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from xacct.errors import Problem
from xacct.iam.ownership import TAG_DIGEST, TAG_GRANT, is_ours
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
    User,
)
from xacct.plan.held import is_own_policy, live_digest
from xacct.plan.holdings import role_of_key
from xacct.plan.model import Change, ChangeKind, Reason
from xacct.plan.revoke import is_revocation
from xacct.plan.snapshot import Snapshot
from xacct.values import frozen

__all__ = ["Difference", "diff_grant"]


@frozen
class Difference:
    """The changes of one grant in one account, or the problems that forbid them."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = ()


def diff_grant(
    grant: str,
    desired: Iterable[Thing],
    snapshot: Snapshot,
    *,
    force_foreign: bool = False,
    adopt: bool = False,
) -> Difference:
    """
    Decide what happens to each thing that a grant asks for, and to what hangs on its roles and groups.

    Documents are compared by meaning: order, and a lone string for a list, make no change. The tag that
    holds the digest follows the other changes of its role and is a change only when it is the only one. With
    ``adopt`` a role that is nobody's becomes the grant's; one of another grant never does.
    """
    differ = _Differ(grant, AccountThings(snapshot.account, tuple(desired)), snapshot, force_foreign, adopt)
    changes = [differ.compare(thing) for thing in differ.desired]
    changes += differ.extras()
    return Difference(tuple(differ.settle_digests(changes)), tuple(differ.problems))


class _Differ:
    def __init__(
        self,
        grant: str,
        desired: AccountThings,
        snapshot: Snapshot,
        force_foreign: bool,
        adopt: bool = False,
    ) -> None:
        self.grant = grant
        self.adopt = adopt
        self.desired = desired
        self.snapshot = snapshot
        self.actual = snapshot.things
        self.force_foreign = force_foreign
        self.problems: list[Problem] = []

    # -- what the grant asks for ---------------------------------------------------------------------------

    def compare(self, thing: Thing) -> Change:
        actual = self.actual.things.get(thing.key)
        match thing:
            case OidcProvider() | SamlProvider():
                return self.compare_provider(thing, actual)
            case User() if isinstance(actual, User) and actual.tags.get(TAG_GRANT) != self.grant:
                return self.change(
                    ChangeKind.NONE, actual, actual, Reason.FOREIGN, "exists already and is joined"
                )
            case Role():
                self.check_role(thing, actual)
            case ManagedPolicy() if isinstance(actual, ManagedPolicy):
                self.check_tags(thing, actual.tags, actual.path)
            case Group() if isinstance(actual, Group) and actual.path != thing.path:
                self.refuse(thing.key, f"it is at path {actual.path}, so it is not this grant's", "group")
        if actual is None:
            return self.change(ChangeKind.CREATE, None, thing, Reason.NEW)
        return self.compare_same(thing, actual)

    def compare_same(self, thing: Thing, actual: Thing) -> Change:
        wanted = _without_digest(thing)
        aspects = _aspects(_without_digest(actual), wanted)
        kept = _carry_identity(thing, actual)
        if not aspects:
            return self.change(ChangeKind.NONE, actual, kept, Reason.SAME)
        return self.change(ChangeKind.UPDATE, actual, kept, self.reason(thing), aspects=aspects)

    def check_role(self, role: Role, actual: Thing | None) -> None:
        if isinstance(actual, Role):
            self.check_tags(role, actual.tags, actual.path)
            return
        taken = (self.snapshot.role_arns or {}).get(role.name.lower()) or self.made_in_this_run(role.name)
        if taken is not None:
            self.refuse(role.key, f"the name is taken by {taken}; names are unique in any case", "role_name")

    def made_in_this_run(self, name: str) -> str | None:
        """A role whose name differs in case only, as a grant before this one may have planned."""
        others = (role for role in self.actual.roles if role.name.lower() == name.lower())
        return next((role.arn(self.snapshot.account, self.actual.partition) for role in others), None)

    def check_tags(self, thing: Role | ManagedPolicy, tags: Mapping[str, str], path: str) -> None:
        owner = tags.get(TAG_GRANT)
        if owner is None and not self.adopt:
            self.refuse(thing.key, "it exists and is not ours: it carries no xacct:grant tag", "role_name")
        elif owner not in (None, self.grant):
            self.refuse(thing.key, f"it belongs to the grant {owner!r}", "role_name")
        elif path != thing.path:
            self.refuse(
                thing.key, f"it is at path {path}, and IAM can't move it to {thing.path}", "role_name"
            )

    def refuse(self, key: ThingKey, why: str, setting: str) -> None:
        self.problems.append(
            Problem(
                f"{key} of account {self.snapshot.account} is left untouched: {why}",
                where=f"grant {self.grant}",
                fix=f"give this grant another {setting}, or remove the other one if nobody uses it",
                code="not-ours",
            )
        )

    # -- providers are shared ------------------------------------------------------------------------------

    def compare_provider(self, thing: OidcProvider | SamlProvider, actual: Thing | None) -> Change:
        if actual is None:
            return self.change(ChangeKind.CREATE, None, thing, Reason.NEW)
        assert isinstance(actual, (OidcProvider, SamlProvider))
        ours = is_ours(actual.tags)
        if isinstance(thing, OidcProvider) and isinstance(actual, OidcProvider):
            missing = [audience for audience in thing.client_ids if audience not in actual.client_ids]
            if missing and not ours:
                self.audience_missing(actual, missing)
            elif missing:
                after = attrs.evolve(actual, client_ids=(*actual.client_ids, *missing))
                return self.change(
                    ChangeKind.UPDATE, actual, after, self.reason(thing), aspects=("client_ids",)
                )
        elif isinstance(thing, SamlProvider) and isinstance(actual, SamlProvider):
            renewed = attrs.evolve(actual, metadata=thing.metadata)
            if renewed != actual and not ours:
                self.other_metadata(actual)
            elif renewed != actual:
                return self.change(
                    ChangeKind.UPDATE,
                    actual,
                    renewed,
                    self.reason(thing),
                    self.also_trusted_by(actual),
                    aspects=("metadata",),
                )
        reason = Reason.SHARED if ours else Reason.FOREIGN
        note = "" if ours else "exists already and is used as it is"
        return self.change(ChangeKind.NONE, actual, actual, reason, note)

    def also_trusted_by(self, provider: SamlProvider) -> str:
        """Whom else a provider lets in: with other metadata it vouches for other people there, too."""
        arn = provider.arn(self.snapshot.account, self.actual.partition)
        users = self.snapshot.provider_users.get(arn, ())
        others = sorted(name for name in users if self.desired.role(name) is None)
        return f"also decides who signs in to {', '.join(others)}" if others else ""

    def other_metadata(self, provider: SamlProvider) -> None:
        self.problems.append(
            Problem(
                f"the SAML provider {provider.name} is not ours and has other metadata than the grant gives: "
                "somebody else's identity provider would decide who gets in",
                where=f"grant {self.grant}",
                fix="name another provider, or leave metadata out of the grant to use this one as it is",
                code="foreign-provider",
            )
        )

    def audience_missing(self, provider: OidcProvider, missing: list[str]) -> None:
        arn = provider.arn(self.snapshot.account, self.actual.partition)
        commands = "; ".join(
            f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn}"
            f" --client-id {audience}"
            for audience in missing
        )
        self.problems.append(
            Problem(
                f"the OIDC provider {provider.url} is not ours and lacks the audience {', '.join(missing)}",
                where=f"grant {self.grant}",
                fix=f"whoever owns it runs: {commands}",
                code="foreign-provider",
            )
        )

    # -- what hangs on what is ours ------------------------------------------------------------------------

    def extras(self) -> Iterator[Change]:
        for thing in self.actual:
            if thing.key in self.desired.things:
                continue
            match thing:
                case RolePolicy() if self.wants_role(thing.role) and not is_revocation(thing):
                    yield self.gone(thing)
                case GroupPolicy() | GroupMember() if self.wants_group(thing.group):
                    yield self.gone(thing)
                case PolicyAttachment() if self.carries(thing):
                    yield self.extra_attachment(thing)
                case ManagedPolicy() if thing.tags.get(TAG_GRANT) == self.grant and not self.is_held(thing):
                    yield self.gone(thing)

    def wants_role(self, name: str) -> bool:
        return self.desired.role(name) is not None and self.actual.role(name) is not None

    def wants_group(self, name: str) -> bool:
        return any(isinstance(thing, Group) and thing.name == name for thing in self.desired)

    def carries(self, thing: PolicyAttachment) -> bool:
        if thing.holder_type is HolderType.ROLE:
            return self.wants_role(thing.holder)
        return thing.holder_type is HolderType.GROUP and self.wants_group(thing.holder)

    def is_held(self, policy: ManagedPolicy) -> bool:
        """Whether a role that the grant does not ask for carries it, as one left under another name does."""
        arn = policy.arn(self.snapshot.account, self.actual.partition)
        return any(
            isinstance(thing, PolicyAttachment) and thing.policy_arn == arn and not self.carries(thing)
            for thing in self.actual
        )

    def extra_attachment(self, thing: PolicyAttachment) -> Change:
        if is_own_policy(thing.policy_arn, self.snapshot.account) or self.force_foreign:
            return self.gone(thing)
        note = "attached by somebody else; --force-foreign takes it off"
        return self.change(ChangeKind.NONE, thing, thing, Reason.FOREIGN, note)

    def gone(self, thing: Thing) -> Change:
        return self.change(ChangeKind.DELETE, thing, None, Reason.NOT_IN_GRANT)

    # -- reasons and digests -------------------------------------------------------------------------------

    def reason(self, thing: Thing) -> Reason:
        """Tell a changed grant from drift by the digest that the last apply left on the role."""
        name = role_of_key(thing.key)
        role = self.actual.role(name) if name else None
        if self.adopt and role is not None and TAG_GRANT not in role.tags:
            return Reason.ADOPTED
        desired = self.desired.role(name) if role else None
        if role is None or desired is None:
            return Reason.GRANT_CHANGED
        if role.tags.get(TAG_DIGEST) == desired.tags.get(TAG_DIGEST):
            return Reason.DRIFT
        applied = role.tags.get(TAG_DIGEST)
        return Reason.GRANT_CHANGED if live_digest(self.actual, role) == applied else Reason.DRIFT

    def settle_digests(self, changes: list[Change]) -> Iterator[Change]:
        busy = {role_of_key(change.key) for change in changes if change.kind is not ChangeKind.NONE}
        for change in changes:
            before, after = change.before, change.after
            if (
                change.kind is ChangeKind.NONE
                and isinstance(before, Role)
                and isinstance(after, Role)
                and before.tags.get(TAG_DIGEST) != after.tags.get(TAG_DIGEST)
                and before.name not in busy
            ):
                yield attrs.evolve(
                    change, kind=ChangeKind.UPDATE, reason=Reason.UNFINISHED, aspects=("tags",)
                )
            else:
                yield change

    def change(
        self,
        kind: ChangeKind,
        before: Thing | None,
        after: Thing | None,
        reason: Reason,
        note: str = "",
        aspects: tuple[str, ...] = (),
    ) -> Change:
        return Change.of(self.grant, kind, before, after, reason, note=note, aspects=aspects)


def _without_digest(thing: Thing) -> Thing:
    if isinstance(thing, (Role, ManagedPolicy)) and TAG_DIGEST in thing.tags:
        return attrs.evolve(
            thing, tags={key: value for key, value in thing.tags.items() if key != TAG_DIGEST}
        )
    return thing


def _carry_identity(thing: Thing, actual: Thing) -> Thing:
    """What will stand after the change keeps the identity that IAM gave."""
    if isinstance(thing, Role) and isinstance(actual, Role):
        return attrs.evolve(
            thing,
            unique_id=actual.unique_id,
            created=actual.created,
            last_used=actual.last_used,
            instance_profiles=actual.instance_profiles,
        )
    return thing


def _aspects(before: Thing, after: Thing) -> tuple[str, ...]:
    """The names of the fields that differ, in the order of the class."""
    if before == after:
        return ()
    names = []
    for field in attrs.fields(type(after)):
        if field.eq:
            same = field.eq_key or (lambda value: value)
            if same(getattr(before, field.name)) != same(getattr(after, field.name)):
                names.append(field.name)
    return tuple(names)
