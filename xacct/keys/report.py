"""IAM's credential report as keys. It tells no key IDs, and is up to four hours old."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from xacct.errors import XacctError
from xacct.keys.model import AccessKey, KeyStatus, UserKeys

__all__ = ["read_report"]


def read_report(text: str) -> tuple[UserKeys, ...]:
    """
    Read the CSV of GetCredentialReport (IAM User Guide, id_credentials_getting-report).

    Raises XacctError for a text that is none.
    """
    rows = csv.DictReader(io.StringIO(text))
    if not {"user", "arn", "access_key_1_active"} <= set(rows.fieldnames or ()):
        raise XacctError("IAM's answer is no credential report", code="report")
    return tuple(
        UserKeys(
            user=row["user"],
            arn=row["arn"],
            keys=tuple(_keys(row)),
            has_password={"true": True, "false": False}.get(row.get("password_enabled", "")),
        )
        for row in rows
    )


def _keys(row: Mapping[str, str]) -> Iterator[AccessKey]:
    for number in ("1", "2"):
        made = _time(row.get(f"access_key_{number}_last_rotated", ""))
        if made is None:
            continue  # no such key: an inactive one has its date
        active = row.get(f"access_key_{number}_active") == "true"
        yield AccessKey(
            id=None,
            user=row["user"],
            status=KeyStatus.ACTIVE if active else KeyStatus.INACTIVE,
            created=made,
            last_used=_time(row.get(f"access_key_{number}_last_used_date", "")),
            service=_word(row.get(f"access_key_{number}_last_used_service", "")),
            region=_word(row.get(f"access_key_{number}_last_used_region", "")),
        )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None  # N/A, no_information, not_supported
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _word(text: str) -> str | None:
    return None if text in ("", "N/A", "no_information", "not_supported") else text
