"""What a person should know of a key, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs

from xacct.keys.model import KEYS_PER_USER, AccessKey, UserKeys
from xacct.values import frozen

__all__ = ["Remark", "remarks_on_key", "remarks_on_user"]

OLD = 90
"""Days; the age at which audits ask for a new key."""
FRESH = 7
"""Days in which a key may well not have been used yet."""

# How people name the users that they make for somebody else's program.
_OUTSIDE = re.compile(
    r"(?:^|[^a-z])(?:vendor|partner|external|extern|3rd-?party|third-?party|contractor|consultant|agency|supplier"
    r"|customer|client|saas|msp)s?(?:[^a-z]|$)",
    re.IGNORECASE,
)


@frozen
class Remark:
    """``code`` is stable, for machines."""

    code: str
    text: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        return attrs.asdict(self)


def remarks_on_key(key: AccessKey, now: datetime) -> Iterator[Remark]:
    name = key.id or "<KEY-ID>"
    if not key.is_active:
        yield Remark("inactive", "inactive", f"when nobody misses it: xacct keys rotate {key.user} --finish")
        return
    if key.last_used is None and key.age(now) > FRESH:
        yield Remark(
            "never-used",
            f"never used in {key.age(now)} days",
            f"aws iam update-access-key --user-name {key.user} --access-key-id {name} --status Inactive",
        )
    elif key.last_used is not None and (now - key.last_used).days > OLD:
        yield Remark(
            "unused",
            f"not used for {(now - key.last_used).days} days",
            f"aws iam update-access-key --user-name {key.user} --access-key-id {name} --status Inactive",
        )
    elif key.age(now) > OLD:
        yield Remark("old", f"{key.age(now)} days old", f"xacct keys rotate {key.user}")


def remarks_on_user(user: UserKeys) -> Iterator[Remark]:
    if user.is_root and user.keys:
        yield Remark(
            "root",
            "the root user has keys, which nothing can limit",
            "delete them in the console, signed in as root",
        )
    if user.keys and _OUTSIDE.search(user.user):
        yield Remark(
            "third-party",
            "looks like somebody else's: a key that left the account can't be taken back, only deleted",
            "give them a role with an external ID: xacct plan third-party --set trusted_account=… (then "
            "delete the key)",
        )
    if len(user.keys) >= KEYS_PER_USER:
        yield Remark(
            "full",
            f"has {len(user.keys)} keys, which is the limit; inactive ones count",
            f"xacct keys rotate {user.user} --finish, or --replace KEY-ID",
        )
