"""
The typed values of conditions: numbers, dates, booleans, bytes, IP addresses.

Each parser returns None for a text that is no such value: nothing equals it, nothing is less. Source: IAM
User Guide, reference_policies_elements_condition_operators.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from decimal import Decimal
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = [
    "Address",
    "Network",
    "parse_address",
    "parse_bool",
    "parse_bytes",
    "parse_date",
    "parse_network",
    "parse_number",
]

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"

_MAX_DIGITS = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def _number_form() -> re.Pattern[str]:
    return re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


@cache
def _date_form() -> re.Pattern[str]:
    # The W3C profile of ISO 8601 (NOTE-datetime); a time without zone is taken for UTC.
    return re.compile(
        r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?",
        re.ASCII | re.IGNORECASE,
    )


@lru_cache(maxsize=2048)
def parse_number(text: str) -> int | Decimal | None:
    """An integer or decimal, with sign, without exponent."""
    from decimal import Decimal

    if len(text) > _MAX_DIGITS or not _number_form().fullmatch(text):
        return None
    return Decimal(text) if "." in text else int(text)


@lru_cache(maxsize=2048)
def parse_date(text: str) -> Decimal | None:
    """An ISO 8601 date of the W3C profile, or seconds since 1970; the result is seconds since 1970, UTC."""
    from decimal import Decimal

    form = _date_form().fullmatch(text)
    if form is None:
        number = parse_number(text)
        return None if number is None else Decimal(number)
    year, month, day, hour, minute, second, fraction, zone = form.groups()
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - _offset(zone)
    return Decimal(seconds) + Decimal("0" + (fraction or ".0")[:20])


def _offset(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def parse_bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def parse_bytes(text: str) -> bytes | None:
    """Base64 with its padding."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(maxsize=2048)
def parse_address(text: str) -> Address | None:
    if "%" in text:  # a zone means something on one host only
        return None
    from ipaddress import ip_address

    try:
        return ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=2048)
def parse_network(text: str) -> Network | None:
    """A range in CIDR notation; an address alone is a range of one. Bits behind the prefix do not count."""
    _, slash, prefix = text.partition("/")
    if "%" in text or (slash and not (prefix.isascii() and prefix.isdigit())):
        return None
    from ipaddress import ip_network

    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
