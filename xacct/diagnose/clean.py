"""
From a pasted text to lines of plain words: no colours, no escapes, no mark-up, no prefixes of loggers.

And the squeezed form: the same text without any white space, with the way back. AWS's sentences are looked
for there, so that no wrap of a terminal, a mail program or a log can hide one.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from functools import cache
from urllib.parse import unquote_plus

from xacct.values import frozen

__all__ = ["Squeezed", "clean", "squeeze"]

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|\u241b\[[0-9;]*m")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000\t\x0b\x0c]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f]")
_MARKUP = re.compile(
    r"</?(?:br|wbr|b|i|p|em|strong|div|span|code|pre|li|ul|ol|td|tr|th|table|tbody|h[1-6]|a|mark|samp|tt"
    r"|(?:[a-z0-9]+:)?(?:message|code|error|errors|errorresponse|response|type|requestid|faultstring|faultcode))"
    r"(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_CODE_TAG = re.compile(r"<(code|requestid)>", re.IGNORECASE)
_TAG_LABELS = {"code": "Error Code", "requestid": "Request ID"}
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPES = {"\\r\\n": "\n", "\\n": "\n", "\\r": "\n", "\\t": " ", '\\"': '"', "\\/": "/"}
_ESCAPE = re.compile(r'\\r\\n|\\[nrt"/]')
_BOX = r"[│┃║╎┆|╷╵╭╰├└┌]"
# What loggers put before a line: a quote mark or box of a tool, a stream name, a time stamp, a container.
_TIME = r"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|\s?[+-]\d\d:?\d\d)?\]?"
_PREFIX = re.compile(
    rf"[ \t]*(?:(?:{_BOX}|>|\#(?!\#))[ \t]?"
    rf"|{_TIME}[ \t:-]*(?:std(?:out|err)[ \t]+[FP][ \t]+)?"
    r"|[A-Z][a-z]{2}[ ]{1,2}\d{1,2}[ ]\d\d:\d\d:\d\d[ ][\w.-]{1,64}[ ](?:[\w./-]{1,64}(?:\[\d+\])?:[ ]?)?"
    r"|remote:[ \t]|\#\d+[ ]\d+\.\d+[ ])"
)


def clean(text: str) -> str:
    """Return the text as plain lines; of linear cost, and never raises."""
    text = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _unescape(text)
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    text = _CODE_TAG.sub(lambda match: f"\n{_TAG_LABELS[match[1].lower()]}: ", text)
    text = _MARKUP.sub("\n", text)
    return "\n".join(_strip_prefix(line) for line in text.split("\n"))


def _unescape(text: str) -> str:
    for _ in range(2):  # JSON within JSON, entities within entities
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "\\" in text:
            text = text.replace("\\\\", "\\")
            text = _UNICODE_ESCAPE.sub(_character, text)
            text = _ESCAPE.sub(lambda match: _ESCAPES[match[0]], text)
        if text == before:
            break
    if "authorized%20to" in text or "authorized+to+" in text:
        text = unquote_plus(text, errors="replace")
    return text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def _strip_prefix(line: str) -> str:
    for _ in range(4):
        match = _PREFIX.match(line)
        if match is None or match.end() == 0:
            break
        line = line[match.end() :]
    return line.rstrip()


_WORD = re.compile(r"\S+")
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@frozen
class Squeezed:
    """A text without white space, in ASCII lower case, and where each of its characters stood."""

    text: str
    _here: list[int]
    _there: list[int]

    def origin(self, index: int) -> int:
        """The place in the original of the character at ``index``; of the end, the end of the last word."""
        if not self._here:
            return 0
        if index >= len(self.text):
            index, extra = len(self.text) - 1, 1
        else:
            extra = 0
        word = max(bisect_right(self._here, index) - 1, 0)
        return self._there[word] + index - self._here[word] + extra

    def index(self, origin: int) -> int:
        """The place here of the first character at or after ``origin`` in the original."""
        word = bisect_right(self._there, origin) - 1
        if word < 0:
            return 0
        following = self._here[word + 1] if word + 1 < len(self._here) else len(self.text)
        return min(self._here[word] + origin - self._there[word], following)


def squeeze(text: str) -> Squeezed:
    words: list[str] = []
    here: list[int] = []
    there: list[int] = []
    length = 0
    for match in _WORD.finditer(text):
        words.append(match[0])
        here.append(length)
        there.append(match.start())
        length += len(match[0])
    return Squeezed("".join(words).translate(_LOWER), here, there)


@cache
def squeezed_phrase(phrase: str) -> str:
    """A phrase as it reads in a squeezed text."""
    return squeeze(phrase).text
