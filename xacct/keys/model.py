"""Access keys as IAM tells of them; never a secret."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from xacct.values import frozen

__all__ = ["KEYS_PER_USER", "AccessKey", "KeyStatus", "UserKeys"]

KEYS_PER_USER = 2
"""IAM's quota, inactive keys included; it cannot be raised (IAM User Guide, reference_iam-quotas)."""


class KeyStatus(StrEnum):
    ACTIVE = "Active"
    INACTIVE = "Inactive"


@frozen(kw_only=True)
class AccessKey:
    """
    One long-term key. Times are in UTC.

    ``id`` is None where it was read from a credential report, which does not tell it. ``last_used`` None
    means never, as far as IAM knows: it has kept track since April 2015, some hours behind.
    """

    id: str | None
    user: str
    status: KeyStatus
    created: datetime
    last_used: datetime | None = None
    service: str | None = None
    region: str | None = None

    @property
    def is_active(self) -> bool:
        return self.status is KeyStatus.ACTIVE

    def age(self, now: datetime) -> int:
        """Days since it was made."""
        return max(0, (now - self.created).days)

    def to_json(self, now: datetime) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status.value,
            "created": self.created.isoformat().replace("+00:00", "Z"),
            "age_days": self.age(now),
            "last_used": self.last_used and self.last_used.isoformat().replace("+00:00", "Z"),
            "service": self.service,
            "region": self.region,
        }


def _by_age(keys: Iterable[AccessKey]) -> tuple[AccessKey, ...]:
    return tuple(sorted(keys, key=lambda key: key.created))


@frozen(kw_only=True)
class UserKeys:
    """A user with its keys, oldest first. ``has_password`` None: not known."""

    user: str
    arn: str
    keys: tuple[AccessKey, ...] = attrs.field(default=(), converter=_by_age)
    has_password: bool | None = None

    @property
    def is_root(self) -> bool:
        return self.arn.endswith(":root")
