"""
The run itself: phases one after another, grants of a phase side by side, steps of a grant in order.

An interruption lets the calls under way finish, undoes the grants that are half done and starts nothing new;
a second one leaves off at once. Either way the outcome says what stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from xacct.apply.journal import Journal
from xacct.apply.model import Event, GrantResult, GrantStatus, GrantSteps, Outcome, Writer
from xacct.apply.run import GrantRun, Signals

__all__ = ["apply_plan"]

_MOST_THREADS = 64
_WAKING = 0.1
"""Seconds for which Ctrl-C may go unfelt."""


def apply_plan(
    phases: Sequence[Sequence[GrantSteps]],
    writers: Mapping[str, Writer],
    *,
    jobs: int,
    journal: Journal,
    clock: Callable[[], float],
    on_event: Callable[[Event], None],
    max_failures: int | None = None,
) -> Outcome:
    """
    Carry out the steps of all phases.

    A phase begins when the one before it has ended; within a phase at most ``jobs`` grants an account run at
    the same time. A grant that failed is not continued in later phases. Once more than ``max_failures``
    grants have failed (None: no limit), nothing new is started; the same when what grants share (``grant``
    None) failed. ``writers`` are by account; ``clock`` gives seconds; ``on_event`` is called by one thread at
    a time.
    """
    began = clock()
    signals = Signals(on_event, sum(len(part.steps) for phase in phases for part in phase))
    runs = _runs(phases, writers, journal, signals)
    journal.note("begin", steps=signals.total)
    interrupted = False
    for number, phase in enumerate(phases):
        interrupted = (
            _run_phase(_parts_by_run(phase, number, runs), jobs, signals, max_failures, runs.values())
            or interrupted
        )
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        interrupted = _await(pool, [run.wind_up for run in runs.values()], signals) or interrupted
    results = tuple(run.result() for run in runs.values())
    journal.note("end", exit=_status_words(results))
    return Outcome(results=results, interrupted=interrupted, seconds=clock() - began)


_Key = tuple[str | None, int]
_Parts = list[tuple[GrantRun, list[GrantSteps]]]


def _key(part: GrantSteps, phase: int) -> _Key:
    # What grants share belongs together within its phase only.
    return (part.grant, -1) if part.grant is not None else (None, phase)


def _runs(
    phases: Sequence[Sequence[GrantSteps]], writers: Mapping[str, Writer], journal: Journal, signals: Signals
) -> dict[_Key, GrantRun]:
    parts: dict[_Key, list[GrantSteps]] = {}
    for number, phase in enumerate(phases):
        for part in phase:
            parts.setdefault(_key(part, number), []).append(part)
    return {key: GrantRun(key[0], tuple(own), writers, journal, signals) for key, own in parts.items()}


def _parts_by_run(phase: Sequence[GrantSteps], number: int, runs: Mapping[_Key, GrantRun]) -> _Parts:
    found: dict[_Key, list[GrantSteps]] = {}
    for part in phase:
        found.setdefault(_key(part, number), []).append(part)
    return [(runs[key], parts) for key, parts in found.items()]


def _run_phase(
    work: _Parts,
    jobs: int,
    signals: Signals,
    max_failures: int | None,
    runs: Iterable[GrantRun],
) -> bool:
    """Run one phase to its end; True where the user interrupted it."""
    lanes = {part.account: threading.Semaphore(jobs) for _run, parts in work for part in parts}

    def carry_out(run: GrantRun, parts: list[GrantSteps]) -> None:
        for part in parts:
            with lanes[part.account]:
                if not run.has_failed and not _must_stop(run, signals, max_failures, runs):
                    run.carry_out(part)

    threads = min(_MOST_THREADS, jobs * max(1, len(lanes)), max(1, len(work)))
    with ThreadPoolExecutor(threads, thread_name_prefix="apply") as pool:
        return _await(pool, [partial(carry_out, run, parts) for run, parts in _fairly(work)], signals)


def _must_stop(run: GrantRun, signals: Signals, max_failures: int | None, runs: Iterable[GrantRun]) -> bool:
    """Whether a grant may not go on; one that has begun goes on to its end unless the user interrupts."""
    if signals.stop.is_set():
        return True
    if not signals.has_failures:
        return False
    failed = [other for other in runs if other.has_failed]
    if any(other.grant is None for other in failed):
        return True
    return not run.has_begun and max_failures is not None and len(failed) > max_failures


def _fairly(work: _Parts) -> _Parts:
    """Take turns between accounts, so that no account waits for another's queue."""
    queues: dict[str, _Parts] = {}
    for item in work:
        queues.setdefault(item[1][0].account, []).append(item)
    longest = max((len(queue) for queue in queues.values()), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues.values() if turn < len(queue)]


def _await(pool: ThreadPoolExecutor, tasks: Sequence[Callable[[], None]], signals: Signals) -> bool:
    """Wait until all is done; Ctrl-C asks to stop, a second one to stop undoing too."""
    futures: list[Future[None]] = []
    interrupted = False
    while True:
        try:
            while len(futures) < len(tasks):
                futures.append(pool.submit(tasks[len(futures)]))
            # A signal that comes just before this thread falls asleep is felt when it wakes: it wakes often.
            while wait(futures, timeout=_WAKING).not_done:
                pass
            for future in futures:
                future.result()
        except KeyboardInterrupt:
            if interrupted:
                signals.abandon.set()
            interrupted = True
            signals.stop.set()
        else:
            return interrupted


def _status_words(results: Iterable[GrantResult]) -> dict[str, int]:
    words = [result.status.value for result in results]
    return {status.value: words.count(status.value) for status in GrantStatus if status.value in words}
