"""Times of a session and its call: the one has to be had while the other can still be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import attrs

from xacct.plan.model import Witness

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = ["in_time", "moments", "times_around"]

_KEY = "aws:currenttime"
_LONGEST = timedelta(hours=12)
"""No session is longer (id_roles_use)."""

Context: TypeAlias = "Mapping[str, str | tuple[str, ...]]"


def in_time(case: Case, witness: Witness) -> Iterator[Witness]:
    """
    The request at the time that it tells of, then at those by which the policies' dates could be met.

    The session is had when the trust policy lets it be, and the call made before it can be over.
    """
    if _follows(_time_of(witness.assume_context), _time_of(witness.context)):
        yield witness
    for had, used in case.moments:
        later = attrs.evolve(
            witness, assume_context=_at(witness.assume_context, had), context=_at(witness.context, used)
        )
        if case.access is None or case.admits(case.assuming(later)):
            yield later


def moments(times: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of times: when a session is had, and when it is used."""
    return tuple((had, used) for had in times for used in times if _follows(had, used))


def _follows(had: str, used: str) -> bool:
    """Whether a session had at the one time may still run at the other; true where one is not told."""
    if not had or not used:
        return True
    try:
        apart = datetime.fromisoformat(used) - datetime.fromisoformat(had)
    except (ValueError, TypeError):
        return had == used
    return timedelta(0) <= apart <= _LONGEST


def times_around(values: Iterable[str]) -> tuple[str, ...]:
    """The dates and the seconds around them, each once; texts that are no dates are passed over."""
    found: dict[datetime, None] = {}
    for value in values:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        for seconds in (-1, 0, 1):
            found.setdefault(moment.astimezone(UTC) + timedelta(seconds=seconds))
    return tuple(moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in sorted(found))


def _time_of(context: Context) -> str:
    told = next((value for key, value in context.items() if key.lower() == _KEY), "")
    return told if isinstance(told, str) else ""


def _at(context: Context, time: str) -> Context:
    kept = {key: value for key, value in context.items() if key.lower() != _KEY}
    return {**kept, "aws:CurrentTime": time}
