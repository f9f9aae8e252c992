"""
AWS's core sentence: ``User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE …``.

The words are found in the squeezed text, the values are read from the plain one. Everything around the words
may be missing, wrapped, quoted or hidden by the person who pasted it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from xacct.diagnose.clause import Clause, read_clause
from xacct.diagnose.clean import Squeezed
from xacct.diagnose.tokens import read_action, read_value, tidy
from xacct.values import frozen

__all__ = ["Sentence", "find_sentences"]

_LONGEST_PRINCIPAL = 700


@frozen
class Sentence:
    """One core sentence: where it stands in the text, and its parts as written."""

    start: int
    end: int
    principal: str | None
    action: str | None
    resource: str | None
    clause: Clause | None


@cache
def _anchor() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?:is|are|isn't|isn’t)?(?:not|n't|n’t)(?:authori[sz]ed|permitted|allowed)to(?:perform|call|execute)"
        r"|(?:doesnothave|donothave|doesn'thave|don'thave|lacks?)(?:the)?(?:required|sufficient|necessary)?permissions?to(?:perform|call)"
        r"|(?:accessdenied|(?:don't|don’t|donot|doesn't|doesnot)havepermissions?)to(?=\[?[a-z0-9-]+:[a-z])"
        r"|(?:isnotauthorized|isn'tauthorized|notauthorized)(?=to(?:access|assume)|for:?[a-z0-9-]+:[a-z]))"
    )


_ON = re.compile(
    r"[\"'`)\]*\s]*(?:(?:action|operation)\s+)?(?:\([^)\n]{1,60}\)\s*)?on\s+(?:the\s+|this\s+|following\s+|specified\s+|any\s+)*(?:resources?(?:\(s\))?|(?:role\s+)?(?=arn:))\s*:?",
    re.IGNORECASE,
)
_ON_SQUEEZED = re.compile(r"[\"'`)\]*]*(?:action)?on(?:the)?resource(?:s|\(s\))?:")
_ASSUME = re.compile(r"\s*to\s+assume\s+(?:the\s+)?(?:IAM\s+)?roles?\s*:?\s*(?=arn:|[\"'`\[])", re.IGNORECASE)
_NO_RESOURCE = re.compile(r"\s*on\s+(?:this|the specified|any)\s+resources?\b", re.IGNORECASE)


def find_sentences(text: str, squeezed: Squeezed) -> Iterator[Sentence]:
    """Yield the sentences of the text in their order. ``squeezed`` is the same text, squeezed."""
    anchors = [
        (match.start(), match.end())
        for match in _anchor().finditer(squeezed.text)
        # "You are not authorized to perform this operation" is what EC2 says before the sentence proper.
        if not squeezed.text[max(0, match.start() - 6) : match.start()].endswith(("you", "youare", "you're"))
    ]
    floor = 0
    for index, (start, end) in enumerate(anchors):
        following = squeezed.origin(anchors[index + 1][0]) if index + 1 < len(anchors) else len(text)
        sentence = _read(
            text, squeezed, squeezed.origin(start), squeezed.origin(end - 1) + 1, floor, following
        )
        if sentence is not None:
            floor = sentence.end
            yield sentence


def _read(text: str, squeezed: Squeezed, anchor: int, after: int, floor: int, limit: int) -> Sentence | None:
    start, principal = _principal(text, squeezed, anchor, floor)
    action, end = read_action(text, after)
    if action is not None and end > limit:
        action, end = None, after
    assumed = _ASSUME.match(text, after)
    if assumed is not None:
        resource, end = read_value(text, assumed.end())
        return Sentence(start, end, principal, None, resource, None)
    if action is None and not _mentions_aws(text, start, after):
        return None
    resource, end = _resource(text, squeezed, end, limit)
    clause = read_clause(text, squeezed, end, limit)
    return Sentence(start, max(end, clause.end if clause else end), principal, action, resource, clause)


def _mentions_aws(text: str, start: int, after: int) -> bool:
    """Whether a sentence without an action is AWS's: it names an ARN, or says "User:"."""
    around = text[max(0, start - 10) : after + 160]
    return "arn:" in around or "User:" in around


def _resource(text: str, squeezed: Squeezed, at: int, limit: int) -> tuple[str | None, int]:
    bare = _NO_RESOURCE.match(text, at)
    if bare is not None:
        return None, bare.end()
    match = _ON.match(text, at, limit)
    after = match.end() if match else _on_in_squeezed(squeezed, at)
    if after is None:
        return None, at
    value, end = read_value(text, after)
    if value is None or end > limit or value.lower() in {"because", "with"}:
        return None, after
    return value, end


def _on_in_squeezed(squeezed: Squeezed, at: int) -> int | None:
    match = _ON_SQUEEZED.match(squeezed.text, squeezed.index(at))
    return None if match is None else squeezed.origin(match.end() - 1) + 1


# Words before "is not authorized" that name nobody.
_NOBODY = frozenset(
    [
        "user",
        "users",
        "role",
        "account",
        "you",
        "it",
        "caller",
        "principal",
        "identity",
        "entity",
        "client",
        "they",
        "who",
        "which",
        "that",
        "this",
        "i",
        "we",
        "he",
        "she",
        "and",
        "but",
        "or",
        "credentials",
        "service",
        "session",
        "request",
        "operation",
        "message",
        "error",
        "accessdenied",
        "denied",
        "accessdeniedexception",
        "exception",
        "aws",
        "unauthorizedoperation",
        "iam",
        "reason",
        "deploy",
        "function",
        "lambda",
        "policy",
        "action",
        "key",
        "access",
        "resource",
        "stack",
        "failed",
        "forbidden",
        "am",
    ]
)


def _principal(text: str, squeezed: Squeezed, anchor: int, floor: int) -> tuple[int, str | None]:
    """Where the sentence starts, and who was refused: what stands between "User:" and the anchor."""
    low = max(floor, anchor - _LONGEST_PRINCIPAL)
    label = squeezed.text.rfind("user:", squeezed.index(low), squeezed.index(anchor))
    if label >= 0 and squeezed.origin(label) >= low:
        start = squeezed.origin(label)
        between = text[squeezed.origin(label + 4) + 1 : anchor]
        if "\n\n" not in between.strip() and len(between.split()) <= 12:
            return start, _strip_verb(between)
    return _unlabelled(text, low, anchor)


def _strip_verb(between: str) -> str | None:
    value = tidy(re.sub(r"\s+(?:is|are|was|am)\s*$", "", f" {between.rstrip()}"))
    if value is None or value.lower() in {"is", "is not"} or value.lower() in _NOBODY:
        return None
    return value


def _unlabelled(text: str, low: int, anchor: int) -> tuple[int, str | None]:
    """Without "User:", the word before "is" counts when it is an ARN, a service, or some name."""
    lead = re.sub(r"\s+(?:is|are|was)?\s*$", "", text[low:anchor])
    split_arn = re.search(r"arn:\S+\n\s*\S+$", lead)
    if split_arn is not None and " " not in split_arn[0].strip():
        return low + split_arn.start(), tidy(split_arn[0])
    word = re.search(r"\S+$", lead)
    if word is None:
        return anchor, None
    value = tidy(word[0].lstrip("([{<").rstrip(",:;"))
    if value is None or not _is_somebody(value, word[0]):
        return anchor, None
    return low + word.start(), value


def _is_somebody(value: str, word: str) -> bool:
    if word.endswith((":", ".", "?", "!", ")", ";")) or value.lower() in _NOBODY:
        return False
    if "arn:" in value or "/" in value or value.endswith(".amazonaws.com") or set(value) <= set("*#xX"):
        return True
    return re.fullmatch(r"[A-Za-z][\w+=,.@-]{2,127}", value) is not None and (
        value[0].isupper() or "_" in value or "@" in value or "-" in value
    )
