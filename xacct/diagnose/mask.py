"""
Secrets in pasted logs, taken out of whatever comes out again.

Masked by shape: access key IDs, secret access keys, session tokens and other long opaque texts, JWTs, SAML
assertions, private keys, encoded authorization messages, signatures of presigned URLs. Masked by label:
passwords, tokens, secrets, MFA codes, Authorization headers. External IDs are no secrets, but are shown as
their last four characters and a short hash.

Role and user ARNs and unique IDs (AROA…, AIDA…) pass untouched: a diagnosis is of no use without them.
"""

from __future__ import annotations

import re
from functools import cache

from xacct.iam.redact import redact_external_id

__all__ = ["mask"]

MASK = "[masked]"

_LABELS = (
    r"secret[_ -]?access[_ -]?key|secret[_-]?key|session[_-]?token|security[_-]?token|access[_-]?token"
    r"|id[_-]?token|refresh[_-]?token|client[_-]?secret|web[_-]?identity[_-]?token|bearer[_-]?token"
    r"|saml[_-]?(?:assertion|response)|api[_-]?key|(?:master[_-]?user[_-]?)?password|passwd|passphrase"
    r"|private[_-]?key|token[_-]?code|mfa[_ -]?code|x-amz-signature|x-amz-credential|set-cookie|cookie"
)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns and what stands in for a match, in order. Each looks a bounded way ahead."""
    ignore = re.IGNORECASE
    return (
        (re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]{4,}){1,4}"), MASK),
        (re.compile(r"\bPHN(?:hbW|Bb|0)[A-Za-z0-9+/=\s%]{24,}"), MASK),
        (re.compile(r"(?:IQoJ|FwoG|FQoG|AQoD)[A-Za-z0-9+/=%]{16,}"), MASK),
        (re.compile(r"(authorization\b[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+", ignore), r"\1" + MASK),
        (re.compile(r"\b((?:bearer|basic)\s+)[\w.+/=~-]{8,}", ignore), r"\1" + MASK),
        (re.compile(r"(\bsignature=)[0-9a-f]{16,}", ignore), r"\1" + MASK),
        (
            re.compile(
                rf"((?:{_LABELS})[\w-]{{0,24}}[\"']?\s*(?:=>|[:=])\s*)(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s\"',;&)}}]+)",
                ignore,
            ),
            r"\1" + MASK,
        ),
        (re.compile(rf"(--(?:{_LABELS})[\s=]+)[^\s]+", ignore), r"\1" + MASK),
        (re.compile(r"(mfa (?:code|token)\b[^\r\n]{0,160}?:\s*)\d{6}\b", ignore), r"\1" + MASK),
        (re.compile(r"(//[^/\s:@]{1,64}:)[^/\s@]{1,256}(?=@)"), r"\1" + MASK),
        (re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{12,124}"), r"\1" + MASK),
    )


_EXTERNAL_ID = re.compile(
    r"((?:sts:)?external[_-]?id[\"']?(?:\s*(?:=>|[:=])\s*|\s+(?=[\"']?[\w+=,.@:/-]*\d))[\[\s]*[\"']?)([\w+=,.@:/-]{2,1224})",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}(?![A-Za-z0-9+/_-])={0,2}")
_ENCODED = re.compile(r"(encoded authorization failure message:?\s*)([A-Za-z0-9+/=_-]{20,})", re.IGNORECASE)
_SECRET_KEY_LENGTH = 40  # a secret access key has 40 characters of base64 (IAM User Guide)
_TOKEN_LENGTH = 100


def mask(text: str) -> str:
    """Return the text with every secret in it masked; a text without any comes back unchanged."""
    text = _mask_blocks(text)
    text = _ENCODED.sub(lambda match: f"{match[1]}{match[2][:8]}…[{len(match[2])} characters]", text)
    text = _EXTERNAL_ID.sub(_redact_match, text)
    for pattern, stand_in in _rules():
        text = pattern.sub(stand_in, text)
    return _OPAQUE.sub(lambda match: _mask_opaque(match, text), text)


def _redact_match(match: re.Match[str]) -> str:
    value = match[2].rstrip(".,:")
    if not value or value.lower() in {"null", "none", "failed", "is", "at"}:
        return match[0]
    return f"{match[1]}{redact_external_id(value)}{match[2][len(value) :]}"


def _mask_opaque(match: re.Match[str], text: str) -> str:
    """Mask a run of base64 that is as long as a secret, unless it is part of an ARN."""
    run = match[0]
    if _within_arn(text, match.start()):
        return run
    if len(run) >= _TOKEN_LENGTH:
        return f"[masked, {len(run)} characters]"
    return MASK if len(run) == _SECRET_KEY_LENGTH and _looks_like_secret_key(run) else run


def _looks_like_secret_key(run: str) -> bool:
    # Hashes in hexadecimal have one case only; words and paths have no digits, or no capitals.
    mixed = any(c.isupper() for c in run) and any(c.islower() for c in run)
    return mixed and any(c.isdigit() or c in "+/" for c in run) and "-" not in run and "_" not in run


def _within_arn(text: str, start: int) -> bool:
    lead = text[max(0, start - 256) : start]
    cut = max(lead.rfind(stop) for stop in " \t\r\n\"'")
    return "arn:" in lead[cut + 1 :]


_BLOCKS = (
    ("-----BEGIN ", "PRIVATE KEY-----", "-----END ", "PRIVATE KEY-----"),
    ("<saml", ">", "</saml", ">"),
    ("<Assertion", ">", "</Assertion", ">"),
)


def _mask_blocks(text: str) -> str:
    """Mask private keys and XML assertions from their opening to their last closing mark, or to the end."""
    for opening, opened, closing, closed in _BLOCKS:
        start = text.find(opening)
        if start < 0 or text.find(opened, start) < 0:
            continue
        last = text.rfind(closing)
        end = text.find(closed, last) + len(closed) if last > start else -1
        text = text[:start] + MASK + (text[end:] if end > len(closed) - 1 else "")
    return text
