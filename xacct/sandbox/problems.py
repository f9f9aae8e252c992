"""
AWS's errors, with AWS's codes and texts.

Texts come from public SDK documentation and error reports; where a text could not be found in a source,
docs/sandbox.md says so.
"""

from __future__ import annotations

__all__ = [
    "AwsError",
    "already_exists",
    "conflict",
    "denied",
    "invalid_principal",
    "limit",
    "malformed",
    "no_such",
    "validation",
    "validation_of",
]

_STATUS = {
    "NoSuchEntity": 404,
    "EntityAlreadyExists": 409,
    "DeleteConflict": 409,
    "LimitExceeded": 409,
    "UnmodifiableEntity": 400,
    "AccessDenied": 403,
    "InvalidClientTokenId": 403,
    "ExpiredToken": 403,
    "MissingAuthenticationToken": 403,
    "RegionDisabledException": 403,
}


class AwsError(Exception):
    """An answer that refuses: AWS's code, its message, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status or _STATUS.get(code, 400)


def no_such(kind: str, name: str) -> AwsError:
    return AwsError("NoSuchEntity", f"The {kind} with name {name} cannot be found.")


def already_exists(kind: str, name: str) -> AwsError:
    return AwsError("EntityAlreadyExists", f"{kind} with name {name} already exists.")


def conflict(message: str) -> AwsError:
    return AwsError("DeleteConflict", message)


def limit(quota: str, number: int) -> AwsError:
    return AwsError("LimitExceeded", f"Cannot exceed quota for {quota}: {number}")


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", message)


def invalid_principal(kind: str, value: str) -> AwsError:
    """``kind`` as IAM writes it: AWS, FEDERATED, SERVICE."""
    return malformed(f'Invalid principal in policy: "{kind}":"{value}"')


def validation(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def validation_of(value: object, place: str, constraint: str) -> AwsError:
    """One failed constraint, in the words that AWS's services share."""
    failure = f"Value '{value}' at '{place}' failed to satisfy constraint: {constraint}"
    return validation(f"1 validation error detected: {failure}")


def denied(principal: str, action: str, resource: str | None, because: str = "") -> AwsError:
    on = f" on resource: {resource}" if resource else ""
    tail = f" {because}" if because else ""
    return AwsError("AccessDenied", f"User: {principal} is not authorized to perform: {action}{on}{tail}")
