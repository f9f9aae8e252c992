"""The rules as a page for people."""

from __future__ import annotations

import json

from xacct.lint.rules import RULES, Rule

__all__ = ["rule_to_markdown", "rules_to_markdown"]

_GROUPS = {
    "XA1": "Who gets in",
    "XA2": "Federation",
    "XA3": "Conditions",
    "XA4": "Permissions",
    "XA5": "Form",
}
_KINDS = {"trust": "trust policies", "permission": "permissions policies"}


def rules_to_markdown() -> str:
    """All rules, by group, each with its reason, fix and examples."""
    parts = [
        "# Rules",
        (
            "`error` is a hole, or can never work; `warning` should be changed; `info` is worth knowing. "
            "The examples belong to account 111122223333, which also owns 222233334444; 444455556666 is "
            "a third party."
        ),
    ]
    for prefix, title in _GROUPS.items():
        parts.append(f"## {prefix}xx: {title}")
        parts += [rule_to_markdown(each) for code, each in RULES.items() if code.startswith(prefix)]
    return "\n\n".join(parts) + "\n"


def rule_to_markdown(each: Rule) -> str:
    """One rule as a section of the page."""
    kinds = " and ".join(_KINDS[kind] for kind in each.kinds)
    return "\n\n".join(
        [
            f"### {each.code}: {each.title}",
            f"**{each.severity.value}**, in {kinds}.",
            each.why,
            f"**Fix:** {each.fix}.",
            f"Bad:\n\n{_block(each.bad)}",
            f"Good:\n\n{_block(each.good)}",
            f"Source: {each.source}.",
        ]
    )


def _block(text: str) -> str:
    try:
        shown = json.dumps(json.loads(text, object_pairs_hook=_refuse_repeats), indent=2, ensure_ascii=False)
    except ValueError:
        shown = text  # an example of text that is no JSON, or repeats a key
    lines = shown.split("\n")
    if len(lines) > 40:
        lines = [*lines[:24], "  …", *lines[-3:]]
    return "```json\n" + "\n".join(lines) + "\n```"


def _refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a repeated key")
    return dict(pairs)
