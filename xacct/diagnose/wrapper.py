"""
What programs put around AWS's messages: the error's code, the operation that was called, the request's ID.

Known forms: boto and the CLI, Go SDK v1 and v2, Java v1 and v2, JavaScript v2 and v3, PHP, Ruby, Rust, .NET,
CloudFormation and CDK, Terraform, Ansible, JSON and XML answers, and fields of CloudTrail events cut from
their context.
"""

from __future__ import annotations

import re
from functools import cache

from xacct.values import frozen

__all__ = ["Wrapper", "find_openings", "read_wrapper"]

_CODE = r"[A-Z][A-Za-z]*(?:[.][A-Z][A-Za-z]+)*"


@frozen
class Wrapper:
    """What stands around one message. ``start`` is where the wrapper begins, if it comes before."""

    code: str | None = None
    operation: str | None = None
    service: str | None = None
    request_id: str | None = None
    start: int | None = None


@cache
def _openings() -> re.Pattern[str]:
    """Beginnings of wrappers that name an operation, a code or both; named groups tell which."""
    return re.compile(
        r"An error occurred \(\s*(?P<code1>[\w.]+)\s*\)\s*when\s+calling\s+the\s+(?P<op1>\w+)\s+operation"
        r"|operation error (?P<svc2>[\w ]{1,60}): (?P<op2>\w+),"
        r"|Error executing \"(?P<op3>\w+)\" on"
        r"|API: (?P<op4>[\w-]+:\w+) "
        r"|\"eventName\"\s*:\s*\"(?P<op5>\w+)\""
        r"|\(call(?:ing|ed)? (?P<op6>[A-Z]\w+)\)"
        r"|(?:failed|unable|error) (?:to )?call(?:ing)? (?:the )?(?:[\w-]+[:.])?(?P<op7>[A-Z]\w+)(?: "
        "(?:operation|API))?\b"
        r"|\((?P<code8>AccessDenied\w*|Unauthorized\w*|ExpiredToken\w*|InvalidClientTokenId|ValidationError|MalformedPolicyDocument)\)\s+when\s+calling\s+(?P<op8>\w+)"
        r"|(?<![a-z0-9-])(?P<svc9>[a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?/?\?Action=(?P<op9>\w+)",
        re.IGNORECASE,
    )


@cache
def _codes() -> tuple[re.Pattern[str], ...]:
    """Where a code stands near a message, best first."""
    return (
        re.compile(r"Error Code: (?P<code>[\w.]+)"),
        re.compile(rf"api error (?P<code>{_CODE}):"),
        re.compile(r"\"(?:__type|errorCode|[Cc]ode|errorType)\"\s*:\s*\"(?:[\w.]+#)?(?P<code>[\w.]+)\""),
        re.compile(
            r"\bcode: '(?P<code>[\w.]+)'|\bcode=(?P<code2>[\w.]+)|\b(?:Code|name|__type): '(?P<code3>[\w.]+)'"
        ),
        re.compile(
            r"\((?P<code>(?:Access|Unauth|Auth|Expired|Invalid|Malformed|Limit|Validation|Region|Packed|Signature|Forbidden)[A-Za-z]*)\)"
        ),
        re.compile(
            r"\b(?P<code>(?:Client\.)?(?:[A-Z][A-Za-z]+(?:Exception|Denied|Exceeded|Error|Token|TokenId|Operation|Failure|Document|Entity|Exists|Conflict|Claim|Policy|TooLarge|NotMatch)|AccessDenied|Forbidden))\b(?=:|\s*\(|\s*$)",
            re.MULTILINE,
        ),
    )


_REQUEST_ID = re.compile(
    r"(?:request[ _-]?id|requestid)[\"']?\s*[:=]?\s*[\"']?([0-9A-Za-z-]{16,64})", re.IGNORECASE
)
_SERVICE = re.compile(
    r"\(Service: (?P<service>[A-Za-z0-9 ]+)[;,]|\"eventSource\"\s*:\s*\"(?P<source>[\w-]+)\.amazonaws"
)
# Class names of SDKs, which say nothing of the error.
_NOT_CODES = {
    "ClientError",
    "Error",
    "ServiceException",
    "ResponseError",
    "SdkError",
    "OperationError",
    "CustomError",
    "BotoCoreError",
    "AwsServiceException",
    "RuntimeError",
    "HTTPError",
    "Exception",
    "S3Exception",
    "RequestFailure",
    "RequestError",
    "NestedError",
    "WebIdentityErr",
    "StsException",
    "IamException",
    "LightsailException",
    "SmithyError",
    "TypeError",
    "ResponseException",
    "SdkClientException",
}


def find_openings(text: str) -> list[tuple[int, int]]:
    """The places of all wrappers that open a message."""
    return [match.span() for match in _openings().finditer(text)]


def read_wrapper(text: str, low: int, start: int, end: int, high: int, *, inside: bool = False) -> Wrapper:
    """
    Read what stands around the message at ``start`` to ``end``, no farther than ``low`` and ``high``.

    What stands before counts first, and the nearest of it. ``inside`` says that the message may itself be a
    part of the wrapper, as a code is.
    """
    before, after = text[low:start], text[end:high]
    opening = _last(_openings(), text[low : min(high, end + 80)] if inside else before)
    if opening is not None and low + opening.start() >= end:
        opening = _last(_openings(), before)
    named = (
        {} if opening is None else {name[:-1]: value for name, value in opening.groupdict().items() if value}
    )
    code = named.get("code") or _code(before[-300:], last=True) or _code(text[start:end]) or _code(after)
    request = _last(_REQUEST_ID, before[-200:]) or _REQUEST_ID.search(after)
    service = _last(_SERVICE, before) or _SERVICE.search(after)
    return Wrapper(
        code=code,
        operation=named.get("op"),
        service=named.get("svc") or (None if service is None else service["service"] or service["source"]),
        request_id=None if request is None else request[1],
        start=None if opening is None else low + opening.start(),
    )


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return max(pattern.finditer(text), key=lambda match: match.start(), default=None)


def _code(text: str, *, last: bool = False) -> str | None:
    for pattern in _codes():
        matches = [next(value for value in match.groups() if value) for match in pattern.finditer(text)]
        matches = [
            value.removeprefix("Client.") for value in matches if value.rpartition(".")[2] not in _NOT_CODES
        ]
        if matches:
            return (matches[-1] if last else matches[0]).rpartition(".")[2]
    return None
