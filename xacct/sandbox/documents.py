"""
What IAM accepts as a policy document, checked when it is saved.

Sources: IAM User Guide, reference_policies_grammar, reference_iam-quotas, id_roles_terms-and-concepts,
reference_policies_elements_principal; texts from public reports. Quotas count characters without white space.
"""

from __future__ import annotations

import re
from functools import lru_cache

from xacct.errors import InputError
from xacct.evaluate import Policies, compile_policies
from xacct.iam import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.sandbox.problems import invalid_principal, limit, malformed
from xacct.sandbox.trusted import resolve_principals
from xacct.sandbox.world import World

__all__ = [
    "ATTACHED_QUOTA",
    "INLINE_QUOTAS",
    "MANAGED_QUOTA",
    "TRUST_QUOTA",
    "check_identity_policy",
    "check_managed_size",
    "check_trust_policy",
    "parse_document",
    "size_of",
]

TRUST_QUOTA = 2048
MANAGED_QUOTA = 6144
INLINE_QUOTAS = {"role": 10240, "user": 2048, "group": 5120}
ATTACHED_QUOTA = 10

_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_SID = re.compile(r"[A-Za-z0-9]*")
_TRUST_ACTIONS = re.compile(r"sts:[A-Za-z*?]+", re.IGNORECASE)
_BASES = {
    "string": "equals notequals equalsignorecase notequalsignorecase like notlike",
    "numeric": "equals notequals lessthan lessthanequals greaterthan greaterthanequals",
    "date": "equals notequals lessthan lessthanequals greaterthan greaterthanequals",
    "arn": "equals notequals like notlike",
}
_OPERATORS = frozenset(
    [f"{kind}{test}" for kind, tests in _BASES.items() for test in tests.split()]
    + ["bool", "binaryequals", "ipaddress", "notipaddress"]
)
# Issuers that many tenants share, and the claim that tells tenants apart. The list that AWS enforces could
# not be read in a source; docs/sandbox.md says so.
SHARED_ISSUERS = {
    "token.actions.githubusercontent.com": "sub",
    "gitlab.com": "sub",
    "app.terraform.io": "sub",
    "agent.buildkite.com": "sub",
    "oidc.codefresh.io": "sub",
    "api.pulumi.com/oidc": "sub",
    "oidc.vercel.com": "sub",
}


@lru_cache(maxsize=4096)
def parse_document(text: str) -> PolicyDocument:
    """Raises AwsError (MalformedPolicyDocument) for what is no policy at all."""
    try:
        return PolicyDocument.from_json(text)
    except InputError as error:
        problem = error.problems[0]
        if problem.code in ("not-json", "not-text", "duplicate-key"):
            raise malformed("This policy contains invalid Json") from None
        raise malformed(f"Syntax errors in policy. ({problem.message})") from None


def size_of(text: str) -> int:
    """Count a document's characters as IAM's quotas do: white space does not count."""
    return sum(not character.isspace() for character in text)


def check_identity_policy(text: str) -> PolicyDocument:
    """Raises AwsError for what IAM refuses in an identity-based policy."""
    document = _check_common(parse_document(text))
    for statement in document.statements:
        if statement.principals is not None or statement.not_principals is not None:
            raise malformed("Policy document should not specify a principal.")
        if not statement.resources and not statement.not_resources:
            raise malformed("Policy statement must contain resources.")
        for resource in (statement.resources or ()) + (statement.not_resources or ()):
            _check_resource(resource)
    _check_evaluable(Policies(identity=(document,)))
    return document


def check_managed_size(text: str) -> None:
    if size_of(text) > MANAGED_QUOTA:
        raise limit("PolicySize", MANAGED_QUOTA)


def check_trust_policy(text: str, world: World, role_account: str) -> dict[str, str]:
    """
    Check a trust policy, and resolve the users and roles that it names.

    Returns the unique ID of each ARN, as IAM keeps it. Raises AwsError.
    """
    document = _check_common(parse_document(text))
    for statement in document.statements:
        _check_trust_statement(statement)
        _check_shared_issuer(statement)
    _check_evaluable(Policies(resource=document))
    ids = resolve_principals(document, world, role_account)
    if size_of(text) > TRUST_QUOTA:
        raise limit("ACLSizePerRole", TRUST_QUOTA)
    return ids


def _check_common(document: PolicyDocument) -> PolicyDocument:
    if not document.statements:
        raise malformed("Syntax errors in policy.")
    sids = [statement.sid for statement in document.statements if statement.sid]
    if len(sids) != len(set(sids)):
        raise malformed("Statement IDs (SID) in a single policy must be unique.")
    for statement in document.statements:
        _check_statement(statement)
    return document


def _check_evaluable(policies: Policies) -> None:
    """Nothing is saved that could not be evaluated afterwards."""
    try:
        compile_policies(policies)
    except InputError as error:
        raise malformed(f"Syntax errors in policy. ({error.problems[0].message})") from None


def _check_statement(statement: Statement) -> None:
    if statement.sid is not None and not _SID.fullmatch(statement.sid):
        raise malformed(
            f"Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            f"regular expression [0-9A-Za-z]* (Sid {statement.sid})"
        )
    actions = (statement.actions or ()) + (statement.not_actions or ())
    if not actions:
        raise malformed("Policy statement must contain actions.")
    for action in actions:
        if not _ACTION.fullmatch(action):
            if ":" not in action:
                raise malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
            raise malformed(f"Action {action} is not valid.")
    for condition in statement.conditions:
        _check_condition(condition)


def _check_condition(condition: Condition) -> None:
    name = condition.operator.lower()
    for qualifier in ("forallvalues:", "foranyvalue:"):
        name = name.removeprefix(qualifier)
    base = name.removesuffix("ifexists")
    if name != "null" and base not in _OPERATORS:
        raise malformed(f"Invalid Condition type : {condition.operator}.")
    if ":" not in condition.key:
        raise malformed(f"Condition key {condition.key} must be prefaced by a vendor, e.g., aws, iam, sts.")
    if not condition.values and not name.startswith("null"):
        raise malformed("Syntax errors in policy.")


def _check_resource(resource: str) -> None:
    if resource == "*" or resource.startswith("${"):
        return
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise malformed(f'Resource {resource} must be in ARN format or "*".')
    if not re.fullmatch(r"aws[a-z-]*|\*", parts[1]):
        raise malformed(
            f'Partition "{parts[1]}" is not valid for resource "{resource}".',
        )
    if any(wild in parts[2] for wild in "*?") and parts[2] != "*":
        raise malformed(f"Vendor {parts[2]} is not valid")


def _check_trust_statement(statement: Statement) -> None:
    if statement.resources is not None or statement.not_resources is not None:
        raise malformed("Has prohibited field Resource")
    if statement.not_principals is not None:
        raise malformed("AssumeRolepolicy contained an invalid principal: NotPrincipal is not allowed.")
    if not statement.principals:
        raise malformed("Missing required field Principal")
    for action in (statement.actions or ()) + (statement.not_actions or ()):
        if not _TRUST_ACTIONS.fullmatch(action):
            raise malformed("AssumeRole policy may only specify STS AssumeRole actions.")
    for principal in statement.principals:
        _check_principal(principal)


def _check_principal(principal: TypedPrincipal) -> None:
    kind, value = principal.type, principal.value
    if kind is PrincipalType.CANONICAL_USER or not value:
        raise invalid_principal(kind.value, value)
    if "*" in value or "?" in value:
        # IAM takes a lone * in this form only (aws-cdk, pull request 5746); the guide knows no difference.
        if kind is PrincipalType.AWS and value == "*":
            return
        raise invalid_principal(kind.value, value)


def _check_shared_issuer(statement: Statement) -> None:
    if statement.effect is not Effect.ALLOW:
        return
    keys = {condition.key.lower() for condition in statement.conditions}
    for principal in statement.principals or ():
        if principal.type is not PrincipalType.FEDERATED:
            continue
        issuer = principal.value.partition(":oidc-provider/")[2]
        claim = _claim_of(issuer)
        if claim is not None and f"{issuer}:{claim}".lower() not in keys:
            raise malformed(
                f"Missing required condition on the claim {issuer}:{claim}: the identity provider is shared "
                "between tenants."
            )


def _claim_of(issuer: str) -> str | None:
    for shared, claim in SHARED_ISSUERS.items():
        if issuer.lower() == shared or issuer.lower().startswith(shared + "/"):
            return claim
    return None
