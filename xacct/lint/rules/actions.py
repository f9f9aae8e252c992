"""XA401 to XA406: which actions a statement names."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.context import LintContext
from xacct.lint.document import Document, Statement, Word
from xacct.lint.facts import action_names, nearest_action, nearest_service, services
from xacct.lint.patterns import has_wildcard, matches
from xacct.lint.rules.examples import INSTANCE, allow, policy
from xacct.lint.rules.table import BOTH, ERROR, PERMISSION, WARNING, Hit, define

_GOOD = policy(allow("lightsail:RebootInstance", INSTANCE))
_ACTION = "IAM User Guide, reference_policies_elements_action"


def _words(document: Document) -> Iterator[tuple[Statement, Word]]:
    for statement in document.statements:
        for word in (*(statement.actions or ()), *(statement.not_actions or ())):
            yield statement, word


def unlimited(statement: Statement) -> bool:
    """Whether a statement speaks of every resource without a condition."""
    resources = statement.resources or ()
    return any(word.value.strip("*:") in ("", "arn") for word in resources) and not statement.conditions


@define(
    "XA401",
    "Everything is allowed",
    ERROR,
    PERMISSION,
    why=(
        "Every action of every service: the role is an administrator and can give itself what is "
        "not there yet."
    ),
    fix="name the actions that are needed",
    bad=policy(allow("*")),
    good=_GOOD,
    source="IAM User Guide, best-practices",
)
def everything(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        for word in statement.actions or ():
            if word.folded.strip("*") in ("", ":"):
                severity = ERROR if unlimited(statement) else WARNING
                yield Hit(
                    word.path, f"{statement.where} allows every action of every service", severity=severity
                )


@define(
    "XA402",
    "NotAction with Allow",
    ERROR,
    PERMISSION,
    why="It allows all actions but those named, in every service, including IAM and services yet to come.",
    fix="list the actions that are meant under Action",
    bad=policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
    good=_GOOD,
    source="IAM User Guide, reference_policies_elements_notaction",
)
def allowed_by_exclusion(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        if statement.not_actions is not None:
            named = ", ".join(word.value for word in statement.not_actions)
            yield Hit(f"{statement.path}.NotAction", f"{statement.where} allows everything but {named}")


@define(
    "XA403",
    "NotResource with Allow",
    ERROR,
    PERMISSION,
    why="It allows the actions on everything but what is named, including what is made later.",
    fix="list the resources that are meant; keep others out with a Deny",
    bad=policy({"Effect": "Allow", "Action": "lightsail:RebootInstance", "NotResource": INSTANCE}),
    good=_GOOD,
    source="IAM User Guide, reference_policies_elements_notresource",
)
def resources_by_exclusion(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        if statement.not_resources is not None:
            yield Hit(
                f"{statement.path}.NotResource", f"{statement.where} allows all resources but those it names"
            )


@define(
    "XA404",
    "Unknown action",
    ERROR,
    BOTH,
    why="IAM takes any name and matches it with nothing: what was meant is not allowed, or not denied.",
    fix="write the action as AWS names it",
    bad=policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222233334444:role/deployer"},
            "Action": ["sts:AssumeRole", "sts:TagSessions"],
        }
    ),
    good=policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222233334444:role/deployer"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ),
    source="Service Authorization Reference",
)
def unknown_action(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word in _words(document):
        found = _problem(word.value.strip())
        if found is not None and word.value.strip():
            yield Hit(word.path, f"{statement.where}: {found[0]}", found[1])


def _problem(text: str) -> tuple[str, str] | None:
    service, colon, name = text.lower().partition(":")
    if service.strip("*") == "" and name.strip("*") == "":
        return None
    if not colon:
        return f"{text!r} is no action: it has no service before a colon", "write SERVICE:Action"
    if has_wildcard(service):
        return f"{text!r} has a wildcard in the service, which IAM refuses", "name the service"
    if ":" in name or not name:
        return f"{text!r} is no action", "write SERVICE:Action"
    names = action_names(service)
    if service not in services() and service != "lightsail":
        close = nearest_service(service)
        return f"there is no service {service!r}", f"did you mean {close}:{name}?" if close else ""
    if names is None or has_wildcard(name):
        return None
    return None if name in names else _misspelt(text, service)


def _misspelt(text: str, service: str) -> tuple[str, str] | None:
    close = nearest_action(text)
    # Other services grow actions faster than the data here; only what is close to a known name is a slip.
    if close is None and service not in ("lightsail", "sts"):
        return None
    return f"there is no action {text}", f"did you mean {close}?" if close else ""


@define(
    "XA405",
    "Pattern that matches no action",
    ERROR,
    PERMISSION,
    why="A pattern that matches nothing allows, or denies, nothing.",
    fix="write a pattern of existing actions, or the actions themselves",
    bad=policy(allow(["lightsail:RebootInstance", "lightsail:List*"])),
    good=_GOOD,
    source=_ACTION,
)
def empty_pattern(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word in _words(document):
        service, _, name = word.folded.partition(":")
        names = action_names(service) if has_wildcard(name) else None
        if names is not None and not any(matches(name, known) for known in names):
            yield Hit(word.path, f"{statement.where}: no action of {service} matches {word.value}")


_POWERFUL = ("iam", "sts", "organizations", "sso", "account")


@define(
    "XA406",
    "All actions of a service",
    WARNING,
    PERMISSION,
    why="Everything the service can do, now and later, deletion and the handing out of secrets included.",
    fix="name the actions that are needed, or start from a permission set",
    bad=policy(allow("cloudwatch:*")),
    good=policy(allow("cloudwatch:GetMetricData")),
    source="IAM User Guide, best-practices (least privilege)",
)
def whole_service(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        for word in statement.actions or ():
            service, _, name = word.folded.partition(":")
            if service == "lightsail":
                continue  # XA424
            if name.strip("*") or not name or has_wildcard(service) or not unlimited(statement):
                continue
            severity = ERROR if service in _POWERFUL else WARNING
            yield Hit(
                word.path,
                f"{statement.where} allows every action of {service} on every resource",
                severity=severity,
            )
