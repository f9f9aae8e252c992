"""
From a whole log to its messages.

Three readers look at the text: for events of CloudTrail as JSON, for AWS's core sentence, for the phrases of
all other errors. What overlaps is one message; what says the same twice is told once; the order is kept.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import attrs

from xacct.diagnose.clean import Squeezed, clean, squeeze
from xacct.diagnose.families import Family, families
from xacct.diagnose.model import DeniedBy, Found
from xacct.diagnose.once import once_each
from xacct.diagnose.panel import find_panels
from xacct.diagnose.reading import masked, of_family, of_sentence
from xacct.diagnose.sentence import Sentence, find_sentences
from xacct.diagnose.structured import Decoded, Event, find_json
from xacct.diagnose.wrapper import Wrapper, find_openings, read_wrapper
from xacct.values import frozen

__all__ = ["find_messages"]

_BEFORE = 700
_AFTER = 400
_NEAR = 120


@frozen
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
    return once_each(found)


def _of_record(record: Event | Decoded) -> Iterator[Found]:
    match record:
        case Decoded():
            yield masked(
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
        yield masked(
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
                yield hit, of_sentence(hit.what, wrapper, said)
            case Family():
                yield hit, of_family(hit.what, wrapper, said)


def _said(text: str, wrapper: Wrapper, hit: _Hit, floor: int, ceiling: int) -> str:
    """The message's own words with its wrapper, on one line."""
    line = text.rfind("\n", max(0, hit.start - 300), hit.start) + 1
    start = max(floor, wrapper.start if wrapper.start is not None else max(line, hit.start - 300))
    if isinstance(hit.what, Family) and hit.what.name == "encoded":
        return _one_line(text[start : hit.end]) + ": [encoded]"
    farthest = min(len(text), hit.end + 300, max(ceiling, hit.end))
    end = text.find("\n", hit.end, farthest)
    end = farthest if end < 0 else end
    return _one_line(text[start:end])


def _one_line(text: str) -> str:
    return " ".join(text.split())


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
        blank = text.find("\n\n", end, reach)
        reach = reach if blank < 0 else blank
        if text[start:reach] in seen:
            continue
        seen.add(text[start:reach])
        item = _weak_family(squeeze(text[start:reach]).text)
        if item is not None:
            wrapper = read_wrapper(text, start, end, end, reach)
            yield start, of_family(item, wrapper, _one_line(text[start:reach]))


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
    found = of_family(item, wrapper, said)
    return _with_guesses(found, said)


def _unknown(text: str) -> Found:
    said = _one_line(text)[:600]
    return masked(_with_guesses(Found(text=said, family="unknown", denied_by=DeniedBy.NONE), said))


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
