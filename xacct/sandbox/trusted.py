"""
The principals of trust policies, as IAM keeps them.

IAM turns the ARN of a user or role into its unique ID when a trust policy is saved, and shows the ARN as
long as that very user or role exists. After its deletion the ID is shown, also when a new one has taken
the name (IAM User Guide, reference_policies_elements_principal).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from xacct.iam import Arn, PolicyDocument, PrincipalType, TypedPrincipal, is_account_id
from xacct.sandbox.entities import Role, SamlProvider, User
from xacct.sandbox.names import OPERATOR_NAME
from xacct.sandbox.problems import invalid_principal, malformed
from xacct.sandbox.world import World

__all__ = ["find_principal", "operator_id", "resolve_principals", "trust_as_shown"]

BUILT_IN_PROVIDERS = frozenset(
    ("cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com", "www.amazon.com")
)


def operator_id(account: str) -> str:
    """The unique ID of an account's operator, who is a user that always exists."""
    return f"AIDAXACCT{account}"


def find_principal(world: World, arn: Arn) -> User | Role | None:
    """Find the user or role of that exact ARN."""
    name = arn.name.lower()
    kind: type[User] | type[Role] = User if arn.resource_type == "user" else Role
    found = world.get(kind, arn.account, name)
    return found if found is not None and found.arn == str(arn) else None


def resolve_principals(document: PolicyDocument, world: World, role_account: str) -> dict[str, str]:
    """Map each user and role ARN that the document names to its unique ID. Raises AwsError."""
    ids: dict[str, str] = {}
    for statement in document.statements:
        for principal in statement.principals or ():
            match principal.type:
                case PrincipalType.AWS:
                    ids |= _resolve_aws(principal, world)
                case PrincipalType.FEDERATED:
                    _check_federated(principal, world, role_account)
                case PrincipalType.SERVICE:
                    _check_service(principal)
                case _:
                    raise invalid_principal(principal.type.value, principal.value)
    return ids


def _resolve_aws(principal: TypedPrincipal, world: World) -> dict[str, str]:
    value = principal.value
    if value == "*" or is_account_id(value):
        return {}
    if _is_living_id(value, world):
        return {}
    arn = Arn.try_parse(value)
    if arn is None or not is_account_id(arn.account) or arn.region:
        raise invalid_principal(principal.type.value, principal.value)
    if arn.service == "sts" and arn.resource_type in ("assumed-role", "federated-user"):
        return {}
    if arn.service != "iam":
        raise invalid_principal(principal.type.value, principal.value)
    if arn.resource == "root":
        return {}
    if arn.resource_type not in ("user", "role"):
        raise invalid_principal(principal.type.value, principal.value)
    if arn.resource == f"user/{OPERATOR_NAME}":
        return {value: operator_id(arn.account)}
    found = find_principal(world, arn)
    if found is None:
        raise invalid_principal(principal.type.value, principal.value)
    return {value: found.id}


def _is_living_id(value: str, world: World) -> bool:
    # A stale ID in a policy that is saved again is refused (IAM User Guide, troubleshoot_roles).
    if not value.startswith(("AIDA", "AROA")):
        return False
    holders = (*world.everywhere(User), *world.everywhere(Role))
    return any(holder.id == value for holder in holders)


def _check_federated(principal: TypedPrincipal, world: World, role_account: str) -> None:
    value = principal.value
    if value in BUILT_IN_PROVIDERS:
        return
    arn = Arn.try_parse(value)
    kind, _, name = arn.resource.partition("/") if arn is not None else ("", "", "")
    if arn is None or arn.service != "iam" or kind not in ("oidc-provider", "saml-provider") or not name:
        raise malformed("Federated principals must be valid domain names or SAML metadata ARNs")
    # IAM takes the ARN of an OIDC provider that does not exist (yet), but not that of a SAML provider.
    missing = kind == "saml-provider" and world.get(SamlProvider, arn.account, name.lower()) is None
    if arn.account != role_account or missing:
        raise invalid_principal("FEDERATED", value)


def _check_service(principal: TypedPrincipal) -> None:
    if not principal.value.endswith(
        (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws.internal")
    ):
        raise invalid_principal("SERVICE", principal.value)


def trust_as_shown(role: Role, world: World) -> str:
    """The trust policy with the unique ID in the place of every user or role that is gone."""
    stale = {
        arn: unique_id
        for arn, unique_id in role.principal_ids.items()
        if not _still_is(world, arn, unique_id)
    }
    return _with_ids(role.trust, stale) if stale else role.trust


def _still_is(world: World, text: str, unique_id: str) -> bool:
    arn = Arn.parse(text)
    if unique_id == operator_id(arn.account):
        return True
    found = find_principal(world, arn)
    return found is not None and found.id == unique_id


def _with_ids(text: str, stale: Mapping[str, str]) -> str:
    document = json.loads(text)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        if isinstance(principal, dict) and "AWS" in principal:
            named = principal["AWS"]
            listed = named if isinstance(named, list) else [named]
            shown = [stale.get(value, value) for value in listed]
            principal["AWS"] = shown if isinstance(named, list) else shown[0]
    return json.dumps(document)
