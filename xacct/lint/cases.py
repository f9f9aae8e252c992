"""The interchange format of ``xacct check --jsonl``: one case a line, one answer a line."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from typing import Any

from xacct.errors import InputError
from xacct.iam.arn import is_account_id
from xacct.lint.check import check_policy
from xacct.lint.context import LintContext
from xacct.lint.model import Finding

__all__ = ["answer_line", "answer_lines", "finding_to_json"]

MAX_LINE = 4_000_000


def answer_lines(lines: Iterable[str], *, today: datetime.date | None = None) -> Iterator[dict[str, Any]]:
    """Answer each line in turn; empty lines are passed over."""
    return (answer_line(line, today=today) for line in lines if line.strip())


def answer_line(line: str, *, today: datetime.date | None = None) -> dict[str, Any]:
    """
    Answer one case: ``{"id", "findings"}``, or ``{"id"?, "error": {code, message, fix}}`` for a bad line.

    Never raises. ``today`` is used unless the case's context names a day of its own.
    """
    case: Any = None
    try:
        case = _read(line)
        findings = check_policy(_policy(case), _kind(case), _context(case, today))
    except InputError as error:
        problem = error.problems[0]
        answer = {"error": {"code": problem.code, "message": problem.message, "fix": problem.fix}}
        return {**_id(case), **answer}
    return {**_id(case), "findings": [finding_to_json(finding) for finding in findings]}


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """A finding with the keys of the interchange format; ``line`` only where it is known."""
    out: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.path,
        "message": finding.message,
        "fix": finding.fix,
    }
    if finding.line is not None:
        out["line"] = finding.line
    return out


def _id(case: Any) -> dict[str, Any]:
    return {"id": case["id"]} if isinstance(case, dict) and isinstance(case.get("id"), (str, int)) else {}


def _read(line: str) -> Any:
    if len(line) > MAX_LINE:
        raise InputError(f"the line has {len(line)} characters", fix="send smaller cases", code="too-large")
    try:
        case = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(
            f"the line is not JSON: {reason}", fix="send one JSON object a line", code="not-json"
        ) from None
    if not isinstance(case, dict):
        raise InputError(
            "a case is a JSON object", fix='send {"id", "kind", "policy", "context"}', code="not-an-object"
        )
    return case


def _kind(case: dict[str, Any]) -> Any:
    kind = case.get("kind")
    if kind not in ("trust", "permission"):
        raise InputError(f"kind is {kind!r}", fix='write "trust" or "permission"', code="kind")
    return kind


def _policy(case: dict[str, Any]) -> str:
    policy = case.get("policy")
    if isinstance(policy, (dict, list)):
        return json.dumps(policy, ensure_ascii=False)
    if not isinstance(policy, str):
        raise InputError("the case has no policy", fix="put the document's text under policy", code="policy")
    return policy


def _context(case: dict[str, Any], today: datetime.date | None) -> LintContext:
    raw = case.get("context")
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise InputError("context is no object", fix='write {"account": "…"}', code="context")
    account, role = raw.get("account"), raw.get("role")
    if account is not None and not (isinstance(account, str) and is_account_id(account)):
        raise InputError(f"context.account is {account!r}", fix="write 12 digits in quotes", code="context")
    if role is not None and not isinstance(role, str):
        raise InputError("context.role is no text", fix="write the role's ARN or name", code="context")
    partition = raw.get("partition")
    named = role.split(":")[1] if isinstance(role, str) and role.startswith("arn:") else "aws"
    return LintContext(
        account=account,
        partition=partition if isinstance(partition, str) else named,
        owned_accounts=_accounts(raw, "owned_accounts"),
        third_party_accounts=_accounts(raw, "third_party_accounts"),
        role=role,
        external_ids_elsewhere=_elsewhere(raw),
        today=_day(raw) or today,
    )


def _accounts(raw: dict[str, Any], key: str) -> frozenset[str]:
    listed = raw.get(key)
    listed = [] if listed is None else listed
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise InputError(f"context.{key} is no list of texts", fix='write ["111122223333"]', code="context")
    return frozenset(listed)


def _elsewhere(raw: dict[str, Any]) -> dict[str, str]:
    known = raw.get("external_ids_elsewhere")
    if isinstance(known, list):
        known = {item: "another grant" for item in known if isinstance(item, str)}
    if known is None:
        known = {}
    if not isinstance(known, dict) or not all(isinstance(item, str) for item in known.values()):
        raise InputError("context.external_ids_elsewhere is no object of texts", code="context")
    return known


def _day(raw: dict[str, Any]) -> datetime.date | None:
    text = raw.get("today")
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(f"context.today is {text!r}", fix="write YYYY-MM-DD", code="context") from None
