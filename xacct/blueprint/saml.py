"""SAML metadata: read from beside the grant and looked at, never trusted."""

from __future__ import annotations

import stat
from pathlib import Path

from xacct.blueprint.yaml_nodes import shorten
from xacct.errors import InputError

__all__ = ["MAX_METADATA", "check_metadata", "load_metadata"]

MIN_METADATA, MAX_METADATA = 1_000, 10_000_000
"""Characters. Source: IAM API Reference, CreateSAMLProvider, SAMLMetadataDocument."""

_METADATA_NAMESPACE = "urn:oasis:names:tc:SAML:2.0:metadata"


def load_metadata(text: str, base: Path) -> str:
    """
    Turn what a grant gives, the XML itself or a path relative to the grant's folder, into checked XML.

    Raises InputError, which never quotes the file's content.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return check_metadata(text, "the metadata")
    if len(text) > 1024 or "\0" in text:
        raise InputError(
            "the metadata is neither XML nor a path", fix="give the path of a file", code="metadata"
        )
    return check_metadata(_read(base / text, text), shorten(text))


def _read(path: Path, shown: str) -> str:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise InputError(
                f"{shown} is no ordinary file", fix="give the path of the metadata XML", code="metadata"
            )
        if info.st_size > 4 * MAX_METADATA:
            raise InputError(
                f"{shown} is larger than IAM takes", fix="give the metadata XML", code="metadata"
            )
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise InputError(f"{shown} is not UTF-8 text", fix="save it as UTF-8", code="metadata") from None
        reason = getattr(error, "strerror", None) or "it cannot be opened"
        raise InputError(
            f"the metadata file {shown} cannot be read: {reason}",
            fix="give its path, relative to the grant's file",
            code="metadata",
        ) from None


def check_metadata(text: str, name: str) -> str:
    """
    Check that a text is SAML 2.0 metadata of an identity provider and return it without a byte order mark.

    Declarations of document types and entities are refused before anything is parsed.
    """
    from xml.parsers import expat

    text = text.removeprefix("\ufeff")
    if not MIN_METADATA <= len(text) <= MAX_METADATA:
        raise InputError(
            f"{name} has {len(text)} characters; IAM takes metadata of 1,000 to 10,000,000",
            fix="download the metadata from the identity provider again",
            code="metadata",
        )
    found: list[str] = []

    def start(tag: str, _: dict[str, str]) -> None:
        if len(found) < 3 and (not found or tag.endswith(" IDPSSODescriptor")):
            found.append(tag)

    def refuse(*_: object) -> None:
        raise InputError(
            f"{name} declares a document type or entities, which hostile XML does",
            fix="remove the <!DOCTYPE …> part; metadata needs none",
            code="metadata",
        )

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        refuse()
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError, ValueError) as error:
        line = getattr(error, "lineno", None)
        reason = expat.errors.messages.get(getattr(error, "code", 0), "it cannot be parsed")
        raise InputError(
            f"{name} is not XML: {reason}" + (f" at line {line}" if line else ""),
            fix="download the metadata from the identity provider again",
            code="metadata",
        ) from None
    if found[:1] != [f"{_METADATA_NAMESPACE} EntityDescriptor"]:
        raise InputError(
            f"{name} is not SAML metadata: its root is not an EntityDescriptor",
            fix="give the metadata of the identity provider, not its login page or certificate",
            code="metadata",
        )
    if f"{_METADATA_NAMESPACE} IDPSSODescriptor" not in found:
        raise InputError(
            f"{name} describes no identity provider: it has no IDPSSODescriptor",
            fix="give the identity provider's metadata, not the service provider's",
            code="metadata",
        )
    return text
