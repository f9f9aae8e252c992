"""What answers can be picked from: looked up when a question needs it, left out where that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from xacct.errors import XacctError
from xacct.wizard.model import Option, Question, Topic, Walk

__all__ = ["Knowledge", "Source"]

Source: TypeAlias = Callable[[str | None, tuple[str, ...]], Iterable[Option]]
"""Looks one topic up, in an account where one is known, in Regions where some were named."""


class Knowledge:
    """
    Looks things up through its sources and remembers what it found.

    A source that may not or cannot read raises XacctError or OSError; then the answer is typed, and nothing
    is said about it.
    """

    def __init__(self, sources: Mapping[Topic, Source] | None = None) -> None:
        self._sources = dict(sources or {})
        self._found: dict[tuple[Topic, str | None, tuple[str, ...]], tuple[Option, ...]] = {}

    def offered(self, walk: Walk, question: Question) -> tuple[Option, ...]:
        """What can be picked for a question."""
        topic = question.topic
        if topic is None or topic not in self._sources:
            return ()
        account = question.account or walk.text("account") or walk.setup.account
        regions = walk.text("permissions.regions")
        return self._look(topic, account, tuple(regions.split(",")) if regions else ())

    def _look(self, topic: Topic, account: str | None, regions: tuple[str, ...]) -> tuple[Option, ...]:
        key = (topic, account, regions)
        if key not in self._found:
            try:
                self._found[key] = tuple(self._sources[topic](account, regions))
            except (XacctError, OSError):
                self._found[key] = ()
        return self._found[key]
