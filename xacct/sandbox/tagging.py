"""Tags as IAM takes them: at most 50, keys unique ignoring case, none of AWS's own prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xacct.sandbox.call import Tags
from xacct.sandbox.problems import AwsError, limit, validation_of

__all__ = ["TAG_QUOTA", "merge_tags", "read_tags", "tag_list", "without_tags"]

TAG_QUOTA = 50


def read_tags(listed: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Raises AwsError for keys given twice (in any case) and for the prefix ``aws:``."""
    tags: dict[str, str] = {}
    for place, tag in enumerate(listed or (), 1):
        key, value = tag["Key"], tag.get("Value") or ""
        if key.lower() in (known.lower() for known in tags):
            raise AwsError(
                "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        if key.lower().startswith("aws:"):
            raise validation_of(
                key, f"tags.{place}.member.key", "Member must not begin with the reserved prefix aws:"
            )
        tags[key] = value
    return tags


def merge_tags(held: Tags, added: Tags, quota_name: str) -> dict[str, str]:
    """Put new tags over the held ones; a key in another case replaces. Raises AwsError above 50."""
    replaced = {key.lower() for key in added}
    merged = {key: value for key, value in held.items() if key.lower() not in replaced} | dict(added)
    if len(merged) > TAG_QUOTA:
        raise limit(quota_name, TAG_QUOTA)
    return merged


def without_tags(held: Tags, keys: Iterable[str]) -> dict[str, str]:
    gone = {key.lower() for key in keys}
    return {key: value for key, value in held.items() if key.lower() not in gone}


def tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
