"""What the checks are told about the world around a document."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import attrs

from xacct.values import frozen

__all__ = ["AccountKind", "LintContext"]


class AccountKind(StrEnum):
    """What an account is to the trusting side. ``UNKNOWN``: neither list names it."""

    OWN = "own"
    OWNED = "owned"
    THIRD_PARTY = "third_party"
    UNKNOWN = "unknown"


def _frozen_set(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


def _frozen_map(values: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(values))


@frozen(kw_only=True)
class LintContext:
    """
    The trusting account and what is known of others.

    ``role`` is the ARN or name of the role that the document belongs to. ``external_ids_elsewhere`` maps an
    external ID to the name of another grant that uses it. ``today`` lets checks tell that a date has passed;
    without it none does. ``grant`` is copied to findings.
    """

    account: str | None = None
    partition: str = "aws"
    owned_accounts: frozenset[str] = attrs.field(default=frozenset(), converter=_frozen_set)
    third_party_accounts: frozenset[str] = attrs.field(default=frozenset(), converter=_frozen_set)
    role: str | None = None
    grant: str | None = None
    external_ids_elsewhere: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen_map, hash=False)
    today: datetime.date | None = None

    def kind_of(self, account: str) -> AccountKind:
        """Third party wins where both lists name an account: it is the stricter reading."""
        if account == self.account:
            return AccountKind.OWN
        if account in self.third_party_accounts:
            return AccountKind.THIRD_PARTY
        return AccountKind.OWNED if account in self.owned_accounts else AccountKind.UNKNOWN

    @property
    def names_others(self) -> bool:
        """Whether the caller told which other accounts there are, so that a stranger stands out."""
        return bool(self.third_party_accounts or self.owned_accounts - {self.account})

    @property
    def role_name(self) -> str | None:
        return None if self.role is None else self.role.rpartition("/")[2]

    @property
    def role_arn(self) -> str | None:
        if self.role is None or self.role.startswith("arn:"):
            return self.role
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role}" if self.account else None
