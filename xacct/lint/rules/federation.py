"""XA201 to XA209: federated callers, and which of them get in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xacct.lint.context import LintContext
from xacct.lint.document import ASSUMING, Condition, Document, Principal, Statement
from xacct.lint.guards import demanded
from xacct.lint.patterns import has_wildcard
from xacct.lint.providers import Provider, host_of, is_federation_key, known_provider
from xacct.lint.rules.examples import GITHUB, OWN, OWNED, policy, trust
from xacct.lint.rules.table import ERROR, TRUST, Hit, define

_WEB = "sts:AssumeRoleWithWebIdentity"
_HOST = "token.actions.githubusercontent.com"
_AUD = {f"{_HOST}:aud": "sts.amazonaws.com"}
_SUB = {f"{_HOST}:sub": "repo:acme/infra:environment:prod"}
_GOOD = policy(trust({"Federated": GITHUB}, {"StringEquals": {**_AUD, **_SUB}}, action=_WEB))
_SOURCE = "IAM User Guide, id_roles_create_for-idp_oidc"


def federated(document: Document) -> Iterator[tuple[Statement, Principal, str]]:
    """Each OIDC provider that an admitting statement names, with its host."""
    for statement in document.admitting:
        for principal in statement.principals or ():
            host = host_of(principal)
            if host is not None:
                yield statement, principal, host


def claims(document: Document, statement: Statement, host: str) -> dict[str, list[Condition]]:
    """The conditions on an issuer's claims, by the claim's name in lower case."""
    found: dict[str, list[Condition]] = {}
    prefix = f"{host.lower()}:"
    for condition in demanded(document, statement):
        if condition.folded.startswith(prefix):
            found.setdefault(condition.folded.removeprefix(prefix), []).append(condition)
    return found


@define(
    "XA201",
    "Federated trust without audience",
    ERROR,
    TRUST,
    why=(
        "The audience says whom a token was made for. Unchecked, a token made for another service works here."
    ),
    fix="add StringEquals on the provider's :aud key (SAML:aud for SAML) with the audience that you use",
    bad=policy(trust({"Federated": GITHUB}, {"StringEquals": _SUB}, action=_WEB)),
    good=_GOOD,
    source=_SOURCE,
)
def without_audience(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal, host in federated(document):
        found = claims(document, statement, host)
        if not ({"aud", "oaud", "app_id"} & found.keys()) and not _foreign_keys(statement, host):
            yield Hit(principal.path, f"{statement.where} accepts tokens of {host} made for any audience")
    for statement in document.admitting:
        for principal in statement.principals or ():
            audience = any(condition.folded == "saml:aud" for condition in demanded(document, statement))
            if ":saml-provider/" in principal.value and not audience:
                yield Hit(
                    principal.path, f"{statement.where} takes SAML assertions without a check of SAML:aud"
                )


@define(
    "XA202",
    "Federated trust without subject",
    ERROR,
    TRUST,
    why="Every user, repository or workload that the provider signs tokens for may assume the role.",
    fix="add a condition on the provider's :sub key that names who is meant",
    bad=policy(trust({"Federated": GITHUB}, {"StringEquals": _AUD}, action=_WEB)),
    good=_GOOD,
    source=_SOURCE,
)
def without_subject(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, principal, host in federated(document):
        found = claims(document, statement, host)
        provider = known_provider(host)
        owners = set(provider.owners) if provider is not None else {"email"}
        google = (
            host == "accounts.google.com" and {"google/organization_number", "email", "aud"} & found.keys()
        )
        if (
            host.startswith("cognito-identity.")
            or "sub" in found
            or owners & found.keys()
            or google
            or _foreign_keys(statement, host)
        ):
            continue
        yield Hit(principal.path, f"{statement.where} admits everybody with a token of {host}")


def _foreign_keys(statement: Statement, host: str) -> list[Condition]:
    """Conditions whose keys belong to another issuer than the one trusted."""
    return [
        condition
        for condition in statement.conditions
        if is_federation_key(condition.folded) and not condition.folded.startswith(f"{host.lower()}:")
    ]


@define(
    "XA203",
    "Action that does not fit the principal",
    ERROR,
    TRUST,
    why="Each kind of caller has its own action: with another one nobody gets in.",
    fix=(
        "AWS and Service principals take sts:AssumeRole, SAML providers sts:AssumeRoleWithSAML, "
        "OpenID Connect "
        "providers sts:AssumeRoleWithWebIdentity; one statement for each"
    ),
    bad=policy(trust({"Federated": GITHUB}, {"StringEquals": {**_AUD, **_SUB}})),
    good=_GOOD,
    source="Service Authorization Reference, AWS STS; " + _SOURCE,
)
def wrong_action(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        fitting = {action for who in statement.principals or () if (action := _action_for(who)) is not None}
        actions = statement.trust_actions & set(ASSUMING)
        if not fitting or not actions or any(who.value.strip() == "*" for who in statement.principals or ()):
            continue
        for who in statement.principals or ():
            wanted = _action_for(who)
            if wanted is not None and wanted not in actions:
                yield Hit(
                    f"{statement.path}.Action",
                    f"{statement.where} lets {who.value} call {', '.join(sorted(actions))}; it "
                    f"can call {wanted}",
                    f"write {wanted}",
                )
                break
        else:
            for action in sorted(actions - fitting):
                if any(word.folded == action.lower() for word in statement.actions or ()):
                    yield Hit(
                        f"{statement.path}.Action",
                        f"{statement.where}: none of its principals can call {action}",
                    )


def _action_for(principal: Principal) -> str | None:
    if ":saml-provider/" in principal.value:
        return "sts:AssumeRoleWithSAML"
    if host_of(principal) is not None:
        return _WEB
    return (
        "sts:AssumeRole" if principal.type in ("AWS", "Service") and principal.value.strip() != "*" else None
    )


@define(
    "XA204",
    "Provider of another account",
    ERROR,
    TRUST,
    why=(
        "STS looks for the identity provider in the role's own account; one of another account admits nobody."
    ),
    fix="create the provider in the role's account and name that one",
    bad=policy(
        trust({"Federated": GITHUB.replace(OWN, OWNED)}, {"StringEquals": {**_AUD, **_SUB}}, action=_WEB)
    ),
    good=_GOOD,
    source=_SOURCE,
)
def foreign_provider(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        for principal in statement.principals or ():
            is_provider = re.search(r":(oidc|saml)-provider/", principal.value)
            if is_provider and context.account and principal.account not in (context.account, None):
                yield Hit(
                    principal.path,
                    f"{statement.where} names a provider of account {principal.account}; the role is in "
                    f"{context.account}",
                )


@define(
    "XA205",
    "Condition on another provider's claims",
    ERROR,
    TRUST,
    why="A token's claims appear under its issuer's host and path. Under any other prefix the key is absent.",
    fix="begin the key with the provider's URL without https://, exactly as in its ARN",
    bad=policy(
        trust(
            {"Federated": GITHUB},
            {
                "StringEquals": {
                    "actions.githubusercontent.com:aud": "sts.amazonaws.com",
                    "actions.githubusercontent.com:sub": "repo:acme/infra:environment:prod",
                }
            },
            action=_WEB,
        )
    ),
    good=_GOOD,
    source=_SOURCE,
)
def foreign_claim(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, _principal, host in federated(document):
        for condition in _foreign_keys(statement, host):
            yield Hit(
                condition.path,
                f"{statement.where}: {condition.key} is no key of {host}",
                f"write {host}:{condition.key.rpartition(':')[2]}",
            )


@define(
    "XA206",
    "Claim that STS does not pass on",
    ERROR,
    TRUST,
    why="STS hands on only some claims of a token; a condition on any other never finds its key.",
    fix="use aud, sub, or one of the claims that STS knows of this provider",
    bad=policy(
        trust(
            {"Federated": GITHUB},
            {"StringEquals": {**_AUD, **_SUB, f"{_HOST}:repository_owner": "acme"}},
            action=_WEB,
        )
    ),
    good=_GOOD,
    source="Service Authorization Reference, AWS STS: condition keys",
)
def unknown_claim(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, _principal, host in federated(document):
        provider = known_provider(host)
        if provider is None or not provider.closed:
            continue
        for condition in statement.conditions:
            claim = condition.folded.removeprefix(f"{host.lower()}:")
            if claim != condition.folded and claim not in ("aud", "sub", *provider.claims):
                yield Hit(condition.path, *_unknown(statement, claim, provider))


def _unknown(statement: Statement, claim: str, provider: Provider) -> tuple[str, str]:
    from difflib import get_close_matches

    known = ("aud", "sub", *provider.claims)
    close = get_close_matches(claim, known, n=1, cutoff=0.6)
    fix = f"did you mean {close[0]}?" if close else "STS knows " + ", ".join(known)
    return f"{statement.where}: STS passes on no claim {claim!r} of {provider.name}", fix


_ARN = r"(?a)arn:[a-z0-9-]+:iam::\d{12}:(oidc-provider/[^\s*?]+|saml-provider/[\w.-]{1,128})"


@define(
    "XA207",
    "No valid identity provider",
    ERROR,
    TRUST,
    why="A provider is named by its ARN, without https://; IAM finds no other.",
    fix=f"write arn:aws:iam::ACCOUNT:oidc-provider/HOST, such as …:oidc-provider/{_HOST}",
    bad=policy(trust({"Federated": f"https://{_HOST}"}, {"StringEquals": {**_AUD, **_SUB}}, action=_WEB)),
    good=_GOOD,
    source=_SOURCE,
)
def malformed_provider(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        for principal in statement.principals or ():
            value = principal.value
            if principal.type != "Federated" or value == "*" or (host_of(principal) == value):
                continue
            broken = "://" in value or not re.fullmatch(_ARN, value)
            if broken and not (has_wildcard(value) or value.endswith(".amazonaws.com")):
                yield Hit(principal.path, f"{statement.where} names {value!r}, which is no identity provider")
