"""
What the sandbox holds, as frozen values.

Dates are whole seconds since 1970, as IAM's are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from xacct.values import frozen

__all__ = [
    "ENTITIES",
    "AccessKey",
    "Entity",
    "Group",
    "InstanceProfile",
    "LightsailResource",
    "OidcProvider",
    "Policy",
    "PolicyVersion",
    "Role",
    "SamlProvider",
    "Session",
    "User",
]


@frozen(kw_only=True)
class Entity:
    """Something that an account holds. ``scope`` and ``key`` together are unique among its kind."""

    kind: ClassVar[str]
    account: str
    partition: str = "aws"
    created: int = 0

    @property
    def scope(self) -> str:
        return self.account

    @property
    def key(self) -> str:
        raise NotImplementedError


@frozen(kw_only=True)
class _Named(Entity):
    """An IAM thing with a name and a path; unique ignoring case (IAM User Guide, reference_iam-quotas)."""

    segment: ClassVar[str]
    name: str
    path: str = "/"
    id: str = ""
    tags: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:{self.segment}{self.path}{self.name}"


@frozen(kw_only=True)
class _Holder(_Named):
    """An IAM thing that policies hang on: ``inline`` by name, ``attached`` by ARN."""

    inline: Mapping[str, str] = attrs.field(factory=dict)
    attached: tuple[str, ...] = ()
    boundary: str | None = None


@frozen(kw_only=True)
class User(_Holder):
    kind: ClassVar[str] = "user"
    segment: ClassVar[str] = "user"


@frozen(kw_only=True)
class Group(_Holder):
    kind: ClassVar[str] = "group"
    segment: ClassVar[str] = "group"
    members: tuple[str, ...] = ()


@frozen(kw_only=True)
class Role(_Holder):
    """``principal_ids`` maps the user and role ARNs of the trust policy to the unique IDs they stood for."""

    kind: ClassVar[str] = "role"
    segment: ClassVar[str] = "role"
    trust: str
    description: str | None = None
    max_session: int = 3600
    last_used: int | None = None
    last_used_region: str | None = None
    principal_ids: Mapping[str, str] = attrs.field(factory=dict)


@frozen
class PolicyVersion:
    id: str
    document: str
    created: int


@frozen(kw_only=True)
class Policy(_Named):
    kind: ClassVar[str] = "policy"
    segment: ClassVar[str] = "policy"
    updated: int
    description: str | None = None
    versions: tuple[PolicyVersion, ...]
    default_version: str = "v1"
    next_version: int = 2

    @property
    def document(self) -> str:
        return self.version(self.default_version).document

    def version(self, version_id: str) -> PolicyVersion:
        """Raises KeyError when there is no such version."""
        for version in self.versions:
            if version.id == version_id:
                return version
        raise KeyError(version_id)


@frozen(kw_only=True)
class InstanceProfile(_Named):
    kind: ClassVar[str] = "instance_profile"
    segment: ClassVar[str] = "instance-profile"
    roles: tuple[str, ...] = ()


@frozen(kw_only=True)
class SamlProvider(Entity):
    kind: ClassVar[str] = "saml_provider"
    name: str
    metadata: str
    valid_until: int
    tags: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:saml-provider/{self.name}"


@frozen(kw_only=True)
class OidcProvider(Entity):
    """``url`` is without its scheme, as IAM keeps it."""

    kind: ClassVar[str] = "oidc_provider"
    url: str
    clients: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def key(self) -> str:
        return self.url

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{self.url}"


@frozen(kw_only=True)
class AccessKey(Entity):
    """A long-term key. ``user`` is None for the root user's."""

    kind: ClassVar[str] = "access_key"
    id: str
    secret: str = attrs.field(repr=False)
    user: str | None
    status: str = "Active"
    last_used: int | None = None
    last_used_region: str | None = None
    last_used_service: str | None = None

    @property
    def scope(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return self.id


@frozen(kw_only=True)
class Session(Entity):
    """
    Temporary credentials: of a role, of a federated user, or of a user (GetSessionToken).

    ``policies`` are the inline session policies as text and ``policy_arns`` the managed ones; both None
    when none was passed. ``context`` holds condition keys that live as long as the session. The keys are
    given by ``open_session``.
    """

    kind: ClassVar[str] = "session"
    id: str = ""
    secret: str = attrs.field(default="", repr=False)
    token: str = attrs.field(default="", repr=False)
    arn: str
    unique_id: str
    role: str | None = None
    user: str | None = None
    expires: int
    policies: tuple[str, ...] | None = None
    policy_arns: tuple[str, ...] | None = None
    tags: Mapping[str, str] = attrs.field(factory=dict)
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    context: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def scope(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return self.id


@frozen(kw_only=True)
class LightsailResource(Entity):
    """``type`` is the API's resourceType (``Instance``); ``details`` what the maker said of it."""

    kind: ClassVar[str] = "lightsail"
    type: str
    name: str
    region: str
    uuid: str
    tags: Mapping[str, str] = attrs.field(factory=dict)
    details: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def key(self) -> str:
        return f"{self.region}/{self.type}/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:lightsail:{self.region}:{self.account}:{self.type}/{self.uuid}"


ENTITIES: tuple[type[Entity], ...] = (
    AccessKey,
    Group,
    InstanceProfile,
    LightsailResource,
    OidcProvider,
    Policy,
    Role,
    SamlProvider,
    Session,
    User,
)
