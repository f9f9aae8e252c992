"""
The journal of a run: one JSON object a line, written before each call and after it.

It names operations and things, never values: no documents, no external IDs. A journal whose last line is not
``end`` belongs to a run that was cut off; the account is still the state, and running again heals it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import attrs

from xacct.errors import XacctError
from xacct.plan.steps import Step
from xacct.values import frozen

__all__ = ["Journal", "JournalRecord", "cut_off_at", "read_journal"]


@frozen(kw_only=True)
class JournalRecord:
    """One line: what was about to happen, or what came of it."""

    event: str
    at: str = ""
    grant: str | None = None
    account: str = ""
    operation: str = ""
    thing: str = ""
    code: str = ""


class Journal:
    """
    Writes records to a private file (mode 0600), each flushed before the call it announces. Thread-safe.

    ``now`` gives the time in UTC. Without a path nothing is written.
    """

    def __init__(self, path: Path | None, now: Callable[[], datetime]) -> None:
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._descriptor = None if path is None else _open_private(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ignored: object) -> None:
        self.close()

    def step(self, event: str, grant: str | None, account: str, step: Step, code: str = "") -> None:
        """Note what happens to a step: ``before``, ``done``, ``failed``, ``undoing``, ``undone``, …"""
        self.note(
            event,
            grant=grant,
            account=account,
            operation=step.operation.value,
            thing=str(step.key),
            **({"code": code} if code else {}),
        )

    def note(self, event: str, **fields: Any) -> None:
        if self._descriptor is None:
            return
        record = {"at": self._now().isoformat(), "event": event, **fields}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self._lock:
            if self._descriptor is not None:
                os.write(self._descriptor, line.encode())

    def close(self) -> None:
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def _open_private(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # O_EXCL and O_NOFOLLOW: never write into a file or through a link that somebody else put there.
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _NO_FOLLOW, 0o600)
    except OSError as error:
        raise XacctError(
            f"the journal of the run cannot be written: {error.strerror}",
            where=str(path),
            fix="make that folder writable, or choose another with XDG_STATE_HOME",
            code="journal",
        ) from error


_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def cut_off_at(records: Sequence[JournalRecord]) -> JournalRecord | None:
    """Where a run was cut off: its last record, ``before`` for a call under way; None if the run ended."""
    return None if not records or records[-1].event == "end" else records[-1]


def read_journal(path: Path) -> tuple[JournalRecord, ...]:
    """Read a journal; a last line that was cut off is left out."""
    records: list[JournalRecord] = []
    names = {field.name for field in attrs.fields(JournalRecord)}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(value, dict) and isinstance(value.get("event"), str):
            records.append(JournalRecord(**{name: value[name] for name in names if name in value}))
    return tuple(records)
