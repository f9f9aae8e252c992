"""Reading one value, an ARN or a name, out of a text that may have been wrapped in the middle of it."""

from __future__ import annotations

import re

__all__ = ["read_action", "read_value", "tidy"]

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "[": "]"}
_LONGEST = 2600  # an ARN has at most 2,048 characters; a bucket's key 1,024
_NAMED = re.compile(
    r"(?:role|user|group|policy|instance profile|access key|login profile|mfa device|virtual mfa device"
    r"|server certificate|saml provider|oidc provider|service "
    r"role)\s+(?!because\b|with\b|on\b|is\b|\()[^\s\"'`,;()<>]+",
    re.IGNORECASE,
)
_ACTION = re.compile(r"[A-Za-z][\w.-]*\s?:\s*(?:[A-Za-z][\w]*\*?|\*)|[A-Z][A-Za-z0-9]{3,}\b(?!:/)")
# What may follow a value; a word of this kind is never the rest of a value that a wrap has cut.
_STOP = re.compile(
    r"(?:because|with (?:an )?explicit|on (?:the |this )?(?:specified )?resource|is not|are "
    r"not|action\b|\(Service"
    r"|status ?code|request ?id|- Sender)",
    re.IGNORECASE,
)
# More words of a resource, when the sentence goes on right after them on the same line.
_SPACED = re.compile(
    r"(?: (?!because\b|with\b|\()[\w:/.*-]{1,80}(?<!\.)){1,6}(?= (?:because no|with an explicit|\(Service))"
)
_REST = re.compile(r"[ \t]*\n[ \t]*([\w+=,.@:/*{}#$-]+)")
_TAIL = ".,;:)]}>'\"`\\|…"
_MAIL_LINK = re.compile(r"\]\(mailto:[^)]*\)")


def tidy(value: str) -> str | None:
    """Take quotes, brackets and wraps off a value; None when nothing is left."""
    value = _MAIL_LINK.sub("", value.strip())
    if "\n" in value:
        glue = "" if re.match(r"\s*(?:arn:|[\w*#-]+:|\S+/)", value) else " "
        value = re.sub(r"\s*\n\s*", glue, value).strip()
    changed = True
    while changed and len(value) > 1:
        changed = False
        if _QUOTES.get(value[0]) == value[-1] and _QUOTES[value[0]] not in value[1:-1]:
            value, changed = value[1:-1].strip(), True
    value = value.strip("`\"'“”‘’").replace("`", "").strip()
    return value or None


def read_action(text: str, start: int) -> tuple[str | None, int]:
    """Read ``service:Action`` at ``start``, over quotes and a wrap. Returns it and where it ends."""
    lead = re.compile(
        r"[\s:\"'`\[(“‘*]*(?:the\s+)?(?:following\s+)?(?:actions?\s*:?\s*)?[\s:\"'`\[(“‘]*", re.IGNORECASE
    )
    at = _end(lead.match(text, start), start)
    match = _ACTION.match(text, at)
    if match is None:
        return None, start
    action, end = _glue(text, match[0], match.end(), joined=re.compile(r"[A-Za-z0-9]+"))
    return re.sub(r"\s+", "", action), end


def read_value(text: str, start: int) -> tuple[str | None, int]:
    """Read the resource at ``start``: quoted, a kind with a name (``role backup``), or one word."""
    at = _end(re.compile(r"\s*").match(text, start), start)
    if at >= len(text):
        return None, at
    closing = _QUOTES.get(text[at])
    if closing is not None:
        end = text.find(closing, at + 1, at + _LONGEST)
        if end > 0 and "\n\n" not in text[at:end]:
            return tidy(re.sub(r"\s*\n\s*", "", text[at + 1 : end])), end + 1
    named = _NAMED.match(text, at)
    if named is not None:
        return tidy(named[0].rstrip(".")), named.end()
    return _read_word(text, at)


def _read_word(text: str, at: int) -> tuple[str | None, int]:
    match = re.compile(rf"\S{{1,{_LONGEST}}}").match(text, at)
    if match is None or _STOP.match(text, at):
        return None, at
    word = _through_placeholder(text, at, match[0])
    end = at + len(word)
    cut = re.search(r"[\"'`]|\\|</|\(Service|,(?=\{)|;|\)$", word)
    if cut is not None:
        return _trim(word[: cut.start()]), at + cut.start()
    word, end = _glue(text, word, end, joined=None)
    spaced = _SPACED.match(text, end)
    if spaced is not None:
        word, end = word + spaced[0], spaced.end()
    return _trim(word), end


def _through_placeholder(text: str, at: int, word: str) -> str:
    """Take the rest of ``<account ID>`` along, which people write in place of what they hide."""
    for opening, closing in (("<", ">"), ("{", "}")):
        while word.count(opening) > word.count(closing):
            end = text.find(closing, at + len(word), at + len(word) + 60)
            if end < 0 or "\n" in text[at + len(word) : end]:
                break
            rest = re.compile(r"\S*").match(text, end + 1)
            word = text[at : _end(rest, end + 1)]
    return word


def _trim(word: str) -> str | None:
    while word and word[-1] in _TAIL:
        if word[-1] == ":" and word.count(":") <= 5:
            break  # an ARN may end in a colon: arn:aws:sqs:REGION:ACCOUNT:
        opening = {")": "(", "]": "[", "}": "{", ">": "<"}.get(word[-1])
        if opening is not None and word.count(opening) >= word.count(word[-1]):
            break
        word = word[:-1]
    return word.lstrip("(<\\") if not word.startswith(("<", "(")) or len(word) < 2 else word or None


def _glue(text: str, word: str, end: int, joined: re.Pattern[str] | None) -> tuple[str, int]:
    """
    Append what a hard wrap has cut off the word.

    The next line's first word belongs to it when the sentence goes on right after, when the word ends in a
    character that ends no value, or when the line is as long as an earlier line of the same wrap.
    """
    for _ in range(40):
        rest = _REST.match(text, end)
        if rest is None or _STOP.match(text, rest.start(1)) or len(word) > _LONGEST:
            break
        if joined is not None and joined.fullmatch(rest[1]) is None:
            break
        if not (_sentence_goes_on(text, rest.end()) or _is_cut(word) or _line_is_full(text, end)):
            break
        word, end = word + rest[1], rest.end()
    return word, end


def _sentence_goes_on(text: str, at: int) -> bool:
    following = re.compile(r"[\s\"'`]*").match(text, at)
    return _STOP.match(text, _end(following, at)) is not None


def _is_cut(word: str) -> bool:
    if not word.startswith("arn:"):
        return word.endswith(":")
    if word.endswith("/") and word.count("/") == 1:
        return False  # arn:aws:iam::ACCOUNT:role/ stands for all roles
    return (
        word[-1] in "-/_"
        or (word.count(":") < 5)
        or (word.endswith(":") and word.count(":") == 5 and ":iam:" in word)
    )


def _line_is_full(text: str, end: int) -> bool:
    start = text.rfind("\n", 0, end) + 1
    length = end - start
    if length < 60 or start == 0 or "User:" in text[start:end]:
        return False
    earlier = text.rfind("\n", 0, start - 1) + 1
    return start - 1 - earlier == length


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return otherwise if match is None else match.end()
