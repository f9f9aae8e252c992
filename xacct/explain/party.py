"""The kinds of trusted parties that explanations tell apart."""

from __future__ import annotations

from enum import StrEnum

from xacct.evaluate.principals import BUILT_IN_IDENTITY_PROVIDERS
from xacct.iam.arn import Arn, is_unique_id

__all__ = ["Kind", "Party", "is_account_side", "kind_of"]


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


class Kind(StrEnum):
    """What a principal of a trust policy is to the account of the role; the values are words for it."""

    OTHERS = "other accounts"
    OWN = "this account"
    SAML = "a SAML provider"
    WEB = "an OIDC provider"
    SERVICE = "AWS services"
    UNKNOWN = "who has a unique ID"


def kind_of(principal: str, account: str) -> Kind:
    """The kind of a principal as a trust policy of a role in ``account`` names it."""
    if is_unique_id(principal):
        return Kind.UNKNOWN
    if ":saml-provider/" in principal:
        return Kind.SAML
    if ":oidc-provider/" in principal or principal in BUILT_IN_IDENTITY_PROVIDERS:
        return Kind.WEB
    if not is_account_side(principal):
        return Kind.SERVICE
    parsed = Arn.try_parse(principal)
    return Kind.OWN if account == (parsed.account if parsed is not None else principal) else Kind.OTHERS


def is_account_side(principal: str) -> bool:
    """Whether it is an account or in one, and no identity provider, service or unique ID."""
    if "-provider/" in principal or is_unique_id(principal):
        return False
    return principal[:12].isdigit() or principal.startswith(("arn:", "*"))
