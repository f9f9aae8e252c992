"""
Policy variables: ``${aws:username}``, ``${aws:PrincipalTag/team, 'none'}``, ``${*}``, ``${?}``, ``${$}``.

A text is parsed once into parts and rendered for each request. Only documents of Version 2012-10-17 have
variables, and only in the resource part of a Resource and in the values of some condition operators; who
calls this knows that. Source: IAM User Guide, reference_policies_variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from xacct.evaluate.model import ContextValue
from xacct.evaluate.patterns import escape_policy_text, escape_text

__all__ = ["UNKNOWN", "Template", "Unknown", "Variable", "parse_template", "render"]


class Unknown(Enum):
    """Marks a value that cannot be rendered because a needed key is not known."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
_MAX_FILLED = 65_536
"""Characters of variables' values in one text; no request holds a text as long, so nothing could match."""


class Variable(NamedTuple):
    """``key`` is in lower case."""

    key: str
    default: str | None


class Literal(NamedTuple):
    """A character that ``${…}`` protects from being a wildcard."""

    character: str


Template: TypeAlias = tuple[str | Variable | Literal, ...]


def parse_template(text: str) -> Template | None:
    """Split a text at its variables; None when it has none. What is no well-formed variable stays text."""
    if "${" not in text:
        return None
    parts: list[str | Variable | Literal] = []
    at = 0
    while (start := text.find("${", at)) >= 0 and (end := text.find("}", start)) >= 0:
        if start > at:
            parts.append(text[at:start])
        inner = text[start + 2 : end]
        parts.append(Literal(inner) if inner in ("*", "?", "$") else _variable(inner))
        at = end + 1
    if not parts:
        return None
    if at < len(text):
        parts.append(text[at:])
    return tuple(parts)


def _variable(inner: str) -> Variable:
    name, quote, default = inner.partition("'")
    if quote and default.endswith("'") and name.rstrip().endswith(","):
        return Variable(name.rstrip()[:-1].strip().lower(), default[:-1])
    return Variable(inner.strip().lower(), None)


def render(
    template: Template, context: Mapping[str, ContextValue], *, partial: bool, pattern: bool
) -> str | Unknown | None:
    """
    Fill a template from a context with lower-case keys.

    With ``pattern`` the result is a pattern for ``compile_pattern`` in which the variables' values are plain
    text. None means that a variable has no value, so that nothing can match; a multivalued key has none.
    """
    out: list[str] = []
    filled = 0
    for part in template:
        match part:
            case str():
                out.append(escape_policy_text(part) if pattern else part)
            case Literal(character):
                out.append(escape_text(character) if pattern else character)
            case Variable(key, default):
                value = context.get(key)
                if value is None:
                    if partial:
                        return UNKNOWN
                    value = default
                if not isinstance(value, str):
                    return None
                filled += len(value)
                if filled > _MAX_FILLED:
                    return None
                out.append(escape_text(value) if pattern else value)
    return "".join(out)
