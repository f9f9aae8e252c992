"""The console's box "Access denied … copy the following text and send it to your AWS administrator"."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.diagnose.clause import read_clause
from xacct.diagnose.clean import squeeze
from xacct.diagnose.sentence import Sentence
from xacct.diagnose.tokens import tidy

__all__ = ["find_panels"]

_LABELS = (
    "User:",
    "Service:",
    "Name:",
    "HTTP status code:",
    "Request ID:",
    "Action:",
    "On resource(s):",
    "Context:",
)
_REACH = 1600


def find_panels(text: str) -> Iterator[Sentence]:
    """Yield each box as a sentence. Its lines may run into one another, as they do when copied."""
    at = 0
    seen: set[str] = set()
    while (context := text.find("Context:", at)) >= 0:
        at = context + 8
        low = max(0, context - _REACH)
        action = text.rfind("Action:", low, context)
        user = text.rfind("User:", low, action) if action >= 0 else -1
        if user < 0 or text[user:context] in seen:
            continue
        seen.add(text[user:context])
        fields = _fields(text[user:context])
        end = text.find("\n", at, at + 400)
        end = min(len(text), at + 400) if end < 0 else end
        reason = f"because {text[at:end].strip(' []')}"
        name, service = fields.get("Action:"), fields.get("Service:")
        if name and service and ":" not in name:
            name = f"{service}:{name}"
        yield Sentence(
            start=_header(text, low, user),
            end=end,
            principal=fields.get("User:"),
            action=name,
            resource=fields.get("On resource(s):"),
            clause=read_clause(reason, squeeze(reason), 0, len(reason)),
        )


def _fields(box: str) -> dict[str, str | None]:
    marks = sorted((place, label) for label in _LABELS if (place := box.find(label)) >= 0)
    fields: dict[str, str | None] = {}
    for (place, label), (following, _) in zip(marks, [*marks[1:], (len(box), "")], strict=True):
        fields[label] = tidy(box[place + len(label) : following])
    return fields


def _header(text: str, low: int, user: int) -> int:
    for words in ("Access denied to", "You don't have permission", "You don’t have permission"):
        place = text.rfind(words, low, user)
        if place >= 0:
            return place
    return user
