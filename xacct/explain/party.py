"""The kinds of trusted parties that explanations tell apart."""

from __future__ import annotations

from enum import StrEnum

from xacct.iam.arn import is_unique_id

__all__ = ["Party", "is_account_side"]


class Party(StrEnum):
    """Who is on the other side; decides which sentences hold."""

    OWNED = "owned"
    """Another account of the same owner."""
    VENDOR = "vendor"
    """Somebody else's account."""
    SAME = "same"
    """Users or roles of the trusting account."""
    GROUP = "group"
    """Users of the trusting account who hold the permissions themselves."""
    SAML = "saml"
    WEB = "web"
    SERVICE = "service"

    @property
    def federated(self) -> bool:
        return self in (Party.SAML, Party.WEB)

    @property
    def crosses_accounts(self) -> bool:
        return self in (Party.OWNED, Party.VENDOR)


def is_account_side(principal: str) -> bool:
    """Whether it is an account or in one, and no identity provider, service or unique ID."""
    if "-provider/" in principal or is_unique_id(principal):
        return False
    return principal[:12].isdigit() or principal.startswith(("arn:", "*"))
