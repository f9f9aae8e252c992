"""XA430 to XA435: actions by which a role can make itself, or somebody, more than it is."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.context import LintContext
from xacct.lint.document import Document, Statement, Word
from xacct.lint.patterns import covers, has_wildcard, matches, may_overlap
from xacct.lint.rules.actions import unlimited
from xacct.lint.rules.examples import OWN, OWNED, allow, policy
from xacct.lint.rules.table import ERROR, INFO, PERMISSION, WARNING, Hit, define

_PASS = "iam:passrole"  # noqa: S105
_EC2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
# Actions that change what somebody may do, or let the caller be somebody else.
_ESCALATING = frozenset(
    f"iam:{name}".lower()
    for name in [
        "AddUserToGroup",
        "AttachGroupPolicy",
        "AttachRolePolicy",
        "AttachUserPolicy",
        "CreateAccessKey",
        "CreateLoginProfile",
        "CreatePolicyVersion",
        "CreateServiceSpecificCredential",
        "DeactivateMFADevice",
        "DeleteRolePermissionsBoundary",
        "DeleteUserPermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "CreateUser",
        "CreateRole",
        "CreateOpenIDConnectProvider",
        "CreateSAMLProvider",
        "PutGroupPolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "SetDefaultPolicyVersion",
        "UpdateAssumeRolePolicy",
        "UpdateLoginProfile",
        "UpdateSAMLProvider",
        "UpdateOpenIDConnectProviderThumbprint",
        "AddClientIDToOpenIDConnectProvider",
        "ResetServiceSpecificCredential",
    ]
)
_GUARDED_BY = (
    "iam:permissionsboundary",
    "iam:policyarn",
    "iam:awsservicename",
    "iam:resourcetag/",
    "aws:resourcetag/",
)


def _covering(document: Document, names: frozenset[str]) -> Iterator[tuple[Statement, Word, list[str]]]:
    """Each word of an Allow with the given actions that it covers and no unconditional Deny takes back."""
    services = {name.partition(":")[0] for name in names}
    for statement in document.allows:
        for word in statement.actions or ():
            if word.folded.strip("*:") in ("", "iam") or word.folded in ("iam:*", "sts:*"):
                continue  # XA401 and XA406
            service = word.folded.partition(":")[0]
            if service not in services and not has_wildcard(service):
                continue
            found = [name for name in sorted(names) if matches(word.folded, name)]
            found = [name for name in found if not _denied(document, name)]
            if found:
                yield statement, word, found


def _denied(document: Document, name: str) -> bool:
    return any(
        not denial.conditions and any(covers(word.folded, name) for word in denial.actions or ())
        for denial in document.denies
        if denial.resources and any(word.value.strip("*") == "" for word in denial.resources)
    )


def _is_broad(statement: Statement) -> bool:
    """Whether a statement names all of a type's resources, or everything."""
    return (
        any(_all_of_type(word.value) for word in statement.resources or ())
        or statement.not_resources is not None
    )


def _all_of_type(text: str) -> bool:
    if text.strip("*") == "":
        return True
    parts = text.split(":", 5)
    if len(parts) < 6:
        return True
    kind, _, name = parts[5].partition("/")
    return (
        kind.strip("*") == "" or (name.strip("*/?") == "" and name != "") or (kind.endswith("*") and not name)
    )


def _guarded(statement: Statement) -> bool:
    return any(
        condition.demands
        and condition.folded.partition("/")[0] + "/" * ("/" in condition.folded) in _GUARDED_BY
        for condition in statement.conditions
    )


@define(
    "XA430",
    "Any role can be passed",
    ERROR,
    PERMISSION,
    why=(
        "With iam:PassRole on every role the holder hands an administrator's role to a service and "
        "uses it there."
    ),
    fix=(
        "name the role's ARN, and the service under iam:PassedToService; for Lightsail PassRole is "
        "never needed"
    ),
    bad=policy(allow("iam:PassRole")),
    good=policy(allow("iam:PassRole", f"arn:aws:iam::{OWN}:role/web", _EC2)),
    source="IAM User Guide, id_roles_use_passrole",
)
def pass_role(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, word, _ in _covering(document, frozenset({_PASS})):
        named_service = any(condition.folded == "iam:passedtoservice" for condition in statement.conditions)
        foreign = [item for item in statement.resources or () if _is_foreign(item.value, context)]
        if _is_broad(statement):
            severity = WARNING if named_service else ERROR
            yield Hit(
                word.path, f"{statement.where} lets every role be passed to a service", severity=severity
            )
        elif foreign:
            yield Hit(foreign[0].path, f"{statement.where}: a role of another account can never be passed")
        elif not named_service:
            severity = (
                WARNING if any(has_wildcard(item.value) for item in statement.resources or ()) else INFO
            )
            yield Hit(word.path, f"{statement.where} lets a role be passed to any service", severity=severity)


def _is_foreign(text: str, context: LintContext) -> bool:
    parts = text.split(":", 5)
    return (
        len(parts) == 6
        and context.account is not None
        and "${" not in text
        and not may_overlap(parts[4], context.account)
    )


@define(
    "XA431",
    "The role can give itself more",
    ERROR,
    PERMISSION,
    why="With this action on so many users, roles or policies the holder can become an administrator.",
    fix="take it out, name the resources, or demand a permissions boundary with iam:PermissionsBoundary",
    bad=policy(allow("iam:PutRolePolicy")),
    good=policy(
        allow(
            "iam:PutRolePolicy",
            f"arn:aws:iam::{OWN}:role/aws-service-role/lightsail.amazonaws.com/AWSServiceRoleForLightsail*",
        )
    ),
    source="IAM User Guide, access_policies_boundaries; Service Authorization Reference, IAM",
)
def escalation(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, word, found in _covering(document, _ESCALATING):
        own = context.role_arn is not None and any(
            matches(item.value, context.role_arn) for item in statement.resources or ()
        )
        names = ", ".join(found[:3])
        if (_is_broad(statement) and not _guarded(statement)) or own:
            yield Hit(word.path, f"{statement.where} lets the holder raise its own rights by {names}")
        elif not any("aws-service-role/" in item.value for item in statement.resources or ()):
            yield Hit(word.path, f"{statement.where} allows {names}, within limits", severity=INFO)


@define(
    "XA432",
    "Any role can be assumed",
    WARNING,
    PERMISSION,
    why="The holder may try every role there is, and gets into each whose trust admits its account.",
    fix="name the ARN of the role that is meant",
    bad=policy(allow("sts:AssumeRole", "arn:aws:iam::*:role/deployer")),
    good=policy(allow("sts:AssumeRole", f"arn:aws:iam::{OWNED}:role/deployer")),
    source="IAM User Guide, id_roles_use_permissions-to-switch",
)
def assume_anything(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word, _ in _covering(document, frozenset({"sts:assumerole"})):
        for item in statement.resources or ():
            parts = item.value.split(":", 5)
            account = parts[4] if len(parts) == 6 else "*"
            bound = any(
                condition.folded in ("aws:resourceorgid", "aws:resourceaccount", "aws:resourceorgpaths")
                or condition.folded.startswith(("aws:resourcetag/", "iam:resourcetag/"))
                for condition in statement.conditions
            )
            if bound:
                continue
            if item.value.strip("*") == "":
                yield Hit(word.path, f"{statement.where} lets the holder assume any role", severity=ERROR)
            elif has_wildcard(account):
                yield Hit(item.path, f"{statement.where}: {item.value!r} is a role in whichever account")
            elif _all_of_type(item.value):
                yield Hit(item.path, f"{statement.where}: {item.value!r} is every role of account {account}")


@define(
    "XA433",
    "Secrets of other services",
    WARNING,
    PERMISSION,
    why="The action reads secrets, keys or data of the whole account, or destroys them, far from Lightsail.",
    fix="name the resources that are meant, or take it out",
    bad=policy(allow("secretsmanager:GetSecretValue")),
    good=policy(
        allow(
            "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{OWN}:secret:acme/api-a1b2c3"
        )
    ),
    source="Judged by this project",
)
def other_secrets(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word, found in _covering(document, _FOREIGN_SECRETS):
        if unlimited(statement) and word.folded.partition(":")[2].strip("*"):
            yield Hit(word.path, f"{statement.where} allows {found[0]} on everything in the account")


_FOREIGN_SECRETS = frozenset(
    [
        "secretsmanager:getsecretvalue",
        "ssm:getparameter",
        "ssm:getparameters",
        "ssm:getparametersbypath",
        "kms:decrypt",
        "s3:getobject",
        "s3:putobject",
        "s3:deleteobject",
        "s3:putbucketpolicy",
        "s3:deletebucket",
        "dynamodb:getitem",
        "dynamodb:scan",
        "lambda:updatefunctioncode",
        "lambda:invokefunction",
        "ssm:sendcommand",
        "ssm:startsession",
        "kms:putkeypolicy",
        "kms:creategrant",
        "ec2:getpassworddata",
        "cloudformation:createstack",
        "cloudtrail:stoplogging",
        "cloudtrail:deletetrail",
        "organizations:leaveorganization",
    ]
)
