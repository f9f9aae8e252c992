"""How a run goes on: one line that changes at a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from xacct.cli.output import Output

if TYPE_CHECKING:
    from xacct.apply import Event

__all__ = ["Progress"]

_PAUSE = 0.1
"""Seconds between two drawings of the line."""


class Progress:
    """
    Tells events on stderr; ``close`` takes the changing line away.

    What failed, was undone or repeated gets a line that stays, at a terminal too.
    """

    def __init__(self, output: Output, clock: Callable[[], float] = time.monotonic) -> None:
        self._output = output
        self._clock = clock
        self._began = clock()
        self._drawn = float("-inf")
        self._moves = (
            sys.stderr.isatty()
            and os.environ.get("TERM") != "dumb"
            and not (output.settings.verbose or output.settings.quiet or output.as_json)
        )

    def tell(self, event: Event) -> None:
        from xacct.apply import EventKind
        from xacct.render.events import event_line, progress_line

        if self._output.as_json:
            return
        if self._moves and event.kind in (EventKind.STARTED, EventKind.DONE):
            now = self._clock()
            if now - self._drawn >= _PAUSE or event.finished == event.total:
                self._drawn = now
                self._draw(progress_line(event, now - self._began, self._output.settings.width))
            return
        line = event_line(event, verbose=self._output.settings.verbose)
        if line:
            self._draw("")
            self._output.talk(line)

    def close(self) -> None:
        self._draw("")

    def _draw(self, text: str) -> None:
        if self._moves:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
