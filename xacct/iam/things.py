"""
The IAM things that xacct manages, as flat values.

Desired and actual are made of the same values, so a difference is a comparison of two mappings. A role and
its inline policies are separate things, as they are in IAM's calls; ``AccountThings`` brings them together.
Fields that IAM assigns (unique IDs, dates) are left out of comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import attrs

from xacct.iam.policy import PolicyDocument
from xacct.values import frozen

__all__ = [
    "DEFAULT_MAX_SESSION",
    "AccountThings",
    "Group",
    "GroupMember",
    "GroupPolicy",
    "HolderType",
    "ManagedPolicy",
    "OidcProvider",
    "PolicyAttachment",
    "Role",
    "RolePolicy",
    "SamlProvider",
    "Tags",
    "Thing",
    "ThingKey",
    "ThingType",
    "User",
    "frozen_tags",
    "things_of",
]

DEFAULT_MAX_SESSION = 3600
"""Seconds; what IAM gives a role whose MaxSessionDuration is not named."""

Tags: TypeAlias = Mapping[str, str]


def frozen_tags(tags: Tags | Iterable[tuple[str, str]]) -> Tags:
    """Copy tags into a read-only mapping in the order of their keys."""
    return MappingProxyType(dict(sorted(dict(tags).items())))


class ThingType(StrEnum):
    """The types that changes have; these words are in the plan's JSON."""

    ROLE = "role"
    ROLE_POLICY = "role_policy"
    MANAGED_POLICY = "managed_policy"
    POLICY_ATTACHMENT = "policy_attachment"
    SAML_PROVIDER = "saml_provider"
    OIDC_PROVIDER = "oidc_provider"
    GROUP = "group"
    GROUP_POLICY = "group_policy"
    GROUP_MEMBER = "group_member"
    USER = "user"


@frozen(order=True)
class ThingKey:
    """What tells one thing from another within an account. ``name`` is ``HOLDER/NAME`` for what is held."""

    type: ThingType
    name: str

    def __str__(self) -> str:
        return f"{self.type.value} {self.name}"


def _tags_field() -> Tags:
    return attrs.field(default=(), converter=frozen_tags, hash=False)  # type: ignore[no-any-return]


@frozen(kw_only=True)
class Role:
    """
    A role without its permissions policies.

    ``max_session`` is in seconds. ``boundary`` is the ARN of the permissions boundary. ``unique_id`` is the
    ``AROA…`` that others' policies hold on to; ``created`` and ``last_used`` are ISO 8601, for display.
    """

    name: str
    trust: PolicyDocument = attrs.field(eq=lambda document: document.canonical)
    path: str = "/"
    description: str = ""
    max_session: int = DEFAULT_MAX_SESSION
    boundary: str | None = None
    tags: Tags = _tags_field()
    unique_id: str | None = attrs.field(default=None, eq=False)
    created: str | None = attrs.field(default=None, eq=False)
    last_used: str | None = attrs.field(default=None, eq=False)
    instance_profiles: tuple[str, ...] = attrs.field(default=(), eq=False)

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.ROLE, self.name)

    def arn(self, account: str, partition: str = "aws") -> str:
        return f"arn:{partition}:iam::{account}:role{self.path}{self.name}"


@frozen(kw_only=True)
class RolePolicy:
    """An inline policy of a role."""

    role: str
    name: str
    document: PolicyDocument = attrs.field(eq=lambda document: document.canonical)

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.ROLE_POLICY, f"{self.role}/{self.name}")


@frozen(kw_only=True)
class ManagedPolicy:
    """A customer managed policy; ``document`` is its default version."""

    name: str
    document: PolicyDocument = attrs.field(eq=lambda document: document.canonical)
    path: str = "/"
    description: str = ""
    tags: Tags = _tags_field()

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.MANAGED_POLICY, self.name)

    def arn(self, account: str, partition: str = "aws") -> str:
        return f"arn:{partition}:iam::{account}:policy{self.path}{self.name}"


class HolderType(StrEnum):
    """What a managed policy can be attached to."""

    ROLE = "role"
    USER = "user"
    GROUP = "group"


@frozen(kw_only=True)
class PolicyAttachment:
    """One managed policy attached to one role, user or group."""

    holder_type: HolderType
    holder: str
    policy_arn: str

    @property
    def key(self) -> ThingKey:
        return ThingKey(
            ThingType.POLICY_ATTACHMENT, f"{self.holder_type.value}/{self.holder}/{self.policy_arn}"
        )


@frozen(kw_only=True)
class SamlProvider:
    """A SAML identity provider. ``metadata`` is the XML text, compared without white space at its ends."""

    name: str
    metadata: str = attrs.field(eq=str.strip)
    tags: Tags = _tags_field()

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.SAML_PROVIDER, self.name)

    def arn(self, account: str, partition: str = "aws") -> str:
        return f"arn:{partition}:iam::{account}:saml-provider/{self.name}"


def _sorted_ids(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids)))


@frozen(kw_only=True)
class OidcProvider:
    """An OpenID Connect provider. ``url`` is without ``https://``; it is also the condition keys' prefix."""

    url: str
    client_ids: tuple[str, ...] = attrs.field(default=(), converter=_sorted_ids)
    thumbprints: tuple[str, ...] = attrs.field(default=(), eq=False)
    tags: Tags = _tags_field()

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.OIDC_PROVIDER, self.url)

    def arn(self, account: str, partition: str = "aws") -> str:
        return f"arn:{partition}:iam::{account}:oidc-provider/{self.url}"


@frozen(kw_only=True)
class Group:
    """A group of users. IAM groups carry no tags; the path tells whose it is."""

    name: str
    path: str = "/"

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.GROUP, self.name)


@frozen(kw_only=True)
class GroupPolicy:
    """An inline policy of a group."""

    group: str
    name: str
    document: PolicyDocument = attrs.field(eq=lambda document: document.canonical)

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.GROUP_POLICY, f"{self.group}/{self.name}")


@frozen(kw_only=True)
class GroupMember:
    """One user in one group."""

    group: str
    user: str

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.GROUP_MEMBER, f"{self.group}/{self.user}")


@frozen(kw_only=True)
class User:
    """An IAM user that a grant makes; users that exist already are joined to groups, never remade."""

    name: str
    path: str = "/"
    boundary: str | None = None
    tags: Tags = _tags_field()

    @property
    def key(self) -> ThingKey:
        return ThingKey(ThingType.USER, self.name)


Thing: TypeAlias = (
    Role
    | RolePolicy
    | ManagedPolicy
    | PolicyAttachment
    | SamlProvider
    | OidcProvider
    | Group
    | GroupPolicy
    | GroupMember
    | User
)


def things_of(things: Iterable[Thing]) -> Mapping[ThingKey, Thing]:
    """Index things by their keys, in the order of the keys."""
    keyed = [(thing.key, thing) for thing in things]
    keyed.sort(key=lambda pair: (pair[0].type, pair[0].name))
    return MappingProxyType(dict(keyed))


def _index(value: Mapping[ThingKey, Thing] | Iterable[Thing]) -> Mapping[ThingKey, Thing]:
    return things_of(value.values() if isinstance(value, Mapping) else value)


@frozen
class AccountThings:
    """Things of one account, desired or actual."""

    account: str
    things: Mapping[ThingKey, Thing] = attrs.field(converter=_index, hash=False)
    partition: str = "aws"

    def __iter__(self) -> Iterator[Thing]:
        return iter(self.things.values())

    def role(self, name: str) -> Role | None:
        thing = self.things.get(ThingKey(ThingType.ROLE, name))
        return thing if isinstance(thing, Role) else None

    @property
    def roles(self) -> list[Role]:
        return [thing for thing in self if isinstance(thing, Role)]

    def managed_policy(self, arn: str) -> ManagedPolicy | None:
        for thing in self:
            if isinstance(thing, ManagedPolicy) and thing.arn(self.account, self.partition) == arn:
                return thing
        return None

    def policies_of_role(self, name: str) -> list[PolicyDocument]:
        """The documents of a role's inline policies and of those attached managed policies that are here."""
        documents = [thing.document for thing in self if isinstance(thing, RolePolicy) and thing.role == name]
        for thing in self:
            if (
                isinstance(thing, PolicyAttachment)
                and thing.holder_type is HolderType.ROLE
                and thing.holder == name
            ):
                policy = self.managed_policy(thing.policy_arn)
                if policy is not None:
                    documents.append(policy.document)
        return documents
