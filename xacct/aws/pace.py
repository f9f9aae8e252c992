"""
Staying under the rate that an account's API allows, without knowing it beforehand.

AWS publishes no rates for IAM; what is known is that allowances are buckets that fill steadily. Calls start
unpaced, a few at a time and soon more. The first refusal tells that the bucket is empty; from then on calls
are spaced. Between two refusals, at both of which it was empty, as many calls passed as flowed in: that
measures the rate. The longer nothing is refused, the faster the pace is raised, so a mistaken measure does
not last.

``Pace`` decides and knows neither clock nor threads; ``Pacer`` holds callers back by it. One pacer serves one
account. How the figures were found stands in docs/decisions/aws-adapter.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Pace", "Pacer"]

_FIRST_WINDOW = 4.0
"""Calls in flight at the very start: each of them may be refused before the first answer is back."""
_WIDER = ((8.0, 0.34), (float("inf"), 0.125))
"""By how much an answer widens the window, up to each size."""
_FIRST_RATE = 4.5
"""Calls a second after the first refusal, when nothing has been measured yet."""
_LOWEST_RATE = 0.5
_LONGEST_PAUSE = 2.0
_SEARCH = 0.5
"""Calls a second that each answer adds before the first measure."""
_CREEP = 0.006
"""Calls a second that an answer adds after it, times the answers since the last refusal."""
_BACK_OFF = 0.9


class Pace:
    """The measure of one bucket. Times are seconds of any clock that never runs backwards."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._window = _FIRST_WINDOW
        self._in_flight = 0
        self._searching = True
        self._slot = 0.0
        self._empty_since = 0.0
        self._last_refusal = 0.0
        self._passed = 0
        self._pause = 0.0

    def next_slot(self, now: float) -> float | None:
        """When the next call may leave; None when an answer has to come first."""
        if self.rate is None:
            return now if self._in_flight < int(self._window) else None
        return max(now, self._slot)

    def leaves(self, slot: float) -> None:
        """A call leaves at its slot."""
        self._in_flight += 1
        if self.rate is not None:
            self._slot = slot + 1 / self.rate

    def ended(self) -> None:
        """A call has ended, in whichever way."""
        self._in_flight -= 1

    def passed(self, sent: float) -> None:
        """A call that was sent at that time was let through."""
        if self.rate is None:
            self._window += next(step for size, step in _WIDER if self._window < size)
            return
        if sent < self._empty_since:
            return
        if self._passed == 0:
            # Time in which nothing could pass at all (allowances by the second) is not to be measured.
            self._empty_since = max(self._empty_since, sent - 1 / self.rate)
        self._passed += 1
        self._pause = 0.0
        self.rate += _SEARCH if self._searching else _CREEP * self._passed

    def refused(self, sent: float, now: float) -> bool:
        """A call came back as one too many; True where that is news and all slots have moved back."""
        if self.rate is None:
            self.rate = _FIRST_RATE
            self._empty(now)
        elif sent < self._last_refusal:
            return False  # on its way before the pace was lowered
        elif self._passed == 0:
            self._pause = min(_LONGEST_PAUSE, max(2 * self._pause, 1 / self.rate))
        else:
            measured = self._passed / max(now - self._empty_since, 1e-3)
            self.rate = max(_LOWEST_RATE, min(measured, _BACK_OFF * self.rate))
            self._searching = False
            self._empty(now)
        self._last_refusal = now
        self._slot = now + max(self._pause, 1 / self.rate)
        return True

    def _empty(self, now: float) -> None:
        self._empty_since = now
        self._passed = 0
        self._pause = 0.0


class Pacer:
    """
    Holds calls back by a pace; shared by threads.

    Use: ``sent = pacer.admit()``, make the call, then one of ``passed``, ``refused``, ``ended`` with
    ``sent``. ``clock`` gives seconds that never run backwards; ``sleep`` takes seconds.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace()
        self._condition = threading.Condition()
        self._round = 0

    @property
    def rate(self) -> float | None:
        """Calls a second that are let through now; None while nothing was refused."""
        return self._pace.rate

    def admit(self) -> float:
        """Wait for this call's turn; returns the time at which it is sent."""
        while True:
            with self._condition:
                slot = self._pace.next_slot(self._clock())
                if slot is None:
                    self._condition.wait()
                    continue
                self._pace.leaves(slot)
                turn = self._round
                wait = slot - self._clock()
            if wait <= 0:
                return slot
            self._sleep(wait)
            with self._condition:
                if turn == self._round:
                    return self._clock()
                # A refusal meanwhile has moved all slots back: line up again.
                self._pace.ended()

    def passed(self, sent: float) -> None:
        with self._condition:
            self._pace.passed(sent)
            self._end()

    def refused(self, sent: float) -> None:
        with self._condition:
            if self._pace.refused(sent, self._clock()):
                self._round += 1
            self._end()

    def ended(self) -> None:
        """The call came to an end that says nothing about the rate."""
        with self._condition:
            self._end()

    def _end(self) -> None:
        self._pace.ended()
        self._condition.notify_all()
