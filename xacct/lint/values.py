"""Whether a condition's value can be read by its operator, and can be what the key holds."""

from __future__ import annotations

import base64
import datetime
import re
from typing import TYPE_CHECKING

from xacct.lint.operators import Family

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["as_moment", "as_network", "as_number", "impossible_value", "unreadable_value"]


def as_number(text: str) -> float | None:
    if re.fullmatch(r"[+-]?\d{1,30}(\.\d{1,30})?", text.strip()):
        return float(text)
    return None


def as_moment(text: str) -> datetime.datetime | None:
    """Read a time in one of the forms of ISO 8601 that W3C profiles, or in seconds since 1970; in UTC."""
    text = text.strip()
    if re.fullmatch(r"\d{9,11}", text):
        return datetime.datetime.fromtimestamp(int(text), tz=datetime.UTC)
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?", text):
        return None
    padded = text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text
    try:
        moment = datetime.datetime.fromisoformat(padded)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def as_network(text: str) -> IPv4Network | IPv6Network | None:
    from ipaddress import ip_network

    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def unreadable_value(family: Family, text: str) -> str | None:
    """What the operator's family needs and the text is not, or None when it can be read."""
    if "${" in text:
        return None
    match family:
        case Family.NUMERIC:
            return None if as_number(text) is not None else "a number"
        case Family.DATE:
            return None if as_moment(text) is not None else "a time such as 2027-01-31T23:59:59Z"
        case Family.BOOL | Family.NULL:
            return None if text.strip().lower() in ("true", "false") else "true or false"
        case Family.IP:
            return None if as_network(text) is not None else "an address or range such as 203.0.113.0/24"
        case Family.ARN:
            return None if text.strip("*") == "" or _has_six_parts(text) else "an ARN with its six parts"
        case Family.BINARY:
            return None if _is_base64(text) else "base64"
        case Family.STRING:
            return None


def _has_six_parts(text: str) -> bool:
    return text.count(":") >= 5 and text.startswith(("arn:", "*", "?", "a*"))


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


_ACCOUNT = (r"\d{12}", "a 12-digit account ID")
_FORMS = {
    "aws:principalaccount": _ACCOUNT,
    "aws:sourceaccount": _ACCOUNT,
    "aws:resourceaccount": _ACCOUNT,
    "aws:vpceaccount": _ACCOUNT,
    "aws:principalorgid": (r"o-[a-z0-9]+", "an organization ID such as o-a1b2c3d4e5"),
    "aws:resourceorgid": (r"o-[a-z0-9]+", "an organization ID such as o-a1b2c3d4e5"),
    "aws:sourceorgid": (r"o-[a-z0-9]+", "an organization ID such as o-a1b2c3d4e5"),
    "aws:sourcevpc": (r"vpc-[0-9a-zA-Z]+", "a VPC's ID"),
    "aws:sourcevpce": (r"vpce-[0-9a-zA-Z]+", "a VPC endpoint's ID"),
    "aws:requestedregion": (r"[a-z]{2,4}(-[a-z]+)+-\d", "a Region such as eu-west-1"),
    "sts:rolesessionname": (r"[\w+=,.@-]{2,64}", "2 to 64 letters, digits and _+=,.@-"),
    "aws:sourceidentity": (r"(?!aws:)[\w+=,.@-]{2,64}", "2 to 64 letters, digits and _+=,.@-"),
    "sts:sourceidentity": (r"(?!aws:)[\w+=,.@-]{2,64}", "2 to 64 letters, digits and _+=,.@-"),
    "aws:principaltype": (
        r"Account|User|FederatedUser|AssumedRole|Anonymous|Service",
        "Account, User, FederatedUser, AssumedRole or Anonymous",
    ),
    "iam:passedtoservice": (r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", "a service such as ec2.amazonaws.com"),
    "aws:principalarn": (r"arn:[a-z-]+:(iam|sts)::.*", "an ARN of IAM"),
}


def impossible_value(key: str, text: str) -> str | None:
    """What the key, in lower case, always looks like, when the text does not; None when it may."""
    form = _FORMS.get(key)
    if form is None or "*" in text or "?" in text or "${" in text:
        return None
    return None if re.fullmatch(form[0], text, re.ASCII) else form[1]
