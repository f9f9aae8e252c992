"""XA410 to XA418: resources, and the actions that they are named for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xacct.lightsail.catalog import REGIONS, covers_account, load_catalog, nearest_word
from xacct.lint.context import LintContext
from xacct.lint.document import Document, Statement, Word
from xacct.lint.facts import ActionFacts, action_facts, expand, resource_formats
from xacct.lint.patterns import has_wildcard, may_overlap
from xacct.lint.rules.examples import INSTANCE, OWN, OWNED, allow, policy
from xacct.lint.rules.table import ERROR, INFO, PERMISSION, WARNING, Hit, define
from xacct.values import frozen

_GOOD = policy(allow("lightsail:RebootInstance", INSTANCE))
_SOURCE = "Service Authorization Reference, Amazon Lightsail"
_UUID = "0a1b2c3d-1111-4222-8333-444455556666"


@frozen
class LightsailArn:
    """The parts of a Lightsail ARN as written; ``type`` and ``id`` split at the first slash."""

    partition: str
    region: str
    account: str
    type: str
    id: str


def lightsail_arn(text: str) -> LightsailArn | None:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "lightsail":
        return None
    kind, _, identity = parts[5].partition("/")
    return LightsailArn(parts[1], parts[3], parts[4], kind, identity)


def _resources(document: Document) -> Iterator[tuple[Statement, Word]]:
    for statement in document.statements:
        for word in (*(statement.resources or ()), *(statement.not_resources or ())):
            yield statement, word


def _is_everything(word: Word) -> bool:
    return word.value.strip("*") == ""


@define(
    "XA410",
    "ARN for an action that takes only *",
    ERROR,
    PERMISSION,
    why=(
        "The action has no resource to compare: with a resource's ARN the statement never applies, and "
        "nothing tells you. An ARN that ends in the account, such as arn:aws:lightsail:*:*:*, may work, as "
        "AWS's denials name one; it is not documented."
    ),
    fix='put such actions in a statement of their own with "Resource": "*"',
    bad=policy(allow("lightsail:GetInstances", f"arn:aws:lightsail:eu-west-1:{OWN}:Instance/*")),
    good=policy(allow("lightsail:GetInstances")),
    source=_SOURCE,
)
def arn_for_wildcard_only(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        resources = statement.resources
        if not resources or any(_is_everything(word) for word in resources):
            continue
        for word in statement.actions or ():
            yield from _never_by_arn(statement, word)


def _never_by_arn(statement: Statement, word: Word) -> Iterator[Hit]:
    allows = statement.allows
    if any(covers_account(one.value) for one in statement.resources or ()):
        said, why = f"may not {'allow' if allows else 'deny'}", 'AWS documents "*" alone for'
        most = WARNING
    else:
        said, why = f"never {'allows' if allows else 'denies'}", '"*" alone works for'
        most = ERROR
    facts = action_facts(word.folded) if not has_wildcard(word.value) else None
    if facts is not None and facts.wildcard_only and not facts.name.startswith("s3:"):
        yield Hit(word.path, f"{statement.where} {said} {facts.name}: {why} it", severity=most)
    if not has_wildcard(word.value) or word.folded.strip("*") == "":
        return
    found = expand(word.folded)
    fruitless = [item.name for item in found if item.wildcard_only]
    whole = word.folded.endswith(":*")
    if fruitless:
        mostly = len(fruitless) * 2 > len(found) and not whole
        severity = most if len(fruitless) == len(found) else WARNING if mostly else INFO
        yield Hit(
            word.path,
            f"{statement.where} {said} {len(fruitless)} of the {len(found)} actions that {word.value}"
            f" covers, such as {fruitless[0]}: {why} them",
            severity=severity,
        )


@define(
    "XA411",
    "Resource type that the action does not take",
    ERROR,
    PERMISSION,
    why=(
        "None of the resources named is of a type that the action works on: the statement never "
        "applies to it."
    ),
    fix="name resources of the type that the action takes",
    bad=policy(allow("lightsail:RebootInstance", f"arn:aws:lightsail:eu-west-1:{OWN}:Disk/{_UUID}")),
    good=_GOOD,
    source=_SOURCE,
)
def wrong_type(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        words = statement.resources or ()
        if not words or any(_is_everything(word) or "${" in word.value.split("/")[0] for word in words):
            continue
        for word in statement.actions or ():
            facts = action_facts(word.folded) if not has_wildcard(word.value) else None
            if facts is not None and facts.types and not _takes_any(facts, words):
                kinds = " or ".join(sorted(facts.types))
                yield Hit(
                    word.path,
                    f"{statement.where}: {facts.name} works on {kinds}; no resource named here is one",
                )
        yield from _unused_types(statement, words)


def _takes_any(facts: ActionFacts, words: tuple[Word, ...]) -> bool:
    return any(_takes(facts, word.value, kind) for word in words for kind in facts.types)


def _takes(facts: ActionFacts, text: str, kind: str) -> bool:
    if facts.lightsail is None:
        shape = resource_formats(facts.name.partition(":")[0]).get(kind, "*")
        return _fits(shape, text)
    arn = lightsail_arn(text)
    if arn is None:
        # Another rule tells of a text that is no ARN of Lightsail.
        return not text.startswith("arn:") or may_overlap("arn:*:lightsail:*", text)
    return may_overlap(arn.type.lower(), kind.lower()) or arn.type not in load_catalog().resource_types


def _fits(shape: str, text: str) -> bool:
    if not text.startswith("arn:"):
        return True
    if shape.endswith(":::*"):  # a bucket, in whose name no slash can be
        return "/" not in text
    wanted, given = shape.split(":", 5), text.split(":", 5)
    if len(given) < 6:
        return may_overlap(shape, text)
    return all(may_overlap(one, other) for one, other in zip(wanted, given, strict=True))


def _unused_types(statement: Statement, words: tuple[Word, ...]) -> Iterator[Hit]:
    """Resources of a type that none of the statement's Lightsail actions takes."""
    actions = [facts for word in statement.actions or () for facts in expand(word.folded)]
    if not actions or any(facts.lightsail is None or not facts.types for facts in actions):
        return
    taken = {kind for facts in actions for kind in facts.types}
    for word in words:
        arn = lightsail_arn(word.value)
        known = arn is not None and arn.type in load_catalog().resource_types
        if arn is not None and known and arn.type not in taken and len(words) > 1:
            yield Hit(
                word.path, f"{statement.where}: none of its actions works on a {arn.type}", severity=WARNING
            )


@define(
    "XA412",
    "Only one of two resources that the action needs",
    ERROR,
    PERMISSION,
    why="The request names two resources, and both must be allowed for it to pass.",
    fix="name resources of both types",
    bad=policy(allow("lightsail:AttachStaticIp", f"arn:aws:lightsail:eu-west-1:{OWN}:StaticIp/{_UUID}")),
    good=policy(
        allow("lightsail:AttachStaticIp", [f"arn:aws:lightsail:eu-west-1:{OWN}:StaticIp/{_UUID}", INSTANCE])
    ),
    source=_SOURCE,
)
def half_allowed(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        for word in statement.actions or ():
            facts = action_facts(word.folded) if not has_wildcard(word.value) else None
            if facts is None or facts.lightsail is None or len(facts.required_types) < 2:
                continue
            words = _all_resources(document, word.folded)
            missing = [kind for kind in sorted(facts.required_types) if not _some_of(facts, words, kind)]
            if missing and len(missing) < len(facts.required_types):
                yield Hit(
                    word.path,
                    f"{statement.where}: {facts.name} also needs a {missing[0]}, and none is allowed",
                )


def _all_resources(document: Document, action: str) -> list[Word]:
    found: list[Word] = []
    for statement in document.allows:
        if any(may_overlap(word.folded, action) for word in statement.actions or ()):
            found += statement.resources or ()
    return found


def _some_of(facts: ActionFacts, words: list[Word], kind: str) -> bool:
    return any(_is_everything(word) or _takes(facts, word.value, kind) for word in words)


@define(
    "XA413",
    "ARN that no Lightsail resource has",
    ERROR,
    PERMISSION,
    why=(
        "Lightsail's ARNs hold the type in its own case and a UUID that AWS gives, never the "
        "name; those of domains "
        "hold the word global. Another text is accepted and never matches."
    ),
    fix="copy the arn field that the aws lightsail get-… command prints",
    bad=policy(allow("lightsail:RebootInstance", f"arn:aws:lightsail:eu-west-1:{OWN}:Instance/web-server-1")),
    good=_GOOD,
    source="Lightsail API Reference: the arn field; " + _SOURCE,
)
def impossible_arn(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word in _resources(document):
        arn = lightsail_arn(word.value.strip())
        problem = _arn_problem(arn) if arn is not None else None
        if problem is not None:
            yield Hit(word.path, f"{statement.where}: {word.value!r} never matches: {problem[0]}", problem[1])


def _arn_problem(arn: LightsailArn) -> tuple[str, str] | None:
    if not has_wildcard(arn.type) and "${" not in arn.type:
        kinds = load_catalog().resource_types
        kind = kinds.get(arn.type)
        if kind is None:
            close = nearest_word(arn.type, kinds)
            return f"there is no type {arn.type!r}", f"did you mean {close}?" if close else ""
        if kind.is_global and not may_overlap(arn.region, "global"):
            return (
                f"the ARN of a {arn.type} has 'global' where {arn.region!r} stands",
                "write global for the Region",
            )
        if not kind.is_global and arn.region == "global":
            return f"the ARN of a {arn.type} has a Region, not 'global'", "write the Region or *"
    return _region_problem(arn) or _id_problem(arn)


def _region_problem(arn: LightsailArn) -> tuple[str, str] | None:
    if arn.region in (*REGIONS, "global") or "${" in arn.region:
        return None
    if any(may_overlap(arn.region, region) for region in (*REGIONS, "global")):
        return None
    close = nearest_word(arn.region, REGIONS) if arn.region else None
    return (
        f"there is no Lightsail in Region {arn.region!r}",
        f"did you mean {close}?" if close else "write a Region or *",
    )


def _id_problem(arn: LightsailArn) -> tuple[str, str] | None:
    if "${" in arn.id or has_wildcard(arn.type):
        return None
    if not arn.id:
        return f"nothing stands after {arn.type}/", f"write {arn.type}/* for all, or the UUID"
    if has_wildcard(arn.id):
        literal = arn.id.replace("*", "").replace("?", "")
        bad = re.search(r"[^0-9a-f-]", literal)
    else:
        bad = (
            None
            if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", arn.id)
            else re.search("", arn.id)
        )
    if bad is None:
        return None
    return f"{arn.id!r} is a name, or no UUID; IDs are UUIDs that AWS gives", ""


@define(
    "XA414",
    "Resource of another account",
    ERROR,
    PERMISSION,
    why="A role reaches Lightsail only in its own account: Lightsail has no resource-based policies.",
    fix="write the role's own account in the ARN",
    bad=policy(allow("lightsail:RebootInstance", INSTANCE.replace(OWN, OWNED))),
    good=_GOOD,
    source="Lightsail developer guide, security_iam_service-with-iam",
)
def foreign_resource(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, word in _resources(document):
        arn = lightsail_arn(word.value.strip())
        if arn is None or context.account is None or "${" in arn.account:
            continue
        if not may_overlap(arn.account, context.account):
            yield Hit(
                word.path,
                f"{statement.where}: {word.value!r} is of account {arn.account or '(none)'}, the "
                f"role of {context.account}",
            )


@define(
    "XA415",
    "Resource of another partition",
    ERROR,
    PERMISSION,
    why="Roles never reach across partitions, and Lightsail is in partition aws alone.",
    fix="write arn:aws:…",
    bad=policy(allow("lightsail:RebootInstance", INSTANCE.replace("arn:aws:", "arn:aws-cn:"))),
    good=_GOOD,
    source="botocore endpoints; IAM User Guide, id_roles_compare-resource-policies",
)
def foreign_partition(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, word in _resources(document):
        parts = word.value.strip().split(":", 3)
        if len(parts) < 4 or parts[0] != "arn" or "${" in parts[1]:
            continue
        wanted = "aws" if parts[2] == "lightsail" else context.partition
        if not may_overlap(parts[1], wanted):
            yield Hit(
                word.path, f"{statement.where}: {word.value!r} is in partition {parts[1]!r}, not {wanted!r}"
            )


@define(
    "XA416",
    "No ARN",
    ERROR,
    PERMISSION,
    why="IAM takes ARNs or a star as resources; a name is refused or matches nothing.",
    fix="write the full ARN, or *",
    bad=policy(allow("lightsail:RebootInstance", "web-server-1")),
    good=_GOOD,
    source="IAM User Guide, reference_policies_elements_resource",
)
def no_arn(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word in _resources(document):
        text = word.value.strip()
        if not text or _is_everything(word) or text.startswith("${"):
            continue
        parts = text.split(":", 5)
        if parts[0] != "arn" or len(parts) < 6:
            if not (parts[0] == "arn" and "*" in parts[-1]):
                yield Hit(word.path, f"{statement.where}: {word.value!r} is no ARN")
        elif has_wildcard(parts[2]) and parts[2] != "*":
            yield Hit(
                word.path,
                f"{statement.where}: {word.value!r} has a wildcard in the service, which IAM refuses",
            )


@define(
    "XA417",
    "Region of the ARN against the Region asked for",
    ERROR,
    PERMISSION,
    why="The resource lives in one Region and the condition wants another: the statement never applies.",
    fix="make the Region of the ARN and of aws:RequestedRegion agree",
    bad=policy(
        allow("lightsail:RebootInstance", INSTANCE, {"StringEquals": {"aws:RequestedRegion": "us-west-2"}})
    ),
    good=policy(
        allow("lightsail:RebootInstance", INSTANCE, {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    ),
    source="IAM User Guide, reference_policies_condition-keys (aws:RequestedRegion)",
)
def other_region(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        arns = [arn for word in statement.resources or () if (arn := lightsail_arn(word.value)) is not None]
        if not arns or len(arns) != len(statement.resources or ()):
            continue
        for condition in statement.on("aws:requestedregion"):
            regions = ["us-east-1" if arn.region == "global" else arn.region for arn in arns]
            agree = any(may_overlap(region, text) for region in regions for text in condition.texts)
            if condition.demands and not agree and "us-east-1" not in regions:
                yield Hit(
                    condition.path,
                    f"{statement.where}: its resources are in {', '.join(sorted(set(regions)))}",
                )
