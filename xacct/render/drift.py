"""Drift for people and as JSON: the grant, what was last applied, and the account, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import attrs

from xacct.iam.policy import PolicyDocument
from xacct.iam.redact import redact_document
from xacct.iam.things import Thing
from xacct.plan.drift import DriftRow, GrantDrift, Standing, TrailEvent
from xacct.render.documents import document_change, document_lines
from xacct.render.style import Style, columns, wrap

__all__ = ["Trail", "drift_text", "drift_to_json"]

Trail = Mapping[tuple[str, str], Sequence[TrailEvent]]
"""Who changed a role, by account and role name."""

_WORDS = {
    Standing.SAME: "as the grant says",
    Standing.DRIFTED: "changed since the last apply",
    Standing.PENDING: "as last applied; the grant has changed since",
    Standing.BOTH: "changed since the last apply, and so has the grant",
    Standing.MISSING: "not there: deleted, or never made",
    Standing.NOT_OURS: "under that name stands what is not ours",
}
_LONGEST = 34


def drift_text(found: Sequence[GrantDrift], trail: Trail, style: Style, *, reveal: bool = False) -> str:
    """Each grant in a line; for those that differ, three columns and what differs in the documents."""
    lines: list[str] = []
    for drift in found:
        color = "bad" if drift.standing.is_drift else "good"
        head = f"{drift.grant} in {drift.account}: {_WORDS[drift.standing]}"
        lines += [style(color, line) for line in wrap(head, style.width)]
        lines += _details(drift, trail, style, reveal)
    drifted = sum(drift.standing.is_drift for drift in found)
    noun = "grant" if len(found) == 1 else "grants"
    verb = "has" if drifted <= 1 else "have"
    lines.append(style("bold", f"Drift: {drifted or 'none'} of {len(found)} {noun} {verb} drifted."))
    return "\n".join(lines)


def _details(drift: GrantDrift, trail: Trail, style: Style, reveal: bool) -> Iterator[str]:
    for problem in drift.problems:
        for line in str(problem).split("\n"):
            yield from wrap(line, style.width, first="  ", rest="    ")
    if drift.rows:
        head = ["WHAT", "GRANT", "LAST APPLIED", "LIVE"]
        table = columns([head, *([_name(row), *_cells(row)] for row in drift.rows)])
        yield from (f"  {line}" for line in [style("bold", table[0]), *table[1:]])
        inner = Style(style.color, style.width - 6)
        for row in drift.rows:
            yield from _documents(row, inner, reveal)
    for event in trail.get((drift.account, drift.role or ""), ()):
        text = f"{event.at} {event.call} by {event.principal}" + (
            f" from {event.source}" if event.source else ""
        )
        yield from wrap(text, style.width, first="  ", rest="    ")


def _name(row: DriftRow) -> str:
    name = str(row.key).replace("_", " ")
    return f"{name}: {row.aspect}" if row.aspect and row.aspect != "document" else name


def _cells(row: DriftRow) -> list[str]:
    applied = _cell(row.applied, row.aspect) if row.applied_known else "not known"
    return [_cell(row.grant, row.aspect), applied, _cell(row.live, row.aspect)]


def _cell(thing: Thing | None, aspect: str) -> str:
    if thing is None:
        return "none"
    if not aspect:
        return "there"
    value = getattr(thing, aspect)
    match value:
        case PolicyDocument():
            number = len(value.statements)
            mark = sha256(value.minified().encode()).hexdigest()[:6]
            text = f"{number} statement{'' if number == 1 else 's'} (#{mark})"
        case Mapping():
            text = ", ".join(f"{key}={item}" for key, item in value.items() if not key.startswith("xacct:"))
        case tuple():
            text = ", ".join(str(item) for item in value)
        case _:
            text = str(value or "none")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _documents(row: DriftRow, style: Style, reveal: bool) -> Iterator[str]:
    """How the live document differs from the grant's, or the one that only one of them has."""
    aspect = row.aspect or ("document" if hasattr(row.live or row.grant, "document") else "trust")
    grant, live = getattr(row.grant, aspect, None), getattr(row.live, aspect, None)
    if isinstance(grant, PolicyDocument) and isinstance(live, PolicyDocument):
        lines = document_change(grant, live, style, reveal=reveal)
    elif isinstance(live, PolicyDocument):
        lines = document_lines(live, style, reveal=reveal)
    else:
        return
    yield style("dim", f"    {_name(row)}, from the grant to the account")
    yield from (f"      {line}" for line in lines)


def drift_to_json(
    found: Iterable[GrantDrift], trail: Trail, notes: Iterable[str], *, reveal: bool = False
) -> dict[str, Any]:
    return {
        "grants": [
            {
                "grant": drift.grant,
                "account": drift.account,
                "role": drift.role,
                "standing": drift.standing.value,
                "drift": drift.standing.is_drift,
                "rows": [_row_to_json(row, reveal) for row in drift.rows],
                "problems": [attrs.asdict(problem) for problem in drift.problems],
                "changed_by": [
                    attrs.asdict(event) for event in trail.get((drift.account, drift.role or ""), ())
                ],
            }
            for drift in found
        ],
        "notes": list(notes),
    }


def _row_to_json(row: DriftRow, reveal: bool) -> dict[str, Any]:
    return {
        "type": row.key.type.value,
        "name": row.key.name,
        "aspect": row.aspect or None,
        "grant": _plain(row.grant, row.aspect, reveal),
        "last_applied": _plain(row.applied, row.aspect, reveal) if row.applied_known else None,
        "last_applied_known": row.applied_known,
        "live": _plain(row.live, row.aspect, reveal),
    }


def _plain(thing: Thing | None, aspect: str, reveal: bool) -> Any:
    if thing is None:
        return None
    value = getattr(thing, aspect) if aspect else getattr(thing, "document", True)
    match value:
        case PolicyDocument():
            return (value if reveal else redact_document(value)).to_json()
        case Mapping():
            return dict(value)
        case tuple():
            return list(value)
        case _:
            return value
