"""Findings as text, JSON, SARIF 2.1.0, and GitHub's workflow annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from xacct import __version__
from xacct.lint.codes import OTHER_CODES
from xacct.lint.model import Finding, Severity
from xacct.lint.rules import RULES
from xacct.plan.file import finding_to_json
from xacct.render.plan_text import finding_lines
from xacct.render.style import Style

__all__ = ["to_github", "to_json", "to_sarif", "to_text"]


def to_text(found: Sequence[Finding], files: int, style: Style) -> str:
    """All findings, worst first; the last line counts."""
    lines = list(finding_lines(found, style))
    counts = Counter(finding.severity for finding in found if finding.accepted is None)
    accepted = sum(finding.accepted is not None for finding in found)
    words = [_count(counts[severity], severity) for severity in Severity if counts[severity]]
    if accepted:
        words.append(f"{accepted} accepted")
    total = ", ".join(words) or "nothing to say"
    lines += [""] if lines else []
    return "\n".join([*lines, style("bold", f"Checked {files} path{'' if files == 1 else 's'}: {total}.")])


def _count(number: int, severity: Severity) -> str:
    plural = "s" if number != 1 and severity is not Severity.INFO else ""
    return f"{number} {severity.value}{plural}"


def to_json(found: Sequence[Finding]) -> dict[str, Any]:
    return {"findings": [finding_to_json(finding) for finding in found]}


_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(found: Sequence[Finding]) -> dict[str, Any]:
    """The findings for code scanning; an accepted one is there, suppressed, with its reason."""
    rules = sorted({finding.rule for finding in found})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "xacct",
                        "version": __version__,
                        "rules": [_sarif_rule(code) for code in rules],
                    }
                },
                "results": [_sarif_result(finding, rules.index(finding.rule)) for finding in found],
            }
        ],
    }


def _sarif_rule(code: str) -> dict[str, Any]:
    """What code scanning shows beside a result."""
    rule = RULES.get(code) or OTHER_CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"Fix: {rule.fix}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    text = finding.message + (f". Fix: {finding.fix}" if finding.fix else "")
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
    }
    if finding.file is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file)}}
        if finding.line is not None:
            place["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": place}]
    if finding.accepted is not None:
        result["suppressions"] = [{"kind": "external", "justification": finding.accepted}]
    return result


_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def to_github(found: Sequence[Finding]) -> str:
    """One annotation a line; accepted findings become notices."""
    return "\n".join(_annotation(finding) for finding in found)


def _annotation(finding: Finding) -> str:
    command = "notice" if finding.accepted is not None else _COMMANDS[finding.severity]
    place = [f"file={_property(finding.file)}"] if finding.file else []
    place += [f"line={finding.line}"] if finding.line else []
    place.append(f"title={_property(finding.rule)}")
    text = finding.message + (f"\nfix: {finding.fix}" if finding.fix else "")
    text += f"\naccepted: {finding.accepted}" if finding.accepted is not None else ""
    return f"::{command} {','.join(place)}::{_data(text)}"


def _data(text: str) -> str:
    """Escape a message as GitHub's runner reads it (workflow commands, escaping of data)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
