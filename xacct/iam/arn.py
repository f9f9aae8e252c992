"""ARNs, account IDs and partitions."""

from __future__ import annotations

import re
from typing import Self

from xacct.errors import InputError
from xacct.values import frozen

__all__ = [
    "PARTITIONS",
    "Arn",
    "check_account_id",
    "is_account_id",
    "is_unique_id",
    "partition_of_region",
]

# Partition -> the DNS suffix of its services. Source: botocore 1.44 partitions.json.
PARTITIONS: dict[str, str] = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
}

_REGION_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isof-", "aws-iso-f"),
)


def partition_of_region(region: str) -> str:
    """Tell the partition that a Region's name belongs to; unknown names are taken for ``aws``."""
    for prefix, partition in _REGION_PARTITIONS:
        if region.startswith(prefix):
            return partition
    return "aws"


def is_account_id(text: str) -> bool:
    """Tell whether the text is an account ID: twelve ASCII digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def is_unique_id(text: str) -> bool:
    """Whether it looks like a unique ID of IAM's, ``AROA…`` (IAM User Guide, reference_identifiers)."""
    return re.fullmatch(r"A(?:IDA|ROA|GPA|KIA|SIA)[A-Z0-9]{12,}", text) is not None


def check_account_id(text: str, where: str = "") -> str:
    """
    Return the account ID, with the dashes of the console's form removed.

    Raises InputError, which tells how many digits there are.
    """
    plain = text.strip()
    if re.fullmatch(r"\d{4}-\d{4}-\d{4}", plain):
        plain = plain.replace("-", "")
    if is_account_id(plain):
        return plain
    digits = sum(character.isdigit() for character in text)
    raise InputError(
        f"{text!r} is no account ID: an account ID has exactly 12 digits, this has {digits}",
        where=where,
        fix='write all 12 digits, leading zeros too, in quotes: "012345678901"',
        code="account-id",
    )


@frozen
class Arn:
    """
    ``arn:partition:service:region:account:resource``; region and account may be empty.

    Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError when the text does not have the six parts of an ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
            raise InputError(
                f"{text!r} is no ARN",
                fix="an ARN reads arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
                code="arn",
            )
        return cls(*parts[1:])

    @classmethod
    def try_parse(cls, text: str) -> Self | None:
        try:
            return cls.parse(text)
        except InputError:
            return None

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def resource_type(self) -> str:
        """The part of the resource before its first slash: ``role`` in ``role/team/backup``."""
        return self.resource.partition("/")[0]

    @property
    def resource_path(self) -> str:
        """The part of the resource after its first slash: ``team/backup`` in ``role/team/backup``."""
        return self.resource.partition("/")[2]

    @property
    def name(self) -> str:
        """The part of the resource after its last slash: ``backup`` in ``role/team/backup``."""
        return self.resource.rpartition("/")[2]
