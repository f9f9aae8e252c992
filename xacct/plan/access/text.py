"""Policy texts as patterns: wildcards, the escapes ``${*}`` ``${?}`` ``${$}``, ARNs by parts, variables."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from xacct.plan.access.patterns import Pattern, Token, Wild, collapsed

__all__ = ["has_variable", "literal_text", "pattern_of", "resource_pattern"]

_ESCAPES = {"${*}": "*", "${?}": "?", "${$}": "$"}
_ARN_COLONS = 5
_PARTS = r"\$\{[*?$]\}|."


def has_variable(text: str, *, current: bool) -> bool:
    """
    Tell whether the text holds a policy variable, beyond the three escapes.

    ``current`` is whether the document's Version is 2012-10-17; the older one takes ``${`` literally.
    """
    return current and "${" in re.sub(r"\$\{[*?$]\}", "", text)


def literal_text(text: str, *, current: bool) -> str:
    """The text that an exact operator compares with."""
    if not current or "${" not in text:
        return text
    return "".join(_ESCAPES.get(part, part) for part in re.findall(_PARTS, text, re.DOTALL))


@lru_cache(4096)
def pattern_of(text: str, *, current: bool, arn: bool = False) -> Pattern:
    """
    The pattern of a wildcard operator, or of an ARN one: there no wildcard of the first five parts crosses a
    colon.
    """
    colons = 0
    tokens: list[Token] = []
    for part in _parts(text, current):
        colons += part == ":"
        tokens.append(_token(part, inner=arn and colons < _ARN_COLONS, run_on=False))
    return Pattern(collapsed(tokens))


def resource_pattern(text: str, *, current: bool) -> Pattern | None:
    """
    The pattern of a Resource element, or None when it holds a policy variable.

    Within the first five parts a wildcard stays inside its part, save a ``*`` that ends one, and there are
    neither variables nor escapes (reference_policies_elements_resource; xacct.evaluate.patterns is alike).
    """
    head, tail = _resource_halves(text)
    if has_variable(tail, current=current):
        return None
    written = [*head, *_parts(tail, current)]
    parts = [part for part, after in pairwise((*written, "")) if (part, after) != ("*", "*")]
    colons = 0
    tokens: list[Token] = []
    for part, after in pairwise((*parts, "")):
        colons += part == ":"
        tokens.append(_token(part, inner=colons < _ARN_COLONS, run_on=after in (":", "")))
    return Pattern(tuple(tokens))


def _resource_halves(text: str) -> tuple[str, str]:
    parts = text.split(":", _ARN_COLONS)
    return (text[: -len(parts[-1])], parts[-1]) if len(parts) > _ARN_COLONS and parts[-1] else (text, "")


def _parts(text: str, current: bool) -> list[str]:
    return re.findall(_PARTS, text, re.DOTALL) if current and "${" in text else list(text)


def _token(part: str, *, inner: bool, run_on: bool) -> Token:
    if part == "*":
        return Wild.RUN_IN_SEGMENT if inner and not run_on else Wild.RUN
    if part == "?":
        return Wild.ONE_IN_SEGMENT if inner else Wild.ONE
    return _ESCAPES.get(part, part)
