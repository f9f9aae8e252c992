"""How hard an external ID is to guess. An external ID is no secret, but it must not be another customer's."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["placeholder_reason", "weakness_of"]

MIN_LENGTH, MAX_LENGTH = 2, 1224
# Source: AssumeRole in the STS API, ExternalId; the quotas page of the IAM User Guide omits the underscore.
ALLOWED = re.compile(r"[\w+=,.@:/-]*", re.ASCII)

_PLACEHOLDER_WORDS = (
    r"change[-_ ]?me|replace[-_ ]?(me|this)|(external|unique)[-_ ]?id([-_ ]?(here|value|goes[-_ ]here))?"
    r"|(your|my|the|some|insert|enter|put|add)[-_ ]?.*(external|id|secret|value|here)|unique[-_ ]?id.*"
    r"|example([-_ ]?(external[-_ ]?)?id)?|sample|placeholder|dummy|fixme|todo|tbd|secret|password|passw0rd"
    r"|test(ing)?(-?\d{0,4})|foo(bar)?|bar|none|null|undefined|default|abc(def)?(123)?|xxx+"
    r"|123(4(5(6(78?9?0?)?)?)?)?"
    r"|.*(change[-_]?me|placeholder|replace[-_]?me|fixme|insert.here|your[-_]?external).*"
)


def placeholder_reason(text: str) -> str | None:
    """Why the text looks like a value that nobody filled in, or None."""
    plain = text.strip().lower()
    if re.fullmatch(r"[<{\[(].*[>}\])]|\$\{?[a-z_]+\}?|__.*__|%.*%", plain) and "${aws:" not in plain:
        return "it stands in for a value that was never put in"
    if re.fullmatch(_PLACEHOLDER_WORDS, plain):
        return "it is a stock word, not a value made for this customer"
    digits = re.sub(r"[^0-9a-z]", "", plain)
    if len(digits) >= 4 and len(set(digits)) <= 2:
        return "it repeats the same characters"
    if len(digits) >= 16 and digits.startswith("12345678"):
        return "it counts upwards"
    return None


def weakness_of(text: str, *, known: tuple[str, ...] = ()) -> str | None:
    """
    Why the text can be guessed, or None when it cannot readily be.

    ``known`` are texts that an outsider knows as well: account IDs, the role's name.
    """
    plain = text.strip().lower()
    for word in known:
        if word and plain == word.lower():
            return f"it equals {word}, which others know"
    if re.fullmatch(r"\d{12}", plain):
        return "it has the form of an account ID, which others know"
    if len(plain) < 8:
        return f"it has {len(plain)} characters"
    if re.fullmatch(r"\d+", plain) and len(plain) < 16:
        return "it is a short number"
    if len(re.findall(r"\d", plain)) >= 14:
        return None
    tokens = re.findall(r"[A-Za-z0-9]+", text)
    known_words = {word.lower() for word in known}
    if not any(_is_random(token) for token in tokens if token.lower() not in known_words):
        return "it is made of words, such as a name, that others can guess"
    return None


def _is_random(token: str) -> bool:
    """Whether a run of letters and digits looks drawn rather than chosen."""
    if re.fullmatch(r"\d+", token):
        return len(token) >= 9
    if re.fullmatch(r"[A-Za-z]+", token):
        return _is_random_letters(token)
    # A word with a year or a number behind it, or a version, is a name: acme2024, v2.
    if re.fullmatch(r"[A-Za-z]+\d{1,6}|\d{1,4}[A-Za-z]+", token):
        return len(token) >= 6 and bool(re.fullmatch(r"[0-9a-fA-F]+", token))
    return len(token) >= 6


def _is_random_letters(token: str) -> bool:
    changes = sum(one.isupper() != two.isupper() for one, two in pairwise(token))
    if changes >= 4 and len(token) >= 10 and len(re.findall(r"[A-Z][a-z]{2,}", token)) * 4 < len(token):
        return True
    vowels = sum(character in "aeiouy" for character in token.lower())
    return len(token) >= 12 and vowels * 6 < len(token)
