"""
Identity providers: how their tokens look in a trust policy.

Sources: IAM User Guide, id_roles_create_for-idp_oidc, id_roles_providers_create_oidc and
reference_policies_iam-condition-keys; each provider's own documentation of its subject.
"""

from __future__ import annotations

import re

from xacct.lint.document import Principal
from xacct.values import frozen

__all__ = ["BUILT_IN", "Provider", "host_of", "is_federation_key", "known_provider"]

BUILT_IN = ("cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com", "www.amazon.com")


@frozen
class Provider:
    """
    One kind of OpenID Connect issuer.

    ``hosts`` matches the issuer. ``tenant`` matches the literal beginning of a subject that only one customer
    of the issuer can have, ``unit`` that of one project within; both empty where the issuer itself belongs to
    one customer. ``claims`` are those that STS takes beside aud and sub. ``owners`` are claims that tell
    customers apart without the subject.
    """

    name: str
    hosts: str
    form: str
    tenant: str = ""
    unit: str = ""
    claims: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    audience: str | None = None
    closed: bool = False
    """Whether STS knows exactly these claims and no others."""


_GITHUB_CLAIMS = [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
]
_GITLAB_CLAIMS = [
    "namespace_id",
    "pipeline_source",
    "project_id",
    "ref_protected",
    "runner_environment",
    "user_access_level",
    "user_email",
    "user_id",
    "user_login",
]
_BUILDKITE_CLAIMS = [
    "build_branch",
    "cluster_id",
    "cluster_name",
    "organization_id",
    "organization_slug",
    "pipeline_id",
    "pipeline_slug",
]

_PROVIDERS = (
    Provider(
        "GitHub",
        r"token\.actions\.(githubusercontent\.com(/.+)?|.+\.ghe\.com)",
        "repo:OWNER/REPOSITORY:environment:NAME",
        tenant=r"repo:[^/*?:]+/",
        unit=r"repo:[^/*?:]+/[^*?:]+:",
        claims=tuple(_GITHUB_CLAIMS),
        owners=("repository_owner_id", "repository_id", "repository", "job_workflow_ref", "enterprise_id"),
        audience="sts.amazonaws.com",
        closed=True,
    ),
    Provider(
        "GitLab",
        r"gitlab\.com",
        "project_path:GROUP/PROJECT:ref_type:branch:ref:NAME",
        tenant=r"project_path:[^/*?:]+/",
        unit=r"project_path:[^/*?:]+/[^*?:]+:",
        claims=tuple(_GITLAB_CLAIMS),
        owners=("namespace_id", "project_id", "user_id", "user_login", "user_email"),
        closed=True,
    ),
    Provider(
        "HCP Terraform",
        r"app\.terraform\.io",
        "organization:ORG:project:PROJECT:workspace:WORKSPACE:run_phase:PHASE",
        tenant=r"organization:[^*?:]+:",
        unit=r"organization:[^*?:]+:",
        closed=True,
    ),
    Provider(
        "Buildkite",
        r"agent(\..+)?\.buildkite\.(com|dev|site)",
        "organization:ORG:pipeline:PIPELINE:ref:REF:commit:COMMIT:step:STEP",
        tenant=r"organization:[^*?:]+:",
        unit=r"organization:[^*?:]+:",
        claims=tuple(_BUILDKITE_CLAIMS),
        owners=("organization_id", "organization_slug", "pipeline_id", "cluster_id"),
        closed=True,
    ),
    Provider(
        "CircleCI",
        r"oidc\.circleci\.com/org/.+",
        "org/ORG/project/PROJECT/user/USER",
        claims=("oidc.circleci.com/project-id",),
        owners=("oidc.circleci.com/project-id",),
        closed=True,
    ),
    Provider(
        "EKS",
        r"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/id/.+",
        "system:serviceaccount:NAMESPACE:NAME",
        tenant=r"system:serviceaccount:",
        unit=r"system:serviceaccount:[^*?:]+:",
        audience="sts.amazonaws.com",
        closed=True,
    ),
    Provider("Bitbucket", r"api\.bitbucket\.org/2\.0/workspaces/.+", "{REPOSITORY-UUID}:{STEP-UUID}"),
    Provider(
        "Google", r"accounts\.google\.com", "the number of the account", claims=("oaud", "azp", "email")
    ),
    Provider(
        "Cognito",
        r"cognito-identity\.amazonaws\.com",
        "the identity's ID",
        claims=("amr",),
        owners=("amr",),
    ),
    Provider(
        "Facebook", r"graph\.facebook\.com", "the user's ID", claims=("app_id", "id"), owners=("app_id", "id")
    ),
    Provider(
        "Amazon",
        r"www\.amazon\.com",
        "the user's ID",
        claims=("app_id", "user_id"),
        owners=("app_id", "user_id"),
    ),
)


def known_provider(host: str) -> Provider | None:
    """The kind of issuer with that host and path, or None for one's own."""
    return next((item for item in _PROVIDERS if re.fullmatch(item.hosts, host.lower())), None)


def host_of(principal: Principal) -> str | None:
    """The issuer's host and path, the prefix of its condition keys; None for what is no OIDC provider."""
    value = principal.value.strip()
    if value in BUILT_IN:
        return value
    head, found, host = value.partition(":oidc-provider/")
    return host if found and head.startswith("arn:") else None


def is_federation_key(key: str) -> bool:
    """Whether a key's prefix is an issuer's host rather than a service."""
    prefix = key.rpartition(":")[0]
    return "." in prefix.split("/")[0] or prefix.lower().startswith("http")
