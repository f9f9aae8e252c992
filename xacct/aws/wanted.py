"""What a reading is asked for, sorted by type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from xacct.iam.things import HolderType, ThingKey, ThingType
from xacct.values import frozen

__all__ = ["Wanted"]


@frozen
class Wanted:
    """What a scope asks for, by type."""

    roles: frozenset[str]
    policies: frozenset[str]
    holders: frozenset[tuple[HolderType, str, str]]
    saml: frozenset[str]
    oidc: frozenset[str]
    groups: frozenset[str]
    users: frozenset[str]

    @classmethod
    def of(cls, keys: Iterable[ThingKey]) -> Wanted:
        found: dict[str, set[Any]] = {field.name: set() for field in attrs.fields(cls)}
        for key in keys:
            holder = key.name.partition("/")[0]
            match key.type:
                case ThingType.ROLE | ThingType.ROLE_POLICY:
                    found["roles"].add(holder)
                case ThingType.MANAGED_POLICY:
                    found["policies"].add(key.name)
                case ThingType.POLICY_ATTACHMENT:
                    kind, name, arn = key.name.split("/", 2)
                    found["holders"].add((HolderType(kind), name, arn))
                case ThingType.SAML_PROVIDER:
                    found["saml"].add(key.name)
                case ThingType.OIDC_PROVIDER:
                    found["oidc"].add(key.name)
                case ThingType.GROUP | ThingType.GROUP_POLICY | ThingType.GROUP_MEMBER:
                    found["groups"].add(holder)
                case ThingType.USER:
                    found["users"].add(key.name)
        return cls(**{name: frozenset(values) for name, values in found.items()})

    @property
    def holder_roles(self) -> set[str]:
        """Roles that only carry an attachment of ours."""
        named = {name for kind, name, _arn in self.holders if kind is HolderType.ROLE}
        return named - self.roles
