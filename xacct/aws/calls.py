"""
Making calls: paced, counted, paged, sent again where that is safe, errors translated.

botocore's own retries are off in clients made here, so every request that leaves is counted and paced.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from xacct.aws.failures import (
    CallContext,
    is_lost_answer,
    is_of_aws,
    is_throttling,
    is_unreachable,
    status_of,
)
from xacct.aws.pace import Pacer
from xacct.aws.translate import translate
from xacct.errors import XacctError

__all__ = ["Answer", "Api", "CallCount", "LostAnswerError", "Retried", "backoff", "method_name"]

Answer = dict[str, Any]
Retried = Callable[[str, float], None]
"""Told of every repetition: the reason in words, and the seconds waited before."""

_PAGE = 1000
_PATIENCE = 120.0
"""Seconds for which one call may go on being refused as too frequent."""
_READ_ATTEMPTS = 4


class CallCount:
    """How many requests left, by operation; refused and repeated ones count each time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._refused = 0

    def sent(self, operation: str) -> None:
        with self._lock:
            self._counts[operation] += 1

    def was_refused(self) -> None:
        with self._lock:
            self._refused += 1

    @property
    def by_operation(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        return sum(self.by_operation.values())

    @property
    def refused(self) -> int:
        """How many of them AWS refused as too frequent."""
        return self._refused


class LostAnswerError(XacctError):
    """A write was sent and no answer came back: it may have been carried out."""


def backoff(attempts: int, first: float, longest: float, chance: Callable[[], float]) -> Iterator[float]:
    """Growing waits in seconds, each with up to half of it left to chance so that callers drift apart."""
    for attempt in range(attempts):
        yield min(longest, first * 2**attempt) * (0.5 + chance() / 2)


def _chance() -> float:
    import random

    return random.SystemRandom().random()


class Api:
    """
    One service in one account.

    ``client`` is a botocore client, or anything with its methods. ``clock`` gives seconds that never run
    backwards. Safe to share between threads.
    ``is_there`` tells that the endpoint is known to answer, so that silence is a lost answer from the first
    call on and not an endpoint that does not exist.
    """

    def __init__(
        self,
        client: Any,
        *,
        context: CallContext | None = None,
        pacer: Pacer | None = None,
        count: CallCount | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = _chance,
        is_there: bool = False,
    ) -> None:
        self.client = client
        self.context = context or CallContext()
        self.count = count or CallCount()
        self.sleep = sleep
        self.clock = clock
        self.chance = chance
        self.server_date: str | None = None
        self._pacer = pacer or Pacer(clock, sleep)
        self._answered = is_there

    @property
    def rate(self) -> float | None:
        """Calls a second that the account was found to allow; None while it refused none."""
        return self._pacer.rate

    def read(self, operation: str, *, subject: str = "", **parameters: Any) -> Answer:
        """Make a call that changes nothing. Raises AwsError, CredentialsError or XacctError."""
        waits = backoff(_READ_ATTEMPTS - 1, 0.2, 2.0, self.chance)
        while True:
            try:
                return self._admitted(operation, subject, None, parameters)
            except LostAnswerError as lost:
                wait = next(waits, None)
                if wait is None:
                    raise XacctError(lost.problems) from lost.__cause__
                self.sleep(wait)

    def write(
        self, operation: str, *, subject: str = "", retried: Retried | None = None, **parameters: Any
    ) -> Answer:
        """
        Make a call that changes something; only one that AWS refused as too frequent is sent again.

        Raises LostAnswerError where nobody can tell whether it was carried out, AwsError where AWS refused
        it.
        """
        return self._admitted(operation, subject, retried, parameters)

    def pages(self, operation: str, *, subject: str = "", **parameters: Any) -> Iterator[Answer]:
        """The pages of a listing, as large as they come."""
        parameters["MaxItems"] = _PAGE
        while True:
            answer = self.read(operation, subject=subject, **parameters)
            yield answer
            if not answer.get("IsTruncated"):
                return
            parameters["Marker"] = answer["Marker"]

    def _admitted(
        self, operation: str, subject: str, retried: Retried | None, parameters: dict[str, Any]
    ) -> Answer:
        began = self.clock()
        while True:
            sent = self._pacer.admit()
            try:
                answer = self._send(operation, parameters)
            except Exception as error:
                if not is_throttling(error):
                    self._pacer.ended()
                    raise self._told(error, operation, subject) from error
                self._pacer.refused(sent)
                self.count.was_refused()
                if self.clock() - began > _PATIENCE:
                    raise self._told(error, operation, subject) from error
                if retried is not None:
                    retried("AWS asks for fewer calls a second", 0.0)
            else:
                self._pacer.passed(sent)
                return answer

    def _send(self, operation: str, parameters: dict[str, Any]) -> Answer:
        self.count.sent(operation)
        answer: Answer = getattr(self.client, method_name(operation))(**parameters)
        self._answered = True
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date:
            self.server_date = date
        return answer

    def _told(self, error: Exception, operation: str, subject: str) -> BaseException:
        # OSError: a file or program that gives the credentials. ValueError: an endpoint that is no URL.
        if not is_of_aws(error) and not isinstance(error, (OSError, ValueError)):
            return error
        self._answered = self._answered or status_of(error) > 0
        told = translate(error, self._context(operation, subject))
        # Before anything has answered, an endpoint that is silent is likely not there at all: say so at once.
        if self._answered and (is_lost_answer(error) or is_unreachable(error)):
            return LostAnswerError(told.problems)
        return told

    def _context(self, operation: str, subject: str) -> CallContext:
        return attrs.evolve(self.context, operation=operation, subject=subject)


_CAPITAL_RUN = re.compile(r"(.)([A-Z][a-z]+)")
_CAPITAL = re.compile(r"([a-z0-9])([A-Z])")


def method_name(operation: str) -> str:
    """The method that botocore has for an operation: ``create_saml_provider`` for ``CreateSAMLProvider``."""
    return _CAPITAL.sub(r"\1_\2", _CAPITAL_RUN.sub(r"\1_\2", operation)).lower()
