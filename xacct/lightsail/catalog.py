"""
What is known of Lightsail's actions and resource types.

The data is generated from public sources and packaged, with its date (``scripts/generate_catalog.py``); it is
read on first use. Names of actions are compared as IAM compares them, in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs

from xacct.lightsail.data import read_data
from xacct.values import frozen

__all__ = [
    "DOMAIN_REGION",
    "PREFIX",
    "REGIONS",
    "REQUEST_TAG_KEY",
    "RESOURCE_TAG_KEY",
    "AccessLevel",
    "Action",
    "Catalog",
    "ResourceType",
    "ResourceUse",
    "Sensitivity",
    "Severity",
    "Source",
    "account_arn",
    "covers_account",
    "load_catalog",
    "nearest_word",
]

PREFIX = "lightsail:"

# Source: RegionName in botocore's model of Lightsail; a test compares.
REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "eu-south-2",
    "ca-central-1",
    "ap-east-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "sa-east-1",
)

# Calls about domains and distributions, which are global, are answered here only.
DOMAIN_REGION = "us-east-1"

REQUEST_TAG_KEY = "aws:RequestTag/${TagKey}"
RESOURCE_TAG_KEY = "aws:ResourceTag/${TagKey}"


class AccessLevel(StrEnum):
    """AWS's levels that Lightsail's actions have; none has List or Permissions management."""

    READ = "Read"
    WRITE = "Write"
    TAGGING = "Tagging"


class Source(StrEnum):
    """Who knows an action: AWS's authorization data, or the newest SDK alone."""

    AUTHORIZATION_DATA = "authorization-data"
    SDK = "sdk"


class Severity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@frozen
class ResourceUse:
    """One resource type that an action takes."""

    type: str
    required: bool


@frozen
class Sensitivity:
    """Why an action deserves a second look before it is delegated. Judged by this project."""

    severity: Severity
    kind: str
    why: str
    hands_out: str | None = None
    """What the caller holds afterwards, or None."""
    outlives: str | None = None
    """How long that works on once the role is gone, or None when nothing remains."""


@frozen(kw_only=True)
class Action:
    """One action, with what a policy may say about it."""

    name: str
    access_level: AccessLevel
    resource_types: tuple[ResourceUse, ...] = ()
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()
    sensitive: Sensitivity | None = None
    source: Source = Source.AUTHORIZATION_DATA
    only_region: str | None = None
    """The one Region that answers it, for actions on global things."""
    copies: bool = False
    """Copies something that exists although it takes only ``*``: no limit reaches the source."""
    disrupts: bool = False
    irreversible: bool = False
    returns_secrets: tuple[str, ...] = ()
    """Paths in the answer that the SDK's model marks as sensitive."""

    @property
    def full_name(self) -> str:
        return PREFIX + self.name

    @property
    def wildcard_only(self) -> bool:
        """Whether ``Resource`` must be ``*``. Assumed of actions that only the SDK knows."""
        return not self.resource_types

    @property
    def required_types(self) -> tuple[str, ...]:
        return tuple(use.type for use in self.resource_types if use.required)

    @property
    def supports_request_tags(self) -> bool:
        return REQUEST_TAG_KEY in self.condition_keys

    @property
    def supports_resource_tags(self) -> bool:
        return RESOURCE_TAG_KEY in self.condition_keys

    @property
    def is_read(self) -> bool:
        return self.access_level is AccessLevel.READ

    @property
    def only_hands_out(self) -> bool:
        """Whether it gives a secret and changes nothing, at whatever access level AWS has it."""
        kind = self.sensitive.kind if self.sensitive is not None else ""
        return kind == "credential" and not self.is_read and self.name.startswith(("Get", "Download"))

    @property
    def is_change(self) -> bool:
        return not self.is_read and not self.only_hands_out

    @property
    def creates_without_source(self) -> bool:
        """Whether it makes something new from nothing that exists, and can be limited by the new tags."""
        return self.wildcard_only and self.supports_request_tags and not self.copies


@frozen(kw_only=True)
class ResourceType:
    """One type of Lightsail's resources. Its ARNs end in a UUID that AWS gives, never in the name."""

    name: str
    arn_format: str
    tags: bool
    call_region: str | None = None
    """The one Region that answers calls about it, or None."""
    refusal: str | None = None
    """Why no action can be limited to it, or None."""
    find: tuple[str, ...] = ()
    """Command, option for the name, and query; see ``find_command``."""

    @property
    def is_global(self) -> bool:
        """Whether its ARNs carry ``global`` where the Region goes."""
        return ":lightsail:global:" in self.arn_format

    def find_command(self, name: str | None = None, region: str | None = None) -> str:
        """The command that prints the ARN of the resource with that name; empty when there is none."""
        if not self.find:
            return ""
        from shlex import quote

        command, option, query = self.find
        words = ["aws", "lightsail", command]
        if option:
            words += [option, quote(name) if name else "NAME"]
        region = self.call_region or region
        if region:
            words += ["--region", region]
        return " ".join([*words, "--query", quote(query), "--output", "text"])


@frozen(kw_only=True)
class Catalog:
    """All actions and resource types, as of a date."""

    date: str
    sources: Mapping[str, str] = attrs.field(hash=False)
    actions: Mapping[str, Action] = attrs.field(hash=False)
    """By lower-case name without prefix, in the order of names."""
    resource_types: Mapping[str, ResourceType] = attrs.field(hash=False)

    def action(self, name: str) -> Action | None:
        """The action of that name, in any case, with or without ``lightsail:``."""
        return self.actions.get(_bare(name))

    def expand(self, pattern: str) -> tuple[Action, ...]:
        """All actions that a pattern of IAM's (``*`` and ``?``) matches; none for another service's."""
        service, colon, rest = pattern.strip().lower().rpartition(":")
        if colon and not _matches("lightsail", service):
            return ()
        if not any(sign in rest for sign in "*?"):
            named = self.actions.get(rest)
            return () if named is None else (named,)
        return tuple(action for name, action in self.actions.items() if _matches(name, rest))

    def nearest(self, name: str) -> str | None:
        """The known action whose name is closest, with ``lightsail:``, or None."""
        close = nearest_word(_bare(name), self.actions)
        return self.actions[close].full_name if close else None

    def resource_type(self, name: str) -> ResourceType | None:
        """The resource type of that name, in exactly this case."""
        return self.resource_types.get(name)


def account_arn(partition: str, region: str, account: str) -> str:
    """
    What AWS names as the resource of a call that is about none, where it denies one.

    AWS documents ``*`` alone for such actions (Service Authorization Reference). By public reports of
    denials, and of policies in use, a Resource that covers this ARN grants them as well: it is taken to.
    """
    return f"arn:{partition}:lightsail:{region}:{account}:*"


def covers_account(pattern: str) -> bool:
    """Whether a Resource covers such an ARN: ``arn:aws:lightsail:*:*:*`` does, that of a type does not."""
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return pattern.endswith("*") and pattern.startswith(("arn:", "*"))
    return fnmatchcase("lightsail", parts[2]) and fnmatchcase("*", parts[5])


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to the given one in any case, or None when none is close."""
    from difflib import get_close_matches

    folded = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def _bare(name: str) -> str:
    return name.strip().lower().removeprefix(PREFIX)


def _matches(text: str, pattern: str) -> bool:
    # IAM knows * and ? only; fnmatch would read [ as a set.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


@cache
def load_catalog() -> Catalog:
    """Read the packaged catalog, once."""
    raw = read_data("catalog.json")
    return Catalog(
        date=raw["date"],
        sources=MappingProxyType(raw["sources"]),
        actions=MappingProxyType({name.lower(): _action(name, row) for name, row in raw["actions"].items()}),
        resource_types=MappingProxyType(
            {name: _resource_type(name, row) for name, row in raw["resource_types"].items()}
        ),
    )


def _action(name: str, row: dict[str, Any]) -> Action:
    sensitive = row.get("sensitive")
    return Action(
        name=name,
        access_level=AccessLevel(row["access_level"]),
        resource_types=tuple(ResourceUse(*use) for use in row.get("resource_types", {}).items()),
        condition_keys=tuple(row.get("condition_keys", ())),
        dependent_actions=tuple(row.get("dependent_actions", ())),
        sensitive=_sensitivity(sensitive) if sensitive else None,
        source=Source.SDK if row.get("sdk_only") else Source.AUTHORIZATION_DATA,
        only_region=row.get("only_region"),
        copies=row.get("copies", False),
        disrupts=row.get("disrupts", False),
        irreversible=row.get("irreversible", False),
        returns_secrets=tuple(row.get("returns_secrets", ())),
    )


def _sensitivity(row: dict[str, Any]) -> Sensitivity:
    return Sensitivity(**{**row, "severity": Severity(row["severity"])})


def _resource_type(name: str, row: dict[str, Any]) -> ResourceType:
    find = row.get("find")
    return ResourceType(
        name=name,
        arn_format=row["arn"],
        tags=row.get("tags", False),
        call_region=row.get("call_region"),
        refusal=row.get("refuse"),
        find=(find["command"], find.get("option", ""), find["query"]) if find else (),
    )
