"""
The pages that the sentences about AWS rest on, by name. Where no page says it, the source says who judged.

The IAM User Guide was read as of May 2023, the Lightsail developer guide as of April 2023, the SDK's models
and the Service Authorization Reference as of 2026. docs/explanation/ tells the same with their dates.
"""

from __future__ import annotations

__all__ = [
    "ACCESS_KEYS",
    "BLOCK_PUBLIC",
    "BOUNDARIES",
    "BUCKETS",
    "BUCKET_INSTANCES",
    "BUCKET_KEYS",
    "CHAINING",
    "CLOUDTRAIL",
    "COMPARE",
    "CONDITION_KEYS",
    "CONSISTENCY",
    "CONSOLE",
    "CONSOLE_URL",
    "CREATE_FOR_USER",
    "CROSS_ACCOUNT",
    "DELEGATION",
    "DELETE_USER",
    "DEPUTY",
    "EXTERNAL_ID",
    "FEDERATED_USERS",
    "GITHUB_OIDC",
    "JUDGED",
    "LIGHTSAIL",
    "LIGHTSAIL_MODEL",
    "LOGIC",
    "MFA",
    "OIDC",
    "PRINCIPAL",
    "QUOTAS",
    "REVOKE",
    "ROLES",
    "ROLES_ANYWHERE",
    "SAML",
    "SDK_MODELS",
    "SERVICES",
    "SESSION_TAGS",
    "SOURCE_IDENTITY",
    "STS",
    "STS_IDENTITY",
    "STS_TOKENS",
    "SWITCH",
    "TAGGING",
    "TEMPLATES",
    "VARIABLES",
]

_GUIDE = "IAM User Guide: "
_LIGHTSAIL = "Lightsail developer guide: "

ACCESS_KEYS = _GUIDE + "id_credentials_access-keys"
BOUNDARIES = _GUIDE + "access_policies_boundaries"
CHAINING = _GUIDE + "id_roles_terms-and-concepts"
CLOUDTRAIL = _GUIDE + "cloudtrail-integration"
COMPARE = _GUIDE + "id_roles_compare-resource-policies"
CONDITION_KEYS = _GUIDE + "reference_policies_condition-keys"
CONSISTENCY = _GUIDE + "troubleshoot_general"
CREATE_FOR_USER = _GUIDE + "id_roles_create_for-user"
CROSS_ACCOUNT = _GUIDE + "reference_policies_evaluation-logic-cross-account"
DELEGATION = _GUIDE + "access_policies-temporary-delegation"
DEPUTY = _GUIDE + "confused-deputy"
EXTERNAL_ID = _GUIDE + "id_roles_create_for-user_externalid"
FEDERATED_USERS = _GUIDE + "id_roles_common-scenarios_federated-users"
LOGIC = _GUIDE + "reference_policies_evaluation-logic"
MFA = _GUIDE + "id_credentials_mfa_configure-api-require"
OIDC = _GUIDE + "id_roles_create_for-idp_oidc"
CONSOLE_URL = _GUIDE + "id_roles_providers_enable-console-custom-url"
PRINCIPAL = _GUIDE + "reference_policies_elements_principal"
QUOTAS = _GUIDE + "reference_iam-quotas"
REVOKE = _GUIDE + "id_roles_use_revoke-sessions"
ROLES = _GUIDE + "id_roles"
SAML = _GUIDE + "id_roles_providers_create_saml_assertions"
SERVICES = _GUIDE + "reference_aws-services-that-work-with-iam"
SESSION_TAGS = _GUIDE + "id_session-tags"
SOURCE_IDENTITY = _GUIDE + "id_credentials_temp_control-access_monitor"
SWITCH = _GUIDE + "id_roles_use_switch-role-console"

LIGHTSAIL = _LIGHTSAIL + "security_iam_service-with-iam"
CONSOLE = _LIGHTSAIL + "create-policy-that-grants-access-to-amazon-lightsail"
BUCKETS = _LIGHTSAIL + "amazon-lightsail-configuring-bucket-cross-account-access"
BUCKET_KEYS = _LIGHTSAIL + "amazon-lightsail-creating-bucket-access-keys"
BUCKET_INSTANCES = _LIGHTSAIL + "amazon-lightsail-configuring-bucket-resource-access"
BLOCK_PUBLIC = _LIGHTSAIL + "amazon-lightsail-block-public-access-for-buckets"

STS = "AWS STS API Reference: AssumeRole"
STS_IDENTITY = "AWS STS API Reference: GetCallerIdentity"
STS_TOKENS = "AWS STS API Reference: GetSessionToken, GetFederationToken"
GITHUB_OIDC = "GitHub documentation: OpenID Connect reference"
TAGGING = "Service Authorization Reference: Amazon Lightsail"
DELETE_USER = "IAM API Reference: DeleteUser"
TEMPLATES = "IAM API Reference: AcquireRole (as the SDK's model has it)"
ROLES_ANYWHERE = "IAM Roles Anywhere User Guide: trust-model"
LIGHTSAIL_MODEL = "Lightsail API Reference: UpdateBucket"
SDK_MODELS = "botocore 1.44.5 service models"
JUDGED = "this project's own judgement, from the pages named"
VARIABLES = _GUIDE + "reference_policies_variables"
