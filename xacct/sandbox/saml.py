"""
SAML 2.0 as the sandbox reads it: a provider's metadata, and the response that a person brings.

XML that could do harm (a DTD, and so entities) is refused before it is parsed. Signatures are not checked:
the sandbox has no identity provider to hold the keys.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from xml.etree import ElementTree

from xacct.sandbox.problems import AwsError
from xacct.values import frozen

__all__ = ["Assertion", "check_metadata", "issuer_of_metadata", "read_assertion"]

_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


@frozen(kw_only=True)
class Assertion:
    """What a SAML response says. ``roles`` are the pairs of role and provider ARNs, in this order."""

    issuer: str
    recipient: str
    subject: str
    subject_type: str
    session_name: str
    roles: frozenset[tuple[str, str]]
    duration: int | None
    tags: dict[str, str]
    transitive: tuple[str, ...]
    source_identity: str | None
    attributes: dict[str, tuple[str, ...]]


def _parse(text: str | bytes, error: AwsError) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    # Expat expands entities that a DTD declares; no SAML document needs one.
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw or b"\x00" in raw:
        raise error
    try:
        return ElementTree.fromstring(raw)  # noqa: S314  no DTD, so no entities
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        raise error from None


def check_metadata(text: str) -> None:
    """Raises AwsError unless the text is SAML metadata of an identity provider."""
    issuer_of_metadata(text)


def issuer_of_metadata(text: str) -> str:
    error = AwsError("InvalidInput", "Could not parse metadata")
    if text.startswith("\ufeff"):
        raise error
    root = _parse(text, error)
    entity = root if root.tag == f"{_METADATA}EntityDescriptor" else root.find(f"{_METADATA}EntityDescriptor")
    if entity is None or entity.find(f"{_METADATA}IDPSSODescriptor") is None:
        raise error
    issuer = entity.get("entityID")
    if not issuer:
        raise error
    return str(issuer)


def read_assertion(encoded: str) -> Assertion:
    """Raises AwsError (InvalidIdentityToken) for what is no SAML response."""
    error = AwsError("InvalidIdentityToken", "Invalid base64 SAMLResponse")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise error from None
    root = _parse(raw, AwsError("InvalidIdentityToken", "Error parsing SAMLResponse"))
    assertion = root if root.tag == f"{_SAML}Assertion" else root.find(f"{_SAML}Assertion")
    if assertion is None:
        raise AwsError("InvalidIdentityToken", "Assertion is not present in the SAMLResponse")
    return _read(assertion)


def _read(assertion: Any) -> Assertion:
    attributes = {
        str(attribute.get("Name")): tuple(
            (value.text or "").strip() for value in attribute.iterfind(f"{_SAML}AttributeValue")
        )
        for attribute in assertion.iterfind(f"{_SAML}AttributeStatement/{_SAML}Attribute")
    }
    name_id = assertion.find(f"{_SAML}Subject/{_SAML}NameID")
    recipients = [
        data.get("Recipient", "")
        for data in assertion.iterfind(
            f"{_SAML}Subject/{_SAML}SubjectConfirmation/{_SAML}SubjectConfirmationData"
        )
    ]
    if name_id is None or not (name_id.text or "").strip():
        raise AwsError("InvalidIdentityToken", "Assertion does not contain a NameID")
    return Assertion(
        issuer=(assertion.findtext(f"{_SAML}Issuer") or "").strip(),
        recipient=recipients[0] if recipients else "",
        subject=(name_id.text or "").strip(),
        subject_type=_subject_type(name_id.get("Format", "")),
        session_name=_one(attributes, "RoleSessionName") or "",
        roles=_role_pairs(attributes.get(f"{_ATTRIBUTES}Role", ())),
        duration=_duration(attributes),
        tags=_tags(attributes),
        transitive=attributes.get(f"{_ATTRIBUTES}TransitiveTagKeys", ()),
        source_identity=_one(attributes, "SourceIdentity"),
        attributes=attributes,
    )


def _one(attributes: dict[str, tuple[str, ...]], name: str) -> str | None:
    values = attributes.get(_ATTRIBUTES + name, ())
    return values[0] if values else None


def _subject_type(name_format: str) -> str:
    for known in ("persistent", "transient"):
        if name_format.endswith(f":{known}"):
            return known
    return name_format or "unspecified"


def _role_pairs(values: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    pairs = set()
    for value in values:
        parts = [part.strip() for part in value.split(",")]
        if len(parts) == 2:  # the role and the provider, in either order
            first, second = parts
            pairs.add((second, first) if ":saml-provider/" in first else (first, second))
    return frozenset(pairs)


def _duration(attributes: dict[str, tuple[str, ...]]) -> int | None:
    text = _one(attributes, "SessionDuration")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise AwsError("InvalidIdentityToken", "SessionDuration must be an integer number of seconds")
    return int(text)


def _tags(attributes: dict[str, tuple[str, ...]]) -> dict[str, str]:
    prefix = f"{_ATTRIBUTES}PrincipalTag:"
    return {
        name.removeprefix(prefix): values[0] if values else ""
        for name, values in attributes.items()
        if name.startswith(prefix)
    }
