"""Permission sets and actions, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from xacct.lightsail.catalog import Action, Source
from xacct.lightsail.sets import PermissionSet
from xacct.render.style import Style, wrap

__all__ = ["action_text", "action_to_json", "set_text", "set_to_json", "sets_text"]


def sets_text(sets: Sequence[PermissionSet], style: Style) -> str:
    """A line or two for each set."""
    widest = max(len(found.name) for found in sets) + 2
    lines: list[str] = []
    for found in sets:
        mark = " (!)" if any(_is_grave(action) for action in found.sensitive) else ""
        lead = f"{found.name:<{widest}}"
        wrapped = wrap(found.title + mark, style.width, first=" " * widest, rest=" " * widest)
        lines.append(style("bold", lead.rstrip()) + " " * (widest - len(lead.rstrip())) + wrapped[0].lstrip())
        lines += wrapped[1:]
    lines += ["", "(!) hands out logins, secrets or data, or opens something: read it before you give it."]
    return "\n".join([*lines, "xacct permissions show NAME tells more."])


def _is_grave(action: Action) -> bool:
    return action.sensitive is not None and action.sensitive.severity.value == "high"


def set_text(found: PermissionSet, style: Style) -> str:
    """All about one set: in words first, then the actions."""
    lines = [style("bold", f"{found.name}: {found.title}"), ""]
    for label, text in (
        ("Allows", found.summary),
        ("Leaves out", found.leaves_out),
        ("Console", found.console),
    ):
        lines += [style("bold", label), *wrap(text, style.width, first="  "), ""]
    if found.sensitive:
        lines.append(style("bold", "Sensitive actions in it"))
        lines += _sensitive(found.sensitive, style)
        lines.append("")
    lines += _list("Actions", [action.full_name for action in found.known_actions], style)
    if found.opt_in:
        lines += _list("Fit in, with `add:` in the grant", found.opt_in, style)
    if found.outside:
        lines += _list("Needed of other services, never added by itself", found.outside, style)
    return "\n".join(lines).rstrip()


def _sensitive(actions: Iterable[Action], style: Style) -> list[str]:
    lines: list[str] = []
    for action in actions:
        if action.sensitive is not None:
            text = f"{action.full_name} ({action.sensitive.severity.value}): {action.sensitive.why}"
            lines += wrap(text, style.width, first="  - ", rest="    ")
    return lines


def _list(title: str, items: Sequence[str], style: Style) -> list[str]:
    return [style("bold", title), *wrap(", ".join(items), style.width, first="  "), ""]


def _level(action: Action) -> str:
    return action.access_level.value + (", guessed" if action.source is Source.SDK else "")


def _without_types(action: Action) -> str:
    if action.source is Source.SDK:
        return 'not known: AWS has not published them; a policy is written with "*"'
    return 'only "*": it cannot be limited to a resource'


def action_text(action: Action, style: Style) -> str:
    """What is known of one action."""
    types = [f"{use.type}{'' if use.required else ' (optional)'}" for use in action.resource_types]
    facts = [
        ("access level", _level(action)),
        ("resources", ", ".join(types) if types else _without_types(action)),
        ("condition keys", ", ".join(action.condition_keys) or "the global ones"),
        ("needs as well", ", ".join(action.dependent_actions) or "nothing"),
        ("source", action.source.value),
    ]
    if action.sensitive is not None:
        facts.append(("sensitive", f"{action.sensitive.severity.value}: {action.sensitive.why}"))
        if action.sensitive.outlives:
            facts.append(("outlives the role", action.sensitive.outlives))
    lines = [style("bold", action.full_name)]
    for label, text in facts:
        lead = f"  {label:<18}"
        lines += wrap(text, style.width, first=lead, rest=" " * len(lead))
    return "\n".join(lines)


def set_to_json(found: PermissionSet) -> dict[str, Any]:
    return {
        "name": found.name,
        "title": found.title,
        "allows": found.summary,
        "leaves_out": found.leaves_out,
        "console": found.console,
        "actions": [action.full_name for action in found.known_actions],
        "sensitive": [action.full_name for action in found.sensitive],
        "opt_in": list(found.opt_in),
        "outside": list(found.outside),
    }


def action_to_json(action: Action) -> dict[str, Any]:
    return {
        "action": action.full_name,
        "access_level": action.access_level.value,
        "resource_types": [{"type": use.type, "required": use.required} for use in action.resource_types],
        "wildcard_only": action.wildcard_only,
        "condition_keys": list(action.condition_keys),
        "dependent_actions": list(action.dependent_actions),
        "source": action.source.value,
        "sensitive": None
        if action.sensitive is None
        else {
            "severity": action.sensitive.severity.value,
            "why": action.sensitive.why,
            "outlives": action.sensitive.outlives,
        },
    }
