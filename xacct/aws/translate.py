"""
AWS's and botocore's errors, in the user's words and with the fix.

Errors are told apart by their class's name and by AWS's code, so nothing of botocore is imported here.
"""

from __future__ import annotations

from xacct.aws.failures import CallContext, code_of, doing, message_of, where
from xacct.aws.local_errors import BY_CLASS
from xacct.aws.refusals import refused
from xacct.errors import XacctError

__all__ = ["translate"]


def translate(error: BaseException, context: CallContext) -> XacctError:
    """Make an error of botocore's one of ours. One that is not known is told as it is, with its class."""
    if isinstance(error, XacctError):
        return error
    code = code_of(error)
    if code:
        return refused(error, code, context)
    for kind in type(error).__mro__:
        if kind.__name__ in BY_CLASS:
            return BY_CLASS[kind.__name__](error, context)
    return XacctError(
        f"{doing(context)} failed: {type(error).__name__}: {message_of(error)}",
        where=where(context),
        code="aws",
    )
