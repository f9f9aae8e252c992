"""XA11x to XA13x: who gets in, by the Principal element."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xacct.iam.arn import is_unique_id
from xacct.lint.context import AccountKind, LintContext
from xacct.lint.document import Condition, Document, Principal, Statement
from xacct.lint.guards import (
    accounts_fixed,
    accounts_of,
    demanded,
    is_guarded,
    names_account,
)
from xacct.lint.patterns import has_wildcard
from xacct.lint.rules.examples import EXTERNAL_ID, OWN, OWNED, VENDOR, policy, trust
from xacct.lint.rules.table import ERROR, INFO, TRUST, WARNING, Hit, define

_OWNED_ROLE = f"arn:aws:iam::{OWNED}:role/deployer"
_OWNED_ROOT = f"arn:aws:iam::{OWNED}:root"
_GOOD = policy(trust(_OWNED_ROLE))
_ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
_PRINCIPALS = "IAM User Guide, reference_policies_elements_principal"


def _named(document: Document) -> Iterator[tuple[Statement, Principal]]:
    for statement in document.statements:
        for principal in (*(statement.principals or ()), *(statement.not_principals or ())):
            yield statement, principal


@define(
    "XA101",
    "Anyone may assume the role",
    ERROR,
    TRUST,
    why="A star admits every AWS account in the world, and every one of them can make itself a caller.",
    fix="name the account, role or user that is to get in",
    bad=policy(trust("*")),
    good=_GOOD,
    source=_PRINCIPALS,
)
def anyone(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.admitting:
        conditions = demanded(document, statement)
        kept_out = any(names_account(condition) for condition in conditions)
        for principal in statement.principals or ():
            if principal.is_anyone and kept_out:
                yield Hit(
                    principal.path,
                    f"{statement.where} names everybody and leaves it to a condition to say who gets in",
                    severity=INFO,
                )
            elif principal.is_anyone:
                yield Hit(principal.path, f"{statement.where} admits every principal of every AWS account")


@define(
    "XA102",
    "Wildcard within a principal",
    ERROR,
    TRUST,
    why="A principal is named in full or not at all: IAM refuses a wildcard inside an ARN or account number.",
    fix="name each principal, or trust the account with ArnLike on aws:PrincipalArn",
    bad=policy(trust(f"arn:aws:iam::{OWNED}:role/deploy-*")),
    good=policy(trust(_OWNED_ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNED}:role/deploy-*"}})),
    source=_PRINCIPALS,
)
def wildcard_in_principal(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal in _named(document):
        if has_wildcard(principal.value) and not principal.is_anyone:
            yield Hit(
                principal.path, f"{statement.where} has a wildcard within the principal {principal.value!r}"
            )


@define(
    "XA103",
    "A whole account is trusted",
    WARNING,
    TRUST,
    why="Every user and role of that account whose own administrator allows sts:AssumeRole gets in.",
    fix="name the role that is meant, or add a condition: aws:PrincipalArn, aws:PrincipalOrgID, or MFA",
    bad=policy(trust(_OWNED_ROOT)),
    good=policy(trust(_OWNED_ROOT, {"Bool": {"aws:MultiFactorAuthPresent": "true"}})),
    source=_PRINCIPALS,
)
def whole_account(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement in document.admitting:
        if is_guarded(demanded(document, statement)) or statement.on("sts:externalid"):
            continue
        for principal in statement.principals or ():
            strange = principal.account is not None and _is_strange(principal.account, context)
            if principal.is_whole_account and not strange:
                yield Hit(
                    principal.path,
                    f"{statement.where} trusts all of account {principal.account or principal.value} "
                    "where a role could be named",
                )


def _is_strange(account: str, context: LintContext) -> bool:
    """Whether a missing external ID is what to say about the account (XA104) rather than XA103."""
    kind = context.kind_of(account)
    return kind is AccountKind.THIRD_PARTY or (kind is AccountKind.UNKNOWN and context.names_others)


@define(
    "XA104",
    "A third party without an external ID",
    ERROR,
    TRUST,
    why=(
        "A vendor uses one identity for all of its customers. Without an external ID another "
        "customer can have "
        "it work on this role: the confused deputy."
    ),
    fix='add "Condition": {"StringEquals": {"sts:ExternalId": "…"}} with the value that the vendor gave',
    bad=policy(trust(f"arn:aws:iam::{VENDOR}:role/collector")),
    good=policy(
        trust(f"arn:aws:iam::{VENDOR}:role/collector", {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
    ),
    source="IAM User Guide, id_roles_create_for-user_externalid and confused-deputy",
)
def third_party_without_external_id(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement in document.admitting:
        if "sts:AssumeRole" not in statement.trust_actions:
            continue
        conditions = demanded(document, statement)
        if any(condition.folded == "sts:externalid" for condition in conditions):
            continue
        for path, account in _accounts_admitted(statement, conditions):
            if not _is_strange(account, context):
                continue
            if context.kind_of(account) is AccountKind.THIRD_PARTY:
                yield Hit(
                    path,
                    f"{statement.where} trusts account {account} of a third party and asks for "
                    "no external ID",
                )
            elif not is_guarded(conditions):
                yield Hit(
                    path,
                    f"{statement.where} trusts account {account}, which is neither ours nor a known third "
                    "party, and asks for no external ID",
                    "check the number; for a third party add a condition on sts:ExternalId",
                    WARNING,
                )


def _accounts_admitted(statement: Statement, conditions: tuple[Condition, ...]) -> Iterator[tuple[str, str]]:
    """Path and number of each account that gets in, be it named or let in by a condition."""
    for principal in statement.principals or ():
        if principal.type == "AWS" and principal.account is not None:
            yield principal.path, principal.account
        elif principal.is_anyone:
            for account in accounts_fixed(conditions):
                yield principal.path, account


@define(
    "XA110",
    "NotPrincipal in a trust policy",
    ERROR,
    TRUST,
    why="A trust policy cannot hold NotPrincipal; with Allow it would admit everyone but those named.",
    fix="name those who get in under Principal; keep others out with a condition on aws:PrincipalArn",
    bad=policy({"Effect": "Allow", "NotPrincipal": {"AWS": _OWNED_ROLE}, "Action": "sts:AssumeRole"}),
    good=_GOOD,
    source="IAM User Guide, reference_policies_elements_notprincipal",
)
def not_principal(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        if statement.not_principals is not None:
            effect = (
                "admits everyone but those named" if statement.allows else "names principals by exclusion"
            )
            yield Hit(f"{statement.path}.NotPrincipal", f"{statement.where} {effect}: NotPrincipal")


@define(
    "XA111",
    "A principal that was deleted",
    WARNING,
    TRUST,
    why=(
        "IAM shows a deleted user or role as its unique ID. The line admits nobody, and a new "
        "role of the old "
        "name is not trusted until the policy is saved again."
    ),
    fix="take the ID out, or put in the ARN of the principal that is meant today",
    bad=policy(trust([_OWNED_ROLE, "AROAEXAMPLEID12345678"])),
    good=_GOOD,
    source=_PRINCIPALS,
)
def deleted_principal(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal in _named(document):
        if principal.type == "AWS" and is_unique_id(principal.value):
            yield Hit(
                principal.path, f"{statement.where} names the unique ID {principal.value}, not a principal"
            )


_IAM_PRINCIPAL = re.compile(
    r"(root|user/(?:[!-~]+/)?[\w+=,.@-]{1,64}|role/(?:[!-~]+/)?[\w+=,.@-]{1,64})", re.ASCII
)
_STS_PRINCIPAL = re.compile(
    r"(assumed-role/[\w+=,.@-]{1,64}/[\w+=,.@-]{2,64}|federated-user/[\w+=,.@-]{2,32})"
)


@define(
    "XA112",
    "No valid principal",
    ERROR,
    TRUST,
    why=(
        "IAM refuses a principal that is no account, user, role or session, and groups can never be "
        "principals."
    ),
    fix="write a 12-digit account ID, arn:aws:iam::ACCOUNT:root, …:role/NAME or …:user/NAME",
    bad=policy(trust(f"arn:aws:iam::{OWNED}:group/admins")),
    good=_GOOD,
    source=_PRINCIPALS,
)
def malformed_principal(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal in _named(document):
        problem = _problem_of(principal) if principal.type == "AWS" else None
        if problem:
            yield Hit(principal.path, f"{statement.where} names {principal.value!r}: {problem}")


def _problem_of(principal: Principal) -> str | None:
    value = principal.value
    if (
        has_wildcard(value)
        or value != value.strip()
        or not value
        or not value.isascii()
        or re.fullmatch(r"A[A-Z]{3}[A-Z0-9]{12,}", value)
    ):
        return None
    if not value.startswith("arn:"):
        return _problem_of_number(value)
    parts = value.split(":", 5)
    if len(parts) < 6:
        return "an ARN has six parts with colons between them"
    _, _, service, region, account, resource = parts
    if service not in ("iam", "sts"):
        return f"an ARN of {service or 'no service'} is no principal"
    if region:
        return "ARNs of principals have no Region"
    if not (len(account) == 12 and account.isascii() and account.isdigit()):
        return f"the account {account!r} is not 12 digits"
    if "oidc-provider/" in resource or "saml-provider/" in resource:
        return None
    pattern = _IAM_PRINCIPAL if service == "iam" else _STS_PRINCIPAL
    return None if pattern.fullmatch(resource) else f"{resource!r} is no user, role, session or root"


def _problem_of_number(value: str) -> str | None:
    if value.replace("-", "").isdigit():
        digits = sum(character.isdigit() for character in value)
        return (
            None if len(value) == 12 and digits == 12 else f"an account ID has 12 digits, this has {digits}"
        )
    if "." in value:
        return None
    return "neither an account ID nor an ARN"


@define(
    "XA113",
    "Principal of another partition",
    ERROR,
    TRUST,
    why="sts:AssumeRole never crosses partitions: China and GovCloud are separate worlds of accounts.",
    fix="name a principal of the role's own partition",
    bad=policy(trust(f"arn:aws-cn:iam::{OWNED}:role/deployer")),
    good=_GOOD,
    source="IAM User Guide, id_roles_compare-resource-policies",
)
def other_partition(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, principal in _named(document):
        parts = principal.value.split(":", 2)
        if len(parts) == 3 and parts[0] == "arn" and parts[1] != context.partition and "*" not in parts[1]:
            yield Hit(
                principal.path,
                f"{statement.where} names a principal of partition {parts[1]!r}, the role is in "
                f"{context.partition!r}",
            )


@define(
    "XA114",
    "Principal under the wrong type",
    ERROR,
    TRUST,
    why=(
        "The key of the Principal element says what its values are; under another one IAM refuses "
        "or ignores them."
    ),
    fix=(
        "users, roles and accounts go under AWS, providers under Federated, host names of services "
        "under Service"
    ),
    bad=policy(trust({"AWS": "lambda.amazonaws.com"})),
    good=policy(trust({"Service": "lambda.amazonaws.com"})),
    source=_PRINCIPALS,
)
def wrong_type(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal in _named(document):
        belongs = _belongs_under(principal)
        if belongs is not None and belongs != principal.type:
            yield Hit(
                principal.path,
                f"{statement.where} has {principal.value!r} under {principal.type!r}; it belongs "
                f"under {belongs!r}",
            )
        elif principal.type == "CanonicalUser":
            yield Hit(principal.path, f"{statement.where} names a canonical user, which only S3 knows")


_BUILT_IN = ("cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com", "www.amazon.com")


def _belongs_under(principal: Principal) -> str | None:
    value = principal.value.strip()
    if value in _BUILT_IN or re.search(r":(oidc|saml)-provider/", value):
        return "Federated"
    if value.startswith("arn:") or value.isdigit():
        return "AWS"
    return "Service" if re.search(r"\.amazonaws\.(com|com\.cn|eu)$", value) else None


@define(
    "XA115",
    "The role trusts itself",
    WARNING,
    TRUST,
    why=(
        "Whoever holds a session of the role can renew it for ever, past its end and past revoking "
        "the way in."
    ),
    fix="take the role's own ARN out of its trust policy",
    bad=policy(trust([_OWNED_ROLE, f"arn:aws:iam::{OWN}:role/xacct/backup"])),
    good=_GOOD,
    source="IAM User Guide, id_roles_terms-and-concepts (role chaining)",
)
def self_trust(document: Document, context: LintContext) -> Iterator[Hit]:
    own = context.role_arn
    session = f"arn:{context.partition}:sts::{context.account}:assumed-role/{context.role_name}/"
    for statement in document.admitting:
        for principal in statement.principals or ():
            if own is not None and (principal.value == own or principal.value.startswith(session)):
                yield Hit(principal.path, f"{statement.where} lets the role assume itself")


# Services that assume a role for whoever asks and send the asker's ARN along; others, such as EC2 and
# Lambda, take a role only from those who may pass it.
_DEPUTIES = frozenset(
    f"{name}.amazonaws.com"
    for name in [
        "rolesanywhere",
        "scheduler",
        "pipes",
        "bedrock",
        "bedrock-agentcore",
        "transfer",
        "datasync",
        "firehose",
        "logs",
        "delivery.logs",
        "sns",
        "cloudtrail",
        "config",
        "events",
        "appflow",
        "iot",
        "ssm",
    ]
)


@define(
    "XA116",
    "A service that anybody can send",
    WARNING,
    TRUST,
    why=(
        "The service assumes the role for whichever account asks it to. Without a condition on the source "
        "another account can use it as a confused deputy."
    ),
    fix="add StringEquals on aws:SourceAccount, or ArnLike on aws:SourceArn",
    bad=policy(trust({"Service": "sns.amazonaws.com"})),
    good=policy(trust({"Service": "sns.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": OWN}})),
    source="IAM User Guide, confused-deputy (cross-service)",
)
def service_without_source(document: Document, _context: LintContext) -> Iterator[Hit]:
    keys = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
    for statement in document.admitting:
        conditions = demanded(document, statement)
        if any(condition.folded in keys and not condition.is_null for condition in conditions):
            continue
        for principal in statement.principals or ():
            if principal.type == "Service" and principal.value.strip().lower() in _DEPUTIES:
                yield Hit(
                    principal.path, f"{statement.where} trusts {principal.value} on behalf of any account"
                )


@define(
    "XA117",
    "No valid service principal",
    ERROR,
    TRUST,
    why="A service principal is a host name such as lambda.amazonaws.com; another text admits nobody.",
    fix="write SERVICE.amazonaws.com as the service's documentation names it",
    bad=policy(trust({"Service": "lambda"})),
    good=policy(trust({"Service": "lambda.amazonaws.com"})),
    source=_PRINCIPALS,
)
def malformed_service(document: Document, _context: LintContext) -> Iterator[Hit]:
    host = re.compile(
        r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazonaws\.eu|amazon\.com|aws\.internal)"
    )
    for statement, principal in _named(document):
        value = principal.value.strip()
        literal = not has_wildcard(value) and _belongs_under(principal) != "AWS"
        if principal.type == "Service" and literal and not host.fullmatch(value):
            yield Hit(principal.path, f"{statement.where} names {value!r}, which is no service principal")


@define(
    "XA118",
    "Several third parties behind one external ID",
    WARNING,
    TRUST,
    why="Vendors that know the same external ID can each stand in for the other's other customers.",
    fix="write one statement for each third party, each with its own external ID",
    bad=policy(
        trust(
            [f"arn:aws:iam::{VENDOR}:role/collector", "arn:aws:iam::555566667777:role/scanner"],
            {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
        )
    ),
    good=policy(
        trust(f"arn:aws:iam::{VENDOR}:role/collector", {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
    ),
    source="IAM User Guide, id_roles_create_for-user_externalid",
)
def shared_external_id(document: Document, context: LintContext) -> Iterator[Hit]:
    holders: dict[str, str] = {}
    for statement in document.admitting:
        accounts = [name for name in accounts_of(statement.principals or ()) if _is_strange(name, context)]
        for condition in statement.on("sts:externalid"):
            for word in condition.values:
                others = {holders.setdefault(word.value, name) for name in accounts} | set(accounts)
                if len(others) > 1:
                    listed = " and ".join(sorted(others))
                    yield Hit(word.path, f"accounts {listed} get in with the same external ID")


@define(
    "XA119",
    "An IAM user is trusted",
    INFO,
    TRUST,
    why="An IAM user has long-lived access keys; who holds a copy of them gets in as well.",
    fix="trust a role where the other side has one, or demand MFA",
    bad=policy(trust(f"arn:aws:iam::{OWNED}:user/ops")),
    good=_GOOD,
    source="IAM User Guide, best-practices",
)
def user_with_keys(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.admitting:
        if is_guarded(demanded(document, statement)):
            continue
        for principal in statement.principals or ():
            if principal.type == "AWS" and ":user/" in principal.value:
                yield Hit(principal.path, f"{statement.where} trusts an IAM user: {principal.value}")


@define(
    "XA121",
    "Names that differ in case alone",
    ERROR,
    TRUST,
    why=(
        "An account cannot hold two roles or users whose names differ in case alone, so one of the "
        "two is nobody."
    ),
    fix="keep the one that exists; a principal's name is compared with its case",
    bad=policy(trust([_OWNED_ROLE, f"arn:aws:iam::{OWNED}:role/Deployer"])),
    good=_GOOD,
    source="IAM User Guide, reference_iam-quotas (names)",
)
def case_duplicates(document: Document, _context: LintContext) -> Iterator[Hit]:
    seen: dict[str, str] = {}
    for statement, principal in _named(document):
        spelled = seen.setdefault(principal.value.lower(), principal.value)
        if (
            principal.type == "AWS"
            and spelled != principal.value
            and principal.value.strip() == principal.value
        ):
            yield Hit(principal.path, f"{statement.where} names {principal.value!r} beside {spelled!r}")
