"""Identity providers that a trust policy names: they have to be there, or the role admits nobody."""

from __future__ import annotations

from collections.abc import Container

from xacct.blueprint.expand import Expansion
from xacct.errors import Problem
from xacct.iam.arn import Arn
from xacct.iam.policy import PrincipalType
from xacct.iam.things import ThingKey, ThingType

__all__ = ["missing_providers", "named_providers"]

_TYPES = {"saml-provider": ThingType.SAML_PROVIDER, "oidc-provider": ThingType.OIDC_PROVIDER}


def named_providers(expansion: Expansion) -> frozenset[ThingKey]:
    """The providers of the trusting account that the role's trust policy names by ARN."""
    if expansion.role is None:
        return frozenset()
    arns = [
        Arn.try_parse(principal.value)
        for statement in expansion.role.trust.statements
        for principal in statement.principals or ()
        if principal.type is PrincipalType.FEDERATED
    ]
    return frozenset(
        ThingKey(_TYPES[arn.resource_type], arn.resource_path)
        for arn in arns
        if arn is not None and arn.account == expansion.account and arn.resource_type in _TYPES
    )


def missing_providers(expansion: Expansion, known: Container[ThingKey]) -> list[Problem]:
    """Tell of each named provider that neither stands in the account nor is made by a grant of the run."""
    return [
        Problem(
            f"account {expansion.account} has no {_WORDS[key.type]} provider {key.name}; the role trusts it",
            where=expansion.grant.where("parameters"),
            fix=_FIXES[key.type],
            code="no-provider",
        )
        for key in sorted(key for key in named_providers(expansion) if key not in known)
    ]


_WORDS = {ThingType.SAML_PROVIDER: "SAML", ThingType.OIDC_PROVIDER: "OIDC"}
_FIXES = {
    ThingType.SAML_PROVIDER: "give the grant metadata, so that it makes the provider; or name one that is "
    "there (aws iam list-saml-providers)",
    ThingType.OIDC_PROVIDER: "make the provider first, or name one that is there "
    "(aws iam list-open-id-connect-providers)",
}
