"""What a project asks of every grant, and what it gives to those that say nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from xacct.blueprint.model import Grant
from xacct.errors import Problem
from xacct.values import frozen

__all__ = ["DEFAULT_TRUST_QUOTA", "HouseRules", "broken_rules"]

DEFAULT_TRUST_QUOTA = 2048
"""Characters of a trust policy that every account has without asking (IAM User Guide, quotas)."""


@frozen(kw_only=True)
class HouseRules:
    """
    House rules, which every grant must keep, and defaults, which a grant may replace.

    ``required_tags`` maps a tag's key to the values it may have (any, when empty). ``longest_session`` is in
    seconds, ``trust_quota`` in characters: what IAM takes as a trust policy in the project's accounts.
    ``boundary`` and ``path`` are both: given to every role, and not to be replaced.
    """

    required_tags: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=lambda: MappingProxyType({}), hash=False
    )
    boundary: str | None = None
    path: str | None = None
    name_pattern: str | None = None
    longest_session: int | None = None
    trust_quota: int = DEFAULT_TRUST_QUOTA
    default_account: str | None = None
    default_tags: Mapping[str, str] = attrs.field(factory=lambda: MappingProxyType({}), hash=False)
    file: str = "xacct.yaml"

    def tags(self, grant: Grant) -> dict[str, str]:
        return {**self.default_tags, **grant.tags}


def broken_rules(grant: Grant, house: HouseRules) -> list[Problem]:
    """Tell which house rules a grant breaks."""
    out: list[Problem] = []

    def broken(path: str, message: str, fix: str) -> None:
        out.append(Problem(f"{message} ({house.file})", grant.where(path), fix, "house-rule"))

    tags = house.tags(grant)
    for key, allowed in house.required_tags.items():
        if key not in tags:
            broken("tags", f"the project wants the tag {key!r} on every role", f"add {key} under tags")
        elif allowed and tags[key] not in allowed:
            broken(f"tags.{key}", f"the tag {key!r} is {tags[key]!r}", f"write one of {', '.join(allowed)}")
    if house.boundary is not None and grant.boundary not in (None, house.boundary):
        broken(
            "permissions_boundary",
            f"the project's permissions boundary is {house.boundary}",
            "leave permissions_boundary out",
        )
    if house.path is not None and grant.path not in (None, house.path):
        broken("path", f"the project's roles live under {house.path}", "leave path out")
    if house.name_pattern is not None and not re.fullmatch(house.name_pattern, grant.role):
        broken(
            "role_name" if grant.role_name else "name",
            f"the role's name {grant.role!r} does not match {house.name_pattern}",
            "choose a name that does",
        )
    if house.longest_session is not None and grant.max_session > house.longest_session:
        broken(
            "max_session",
            f"max_session is {grant.max_session} seconds; the project takes at most {house.longest_session}",
            f"write max_session: {house.longest_session}",
        )
    return out
