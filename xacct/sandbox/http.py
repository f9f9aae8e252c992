"""HTTP messages as values, and what a request's signature says of who sent it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import attrs

from xacct.values import frozen

__all__ = ["Credentials", "HttpRequest", "HttpResponse", "Signature", "form_of", "signature_of"]


@frozen
class HttpRequest:
    """One request as it came in. ``url`` may be a whole URL or a path; header names may be in any case."""

    method: str
    url: str
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the header's text, or an empty one."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


@frozen
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class Credentials:
    """What signs requests. The token is None for long-term keys."""

    access_key_id: str
    secret_access_key: str = attrs.field(repr=False)
    session_token: str | None = attrs.field(default=None, repr=False)


@frozen
class Signature:
    """
    The parts of a Signature Version 4 header that the sandbox reads.

    The signature itself is not verified: the sandbox listens on loopback alone and holds nothing of value.
    """

    access_key_id: str
    region: str
    service: str
    token: str | None


def signature_of(request: HttpRequest) -> Signature | None:
    """
    Read the Credential of a signed request from its header; None when it is unsigned.

    Credentials in a URL are not read: any web page can make a browser send a URL, but not this header.
    """
    scope = ""
    for part in request.header("Authorization").replace(",", " ").split():
        if part.startswith("Credential="):
            scope = part.removeprefix("Credential=")
    parts = scope.split("/")
    if len(parts) < 5:
        return None
    return Signature(parts[0], parts[2], parts[3], request.header("X-Amz-Security-Token") or None)


def form_of(request: HttpRequest) -> dict[str, str]:
    """Read the parameters of a query-protocol request, from its body and its URL."""
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    pairs += parse_qsl(request.body.decode("utf-8", errors="replace"), keep_blank_values=True)
    return dict(pairs)
