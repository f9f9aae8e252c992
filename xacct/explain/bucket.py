"""
Lightsail's one exception: the objects of a bucket can be opened to other accounts without a role.

Facts: up to ten account IDs in readonlyAccessAccounts, read only, all objects, no control over Lightsail.
Sources: Lightsail developer guide, amazon-lightsail-configuring-bucket-cross-account-access; UpdateBucket.
"""

from __future__ import annotations

import re

from xacct.explain import sources
from xacct.explain.case import Case, Party
from xacct.explain.model import Block, Code, Grid, Point, Points, Row, Section, Text
from xacct.explain.path import caller_policy
from xacct.explain.text import document_text, listed
from xacct.iam.policy import Effect, PolicyDocument, Statement

__all__ = ["bucket_of", "bucket_section", "reader_policy", "role_permissions"]

MAX_READERS = 10
"""Account IDs that a bucket lists at most (UpdateBucket)."""

# Source: Lightsail API Reference, CreateBucket (BucketName): no dots, 3 to 54 characters.
_NAME = re.compile("[a-z0-9][a-z0-9-]{1,52}[a-z0-9]")

_READS = {"s3:getobject", "s3:listbucket"}
_ARN = "arn:aws:s3:::"

_FACTS = (
    Point(
        "Lightsail has no resource-based policies and no access control lists. A role is the way across"
        " accounts.",
        "Lightsail itself",
        source=sources.LIGHTSAIL,
    ),
    Point(
        f"A bucket can list up to {MAX_READERS} other accounts (readonlyAccessAccounts). They read all its"
        " objects; no prefix, no writing, no control over the bucket.",
        "The bucket exception",
        source=sources.BUCKETS,
    ),
    Point(
        "An instance in the bucket's Region can be given access to it; that is full access to objects,"
        " without keys.",
        "Instances",
        source=sources.BUCKET_INSTANCES,
    ),
    Point(
        "Access keys of a bucket read and write it, belong to no principal of IAM and never expire: no way"
        " to share.",
        "Bucket keys",
        source=sources.BUCKET_KEYS,
    ),
)


def bucket_of(case: Case) -> str | None:
    """The one bucket whose objects the grant reads and nothing else, if Lightsail's can have such a name."""
    name = _read_alone(case)
    return name if name is not None and _NAME.fullmatch(name) else None


def _read_alone(case: Case) -> str | None:
    """The one bucket of S3 whose objects the grant reads, and does nothing else."""
    statements = [one for document in case.documents for one in document.statements]
    allowing = [one for one in statements if one.effect is Effect.ALLOW]
    actions = {action.lower() for one in allowing for action in one.actions or ("*",)}
    if "s3:getobject" not in actions or not actions <= _READS:
        return None
    resources = {resource for one in allowing for resource in one.resources or ("*",)}
    names = {resource.removeprefix(_ARN).partition("/")[0] for resource in resources}
    name = names.pop() if len(names) == 1 else ""
    plain = all(resource.startswith(_ARN) for resource in resources) and name
    return name if plain and not ("*" in name or "?" in name) else None


def _is_whole(case: Case, bucket: str) -> bool:
    """Whether the grant reads all of the bucket's objects, as the list of readers would let them."""
    statements = [one for document in case.documents for one in document.statements]
    allowing = [one for one in statements if one.effect is Effect.ALLOW]
    return any(f"{_ARN}{bucket}/*" in (one.resources or ()) for one in allowing)


def reader_policy(bucket: str) -> PolicyDocument:
    """What a reader in a listed account needs of its own."""
    return PolicyDocument.of(
        Statement(
            sid="ReadObjects",
            effect=Effect.ALLOW,
            actions=("s3:GetObject",),
            resources=(f"{_ARN}{bucket}/*",),
        )
    )


def role_permissions(case: Case) -> str:
    """The grant's own permissions policies, as written."""
    return "\n".join(document_text(document) for document in case.documents)


def bucket_section(case: Case) -> Section:
    """Lightsail's truth; both ways written out where the grant's need fits the exception."""
    bucket = bucket_of(case)
    blocks: tuple[Block, ...] = (Points(_FACTS),)
    if bucket is None:
        blocks = (*blocks, Text(_no_exception(_read_alone(case))))
    elif not case.party.crosses_accounts:
        said = (
            f"The grant is about reading the objects of {bucket}, but the trusted party is no other AWS"
            " account, and the list takes account IDs alone."
        )
        blocks = (*blocks, Text(said))
    else:
        blocks = (*blocks, *_both_ways(case, bucket))
    return Section("bucket", "Lightsail and the bucket exception", blocks)


def _no_exception(name: str | None) -> str:
    if name is None:
        return (
            "This grant does not fit the exception: it is not about reading the objects of one bucket alone."
        )
    return (
        f"This grant does not fit the exception: {name} cannot be a bucket of Lightsail's, whose names have"
        " small letters, digits and hyphens alone. A bucket of S3 has no list of readers, but a bucket policy"
        " (xacct explain --service s3)."
    )


def _both_ways(case: Case, bucket: str) -> tuple[Block, ...]:
    readers = tuple(one for one in case.trusted_accounts if one.isdigit()) or (case.caller_account,)
    reader = listed(readers, "or")
    regions = [region for entry in case.expansion.grant.permissions for region in entry.regions]
    region = regions[0] if regions else "REGION"
    command = (
        f"aws lightsail update-bucket --bucket-name {bucket} --region {region} \\\n  "
        f"--readonly-access-accounts {' '.join(readers)}"
    )
    rows = (
        Row(
            (
                "Who gets in",
                _role_callers(case),
                f"any principal of account {reader} that its administrators allow, and its root user",
            )
        ),
        Row(("Which objects", "those that the policy names", "all, also later ones"), source=sources.BUCKETS),
        Row(
            ("How many", "any number of callers", f"{MAX_READERS} accounts a bucket"),
            source=sources.LIGHTSAIL_MODEL,
        ),
        Row(("An end", "sessions expire; a last day can be set", "until the account is taken off the list")),
        Row(("External ID, MFA", "can be asked for", "cannot be asked for")),
        Row(("The caller's own permissions", "not in the session", "kept: it can copy in one call")),
        Row(
            (
                "What may stop it",
                "the caller's own policies, the role's, a policy of the bucket, and both organizations'",
                "the reader's own policies, both organizations', and S3 Block Public Access if it is public",
            ),
            source=sources.BLOCK_PUBLIC,
        ),
    )
    return (
        Text(_open_ways(case, bucket)),
        Code("Way 1, the role: its permissions policy", role_permissions(case)),
        Code(f"Way 1, in account {reader}: the caller's policy", document_text(caller_policy(case))),
        Code("Way 2, the bucket's list of readers", command, "sh"),
        Text(
            "The list replaces the one before: name the accounts that are on it already as well. Who reads,"
            " but for the root user, still needs a policy of its own there, by the general rule across"
            " accounts; Lightsail's page does not say so.",
            source=sources.CROSS_ACCOUNT,
        ),
        Code(f"Way 2, in account {reader}: the reader's policy", document_text(reader_policy(bucket))),
        Grid("What each way costs", ("The question", "The role", "The bucket's list"), rows),
    )


def _open_ways(case: Case, bucket: str) -> str:
    said = (
        f"The grant is about reading objects of {bucket} alone. If that is a bucket of Lightsail's, which an"
        " ARN of S3 does not show, both ways are open; another bucket of S3 has no list of readers, but a"
        " bucket policy (xacct explain --service s3)."
    )
    if not _is_whole(case, bucket):
        said += " The list opens all of the bucket's objects, more than the grant does."
    return said


def _role_callers(case: Case) -> str:
    who = sorted({row.principal for row in case.rows})
    suffix = ", with the external ID" if case.party is Party.VENDOR else ""
    return ", ".join(who) + suffix
