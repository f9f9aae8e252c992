"""Blueprints as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xacct.blueprint.model import Blueprint, Parameter, StatementTemplate
from xacct.render.style import Style, wrap

__all__ = ["blueprint_text", "blueprint_to_json", "blueprints_text"]


def blueprints_text(blueprints: Sequence[Blueprint], style: Style) -> str:
    """A few lines for each blueprint."""
    lines: list[str] = []
    for blueprint in blueprints:
        own = "" if blueprint.source == "shipped" else f"  ({blueprint.source})"
        lines += [style("bold", blueprint.name) + own, *wrap(blueprint.title, style.width, first="  ")]
    return "\n".join([*lines, "", "xacct blueprints show NAME tells what it asks for."])


def blueprint_text(blueprint: Blueprint, style: Style) -> str:
    """What a blueprint asks for, and its trust policy with the reason of each line."""
    lines = [style("bold", f"{blueprint.name}: {blueprint.title}")]
    lines += wrap(blueprint.summary, style.width)
    for title, advanced in (("Parameters", False), ("More options", True)):
        found = [item for item in blueprint.parameters.values() if item.advanced is advanced]
        if found:
            lines += ["", style("bold", title)]
            for parameter in found:
                lines += _parameter(parameter, style)
    lines += ["", style("bold", "Trust policy")]
    for statement in blueprint.trust:
        lines += _statement(statement, style)
    lines += ["", f"Try it: xacct --sandbox new {blueprint.name}"]
    return "\n".join(lines)


def _parameter(parameter: Parameter, style: Style) -> list[str]:
    facts = [parameter.type.value]
    if parameter.required:
        facts.append("required")
    if parameter.default not in (None, ""):
        default = parameter.default
        facts.append(f"default {default if isinstance(default, str) else ', '.join(default or ())}")
    if parameter.choices:
        facts.append("one of " + ", ".join(choice.value for choice in parameter.choices))
    lines = wrap(f"{parameter.name} ({'; '.join(facts)})", style.width, first="  ", rest="    ")
    lines += wrap(parameter.prompt, style.width, first="      ")
    if parameter.help:
        lines += wrap(parameter.help, style.width, first="      ")
    return lines


def _statement(statement: StatementTemplate, style: Style) -> list[str]:
    who = ", ".join(value for _, values in statement.principals for value in values)
    head = f"{statement.effect.value} {', '.join(statement.actions)} to {who}"
    lines = wrap(head, style.width, first="  ", rest="    ")
    if statement.why:
        lines += wrap(statement.why, style.width, first="      ")
    for condition in statement.conditions:
        text = f"if {condition.key} {condition.operator} {' | '.join(condition.values)}"
        lines += wrap(text, style.width, first="    ", rest="      ")
        if condition.why:
            lines += wrap(condition.why, style.width, first="      ")
    return lines


def blueprint_to_json(blueprint: Blueprint) -> dict[str, Any]:
    return {
        "name": blueprint.name,
        "title": blueprint.title,
        "summary": blueprint.summary,
        "intent": blueprint.intent.value,
        "source": blueprint.source,
        "digest": blueprint.digest,
        "parameters": [
            {
                "name": item.name,
                "type": item.type.value,
                "required": item.required,
                "prompt": item.prompt,
                "help": item.help,
                "default": item.default,
                "choices": [choice.value for choice in item.choices],
                "advanced": item.advanced,
                "examples": list(item.examples),
            }
            for item in blueprint.parameters.values()
        ],
    }
