"""What was read of one account, as much as plans compare with."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from xacct.iam.policy import PolicyDocument
from xacct.iam.things import AccountThings, ThingKey
from xacct.values import frozen

__all__ = ["ReadScope", "Snapshot"]


@frozen(kw_only=True)
class ReadScope:
    """
    What a reader is asked for in one account.

    ``keys`` are the things that grants name, roles among them; ``grants`` asks for roles under other names
    that carry one of these grants' tag too, as a renamed role does. ``ours`` asks for every role that carries
    a grant's tag or lives under the path of ours, and every managed policy under it, for list and prune.
    ``path`` is that path. ``providers`` asks for every identity provider, to find those that nobody trusts.
    """

    keys: frozenset[ThingKey]
    ours: bool = False
    path: str = "/xacct/"
    grants: frozenset[str] = frozenset()
    providers: bool = False


@frozen(kw_only=True)
class Snapshot:
    """
    What one account holds, as far as it was asked for.

    ``role_arns`` holds every role of the account by its name in lower case (names are unique in any case
    and under any path); it is None where the account could not be read in bulk. ``provider_users`` names,
    by provider ARN, the roles whose trust names it. ``policy_documents`` holds, by ARN, the managed policies
    that are attached or serve as boundary, whoever made them; one that could not be read is absent.
    """

    things: AccountThings
    role_arns: Mapping[str, str] | None = attrs.field(factory=dict, hash=False)
    provider_users: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    policy_documents: Mapping[str, PolicyDocument] = attrs.field(factory=dict, hash=False)

    @property
    def account(self) -> str:
        return self.things.account

    @classmethod
    def empty(cls, account: str, partition: str = "aws") -> Snapshot:
        """An account that holds nothing of ours, as ``plan --offline`` takes it."""
        return cls(things=AccountThings(account, (), partition))
