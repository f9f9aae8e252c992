"""IAM's answers made our values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from xacct.errors import InputError
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    DEFAULT_MAX_SESSION,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    User,
)

__all__ = [
    "attachments",
    "default_version",
    "document",
    "federated_principals",
    "managed_policy",
    "oidc_provider",
    "role",
    "role_policies",
    "saml_provider",
    "tags",
    "user",
]

Answer = Mapping[str, Any]


def document(value: Any, where: str) -> PolicyDocument:
    """
    A document of an answer. botocore has mostly decoded it; IAM sends it URL-encoded (RFC 3986).

    Raises InputError that names ``where`` for a document that cannot be read.
    """
    if isinstance(value, str) and value.lstrip()[:1] not in ("{", "["):
        value = unquote(value)
    try:
        return PolicyDocument.from_json(value, where)
    except InputError as error:
        raise InputError(
            (_in_account(problem) for problem in error.problems),
        ) from None


def _in_account(problem: Any) -> Any:
    import attrs

    fix = problem.fix or "correct the document in the account, in the IAM console"
    return attrs.evolve(
        problem, message=f"the account holds a policy that xacct cannot read: {problem.message}", fix=fix
    )


def tags(listed: Iterable[Answer] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in listed or ()}


def role(answer: Answer, *, description: str = "", max_session: int | None = None) -> Role:
    """
    A role of GetRole, or of GetAccountAuthorizationDetails, which lacks description and session length.

    ``max_session`` is in seconds.
    """
    profiles = answer.get("InstanceProfileList") or ()
    return Role(
        name=answer["RoleName"],
        trust=document(answer["AssumeRolePolicyDocument"], f"trust policy of {answer['Arn']}"),
        path=answer.get("Path", "/"),
        description=answer.get("Description", description),
        max_session=answer.get("MaxSessionDuration") or max_session or DEFAULT_MAX_SESSION,
        boundary=(answer.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        tags=tags(answer.get("Tags")),
        unique_id=answer.get("RoleId"),
        created=_date(answer.get("CreateDate")),
        last_used=_date((answer.get("RoleLastUsed") or {}).get("LastUsedDate")),
        instance_profiles=tuple(profile["InstanceProfileName"] for profile in profiles),
    )


def role_policies(answer: Answer) -> Iterator[RolePolicy]:
    """The inline policies of a role of GetAccountAuthorizationDetails."""
    for item in answer.get("RolePolicyList") or ():
        where = f"inline policy {item['PolicyName']} of {answer['Arn']}"
        yield RolePolicy(
            role=answer["RoleName"],
            name=item["PolicyName"],
            document=document(item["PolicyDocument"], where),
        )


def attachments(
    holder_type: HolderType, holder: str, listed: Iterable[Answer] | None
) -> Iterator[PolicyAttachment]:
    for item in listed or ():
        yield PolicyAttachment(holder_type=holder_type, holder=holder, policy_arn=item["PolicyArn"])


def default_version(detail: Answer) -> Any:
    """The document of a managed policy's default version, or None."""
    for version in detail.get("PolicyVersionList") or ():
        if version.get("IsDefaultVersion"):
            return version.get("Document")
    return None


def managed_policy(answer: Answer, body: Any) -> ManagedPolicy:
    """A managed policy of GetPolicy with its default version's document."""
    return ManagedPolicy(
        name=answer["Arn"].rpartition("/")[2],
        document=document(body, f"managed policy {answer['Arn']}"),
        path=answer.get("Path", "/"),
        description=answer.get("Description", ""),
        tags=tags(answer.get("Tags")),
    )


def saml_provider(name: str, answer: Answer) -> SamlProvider:
    return SamlProvider(name=name, metadata=answer["SAMLMetadataDocument"], tags=tags(answer.get("Tags")))


def oidc_provider(url: str, answer: Answer) -> OidcProvider:
    return OidcProvider(
        url=url,
        client_ids=answer.get("ClientIDList") or (),
        thumbprints=tuple(answer.get("ThumbprintList") or ()),
        tags=tags(answer.get("Tags")),
    )


def user(answer: Answer) -> User:
    return User(
        name=answer["UserName"],
        path=answer.get("Path", "/"),
        boundary=(answer.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        tags=tags(answer.get("Tags")),
    )


def federated_principals(trust: Any) -> set[str]:
    """
    The federated principals that a trust policy names, read from raw JSON.

    Any shape is borne with: the roles of others are looked at too.
    """
    if not isinstance(trust, Mapping):
        return set()
    statements = trust.get("Statement")
    found: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, Mapping) else None
        named = principal.get("Federated") if isinstance(principal, Mapping) else None
        for value in named if isinstance(named, list) else [named]:
            if isinstance(value, str):
                found.add(value)
    return found


def _date(value: Any) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else str(value.isoformat())
