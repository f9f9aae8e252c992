"""XA105 to XA109: the external ID, where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.context import LintContext
from xacct.lint.document import Condition, Document, Statement, Word
from xacct.lint.guards import accounts_of, any_value, demanded
from xacct.lint.rules.examples import EXTERNAL_ID, VENDOR, policy, trust
from xacct.lint.rules.table import ERROR, TRUST, WARNING, Hit, define
from xacct.lint.strength import ALLOWED, MAX_LENGTH, MIN_LENGTH, placeholder_reason, weakness_of

_ROLE = f"arn:aws:iam::{VENDOR}:role/collector"
_GOOD = policy(trust(_ROLE, {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}))
_SOURCE = "IAM User Guide, id_roles_create_for-user_externalid"


def _with(value: str, operator: str = "StringEquals") -> str:
    return policy(trust(_ROLE, {operator: {"sts:ExternalId": value}}))


def _demands(document: Document) -> Iterator[tuple[Statement, Condition]]:
    for statement in document.admitting:
        for condition in demanded(document, statement):
            if condition.folded == "sts:externalid" and condition.operator is not None:
                yield statement, condition


def _asked_values(document: Document) -> Iterator[tuple[Statement, Word]]:
    for statement, condition in _demands(document):
        if condition.demands:
            for word in condition.values:
                yield statement, word


@define(
    "XA105",
    "The external ID does not bind",
    ERROR,
    TRUST,
    why="With this operator or value a caller without the right external ID gets in all the same.",
    fix='write "StringEquals": {"sts:ExternalId": "…"} with the exact value',
    bad=_with(EXTERNAL_ID, "StringEqualsIfExists"),
    good=_GOOD,
    source=_SOURCE + "; reference_policies_elements_condition_operators",
)
def unbinding(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, condition in _demands(document):
        bound = [
            line
            for line in demanded(document, statement)
            if line.folded == "sts:externalid" and line.demands and not any_value(line)
        ]
        reason = _why_not(condition)
        if reason and not (bound and condition.is_null):
            yield Hit(condition.path, f"{statement.where}: {condition.written} on sts:ExternalId {reason}")


def _why_not(condition: Condition) -> str | None:
    operator = condition.operator
    if operator is None:
        return None
    if condition.is_null:
        if condition.texts == ("true",):
            return "admits only callers that send no external ID"
        return "asks for some external ID, whichever it is"
    if operator.negated:
        return "admits everyone but those with this external ID"
    if operator.true_when_absent:
        return "lets callers in that send no external ID"
    if any_value(condition):
        return "is met by every external ID"
    wide = [text for text in condition.texts if operator.takes_wildcards and ("*" in text or "?" in text)]
    return f"is met by every external ID like {wide[0]!r}" if wide else None


@define(
    "XA106",
    "The external ID is a placeholder",
    WARNING,
    TRUST,
    why="A stock value is what other customers and attackers try first; it tells no two customers apart.",
    fix="put in the value that the third party made for you, unique to this account",
    bad=_with("your-external-id"),
    good=_GOOD,
    source=_SOURCE,
)
def placeholder(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word in _asked_values(document):
        reason = placeholder_reason(word.value)
        if reason:
            yield Hit(word.path, f"{statement.where}: the external ID is a placeholder: {reason}")


@define(
    "XA107",
    "The external ID can be guessed",
    WARNING,
    TRUST,
    why="Another customer of the vendor who guesses the external ID can have the vendor work on this role.",
    fix="ask the third party for a random value, such as a GUID, unique to this account",
    bad=_with("acme-backup"),
    good=_GOOD,
    source=_SOURCE + " (a GUID or the like)",
)
def guessable(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, word in _asked_values(document):
        accounts = accounts_of(statement.principals or ())
        names = [name for name in (context.account, context.role_name, *accounts) if name]
        variable = "${" in word.value
        sendable = ALLOWED.fullmatch(word.value) is not None and len(word.value) >= MIN_LENGTH
        if placeholder_reason(word.value) or not (sendable or variable):
            continue
        reason = weakness_of(word.value, known=tuple(names))
        if variable:
            reason = "it comes from the caller's own request"
        if reason:
            yield Hit(word.path, f"{statement.where}: the external ID can be guessed: {reason}")


@define(
    "XA108",
    "The external ID is used elsewhere",
    WARNING,
    TRUST,
    why="One value for two grants lets a mistake in one reach the other, and no log tells them apart.",
    fix="ask for a value of its own for each account and each third party",
    bad=_with("5a7e9d40-0000-4c1f-9b1e-2f6f5e0c7d21"),
    good=_GOOD,
    source=_SOURCE,
)
def reused(document: Document, context: LintContext) -> Iterator[Hit]:
    for statement, word in _asked_values(document):
        other = context.external_ids_elsewhere.get(word.value)
        if other is not None and other != context.grant:
            yield Hit(word.path, f"{statement.where}: the external ID is also that of grant {other!r}")


@define(
    "XA109",
    "No caller can send this external ID",
    ERROR,
    TRUST,
    why=f"STS takes {MIN_LENGTH} to {MAX_LENGTH} characters: letters, digits and _+=,.@:/- without spaces.",
    fix="put in the value exactly as the third party sends it",
    bad=_with("9c3f 77aa 41d8 b0e2"),
    good=_GOOD,
    source="STS API Reference, AssumeRole: ExternalId",
)
def impossible(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement, word in _asked_values(document):
        value = word.value
        if "*" in value or "?" in value or "${" in value or placeholder_reason(value):
            continue
        if not MIN_LENGTH <= len(value) <= MAX_LENGTH:
            yield Hit(
                word.path,
                f"{statement.where}: the external ID has {len(value)} characters; "
                f"{MIN_LENGTH} to {MAX_LENGTH} are possible",
            )
        elif not ALLOWED.fullmatch(value):
            wrong = next(character for character in value if not ALLOWED.fullmatch(character))
            yield Hit(word.path, f"{statement.where}: the external ID holds {wrong!r}, which STS refuses")


@define(
    "XA120",
    "External ID where none can be sent",
    ERROR,
    TRUST,
    why="Only sts:AssumeRole carries an external ID; a federated caller can never meet the condition.",
    fix="take the condition out and tell federated callers apart by audience and subject",
    bad=policy(
        trust(
            {"Federated": "arn:aws:iam::111122223333:saml-provider/corp"},
            {
                "StringEquals": {
                    "SAML:aud": "https://signin.aws.amazon.com/saml",
                    "sts:ExternalId": EXTERNAL_ID,
                }
            },
            action="sts:AssumeRoleWithSAML",
        )
    ),
    good=policy(
        trust(
            {"Federated": "arn:aws:iam::111122223333:saml-provider/corp"},
            {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            action="sts:AssumeRoleWithSAML",
        )
    ),
    source=_SOURCE + "; Service Authorization Reference, AWS STS",
)
def on_federated_action(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        actions = statement.trust_actions
        federated = sorted(name for name in actions if name.startswith("sts:AssumeRoleWith"))
        if federated and "sts:AssumeRole" not in actions:
            for condition in statement.on("sts:externalid"):
                yield Hit(condition.path, f"{statement.where}: {federated[0]} carries no external ID")
