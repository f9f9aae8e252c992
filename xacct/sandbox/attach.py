"""The way in for boto3: a session whose clients never touch the network."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from xacct.sandbox.http import HttpRequest
from xacct.sandbox.sandbox import Sandbox

__all__ = ["attach"]

_NAME = "xacct-sandbox"


class _Body(BytesIO):
    """What botocore wants of a response: the body, and a way to read it in chunks."""

    def stream(self, amt: int = 65536, **_: Any) -> Any:
        while chunk := self.read(amt):
            yield chunk


def attach(botocore_session: Any, sandbox: Sandbox) -> None:
    """
    Let the sandbox answer every request of the session's clients, those made before too.

    Works on a botocore session; a boto3 session has one as its ``_session``.
    """
    session = getattr(botocore_session, "_session", botocore_session)

    def answer(request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse, HeadersDict

        response = sandbox.handle(
            HttpRequest(request.method, request.url, _headers(request.headers), _body(request.body))
        )
        headers: Any = HeadersDict(response.headers)
        return AWSResponse(request.url, response.status, headers, _Body(response.body))

    # A second registration under the same name would be ignored.
    session.unregister("before-send", unique_id=_NAME)
    session.register("before-send", answer, unique_id=_NAME)


def _headers(headers: Any) -> dict[str, str]:
    return {
        str(key): value.decode() if isinstance(value, bytes) else str(value) for key, value in headers.items()
    }


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read() if hasattr(body, "read") else body)
