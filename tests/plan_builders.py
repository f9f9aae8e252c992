"""Small builders for the tests of plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from xacct.iam.ownership import TAG_BLUEPRINT, TAG_DIGEST, TAG_GRANT, role_digest
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import AccountThings, Role, RolePolicy, Thing
from xacct.plan.snapshot import Snapshot

ACCOUNT = "111122223333"
VENDOR = "444455556666"


def trust(*accounts: str, external_id: str | None = None) -> PolicyDocument:
    conditions = (Condition("StringEquals", "sts:ExternalId", (external_id,)),) if external_id else ()
    return PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW,
            principals=tuple(
                TypedPrincipal(PrincipalType.AWS, f"arn:aws:iam::{account}:root") for account in accounts
            ),
            actions=("sts:AssumeRole",),
            conditions=conditions,
        )
    )


def allow(*actions: str, resources: Sequence[str] = ("*",)) -> Statement:
    return Statement(effect=Effect.ALLOW, actions=actions, resources=tuple(resources))


def deny(*actions: str, resources: Sequence[str] = ("*",)) -> Statement:
    return Statement(effect=Effect.DENY, actions=actions, resources=tuple(resources))


def policy(*statements: Statement, role: str = "vendor", name: str = "xacct-permissions") -> RolePolicy:
    return RolePolicy(role=role, name=name, document=PolicyDocument.of(*statements))


def role(name: str = "vendor", *, grant: str | None = "vendor", **changes: object) -> Role:
    tags = {TAG_GRANT: grant, TAG_BLUEPRINT: "third-party"} if grant else {}
    made = Role(name=name, path="/xacct/", trust=trust(VENDOR, external_id="e-1"), tags=tags)
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]


def sealed(made: Role, *held: RolePolicy) -> list[Thing]:
    """A role with its policies, and the digest that an apply leaves on it."""
    digest = role_digest(made, held, ())
    return [attrs.evolve(made, tags={**made.tags, TAG_DIGEST: digest}), *held]


def snapshot(
    *things: Thing, users: Mapping[str, tuple[str, ...]] | None = None, names: Mapping[str, str] | None = None
) -> Snapshot:
    held = AccountThings(ACCOUNT, things)
    arns = {found.name.lower(): found.arn(ACCOUNT) for found in held.roles}
    return Snapshot(things=held, role_arns={**arns, **(names or {})}, provider_users=users or {})
