"""Lint rules as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xacct.lint.codes import OtherCode
from xacct.lint.rules.table import Rule
from xacct.render.style import Style, columns, wrap

__all__ = ["rule_text", "rule_to_json", "rules_text"]


def rules_text(rules: Sequence[Rule | OtherCode], style: Style) -> str:
    lines = columns([rule.code, rule.severity.value, rule.title] for rule in rules)
    return "\n".join([*lines, "", style("dim", "xacct rule CODE explains one.")])


def rule_text(rule: Rule | OtherCode, style: Style) -> str:
    """Why a rule is there, what to do, and an example of each side."""
    lines = [style("bold", f"{rule.code}: {rule.title} ({rule.severity.value})"), ""]
    source = rule.source if isinstance(rule, Rule) else ""
    for label, text in (("Why", rule.why), ("Fix", rule.fix), ("Source", source)):
        if text:
            lines += [style("bold", label), *wrap(text, style.width, first="  "), ""]
    if not isinstance(rule, Rule):
        return "\n".join(lines).rstrip()
    for label, example in (("Bad", rule.bad), ("Good", rule.good)):
        lines += [style("bold", label), *(f"  {line}" for line in example.strip().splitlines()), ""]
    return "\n".join(lines).rstrip()


def rule_to_json(rule: Rule | OtherCode) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": rule.code,
        "title": rule.title,
        "severity": rule.severity.value,
        "why": rule.why,
        "fix": rule.fix,
    }
    if isinstance(rule, Rule):
        told |= {"kinds": list(rule.kinds), "source": rule.source, "bad": rule.bad, "good": rule.good}
    return told
