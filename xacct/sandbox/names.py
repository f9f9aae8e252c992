"""Unique IDs and secrets that look the way AWS's do, and the operator's key, which every account has."""

from __future__ import annotations

import base64
import secrets
import string

from xacct.sandbox.http import Credentials

__all__ = [
    "OPERATOR_NAME",
    "key_id",
    "new_secret",
    "new_token",
    "operator_account",
    "operator_credentials",
    "unique_id",
]

OPERATOR_NAME = "sandbox-operator"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_OPERATOR_PREFIX = "AKIAXACCTOPR"


def unique_id(prefix: str) -> str:
    """Return a fresh ID of 21 characters, such as ``AROA…`` (IAM User Guide, reference_identifiers)."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(21 - len(prefix)))


def key_id(prefix: str) -> str:
    """Return a fresh access key ID: ``AKIA`` long-term, ``ASIA`` temporary, 20 characters."""
    return unique_id(prefix)[:20]


def new_secret() -> str:
    letters = string.ascii_letters + string.digits + "+/"
    return "".join(secrets.choice(letters) for _ in range(40))


def new_token() -> str:
    return "FwoGZXIvYXdz" + base64.b64encode(secrets.token_bytes(96)).decode()


def operator_credentials(account: str) -> Credentials:
    """The operator's key of an account: derived from its number, so that nothing is made or read for it."""
    number = base64.b32encode(int(account).to_bytes(5, "big")).decode()
    return Credentials(
        _OPERATOR_PREFIX + number, f"sandbox/operator/{account}/0123456789"[:40].ljust(40, "0")
    )


def operator_account(access_key_id: str) -> str | None:
    """Tell whose operator a key is; None when it is no operator's."""
    if len(access_key_id) != 20 or not access_key_id.startswith(_OPERATOR_PREFIX):
        return None
    try:
        number = int.from_bytes(base64.b32decode(access_key_id[len(_OPERATOR_PREFIX) :]), "big")
    except ValueError:
        return None
    return f"{number:012d}" if number < 10**12 else None
