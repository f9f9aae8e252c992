"""Whose credentials, where to, and by which way: values."""

from __future__ import annotations

from typing import Protocol

from xacct.errors import CredentialsError
from xacct.values import frozen

__all__ = ["Credentials", "Identity", "Target", "role_arn", "wrong_account"]


class Credentials(Protocol):
    """What the sandbox hands out."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...


@frozen
class Target:
    """Where calls go: ``aws``, ``sandbox``, or the URL of an endpoint."""

    name: str

    @classmethod
    def of(cls, endpoint_url: str | None, *, sandbox: bool) -> Target:
        return cls("sandbox" if sandbox else endpoint_url or "aws")

    def __str__(self) -> str:
        return self.name


@frozen
class Identity:
    """Whose credentials these are."""

    account: str
    arn: str
    partition: str


def role_arn(role: str, account: str, partition: str) -> str:
    """The ARN of the role to assume, from its name or ARN with ``{account}``."""
    named = role.replace("{account}", account)
    return named if named.startswith("arn:") else f"arn:{partition}:iam::{account}:role/{named.lstrip('/')}"


def wrong_account(wanted: str, identity: Identity, profile: str | None) -> CredentialsError:
    which = f"profile {profile!r} belongs" if profile else "the credentials belong"
    return CredentialsError(
        f"{which} to account {identity.account}, but the grant is for account {wanted}",
        where=identity.arn,
        fix=f"choose credentials of {wanted} with --profile, or name the way into it in xacct.yaml: "
        f'accounts: {{"{wanted}": {{profile: NAME}}}}',
        code="wrong-account",
    )
