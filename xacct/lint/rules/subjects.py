"""XA210 to XA219: subjects and audiences of federated callers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xacct.lint.context import LintContext
from xacct.lint.document import Condition, Document, Statement, Word
from xacct.lint.guards import demanded
from xacct.lint.patterns import has_wildcard, matches
from xacct.lint.providers import Provider, known_provider
from xacct.lint.rules.examples import GITHUB, OWN, policy, trust
from xacct.lint.rules.federation import claims, federated
from xacct.lint.rules.table import ERROR, INFO, TRUST, WARNING, Hit, define

_WEB = "sts:AssumeRoleWithWebIdentity"
_HOST = "token.actions.githubusercontent.com"
_SOURCE = "IAM User Guide, id_roles_create_for-idp_oidc"


def _github(subject: str, operator: str = "StringLike", audience: str = "sts.amazonaws.com") -> str:
    condition = {"StringEquals": {f"{_HOST}:aud": audience}}
    condition.setdefault(operator, {})[f"{_HOST}:sub"] = subject
    return policy(trust({"Federated": GITHUB}, condition, action=_WEB))


_GOOD = _github("repo:acme/infra:environment:prod", "StringEquals")


def _subjects(document: Document) -> Iterator[tuple[Statement, Provider | None, Condition, Word]]:
    """Each value that a subject is compared with, unless another claim tells customers apart."""
    for statement, _principal, host in federated(document):
        provider = known_provider(host)
        found = claims(document, statement, host)
        for condition in found.get("sub", ()):
            for word in condition.values if condition.demands else ():
                yield statement, provider, condition, word


def _patterns(document: Document) -> Iterator[tuple[Statement, Provider | None, Word]]:
    for statement, _principal, host in federated(document):
        provider = known_provider(host)
        found = claims(document, statement, host)
        if provider is not None and any(owner in found for owner in provider.owners):
            continue
        for condition in found.get("sub", ()):
            if condition.operator is not None and condition.operator.takes_wildcards and condition.demands:
                for word in condition.values:
                    if has_wildcard(word.value):
                        yield statement, provider, word


def _head(pattern: str) -> str:
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def _others_match(provider: Provider | None, pattern: str) -> bool:
    head = _head(pattern)
    if not head:
        return True
    return provider is not None and bool(provider.tenant) and not re.match(provider.tenant, head)


@define(
    "XA210",
    "Subject that others can register",
    ERROR,
    TRUST,
    why="The wildcard also matches owners who are not yours: anybody can register a name that fits.",
    fix="write the owner in full up to its slash or colon before the first wildcard",
    bad=_github("repo:acme*"),
    good=_GOOD,
    source=_SOURCE,
)
def others_subject(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, provider, word in _patterns(document):
        if _others_match(provider, word.value):
            yield Hit(word.path, f"{statement.where}: the subject {word.value!r} also matches strangers")


@define(
    "XA211",
    "Subject of a whole organization",
    WARNING,
    TRUST,
    why=(
        "Every project of the owner matches, also one made tomorrow by anybody who may create projects there."
    ),
    fix="name the repository, project or namespace in full",
    bad=_github("repo:acme/*"),
    good=_GOOD,
    source=_SOURCE,
)
def wide_subject(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, provider, word in _patterns(document):
        if provider is None or not provider.unit or _others_match(provider, word.value):
            continue
        if not re.match(provider.unit, _head(word.value)):
            yield Hit(
                word.path, f"{statement.where}: the subject {word.value!r} matches more than one project"
            )
        elif re.fullmatch(provider.unit, _head(word.value)) and provider.name in ("GitHub", "GitLab"):
            yield Hit(
                word.path,
                f"{statement.where}: the subject {word.value!r} matches every branch, tag and pull request",
                severity=INFO,
            )


@define(
    "XA212",
    "Subject of pull requests",
    WARNING,
    TRUST,
    why="Who can open a pull request decides what the job runs, before anybody has reviewed it.",
    fix="trust a protected environment or branch: repo:OWNER/REPOSITORY:environment:NAME",
    bad=_github("repo:acme/infra:pull_request", "StringEquals"),
    good=_GOOD,
    source="GitHub documentation, security hardening with OpenID Connect",
)
def pull_request(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, provider, _condition, word in _subjects(document):
        if (
            provider is not None
            and provider.name == "GitHub"
            and re.search(r":pull_request(:|$)", word.value)
        ):
            yield Hit(word.path, f"{statement.where}: any pull request to {word.value!r} may assume the role")


@define(
    "XA213",
    "Subject that no token has",
    ERROR,
    TRUST,
    why="Subjects have a fixed form; one that differs from it matches no token and admits nobody.",
    fix="write the subject as the provider sends it",
    bad=_github("repo:acme/infra:ref:main", "StringEquals"),
    good=_GOOD,
    source=_SOURCE + "; the provider's own documentation",
)
def impossible_subject(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, provider, condition, word in _subjects(document):
        operator = condition.operator
        exact = operator is not None and operator.exact
        if (
            provider is None
            or "${" in word.value
            or (exact and has_wildcard(word.value))
            or _head(word.value) == ""
        ):
            continue
        if _malformed(provider, word.value.strip()):
            yield Hit(
                word.path,
                f"{statement.where}: {word.value!r} is no subject of {provider.name}",
                f"the form is {provider.form}",
            )


_WRONG_GITHUB = (
    r"(?i)(?!repo:)(repo|repository)?[/ :]?[\w.-]+/[\w.-]+(:.*)?$|ref:|refs/|https?:|github\.com"
    r"|repo:(https?:|github\.com|/)|repo:[^/*?]*$|repo:[^/]*/[^:]*/(?!\*)"
    r"|repo:[^:]*:(ref:(?!refs/(heads|tags|pull|\*)|[*?])|refs?/|branch|tags?:|heads/|env:|environments?:$|environments:|pr:"
    r"|pull_requests|pull-request|main$|master$|$)|repo:[^:*?]+$"
)
_FORMS = {
    "GitLab": r"project_path:[^:]+(:ref_type:(branch|tag|\*|\?).*|:?\*.*|/\*)",
    "EKS": r"system:serviceaccount:[^:]+:[^:]+|system:serviceaccount:.*\*.*",
    "HCP Terraform": r"organization:[^:]+(:project:.*|:workspace:.*|:?\*.*)",
}


def _malformed(provider: Provider, subject: str) -> bool:
    if provider.name == "GitHub":
        if subject.lower().startswith("repo:") and not subject.startswith("repo:"):
            return True
        return bool(re.match(_WRONG_GITHUB, subject))
    form = _FORMS.get(provider.name)
    return form is not None and not re.fullmatch(form, subject)


@define(
    "XA214",
    "Subject by a name that can change hands",
    INFO,
    TRUST,
    why=(
        "Whoever takes over the owner's or repository's name takes over the access. Subjects "
        "with the numbers of "
        "owner and repository cannot be claimed, and newer repositories send only those."
    ),
    fix="use repo:OWNER@ID/REPOSITORY@ID:…, or add a condition on repository_id",
    bad=_github("repo:acme/infra:environment:prod", "StringEquals"),
    good=_github("repo:acme@1234/infra@5678:environment:prod", "StringEquals"),
    source="GitHub changelog, 23 April 2026",
)
def name_subject(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, _principal, host in federated(document):
        provider = known_provider(host)
        if provider is None or provider.name != "GitHub":
            continue
        found = claims(document, statement, host)
        if {"repository_id", "repository_owner_id", "enterprise_id"} & found.keys():
            continue
        words = [word for line in found.get("sub", ()) if line.demands for word in line.values]
        for word in words:
            if re.match(r"repo:[^@*?]+/[^@*?]+:", word.value):
                yield Hit(
                    word.path, f"{statement.where}: {word.value!r} names the repository by its name alone"
                )


@define(
    "XA215",
    "Audience that no token has, or every token",
    ERROR,
    TRUST,
    why=(
        "The audience is compared with the one in the token: a wrong one admits nobody, a wildcard "
        "checks nothing."
    ),
    fix="write the audience that your tokens carry; for GitHub and EKS it is sts.amazonaws.com",
    bad=_github("repo:acme/infra:environment:prod", "StringEquals", audience="https://sts.amazonaws.com"),
    good=_GOOD,
    source=_SOURCE,
)
def wrong_audience(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, _principal, host in federated(document):
        provider = known_provider(host)
        for condition in claims(document, statement, host).get("aud", ()):
            for word in condition.values if condition.demands else ():
                problem = _audience_problem(provider, condition, word.value, context.partition)
                if problem:
                    yield Hit(word.path, f"{statement.where}: {problem}")


def _audience_problem(
    provider: Provider | None, condition: Condition, value: str, partition: str
) -> str | None:
    takes_wildcards = condition.operator is not None and condition.operator.takes_wildcards
    if takes_wildcards and not value.strip("*?"):
        return "any audience is accepted"
    if has_wildcard(value) or "${" in value:
        return None
    if provider is not None and provider.name == "Cognito":
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
            return f"{value!r} is no identity pool ID (REGION:UUID)"
        return None
    if provider is None or provider.audience is None:
        return None
    wanted = "sts.amazonaws.com.cn" if partition == "aws-cn" else provider.audience
    if value == wanted or (value in ("sts.amazonaws.com", "sts.amazonaws.com.cn") and partition != "aws"):
        return None
    return _near_miss(provider, value, wanted)


def _near_miss(provider: Provider, value: str, wanted: str) -> str | None:
    from difflib import SequenceMatcher

    plain = re.sub(r"^https?://|/$", "", value.strip().lower())
    near = (
        SequenceMatcher(None, plain, wanted).ratio() >= 0.7 or "amazon" in plain or plain.startswith("repo:")
    )
    if provider.name == "EKS" or near:
        return f"no token of {provider.name} has the audience {value!r}; it is {wanted!r}"
    return None


_SAML_HOSTS = {"aws-cn": r"signin\.amazonaws\.cn", "aws-us-gov": r"signin\.amazonaws-us-gov\.com"}


@define(
    "XA216",
    "SAML audience that no assertion has",
    ERROR,
    TRUST,
    why=(
        "SAML:aud is the address that the assertion was sent to, which is AWS's sign-in address and no other."
    ),
    fix="write https://signin.aws.amazon.com/saml, or https://REGION.signin.aws.amazon.com/saml",
    bad=policy(
        trust(
            {"Federated": f"arn:aws:iam::{OWN}:saml-provider/corp"},
            {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com"}},
            action="sts:AssumeRoleWithSAML",
        )
    ),
    good=policy(
        trust(
            {"Federated": f"arn:aws:iam::{OWN}:saml-provider/corp"},
            {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            action="sts:AssumeRoleWithSAML",
        )
    ),
    source="IAM User Guide, id_roles_create_for-idp_saml",
)
def wrong_saml_audience(document: Document, context: LintContext) -> Iterator[Hit]:
    host = _SAML_HOSTS.get(context.partition, r"signin\.aws\.amazon\.com")
    for statement in document.admitting:
        for condition in demanded(document, statement):
            if condition.folded != "saml:aud" or not condition.demands:
                continue
            for word in condition.values:
                if has_wildcard(word.value):
                    wide = condition.operator is not None and condition.operator.takes_wildcards
                    if wide and matches(word.value, "https://sp.example.com/saml"):
                        yield Hit(
                            word.path, f"{statement.where}: SAML audiences that are not AWS's are accepted"
                        )
                elif not re.fullmatch(rf"https://([a-z0-9-]+\.)?{host}/saml(/acs/.+)?", word.value):
                    yield Hit(word.path, f"{statement.where}: no assertion for AWS is sent to {word.value!r}")


@define(
    "XA217",
    "Cognito identities that never signed in",
    WARNING,
    TRUST,
    why="Without a check of amr a pool's guests, whom nobody authenticated, get in as well.",
    fix='add "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}',
    bad=policy(
        trust(
            {"Federated": "cognito-identity.amazonaws.com"},
            {
                "StringEquals": {
                    "cognito-identity.amazonaws.com:aud": "eu-west-1:12345678-dead-beef-cafe-123456790abc"
                },
            },
            action=_WEB,
        )
    ),
    good=policy(
        trust(
            {"Federated": "cognito-identity.amazonaws.com"},
            {
                "StringEquals": {
                    "cognito-identity.amazonaws.com:aud": "eu-west-1:12345678-dead-beef-cafe-123456790abc"
                },
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
            },
            action=_WEB,
        )
    ),
    source="IAM User Guide, id_roles_create_for-idp_oidc (Amazon Cognito)",
)
def cognito_guests(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal, host in federated(document):
        if host != "cognito-identity.amazonaws.com":
            continue
        found = claims(document, statement, host)
        lines = found.get("amr", ())
        guests = [word for line in lines for word in line.values if word.value.lower() == "unauthenticated"]
        if not lines and "sub" not in found:
            yield Hit(
                principal.path, f"{statement.where} admits guests of the identity pool: amr is not checked"
            )
        elif guests:
            yield Hit(
                guests[0].path, f"{statement.where} admits guests of the identity pool: amr unauthenticated"
            )


@define(
    "XA218",
    "Claim told by exclusion",
    ERROR,
    TRUST,
    why="Everybody whose claim is not on the list gets in, and so does a token that lacks the claim.",
    fix="name who is meant with StringEquals or StringLike",
    bad=_github("repo:acme/sandbox:*", "StringNotLike"),
    good=_GOOD,
    source="IAM User Guide, reference_policies_elements_condition_operators",
)
def excluded_claim(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, _principal, host in federated(document):
        found = claims(document, statement, host)
        for claim in ("sub", "aud"):
            lines = found.get(claim, ())
            if any(line.demands for line in lines):
                continue
            for line in lines:
                if line.operator is not None and (line.operator.negated or line.is_null):
                    yield Hit(line.path, f"{statement.where}: {line.written} on {line.key} names nobody")
