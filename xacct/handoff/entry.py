"""How a role is entered, read from its trust policy, so that own blueprints hand off like shipped ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from xacct.handoff.model import Way
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement
from xacct.values import frozen

__all__ = ["Entry", "read_entry"]

_WAYS = {
    "sts:assumerole": Way.ASSUME,
    "sts:assumerolewithwebidentity": Way.TOKEN,
    "sts:assumerolewithsaml": Way.SAML,
}
_BARE_ISSUERS = {
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
}


@frozen(kw_only=True)
class Entry:
    """
    The way in.

    ``principals`` and ``providers`` are as the trust policy names them. ``conditions`` maps each condition
    key, in lower case, to its values, over all statements that allow something; tests for a key's presence
    are left out. ``extra_actions`` are what the trust allows beside assuming, such as sts:TagSession.
    """

    way: Way
    principals: tuple[str, ...]
    providers: tuple[str, ...]
    conditions: Mapping[str, tuple[str, ...]] = attrs.field(hash=False)
    extra_actions: tuple[str, ...] = ()

    def values(self, key: str) -> tuple[str, ...]:
        return self.conditions.get(key.lower(), ())

    @property
    def asks_mfa(self) -> bool:
        return "true" in (text.lower() for text in self.values("aws:MultiFactorAuthPresent"))

    @property
    def issuer(self) -> str:
        """The token issuer's host and path; empty where there is none."""
        for provider in self.providers:
            if provider in _BARE_ISSUERS:
                return provider
            arn = Arn.try_parse(provider)
            if arn is not None and arn.resource_type == "oidc-provider":
                return arn.resource_path
        return ""

    @property
    def session_tags(self) -> tuple[str, ...]:
        return self.values("aws:TagKeys")

    @property
    def only_users(self) -> bool:
        """Whether every caller is an IAM user, whose sessions are not cut to an hour."""
        arns = [Arn.try_parse(principal) for principal in self.principals]
        return bool(arns) and all(arn is not None and arn.resource_type == "user" for arn in arns)

    def is_same_account(self, account: str) -> bool:
        """Whether every caller is named, one by one, in the role's own account."""
        arns = [Arn.try_parse(principal) for principal in self.principals]
        return bool(arns) and all(
            arn is not None and arn.account == account and arn.resource != "root" for arn in arns
        )


def read_entry(trust: PolicyDocument) -> Entry:
    """Read how the role is entered. A trust policy that lets nobody in counts as one for AssumeRole."""
    letting_in = [
        (statement, way)
        for statement in trust.statements
        if statement.effect is Effect.ALLOW and (way := _way(statement)) is not None
    ]
    statements = [statement for statement, _ in letting_in]
    allowed = {
        action for one in trust.statements if one.effect is Effect.ALLOW for action in one.actions or ()
    }
    return Entry(
        way=letting_in[0][1] if letting_in else Way.ASSUME,
        principals=_named(statements, PrincipalType.AWS),
        providers=_named(statements, PrincipalType.FEDERATED),
        conditions=_conditions(trust.statements),
        extra_actions=tuple(sorted(action for action in allowed if action.lower() not in _WAYS)),
    )


def _way(statement: Statement) -> Way | None:
    return next((_WAYS[name.lower()] for name in statement.actions or () if name.lower() in _WAYS), None)


def _named(statements: Iterable[Statement], kind: PrincipalType) -> tuple[str, ...]:
    found = [one.value for item in statements for one in item.principals or () if one.type is kind]
    return tuple(dict.fromkeys(found))


def _conditions(statements: Iterable[Statement]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for statement in statements:
        if statement.effect is Effect.ALLOW:
            for condition in statement.conditions:
                if condition.operator.lower() == "null":
                    continue
                key = condition.key.lower()
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), *condition.values)))
    return found
