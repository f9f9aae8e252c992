"""Documents and roles in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import attrs

from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.iam.things import Role
from xacct.lint.context import LintContext
from xacct.lint.document import Kind, read_document
from xacct.lint.model import Finding
from xacct.lint.rules import RULES, Hit, Rule
from xacct.lint.rules.texts import MANAGED_SIZE, ROLE_INLINE_SIZE
from xacct.lint.rules.unreadable import NOT_JSON
from xacct.lint.text import Node, TextError, node_of, scan

__all__ = ["LARGEST_REQUEST", "check_policy", "check_role"]

LARGEST_REQUEST = 131_072
"""Characters of a policy document, white space included. Source: IAM API, policyDocumentType."""


def check_policy(
    policy: str | PolicyDocument, kind: Kind, context: LintContext, *, file: str | None = None
) -> tuple[Finding, ...]:
    """
    Check one document against every rule of its kind; findings in the order of places, the worst first.

    Text keeps its line numbers and may be malformed in any way. ``file`` is copied to the findings.
    """
    text = policy if isinstance(policy, str) else None
    if text is not None and len(text) > LARGEST_REQUEST:
        hit = Hit("$", f"the policy has {len(text):,} characters; IAM reads {LARGEST_REQUEST:,} at most")
        return (_finding(RULES["XA514"], hit, context, file, 1),)
    try:
        root = scan(_without_mark(text)) if text is not None else node_of(_plain(policy))
    except TextError as error:
        return (_not_json(error, context, file),)
    document = read_document(_unwrapped(root, kind), kind)
    lines = {node.path: node.line for node in root.walk()} if text is not None else {}
    findings = [
        _finding(rule, hit, context, file, _line(lines, hit.path))
        for rule in _rules_of(kind)
        for hit in rule.check(document, context)
    ]
    return _sorted(findings)


@cache
def _rules_of(kind: Kind) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES.values() if kind in rule.kinds)


def _plain(policy: str | PolicyDocument) -> object:
    assert isinstance(policy, PolicyDocument)
    return policy.to_json()


def _without_mark(text: str) -> str:
    """Without the byte order mark that editors put first; IAM's tools drop it as well."""
    return text.removeprefix("\ufeff")


def _unwrapped(root: Node, kind: Kind) -> Node:
    """The document within an answer of ``aws iam get-role`` or ``get-role-policy``, if it is one."""
    if root.get("Statement") is not None:
        return root
    wanted = "AssumeRolePolicyDocument" if kind == "trust" else "PolicyDocument"
    inner = (root.get("Role") or root).get(wanted) if root.is_object else None
    return inner if inner is not None and inner.is_object else root


def _not_json(error: TextError, context: LintContext, file: str | None) -> Finding:
    found = RULES[NOT_JSON]
    return Finding(
        rule=found.code,
        severity=found.severity,
        message=f"the policy is not JSON: {error.message} (line {error.line}, column {error.column})",
        fix=found.fix,
        path="$",
        grant=context.grant,
        file=file,
        line=error.line,
    )


def _finding(rule: Rule, hit: Hit, context: LintContext, file: str | None, line: int | None) -> Finding:
    return Finding(
        rule=rule.code,
        severity=hit.severity or rule.severity,
        message=hit.message,
        fix=hit.fix or rule.fix,
        path=hit.path,
        grant=context.grant,
        file=file,
        line=line,
    )


def _line(lines: dict[str, int], path: str) -> int | None:
    """The line of a path, or of the nearest thing around it."""
    while path and path not in lines and path != "$":
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut] if cut > 0 else "$"
    return lines.get(path)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda item: (item.severity.rank, item.line or 0, item.path, item.rule)))


def check_role(role: Role, policies: Sequence[PolicyDocument], context: LintContext) -> tuple[Finding, ...]:
    """
    Check a role: its trust policy, its permissions policies, and what only shows when they are seen together.

    Paths begin with ``$.trust`` or ``$.permissions[N]``.
    """
    if context.role is None:
        context = attrs.evolve(
            context,
            role=f"role{role.path}{role.name}"
            if context.account is None
            else role.arn(context.account, context.partition),
        )
    findings = _moved(check_policy(role.trust, "trust", context), "$.trust")
    for index, document in enumerate(policies):
        findings += _moved(_check_permissions(document, context), f"$.permissions[{index}]")
    return _sorted(findings + _sizes(policies, context))


def _check_permissions(document: PolicyDocument, context: LintContext) -> Iterator[Finding]:
    """
    Check a permissions policy of a role; hundreds of grants mostly share a few, which are checked once.

    Of the role itself the rules ask only where a statement allows more than Lightsail's actions.
    """
    role = _ANY_ROLE if all(map(_allows_lightsail_only, document.statements)) else context.role
    shared = attrs.evolve(context, grant=None, external_ids_elsewhere={}, role=role)
    return (attrs.evolve(item, grant=context.grant) for item in _permission_findings(document, shared))


_ANY_ROLE = "role/any"


@lru_cache(maxsize=512)
def _permission_findings(document: PolicyDocument, context: LintContext) -> tuple[Finding, ...]:
    return check_policy(document, "permission", context)


@lru_cache(maxsize=512)
def _allows_lightsail_only(statement: Statement) -> bool:
    if statement.effect is Effect.DENY:
        return True
    return statement.actions is not None and all(
        action.lower().startswith("lightsail:") for action in statement.actions
    )


def _moved(findings: Iterable[Finding], prefix: str) -> list[Finding]:
    return [attrs.evolve(item, path=prefix + item.path.removeprefix("$")) for item in findings]


def _sizes(policies: Sequence[PolicyDocument], context: LintContext) -> list[Finding]:
    total = sum(document.size for document in policies)
    if total <= ROLE_INLINE_SIZE or all(document.size <= MANAGED_SIZE for document in policies):
        return []
    rule = RULES["XA514"]
    message = f"the role's policies have {total:,} characters in all; {ROLE_INLINE_SIZE:,} fit inline"
    return [_finding(rule, Hit("$.permissions", message), context, None, None)]
