"""
From a whole log to its messages.

Three readers look at the text: for events of CloudTrail as JSON, for AWS's core sentence, for the phrases of
all other errors. What overlaps is one message; what says the same twice is told once; the order is kept.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache

import attrs

from xacct.diagnose.clean import Squeezed, clean, squeeze
from xacct.diagnose.families import Family, families
from xacct.diagnose.mask import mask
from xacct.diagnose.model import DeniedBy, Found
from xacct.diagnose.panel import find_panels
from xacct.diagnose.sentence import Sentence, find_sentences
from xacct.diagnose.structured import Decoded, Event, find_json
from xacct.diagnose.wrapper import Wrapper, find_openings, read_wrapper

__all__ = ["find_messages"]

_BEFORE = 700
_AFTER = 400
_NEAR = 120


@attrs.frozen
class _Hit:
    """One place of the text that is a message: a sentence, or the phrase of a family."""

    start: int
    end: int
    what: Sentence | Family


def find_messages(text: str) -> tuple[Found, ...]:
    """
    Read every error message of AWS out of a text.

    Never raises. A text with words but no error that is known gives one message of family ``unknown``, with
    what could be read; a text without any word gives none.
    """
    if not text.strip():
        return ()
    stretches = find_json(text)
    found: list[Found] = []
    at = 0
    for start, end, records in stretches:
        found.extend(_in_plain_text(text[at:start], fallback=False))
        for record in records:
            found.extend(_of_record(record))
        at = end
    found.extend(_in_plain_text(text[at:], fallback=not found))
    return _once_each(found)


def _of_record(record: Event | Decoded) -> Iterator[Found]:
    match record:
        case Decoded():
            yield _masked(
                Found(
                    text=f"decoded authorization message: {record.action} on {record.resource}",
                    family="decoded",
                    denied_by=DeniedBy.OTHER if record.explicit else DeniedBy.NONE,
                    explicit=record.explicit,
                    principal=record.principal,
                    action=record.action,
                    resource=record.resource,
                )
            )
        case Event():
            yield from _of_event(record)


def _of_event(event: Event) -> Iterator[Found]:
    """An event's message, completed with what the event says around it."""
    said = event.message or event.code or ""
    inner = _in_plain_text(said, fallback=True) or (_unknown(said),)
    for found in inner[:1]:
        if found.family in ("unknown", "plain") and event.code is not None:
            by_code = _weak_family(squeeze(event.code).text)
            if by_code is not None:
                found = attrs.evolve(found, family=by_code.name, denied_by=by_code.denied_by)
        yield _masked(
            attrs.evolve(
                found,
                principal=found.principal or event.principal,
                action=found.action or event.operation,
                resource=found.resource or event.resource,
                code=found.code or (event.code or "").removeprefix("Client.") or None,
                operation=event.operation,
                service=event.service,
                request_id=event.request_id,
            )
        )


def _in_plain_text(raw: str, *, fallback: bool) -> tuple[Found, ...]:
    text = clean(raw)
    squeezed = squeeze(text)
    if not squeezed.text:
        return ()
    hits = _hits(text, squeezed)
    found = [(hit.start, item) for hit, item in _read_hits(text, hits)]
    found.extend(_of_unclaimed_openings(text, hits))
    if not found and fallback:
        return (_fall_back(text, squeezed),)
    return tuple(item for _, item in sorted(found, key=lambda pair: pair[0]))


def _hits(text: str, squeezed: Squeezed) -> list[_Hit]:
    """All sentences and phrases, without those that are part of a better one."""
    panels = [_Hit(item.start, item.end, item) for item in find_panels(text)]
    sentences = [_Hit(item.start, item.end, item) for item in find_sentences(text, squeezed)]
    kept = panels + [hit for hit in sentences if not _overlaps(hit, panels)]
    kept.sort(key=lambda hit: hit.start)
    phrases = _without_neighbours(sorted(_phrases(squeezed), key=lambda hit: hit.start), text)
    starts = kept.copy()
    kept.extend(hit for hit in phrases if not _absorbed(hit, starts))
    kept.sort(key=lambda hit: hit.start)
    return kept


def _phrases(squeezed: Squeezed) -> Iterator[_Hit]:
    for item in families():
        for phrase in item.phrases:
            at = squeezed.text.find(phrase)
            while at >= 0:
                end = at + len(phrase)
                yield _Hit(squeezed.origin(at), squeezed.origin(end - 1) + 1, item)
                at = squeezed.text.find(phrase, end)


def _overlaps(hit: _Hit, panels: list[_Hit]) -> bool:
    """Whether the hit shares a place with one of the panels, which stand in order."""
    place = bisect_right(panels, hit.start, key=lambda panel: panel.end)
    return place < len(panels) and panels[place].start < hit.end


def _absorbed(hit: _Hit, sentences: list[_Hit]) -> bool:
    """Whether the phrase is inside a sentence, or leads up to one."""
    place = bisect_right(sentences, hit.start, key=lambda item: item.start)
    if place and sentences[place - 1].end > hit.start:
        return True
    return place < len(sentences) and sentences[place].start - hit.end < _NEAR


def _without_neighbours(hits: list[_Hit], text: str) -> list[_Hit]:
    """Of phrases close together keep the one that stands first in the list of families."""
    kept: list[_Hit] = []
    for hit in hits:
        if kept and hit.start - kept[-1].end < _NEAR and not find_openings(text[kept[-1].end : hit.start]):
            if _rank(hit) < _rank(kept[-1]):
                kept[-1] = hit
            continue
        kept.append(hit)
    return kept


def _rank(hit: _Hit) -> int:
    return hit.what.rank if isinstance(hit.what, Family) else -1


def _read_hits(text: str, hits: list[_Hit]) -> Iterator[tuple[_Hit, Found]]:
    for index, hit in enumerate(hits):
        floor = hits[index - 1].end if index else 0
        ceiling = hits[index + 1].start if index + 1 < len(hits) else len(text)
        wrapper = read_wrapper(
            text,
            max(floor, hit.start - _BEFORE),
            hit.start,
            hit.end,
            min(ceiling, hit.end + _AFTER),
            inside=isinstance(hit.what, Family),
        )
        said = _said(text, wrapper, hit, floor, ceiling)
        match hit.what:
            case Sentence():
                yield hit, _of_sentence(hit.what, wrapper, said)
            case Family():
                yield hit, _of_family(hit.what, wrapper, said)


def _said(text: str, wrapper: Wrapper, hit: _Hit, floor: int, ceiling: int) -> str:
    """The message's own words with its wrapper, on one line."""
    line = text.rfind("\n", 0, hit.start) + 1
    start = max(floor, wrapper.start if wrapper.start is not None else max(line, hit.start - 300))
    if isinstance(hit.what, Family) and hit.what.name == "encoded":
        return _one_line(text[start : hit.end]) + ": [encoded]"
    end = text.find("\n", hit.end)
    end = min(len(text) if end < 0 else end, hit.end + 300, max(ceiling, hit.end))
    return _one_line(text[start:end])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _of_sentence(sentence: Sentence, wrapper: Wrapper, said: str) -> Found:
    clause = sentence.clause
    action = sentence.action or wrapper.operation
    return _masked(
        Found(
            text=said,
            family="block-public"
            if clause and clause.block
            else _sentence_family(sentence.principal, action),
            denied_by=_denied_by(sentence, action),
            named=clause is not None and clause.denied_by is not None,
            explicit=clause is not None and clause.explicit,
            principal=sentence.principal,
            action=action,
            resource=sentence.resource,
            missing_action=clause.missing_action if clause else None,
            policy_arns=clause.policy_arns if clause else (),
            code=wrapper.code,
            operation=wrapper.operation,
            service=wrapper.service,
            request_id=wrapper.request_id,
            hints=_hints(said),
        )
    )


_SIGN_IN = {"assumerolewithwebidentity": "web-identity", "assumerolewithsaml": "saml"}
_BY_ACTION = {
    **_SIGN_IN,
    "assumerole": "assume-role",
    "tagsession": "tag-session",
    "setsourceidentity": "source-identity",
    "passrole": "pass-role",
}


def _sentence_family(principal: str | None, action: str | None) -> str:
    if principal is not None and "AmazonLightsailInstanceRole" in principal:
        return "lightsail-instance-role"
    service, _, name = (action or "").lower().rpartition(":")
    if name in _BY_ACTION and service in ("", "sts", "iam"):
        return _BY_ACTION[name]
    return "lightsail" if service == "lightsail" else "access"


def _denied_by(sentence: Sentence, action: str | None) -> DeniedBy:
    clause = sentence.clause
    if clause is not None:
        if clause.denied_by is not None:
            return clause.denied_by
        if clause.explicit or clause.block:
            return DeniedBy.OTHER
    # Web identity and SAML calls are not signed: nothing but the trust policy can refuse them.
    return DeniedBy.TRUST if (action or "").lower().rpartition(":")[2] in _SIGN_IN else DeniedBy.NONE


@cache
def _hint_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return (
        ("github", re.compile(r"github|with OIDC|aws-actions|GitHubActions", re.IGNORECASE)),
        ("eks", re.compile(r"\beks\b|serviceaccount|irsa|karpenter|oidc\.eks", re.IGNORECASE)),
        ("lightsail", re.compile(r"lightsail", re.IGNORECASE)),
        ("console", re.compile(r"console|switch role|send it to your AWS administrator", re.IGNORECASE)),
    )


def _hints(said: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _hint_words() if pattern.search(said))


_TRUST_WORDS = re.compile(r"trust(?:policy|relationship)")
_VALUE_IN = {
    "not-allowed-to-execute": re.compile(
        r"Principal:?\s*\[?(?P<principal>[^\s\]]+)\]?\s+is not allowed to "
        r"execute\s+\[?(?P<action>[^\s\]]+)\]?"
        r"(?:\s+on\s+(?:the\s+)?resource:?\s*\[?(?P<resource>[^\s\]]+)\]?)?"
    ),
    "resource-denied": re.compile(
        r"(?:User:\s*(?P<principal>\S+)\s+is not authorized to access this resource"
        r"|Access to the resource\s+(?P<resource>\S+)\s+is denied|to access resource:?\s*(?P<resource2>\S+))"
    ),
    "service-cannot-assume": re.compile(r"(?P<resource>arn:[\w-]+:iam::[^\s\"'`)]+)"),
    "role-cannot-be-assumed": re.compile(r"(?P<resource>arn:[\w-]+:iam::[^\s\"'`)]+)"),
}
_DETAIL_EXPLICIT = "explicitdeny"


def _of_family(item: Family, wrapper: Wrapper, said: str) -> Found:
    pattern = _VALUE_IN.get(item.name)
    match = pattern.search(said) if pattern else None
    values = (
        {}
        if match is None
        else {name.rstrip("2"): value for name, value in match.groupdict().items() if value}
    )
    words = squeeze(said).text
    denied_by = item.denied_by
    explicit = _DETAIL_EXPLICIT in words
    if denied_by is DeniedBy.NONE and item.name != "encoded":
        denied_by = (
            DeniedBy.TRUST if _TRUST_WORDS.search(words) else DeniedBy.OTHER if explicit else denied_by
        )
    return _masked(
        Found(
            text=said,
            family=item.name,
            denied_by=denied_by,
            named=denied_by is not DeniedBy.NONE and bool(item.causes),
            explicit=explicit,
            principal=values.get("principal"),
            action=values.get("action") or wrapper.operation,
            resource=(values.get("resource") or "").rstrip(".,;:") or None,
            code=wrapper.code,
            operation=wrapper.operation,
            service=wrapper.service,
            request_id=wrapper.request_id,
            hints=_hints(said),
        )
    )


def _of_unclaimed_openings(text: str, hits: list[_Hit]) -> Iterator[tuple[int, Found]]:
    """Messages that consist of a wrapper and next to nothing: ``… GetObject operation: Access Denied``."""
    openings = find_openings(text)
    starts = [hit.start for hit in hits]
    seen: set[str] = set()
    for index, (start, end) in enumerate(openings):
        following = openings[index + 1][0] if index + 1 < len(openings) else len(text)
        reach = min(following, end + _AFTER)
        if _claimed(start, reach, starts, hits):
            continue
        line = text.find("\n\n", end)
        reach = min(reach, len(text) if line < 0 else line)
        if text[start:reach] in seen:
            continue
        seen.add(text[start:reach])
        item = _weak_family(squeeze(text[start:reach]).text)
        if item is not None:
            wrapper = read_wrapper(text, start, end, end, reach)
            yield start, _of_family(item, wrapper, _one_line(text[start:reach]))


def _claimed(start: int, reach: int, starts: list[int], hits: list[_Hit]) -> bool:
    """Whether a message that was found is the one that the wrapper at ``start`` opens, or holds it."""
    place = bisect_right(starts, start - 1)
    if place < len(starts) and starts[place] < reach:
        return True
    return place > 0 and hits[place - 1].end > start


def _weak_family(words: str) -> Family | None:
    for item in families():
        if any(phrase in words for phrase in item.weak):
            return item
    return None


_ANY_ARN = re.compile(r"\barn:[\w-]+:(iam|sts)::[^\s\"'`,;)\]}<>]+")
_ANY_ACTION = re.compile(r"(?<![\w:/.-])([a-z][a-z0-9-]{1,40}:[A-Z][A-Za-z0-9]{2,80})\b(?![:/])")


def _fall_back(text: str, squeezed: Squeezed) -> Found:
    """The best guess for a text in which no message was found: by a code or a word, or unknown."""
    head = text[:20_000]
    item = _weak_family(squeezed.text[:200_000])
    if item is None:
        return _unknown(head)
    at = min((place for phrase in item.weak if (place := squeezed.text.find(phrase)) >= 0), default=0)
    start = squeezed.origin(at)
    line = text.rfind("\n", 0, start) + 1
    wrapper = read_wrapper(text, max(0, start - _BEFORE), start, start, min(len(text), start + _AFTER))
    end = text.find("\n\n", start)
    said = _one_line(text[max(line, start - 300) : min(len(text) if end < 0 else end, start + 600)])
    found = _of_family(item, wrapper, said)
    return _with_guesses(found, said)


def _unknown(text: str) -> Found:
    said = _one_line(text)[:600]
    return _masked(_with_guesses(Found(text=said, family="unknown", denied_by=DeniedBy.NONE), said))


def _with_guesses(found: Found, said: str) -> Found:
    """Fill what is missing with the first ARN of a principal and the first action that the text names."""
    if found.family not in ("unknown", "plain", "explicit-deny"):
        return found
    arns = [match[0].rstrip(".:") for match in _ANY_ARN.finditer(said)]
    callers = [arn for arn in arns if ":assumed-role/" in arn or ":user/" in arn or ":federated-user/" in arn]
    actions = _ANY_ACTION.findall(said)
    return attrs.evolve(
        found,
        principal=found.principal or (callers[0] if callers else None),
        action=found.action or (actions[0] if actions else None),
    )


def _masked(found: Found) -> Found:
    """Mask every text of a message; nothing else makes one that leaves this module."""
    return attrs.evolve(
        found,
        text=mask(found.text),
        principal=_mask(found.principal),
        action=_mask(found.action),
        resource=_mask(found.resource),
        missing_action=_mask(found.missing_action),
        policy_arns=tuple(mask(arn) for arn in found.policy_arns),
        code=_mask(found.code),
        operation=_mask(found.operation),
        service=_mask(found.service),
        request_id=_mask(found.request_id),
    )


def _mask(value: str | None) -> str | None:
    return None if value is None else mask(value)


def _once_each(found: Iterable[Found]) -> tuple[Found, ...]:
    """Drop what repeats another message, or says less of the same."""
    listed = list(dict.fromkeys(_Key.of(item) for item in found))
    first: dict[_Key, Found] = {}
    for item in found:
        first.setdefault(_Key.of(item), item)
    kept = [
        key for key in listed if not any(key.says_less_than(other) for other in listed[:200] if other != key)
    ]
    return tuple(first[key] for key in kept)


@attrs.frozen
class _Key:
    """What makes two messages the same."""

    family: str
    denied_by: DeniedBy
    explicit: bool
    values: tuple[str | None, str | None, str | None]

    @classmethod
    def of(cls, found: Found) -> _Key:
        return cls(
            found.family, found.denied_by, found.explicit, (found.principal, found.action, found.resource)
        )

    def says_less_than(self, other: _Key) -> bool:
        if (self.family, self.denied_by, self.explicit) != (other.family, other.denied_by, other.explicit):
            return False
        if None not in self.values:
            return False
        pairs = list(zip(self.values, other.values, strict=True))
        return all(mine is None or mine == theirs for mine, theirs in pairs)
