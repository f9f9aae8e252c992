"""XA322 to XA326: statements that undo themselves or each other."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.carried import SENT_BY_SERVICES, allowed_beside
from xacct.lint.context import LintContext
from xacct.lint.contradictions import first_contradiction
from xacct.lint.document import ASSUMING, Document, Statement, Word
from xacct.lint.guards import accounts_of, demanded
from xacct.lint.patterns import covers
from xacct.lint.rules.examples import INSTANCE, OWNED, allow, deny, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, TRUST, WARNING, Hit, define

_ROLE = f"arn:aws:iam::{OWNED}:role/deployer"
_TEAM = {"StringEquals": {"aws:RequestTag/team": "web"}}


@define(
    "XA322",
    "Conditions that exclude each other",
    ERROR,
    BOTH,
    why="All lines of a condition must hold at once. These never do, so the statement never applies.",
    fix="put alternatives into one list of values, or into statements of their own",
    bad=policy(
        trust(
            _ROLE,
            {
                "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "StringLike": {"aws:PrincipalOrgID": "o-f6g7h8i9j0"},
            },
        )
    ),
    good=policy(trust(_ROLE, {"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "o-f6g7h8i9j0"]}})),
    source="IAM User Guide, reference_policies_condition-logic-multiple-context-keys-or-values",
)
def contradictory(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        found = first_contradiction(statement.conditions)
        if found is not None:
            condition, reason = found
            yield Hit(condition.path, f"{statement.where} can never apply: on {condition.key}, {reason}")
        elif document.kind == "trust" and statement.allows:
            yield from _denied_anyway(document, statement)
            yield from _elsewhere(statement)


def _denied_anyway(document: Document, statement: Statement) -> Iterator[Hit]:
    found = first_contradiction(demanded(document, statement))
    if found is not None:
        condition, reason = found
        yield Hit(condition.path, f"{statement.where} is cancelled by a Deny: on {condition.key}, {reason}")


def _elsewhere(statement: Statement) -> Iterator[Hit]:
    """Conditions that ask for a caller of an account whose principals the statement doesn't name."""
    principals = statement.principals or ()
    accounts = set(accounts_of(principals))
    if not accounts or any(who.type != "AWS" or who.value == "*" for who in principals):
        return
    for condition in statement.conditions:
        if not condition.demands or condition.folded not in ("aws:principalarn", "aws:principalaccount"):
            continue
        wanted = {_account_in(text) for text in condition.texts}
        if wanted and None not in wanted and not wanted & accounts:
            yield Hit(
                condition.path, f"{statement.where} can never apply: {condition.key} is of another account"
            )


def _account_in(text: str) -> str | None:
    account = text.split(":", 5)[4] if text.count(":") >= 5 else text
    return account if len(account) == 12 and account.isdigit() else None


@define(
    "XA323",
    "Session tags or source identity that cannot be sent",
    ERROR,
    TRUST,
    why=(
        "A caller may send session tags or a source identity only where the trust policy allows "
        "that action too."
    ),
    fix="add sts:TagSession (for tags) or sts:SetSourceIdentity to the statement's actions",
    bad=policy(trust(_ROLE, _TEAM)),
    good=policy(trust(_ROLE, _TEAM, action=["sts:AssumeRole", "sts:TagSession"])),
    source="IAM User Guide, id_session-tags and id_credentials_temp_control-access_monitor",
)
def unsent(document: Document, _context: LintContext) -> Iterator[Hit]:
    allowed = {name for statement in document.allows for name in statement.trust_actions}
    for statement in document.admitting:
        for condition in statement.conditions:
            wanted = allowed_beside(condition.folded)
            if wanted and wanted not in allowed and condition.demands_value and not condition.is_null:
                yield Hit(
                    condition.path,
                    f"{statement.where} asks for {condition.key}, and nobody may call {wanted}",
                )
        for principal in statement.principals or ():
            missing = [name for name in _NEEDED.get(principal.value, ()) if name not in allowed]
            if missing:
                yield Hit(
                    principal.path, f"{statement.where}: {principal.value} also needs {' and '.join(missing)}"
                )


_NEEDED = {**SENT_BY_SERVICES, "pods.eks.amazonaws.com": ("sts:TagSession",)}
"""Pod Identity sends tags unless its association switches them off; a trust without them is hardly meant."""


@define(
    "XA324",
    "Allowed and denied at once",
    WARNING,
    ("permission", "trust"),
    why="A Deny always wins. What it covers without condition is never allowed, so the Allow misleads.",
    fix="take the action out of the Allow, or limit the Deny",
    bad=policy(allow("lightsail:DeleteInstance", INSTANCE), deny("lightsail:Delete*")),
    good=policy(allow("lightsail:RebootInstance", INSTANCE), deny("lightsail:Delete*")),
    source="IAM User Guide, reference_policies_evaluation-logic",
)
def cancelled(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.allows:
        for denial in document.denies:
            if denial.conditions or not _same_scope(document, statement, denial):
                continue
            for word in statement.actions or ():
                if _covered(word, denial):
                    yield Hit(
                        word.path,
                        f"{statement.where} allows {word.value}, which {denial.where} always denies",
                    )


def _covered(word: Word, denial: Statement) -> bool:
    if denial.not_actions is not None:
        return (
            not any(
                covers(item.folded, word.folded) or covers(word.folded, item.folded)
                for item in denial.not_actions
            )
            and "*" not in word.folded
        )
    return any(covers(item.folded, word.folded) for item in denial.actions or ())


def _same_scope(document: Document, statement: Statement, denial: Statement) -> bool:
    if document.kind == "trust":
        if denial.principals is None:
            return False
        denied = {who.account if who.is_whole_account else who.value for who in denial.principals}
        asked = {who.account if who.is_whole_account else who.value for who in statement.principals or ()}
        return bool(asked) and (any(who.is_anyone for who in denial.principals) or asked <= denied)
    if denial.resources is None or statement.resources is None:
        return False
    return all(
        any(covers(item.value, word.value) for item in denial.resources) for word in statement.resources
    )


@define(
    "XA325",
    "A trust policy that admits nobody",
    ERROR,
    TRUST,
    why="Without an Allow of an AssumeRole action nobody can ever use the role.",
    fix="allow sts:AssumeRole, sts:AssumeRoleWithSAML or sts:AssumeRoleWithWebIdentity to a principal",
    bad=policy(trust(_ROLE, action="sts:TagSession")),
    good=policy(trust(_ROLE)),
    source="IAM User Guide, id_roles_terms-and-concepts",
)
def admits_nobody(document: Document, _context: LintContext) -> Iterator[Hit]:
    if document.statements and not any(True for _ in document.admitting):
        misnamed = any(statement.effect not in ("Allow", "Deny") for statement in document.statements)
        if not misnamed:
            yield Hit("$.Statement", "no statement allows an AssumeRole action")


@define(
    "XA326",
    "Action that has no place in a trust policy",
    ERROR,
    TRUST,
    why=(
        "A trust policy is about becoming the role. Other actions have no effect there; wildcards "
        "allow too much."
    ),
    fix=f"write one of {', '.join(ASSUMING)}, with sts:TagSession or sts:SetSourceIdentity where needed",
    bad=policy(trust(_ROLE, action=["sts:AssumeRole", "lightsail:GetInstances"])),
    good=policy(trust(_ROLE)),
    source="Service Authorization Reference, AWS STS",
)
def misplaced_action(document: Document, _context: LintContext) -> Iterator[Hit]:
    known = {
        name.lower()
        for name in (
            "sts:AssumeRole",
            "sts:AssumeRoleWithSAML",
            "sts:AssumeRoleWithWebIdentity",
            "sts:TagSession",
            "sts:SetSourceIdentity",
            "sts:SetContext",
        )
    }
    for statement in document.statements:
        if statement.not_actions is not None and statement.allows:
            yield Hit(f"{statement.path}.NotAction", f"{statement.where} allows everything but what it names")
        for word in statement.actions or ():
            if "*" in word.value or "?" in word.value:
                if statement.allows:
                    yield Hit(
                        word.path, f"{statement.where} allows {word.value}; name the action", severity=WARNING
                    )
            elif word.folded not in known and not _misspelt(word):
                yield Hit(word.path, f"{statement.where}: {word.value} has no effect in a trust policy")


def _misspelt(word: Word) -> bool:
    """Whether another rule tells of the name itself (XA404)."""
    from xacct.lint.facts import action_names

    service, _, name = word.folded.partition(":")
    names = action_names(service)
    return bool(word.value.strip()) and (names is None or name not in names) and service == "sts"


_OUTSIDERS = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
)


@define(
    "XA327",
    "A guard turned round",
    WARNING,
    BOTH,
    why=(
        "The Allow lets in whoever is not on the list, outsiders first, or only those who ask "
        "without encryption."
    ),
    fix="name who is meant with the positive operator, or make the statement a Deny",
    bad=policy(trust(_ROLE, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
    good=policy(trust(_ROLE, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
    source="IAM User Guide, reference_policies_elements_condition_operators",
)
def turned_round(document: Document, _context: LintContext) -> Iterator[Hit]:
    for statement in document.statements:
        for condition in statement.conditions:
            operator = condition.operator
            if operator is None:
                continue
            if condition.folded == "aws:securetransport" and operator.base == "Bool":
                wrong = "false" if statement.allows else "true"
                if condition.texts == (wrong,):
                    verb = "allows only requests without" if statement.allows else "denies every request with"
                    yield Hit(condition.path, f"{statement.where} {verb} encryption")
            elif statement.allows and operator.negated and condition.folded in _OUTSIDERS:
                same = statement.on(condition.folded)
                if not any(
                    line.demands_value and line.operator and not line.operator.negated for line in same
                ):
                    yield Hit(
                        condition.path, f"{statement.where} admits everybody but the {condition.key} named"
                    )
