"""How an external ID is shown where it shall not be read off: enough to see that it changed."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["redact_external_id"]

_SHOWN = 4
_HASHED = 6


def redact_external_id(text: str) -> str:
    """
    The last four characters and a short hash: ``…7a11 (#5e8d2c)``.

    Of a text of eight characters or less nothing but the hash is shown. Equal texts read alike, other texts
    differ in the hash.
    """
    shown = text[-_SHOWN:] if len(text) > 2 * _SHOWN else ""
    return f"…{shown} (#{sha256(text.encode()).hexdigest()[:_HASHED]})"
