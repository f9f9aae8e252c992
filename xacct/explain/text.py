"""Small words that all parts of an explanation use: durations, lists, conditions, redaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from xacct.evaluate.model import ContextValue, Decision, Outcome
from xacct.explain.model import Tone
from xacct.iam.policy import Condition, PolicyDocument, Statement
from xacct.iam.redact import redact_document, redact_external_id
from xacct.plan.access.words import condition_words

if TYPE_CHECKING:
    from xacct.evaluate.model import Request

__all__ = [
    "an",
    "count",
    "document_text",
    "duration",
    "listed",
    "outcome_tone",
    "outcome_words",
    "phrase",
    "short_actions",
    "shown_context",
    "who_words",
]


def duration(seconds: int) -> str:
    """``5400`` is "90 minutes", ``3600`` is "1 hour"."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return count(seconds // size, unit)
    return count(seconds, "second")


def count(number: int, noun: str) -> str:
    """``1 action``, ``34 actions``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def an(word: str) -> str:
    """The word with its article."""
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"


def listed(values: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(values) < 2:
        return "".join(values)
    return f"{', '.join(values[:-1])} {word} {values[-1]}"


def short_actions(names: Iterable[str]) -> str:
    """Actions without Lightsail's prefix, which goes without saying in a table."""
    return ", ".join(name if name == "lightsail:*" else name.removeprefix("lightsail:") for name in names)


def outcome_words(decision: Decision) -> str:
    """``allowed``, ``implicitly denied``, …"""
    return decision.outcome.value.replace("_", " ")


def outcome_tone(decision: Decision) -> Tone:
    match decision.outcome:
        case Outcome.ALLOWED:
            return Tone.GOOD
        case Outcome.UNDETERMINED:
            return Tone.WARN
        case _:
            return Tone.BAD


def shown_context(request: Request, *, reveal: bool) -> tuple[tuple[str, str], ...]:
    """The request context, sorted by key, with external IDs redacted unless they are to be shown."""
    return tuple((key, _value(key, value, reveal=reveal)) for key, value in sorted(request.context.items()))


def _value(key: str, value: ContextValue, *, reveal: bool) -> str:
    text = value if isinstance(value, str) else ", ".join(value)
    return redact_external_id(text) if key.lower() == "sts:externalid" and not reveal else text


def phrase(condition: Condition, *, reveal: bool = False) -> str:
    """A condition in words; with ``reveal`` an external ID stands in full."""
    if reveal and condition.key.lower() == "sts:externalid" and condition.operator == "StringEquals":
        return f"with external ID {listed(condition.values, 'or')}"
    return condition_words(condition)


def document_text(document: PolicyDocument, *, reveal: bool = False) -> str:
    """A document indented for reading."""
    return (document if reveal else redact_document(document)).pretty()


def who_words(statement: Statement) -> str:
    """The principals of a statement, as a list."""
    return listed([principal.value for principal in statement.principals or ()], "or")
