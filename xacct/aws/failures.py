"""
Errors of AWS and botocore: told apart, by AWS's code or the class's name.

The codes stand in the API references of IAM and STS, under "Common Errors" and with each operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xacct.errors import Problem, XacctError
from xacct.values import frozen

__all__ = [
    "SERVER_FAULTS",
    "AwsError",
    "CallContext",
    "code_of",
    "doing",
    "is_lost_answer",
    "is_of_aws",
    "is_throttling",
    "is_unreachable",
    "message_of",
    "nearest",
    "profile_option",
    "status_of",
    "where",
]


class AwsError(XacctError):
    """A call that AWS refused. ``aws_code`` is AWS's own code, such as ``NoSuchEntity``."""

    def __init__(self, problem: Problem, aws_code: str, operation: str) -> None:
        super().__init__(problem)
        self.aws_code = aws_code
        self.operation = operation


@frozen(kw_only=True)
class CallContext:
    """
    What was being done when the error came.

    ``subject`` is the ARN or name that the call was about; ``regions`` lists the known Regions and
    ``profiles`` the configured profiles, asked for only when a name is not known.
    """

    operation: str = ""
    service: str = "iam"
    subject: str = ""
    account: str = ""
    profile: str | None = None
    region: str | None = None
    regions: Callable[[], Iterable[str]] = tuple
    profiles: Callable[[], Iterable[str]] = tuple


_THROTTLING = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
}
_BROKEN_ON_THE_WAY = {
    "ReadTimeoutError",
    "ConnectionClosedError",
    "HTTPClientError",
    "ResponseStreamingError",
    "IncompleteReadError",
    "ResponseParserError",
}
SERVER_FAULTS = {
    "ServiceFailure",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "InternalServerError",
}


def code_of(error: BaseException) -> str:
    """AWS's code of a refused call, or the empty text."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    return str(response.get("Error", {}).get("Code", ""))


def message_of(error: BaseException) -> str:
    """AWS's message of a refused call, else the error's own text, on one line."""
    response = getattr(error, "response", None)
    text = response.get("Error", {}).get("Message", "") if isinstance(response, dict) else ""
    return " ".join(str(text or error).split())


def status_of(error: BaseException) -> int:
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return 0
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status if isinstance(status, int) else 0


def is_throttling(error: BaseException) -> bool:
    """Whether the call was one too many: it was not carried out and may be sent again later."""
    return code_of(error) in _THROTTLING or status_of(error) == 429


def is_of_aws(error: BaseException) -> bool:
    """Whether an error is AWS's or botocore's, and not a mistake of ours."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return isinstance(error, (BotoCoreError, ClientError, ResponseParserError, XacctError))


def is_unreachable(error: BaseException) -> bool:
    """Whether the request never left for want of a connection."""
    return type(error).__name__ in ("EndpointConnectionError", "ConnectTimeoutError")


def is_lost_answer(error: BaseException) -> bool:
    """Whether nobody can tell from the error if the call was carried out."""
    if type(error).__name__ in _BROKEN_ON_THE_WAY:
        return True
    return code_of(error) in SERVER_FAULTS or status_of(error) >= 500


def doing(context: CallContext) -> str:
    return f"{context.service}:{context.operation}" if context.operation else "talking to AWS"


def where(context: CallContext) -> str:
    if context.subject:
        return context.subject
    return f"account {context.account}" if context.account else ""


def profile_option(context: CallContext) -> str:
    return f" --profile {context.profile}" if context.profile else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """A question for the fix of an error: which known word may have been meant; empty where none is near."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
