"""XA420 to XA425: what Lightsail's sensitive actions give away."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lightsail.catalog import Action, Severity
from xacct.lint.carried import family_of
from xacct.lint.context import LintContext
from xacct.lint.document import Document, Statement, Word
from xacct.lint.facts import expand
from xacct.lint.guards import any_value
from xacct.lint.patterns import covers, has_wildcard, may_overlap
from xacct.lint.rules.actions import unlimited
from xacct.lint.rules.examples import INSTANCE, OWN, allow, deny, policy
from xacct.lint.rules.resources import lightsail_arn
from xacct.lint.rules.table import INFO, PERMISSION, WARNING, Hit, define

_SOURCE = "botocore's model of Lightsail (fields marked sensitive); judged by this project"
# What stays in the holder's hands when the role is gone, and opens something by itself.
_KEPT = (
    "CreateBucketAccessKey",
    "GetRelationalDatabaseMasterUserPassword",
    "UpdateRelationalDatabase",
    "CreateRelationalDatabase",
    "DownloadDefaultKeyPair",
    "CreateKeyPair",
    "ImportKeyPair",
    "SetResourceAccessForBucket",
    "UpdateBucket",
    "PeerVpc",
    "ExportSnapshot",
)


# A Deny from a moment on (the end of a grant, of older sessions) takes nothing back before it.
_MOMENTS = ("aws:currenttime", "aws:epochtime", "aws:tokenissuetime")


def handed_out(document: Document) -> Iterator[tuple[Statement, Word, Action]]:
    """Each sensitive action that a statement allows and no Deny takes back, with the word that allows it."""
    denied = _denied(document)
    for statement in document.allows:
        for word in statement.actions or ():
            if word.folded.strip("*:") == "":
                continue
            for facts in expand(word.folded):
                action = facts.lightsail
                if action is not None and action.sensitive is not None and facts.name not in denied:
                    yield statement, word, action


def _denied(document: Document) -> set[str]:
    """The actions of Lightsail that a Deny takes back everywhere, or bounds by a condition."""
    denied: set[str] = set()
    for denial in document.denies:
        if _of_a_moment(denial) or not all(word.value.strip("*") == "" for word in denial.resources or ()):
            continue
        named = {facts.name for word in denial.actions or () for facts in expand(word.folded)}
        if denial.not_actions is not None:
            spared = {facts.name for word in denial.not_actions for facts in expand(word.folded)}
            named = {facts.name for facts in expand("lightsail:*")} - spared
        denied |= named
    return denied


def _of_a_moment(denial: Statement) -> bool:
    return bool(denial.conditions) and all(line.folded in _MOMENTS for line in denial.conditions)


def is_limited(statement: Statement, action: Action) -> bool:
    """Whether an ARN, a tag or another condition keeps the action to part of the account."""
    if any(
        _bites(condition.folded, action) and not any_value(condition) for condition in statement.conditions
    ):
        return True
    if action.wildcard_only:
        return False
    resources = [word.value for word in statement.resources or ()]
    fitting = [text for text in resources if _may_be(text, action)]
    secret = _class_of(action) in ("secret", "outlives")
    return bool(fitting or resources) and not any(_is_wide(text, secret) for text in fitting)


def _bites(key: str, action: Action) -> bool:
    family = family_of(key)
    if family == "aws:resourcetag/":
        return action.supports_resource_tags
    if family in ("aws:requesttag/", "aws:tagkeys"):
        return action.supports_request_tags
    return key.startswith("aws:") and key != "aws:securetransport"


def _may_be(text: str, action: Action) -> bool:
    arn = lightsail_arn(text)
    return arn is None or any(may_overlap(arn.type, use.type) for use in action.resource_types)


def _is_wide(text: str, secret: bool) -> bool:
    """Whether a resource sets no limit. All of a type is one, save for secrets where it is in any Region."""
    arn = lightsail_arn(text)
    if arn is None:
        return text.strip("*") == "" or text.startswith("arn:*")
    if not arn.type.strip("*?"):
        return True
    return secret and not arn.id.strip("*?") and has_wildcard(arn.region)


def _secret(action: Action) -> bool:
    return action.sensitive is not None and (
        bool(action.returns_secrets) or action.sensitive.kind == "credential"
    )


def _hit(statement: Statement, word: Word, actions: list[Action], what: str) -> Hit:
    first = actions[0]
    assert first.sensitive is not None
    via = "" if not has_wildcard(word.value) else f" through {word.value}"
    more = (
        f" (and {len(actions) - 1} more: {', '.join(item.name for item in actions[1:5])})"
        if actions[1:]
        else ""
    )
    kept = (
        f"; it works on {first.sensitive.outlives}" if first.sensitive.outlives and what == "outlives" else ""
    )
    return Hit(
        word.path, f"{statement.where} allows {first.full_name}{via}: {first.sensitive.why}{kept}{more}"
    )


# An image cannot be pushed without it, and it takes no limit by ARN or tag.
_REGISTRY_LOGIN = "CreateContainerServiceRegistryLogin"


def _allowed_words(document: Document) -> Iterator[Word]:
    for statement in document.allows:
        yield from statement.actions or ()


def _grouped(document: Document, chosen: str) -> Iterator[tuple[Statement, Word, list[Action], bool]]:
    pushes = any(word.folded == "lightsail:registercontainerimage" for word in _allowed_words(document))
    groups: dict[tuple[int, str, bool], tuple[Statement, Word, list[Action]]] = {}
    for statement, word, action in handed_out(document):
        if _class_of(action) == chosen and word.folded != "lightsail:*":
            limited = is_limited(statement, action) or (action.name == _REGISTRY_LOGIN and pushes)
            key = (statement.index, word.path, limited)
            groups.setdefault(key, (statement, word, []))[2].append(action)
    for (_, _, limited), (statement, word, actions) in groups.items():
        yield statement, word, actions, limited


def _class_of(action: Action) -> str:
    sensitive = action.sensitive
    if sensitive is None or sensitive.kind == "tagging":
        return ""
    if action.name in _KEPT:
        return "outlives"
    if sensitive.severity is not Severity.HIGH:
        return "minor"
    return "secret" if _secret(action) else "power"


@define(
    "XA420",
    "A login or secret is handed out",
    WARNING,
    PERMISSION,
    why=(
        "Whoever may call the action holds a login to machines or registries, however harmless its "
        "name sounds."
    ),
    fix="take the action out; or limit it by ARN or tag where it takes them, else by Region",
    bad=policy(allow(["lightsail:GetInstances", "lightsail:GetInstanceAccessDetails"])),
    good=policy(allow("lightsail:GetInstances"), allow("lightsail:GetInstanceAccessDetails", INSTANCE)),
    source=_SOURCE,
)
def secrets(document: Document, _context: LintContext) -> Iterator[Hit]:
    yield from _report(document, "secret")


@define(
    "XA421",
    "Access that outlives the role",
    WARNING,
    PERMISSION,
    why="Keys, passwords and standing access that the action hands out work on after the role is deleted.",
    fix="take the action out, or limit it by ARN or tag and plan to change what was handed out",
    bad=policy(allow("lightsail:CreateBucketAccessKey")),
    good=policy(allow("lightsail:CreateBucketAccessKey", f"arn:aws:lightsail:eu-west-1:{OWN}:Bucket/*")),
    source=_SOURCE,
)
def outlives(document: Document, _context: LintContext) -> Iterator[Hit]:
    yield from _report(document, "outlives")


@define(
    "XA422",
    "An action with far reach, without limit",
    WARNING,
    PERMISSION,
    why="It opens ports, changes DNS, runs code or copies data, anywhere in the account.",
    fix="limit it by Region, and by ARN or tag where the action takes them; or take it out",
    bad=policy(allow("lightsail:OpenInstancePublicPorts")),
    good=policy(allow("lightsail:OpenInstancePublicPorts", INSTANCE)),
    source=_SOURCE,
)
def power(document: Document, _context: LintContext) -> Iterator[Hit]:
    yield from _report(document, "power")


@define(
    "XA423",
    "An action to look at twice",
    INFO,
    PERMISSION,
    why="It shows settings or logs that may hold secrets, costs money, or disturbs what runs.",
    fix="keep it if it is meant",
    bad=policy(allow("lightsail:GetContainerLog")),
    good=policy(allow("lightsail:GetInstances")),
    source=_SOURCE,
)
def minor(document: Document, _context: LintContext) -> Iterator[Hit]:
    yield from _report(document, "minor")


def _report(document: Document, chosen: str) -> Iterator[Hit]:
    for statement, word, actions, limited in _grouped(document, chosen):
        hit = _hit(statement, word, actions, chosen)
        yield Hit(hit.path, hit.message, severity=INFO if limited else None)


@define(
    "XA424",
    "All of Lightsail",
    WARNING,
    PERMISSION,
    why=(
        "lightsail:* logs in to every instance, reads every database password, issues bucket "
        "keys and deletes "
        "everything. Only the Lightsail console needs it."
    ),
    fix="start from a permission set and add what is missing",
    bad=policy(allow("lightsail:*")),
    good=policy(allow("lightsail:*"), deny(["lightsail:Create*", "lightsail:Get*", "lightsail:Download*"])),
    source="Lightsail developer guide, security_iam_id-based-policy-examples",
)
def all_of_lightsail(document: Document, _context: LintContext) -> Iterator[Hit]:
    left = {
        action.name for _, _, action in handed_out(document) if _class_of(action) in ("secret", "outlives")
    }
    for statement in document.allows:
        for word in statement.actions or ():
            if word.folded != "lightsail:*":
                continue
            limited = (
                not unlimited(statement) or not {"GetInstanceAccessDetails", "CreateBucketAccessKey"} & left
            )
            given = f", logins and passwords included ({', '.join(sorted(left)[:4])})" if left else ""
            yield Hit(
                word.path,
                f"{statement.where} allows every action of Lightsail{given}",
                severity=INFO if limited else None,
            )


@define(
    "XA425",
    "Tags that let the holder in",
    WARNING,
    PERMISSION,
    why="Whoever may tag, or untag, what lies outside the limit can move it inside, and so admit themselves.",
    fix=(
        "limit TagResource and UntagResource with aws:ResourceTag to what the role may reach "
        "already, or by ARN"
    ),
    bad=policy(
        allow("lightsail:RebootInstance", INSTANCE, {"StringEquals": {"aws:ResourceTag/team": "web"}}),
        allow("lightsail:TagResource"),
    ),
    good=policy(
        allow(
            ["lightsail:RebootInstance", "lightsail:TagResource"],
            INSTANCE,
            {"StringEquals": {"aws:ResourceTag/team": "web"}},
        )
    ),
    source="IAM User Guide, access_tags; judged by this project",
)
def self_admission(document: Document, _context: LintContext) -> Iterator[Hit]:
    by_tags = {
        condition.folded
        for statement in document.statements
        for condition in statement.conditions
        if condition.folded.startswith("aws:resourcetag/")
    }
    for statement, word, action in handed_out(document):
        if action.name not in ("TagResource", "UntagResource") or word.folded == "lightsail:*":
            continue
        bound = any(condition.folded.startswith("aws:resourcetag/") for condition in statement.conditions)
        named = all(_is_one(item.value) for item in statement.resources or ()) and bool(statement.resources)
        if bound or named:
            continue
        relevant = by_tags or not is_limited(statement, action)
        yield Hit(
            word.path,
            f"{statement.where} allows {action.full_name} on what lies outside the limit by tag"
            if by_tags
            else f"{statement.where} allows {action.full_name}, which opens every limit by tag",
            severity=None if relevant and not _keeps_off(statement, by_tags) else INFO,
        )


def _is_one(text: str) -> bool:
    arn = lightsail_arn(text)
    return arn is not None and not has_wildcard(arn.id)


def _keeps_off(statement: Statement, by_tags: set[str]) -> bool:
    """Whether aws:TagKeys keeps the tags that limit access out of reach."""
    limits = {key.partition("/")[2] for key in by_tags}
    for condition in statement.on("aws:tagkeys"):
        if condition.operator is None or condition.operator.qualifier != "ForAllValues":
            continue
        named = {text.lower() for text in condition.texts}
        hits = any(covers(pattern, tag) for pattern in named for tag in limits)
        return bool(limits) and (hits if condition.operator.negated else not hits)
    return False
