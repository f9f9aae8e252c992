"""
Staying under the rate that an account's API allows, without knowing it beforehand.

AWS publishes no rate for IAM. Calls start unpaced, a few at a time and soon more. The first refusal tells
that the allowance is used up; from then on calls are spaced. Between two refusals, at both of which the
allowance was empty, exactly as many calls pass as flowed in: that is the measure of the rate, and the pace
stays just under it. One pacer serves one account; all threads share it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Pacer"]

_FIRST_WINDOW = 4.0
"""Calls in flight at the very start: each of them may be refused before the first answer is back."""
_EARLY_WINDOW = 8.0
_FIRST_RATE = 4.0
"""Calls a second after the first refusal, when nothing has been measured yet."""
_LOWEST_RATE = 0.5
_LONGEST_PAUSE = 4.0
_SEARCH = 1.0
_CREEP = 0.01
_MARGIN = 0.95


class Pacer:
    """
    Spaces the calls to one account.

    Use: ``sent = pacer.admit()``, make the call, then one of ``succeeded``, ``refused``, ``ended`` with
    ``sent``. ``clock`` gives seconds that never run backwards; ``sleep`` takes seconds.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._condition = threading.Condition()
        self._in_flight = 0
        self._window = _FIRST_WINDOW
        self._rate: float | None = None
        self._searching = True
        self._slot = 0.0
        self._turn = 0
        self._emptied = 0.0
        self._last_refusal = 0.0
        self._passed = 0
        self._pause = 0.0

    @property
    def rate(self) -> float | None:
        """Calls a second that are let through now; None before the first refusal."""
        return self._rate

    def admit(self) -> float:
        """Wait for this call's turn; returns the time at which it is sent."""
        while True:
            with self._condition:
                while self._rate is None and self._in_flight >= int(self._window):
                    self._condition.wait()
                now = self._clock()
                if self._rate is None:
                    self._in_flight += 1
                    return now
                slot = max(now, self._slot)
                self._slot = slot + 1 / self._rate
                turn = self._turn
            if slot > now:
                self._sleep(slot - now)
            with self._condition:
                # A refusal in the meantime has moved all turns back; this call lines up again.
                if turn == self._turn:
                    self._in_flight += 1
                    return self._clock()

    def succeeded(self, sent: float) -> None:
        with self._condition:
            self._leave()
            if self._rate is None:
                self._window += 0.5 if self._window < _EARLY_WINDOW else 0.125
            elif sent >= self._emptied:
                self._passed += 1
                self._pause = 0.0
                self._rate += _SEARCH if self._searching else _CREEP

    def refused(self, sent: float) -> None:
        """The call came back as one too many."""
        with self._condition:
            self._leave()
            now = self._clock()
            if self._rate is None:
                self._rate = _FIRST_RATE
                self._empty(now)
            elif sent < self._last_refusal:
                return  # on its way before the pace was lowered: tells nothing new
            elif self._passed == 0:
                self._pause = min(_LONGEST_PAUSE, max(2 * self._pause, 1 / self._rate))
            else:
                measured = self._passed / max(now - self._emptied, 1e-3)
                self._rate = max(_LOWEST_RATE, min(_MARGIN * measured, 0.9 * self._rate))
                self._searching = False
                self._empty(now)
            self._last_refusal = now
            self._turn += 1
            self._slot = now + max(self._pause, 1 / self._rate)

    def ended(self, sent: float) -> None:
        """The call came to an end that says nothing about the rate."""
        del sent
        with self._condition:
            self._leave()

    def _leave(self) -> None:
        self._in_flight -= 1
        self._condition.notify_all()

    def _empty(self, now: float) -> None:
        self._emptied = now
        self._passed = 0
        self._pause = 0.0
