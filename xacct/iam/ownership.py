"""
How a role, policy or provider of ours is recognised: by tags that the creating call sets.

A group carries no tags in IAM and is a grant's by its path. Inline policies and attachments belong to what
holds them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

import attrs

from xacct.iam.things import PolicyAttachment, Role, RolePolicy, Tags

__all__ = [
    "DEFAULT_PATH",
    "OWN_TAGS",
    "TAG_BLUEPRINT",
    "TAG_DIGEST",
    "TAG_GRANT",
    "TAG_MANAGED",
    "grant_of",
    "group_path",
    "is_our_path",
    "is_ours",
    "own_tags",
    "role_digest",
]

DEFAULT_PATH = "/xacct/"
"""The path of roles, policies and groups unless the grant or the project names another."""

TAG_GRANT = "xacct:grant"
TAG_BLUEPRINT = "xacct:blueprint"
TAG_DIGEST = "xacct:digest"
TAG_MANAGED = "xacct:managed"
"""On a provider, which several grants may share: made by us, and goes when no role trusts it."""

OWN_TAGS = frozenset({TAG_GRANT, TAG_BLUEPRINT, TAG_DIGEST, TAG_MANAGED})

DIGEST_LENGTH = 32


def is_ours(tags: Tags) -> bool:
    """Tell whether the tags are those of a thing that xacct made or adopted."""
    return TAG_GRANT in tags or TAG_MANAGED in tags


def is_our_path(path: str) -> bool:
    """Tell whether a group with this path is ours."""
    return path.startswith(DEFAULT_PATH)


def group_path(grant: str) -> str:
    """The path of a grant's groups: the one place where a group can say whose it is."""
    return f"{DEFAULT_PATH}{grant}/"


def grant_of(tags: Tags) -> str | None:
    """Name the grant that a thing belongs to."""
    return tags.get(TAG_GRANT)


def own_tags(grant: str, blueprint: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of a role of ours, all but the digest."""
    return {**(extra or {}), TAG_GRANT: grant, TAG_BLUEPRINT: blueprint}


def role_digest(
    role: Role, policies: Iterable[RolePolicy] = (), attachments: Iterable[PolicyAttachment] = ()
) -> str:
    """
    Digest a role with its policies and attachments by meaning: 32 hexadecimal digits.

    Alike for all that differs in form only, and blind to the digest tag itself. It tells drift (the account
    moved) from a change (the grant moved).
    """
    content = [
        role.name,
        role.path,
        role.trust.canonical,
        role.description,
        role.max_session,
        role.boundary,
        sorted((key, value) for key, value in role.tags.items() if key != TAG_DIGEST),
        sorted(
            ([policy.name, policy.document.canonical] for policy in policies if policy.role == role.name),
            key=lambda named: str(named[0]),
        ),
        sorted(attachment.policy_arn for attachment in attachments if attachment.holder == role.name),
    ]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=attrs.astuple)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
