"""
``{{name}}`` in a blueprint's texts: typed and closed, nothing executes.

A value is a tuple of texts. A text with placeholders becomes one text for each combination of their values; a
name without a value makes the text go away. What is inserted is never looked at again, so a value cannot
bring in a placeholder of its own. IAM's ``${aws:username}`` passes through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import TypeAlias

from xacct.errors import InputError

__all__ = ["Values", "expand_all", "expand_text", "names_in"]

Values: TypeAlias = Mapping[str, tuple[str, ...]]

MAX_TEXTS = 2000
"""What one text may multiply to; a policy holds far fewer."""


def _split(text: str) -> list[str]:
    """Cut a text into literal, name, literal, name, …, literal. Raises InputError for a brace left open."""
    parts: list[str] = []
    rest = text
    while "{{" in rest:
        literal, _, rest = rest.partition("{{")
        name, closed, rest = rest.partition("}}")
        if not closed or not name.strip().replace("_", "").isalnum():
            raise InputError(
                f"{text[:80]!r} has a placeholder that is not closed or not a name",
                fix="write {{name}} with a parameter's name",
                code="placeholder",
            )
        parts += [literal, name.strip()]
    return [*parts, rest]


def names_in(text: str) -> tuple[str, ...]:
    """The names of a text's placeholders. Raises InputError for a malformed one."""
    return tuple(_split(text)[1::2])


def expand_text(text: str, values: Values) -> tuple[str, ...]:
    """Insert the values. Raises InputError for an unknown name, or when the text multiplies too far."""
    parts = _split(text)
    choices: list[tuple[str, ...]] = []
    total = 1
    for index, part in enumerate(parts):
        if index % 2 == 0:
            choices.append((part,))
            continue
        if part not in values:
            raise InputError(f"{{{{{part}}}}} names no parameter", code="placeholder")
        choices.append(values[part])
        total *= len(values[part])
    if total > MAX_TEXTS:
        raise InputError(f"{text[:80]!r} stands for {total} texts; at most {MAX_TEXTS} fit", code="too-many")
    return tuple("".join(combination) for combination in product(*choices))


def expand_all(texts: Iterable[str], values: Values) -> tuple[str, ...]:
    """Insert the values into each text; doubles are dropped, the order is kept."""
    return tuple(dict.fromkeys(done for text in texts for done in expand_text(text, values)))


def unknown_names(texts: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for text in texts for name in names_in(text) if name not in known))
