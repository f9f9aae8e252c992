"""Pacing against servers that refuse, simulated in time that costs nothing; and the pacer under threads."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

import pytest

from xacct.aws.pace import Pace, Pacer


class Bucket:
    """Fills steadily at ``rate`` a second up to ``size``."""

    def __init__(self, rate: float, size: float) -> None:
        self.rate, self.size = rate, size
        self.tokens, self.at = size, 0.0

    def takes(self, now: float) -> bool:
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class EachSecond:
    """Gives ``rate`` calls every second, on the second, and keeps up to ``size``."""

    def __init__(self, rate: float, size: float) -> None:
        self.rate, self.size = rate, size
        self.tokens, self.second = size, 0

    def takes(self, now: float) -> bool:
        self.tokens = min(self.size, self.tokens + (int(now) - self.second) * self.rate)
        self.second = int(now)
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class LastSecond:
    """Takes a call when fewer than ``rate`` were taken in the second before it."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.taken: list[float] = []

    def takes(self, now: float) -> bool:
        self.taken = [at for at in self.taken if at > now - 1]
        if len(self.taken) >= self.rate:
            return False
        self.taken.append(now)
        return True


def simulate(takes: Callable[[float], bool], *, roles: int, jobs: int, latency: float) -> tuple[float, int]:
    """Make ``roles`` roles, two calls each, ``jobs`` at a time; returns seconds and refused calls."""
    pace = Pace()
    order = itertools.count()
    now, refusals, made, started = 0.0, 0, 0, 0
    waiting: list[int] = []
    under_way: list[tuple[float, int, str, float, int]] = []
    while made < roles:
        while started < roles and started - made < jobs:
            started += 1
            waiting.append(2)
        slot = pace.next_slot(now) if waiting else None
        if slot is not None and (not under_way or slot <= under_way[0][0]):
            now = max(now, slot)
            pace.leaves(slot)
            heapq.heappush(under_way, (now + latency / 2, next(order), "arrives", now, waiting.pop(0)))
            continue
        now, _number, what, sent, left = heapq.heappop(under_way)
        if what == "arrives":
            verdict = "passed" if takes(now) else "refused"
            heapq.heappush(under_way, (now + latency / 2, next(order), verdict, sent, left))
            continue
        pace.ended()
        if what == "passed":
            pace.passed(sent)
            made += left == 1
            waiting[:0] = [left - 1] if left > 1 else []
        else:
            refusals += 1
            pace.refused(sent, now)
            waiting.insert(0, left)
    return now, refusals


SERVERS: dict[str, Callable[[float], Callable[[float], bool]]] = {
    "bucket of one second": lambda rate: Bucket(rate, rate).takes,
    "bucket of two seconds": lambda rate: Bucket(rate, 2 * rate).takes,
    "bucket of four seconds": lambda rate: Bucket(rate, 4 * rate).takes,
    "filled each second": lambda rate: EachSecond(rate, rate).takes,
    "counts the last second": lambda rate: LastSecond(rate).takes,
}


@pytest.mark.parametrize("latency", [0.002, 0.02, 0.05])
@pytest.mark.parametrize("server", SERVERS)
def test_twenty_roles_at_five_calls_a_second_take_little_more_than_the_ideal_time(
    server: str, latency: float
) -> None:
    seconds, refusals = simulate(SERVERS[server](5), roles=20, jobs=8, latency=latency)
    assert seconds <= 1.25 * 40 / 5
    assert refusals <= 10


@pytest.mark.parametrize("rate", [2, 5, 10, 20, 50])
@pytest.mark.parametrize("server", SERVERS)
def test_other_rates_are_found_too(server: str, rate: int) -> None:
    seconds, refusals = simulate(SERVERS[server](rate), roles=20 * rate, jobs=8, latency=0.02)
    assert seconds <= 1.35 * 40
    assert refusals <= 0.1 * 40 * rate + 10


def test_a_server_that_never_refuses_is_not_slowed_down() -> None:
    seconds, refusals = simulate(lambda _now: True, roles=100, jobs=8, latency=0.1)
    assert refusals == 0
    assert seconds <= 1.3 * (200 / 8) * 0.1


def test_a_server_that_allows_a_call_now_and_then_is_not_asked_all_the_time() -> None:
    seconds, refusals = simulate(Bucket(0.5, 1).takes, roles=4, jobs=8, latency=0.02)
    assert seconds <= 40
    assert refusals <= 30


def test_calls_leave_one_after_another_once_something_was_refused() -> None:
    pace = Pace()
    first = pace.next_slot(0.0)
    assert first == 0.0
    pace.leaves(first)
    assert pace.refused(0.0, 0.1)
    pace.ended()
    slots = []
    for _ in range(3):
        slot = pace.next_slot(0.2)
        assert slot is not None
        pace.leaves(slot)
        slots.append(slot)
    assert pace.rate is not None
    assert slots == pytest.approx([0.1 + n / pace.rate for n in (1, 2, 3)])


def test_refusals_that_were_on_their_way_are_counted_once() -> None:
    pace = Pace()
    for _ in range(4):
        pace.leaves(0.0)
    assert pace.refused(0.0, 0.1)
    rate = pace.rate
    assert not pace.refused(0.0, 0.11)
    assert pace.rate == rate


def test_threads_share_one_pacer_and_all_calls_come_through() -> None:
    server = Bucket(200, 5)
    lock = threading.Lock()
    pacer = Pacer(time.monotonic, time.sleep)
    done: list[int] = []

    def work() -> None:
        for number in range(5):
            while True:
                sent = pacer.admit()
                with lock:
                    taken = server.takes(time.monotonic())
                if taken:
                    pacer.passed(sent)
                    done.append(number)
                    break
                pacer.refused(sent)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 20


def test_a_call_waits_while_the_window_is_full_and_goes_when_one_comes_back() -> None:
    pacer = Pacer(time.monotonic, time.sleep)
    sent = [pacer.admit() for _ in range(4)]
    admitted = threading.Event()

    def fifth() -> None:
        pacer.admit()
        admitted.set()

    thread = threading.Thread(target=fifth)
    thread.start()
    assert not admitted.wait(0.05)
    pacer.ended()
    assert admitted.wait(5)
    thread.join(5)
    assert len(sent) == 4
