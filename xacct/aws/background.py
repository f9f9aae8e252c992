"""Work beside the main thread that never holds up the end of the program."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Background"]

_T = TypeVar("_T")


class Background(Generic[_T]):
    """
    Runs a function in a thread of its own, from the start.

    The thread is a daemon: after Ctrl-C the program ends at once; an executor would wait for the answer.
    """

    def __init__(self, act: Callable[[], _T]) -> None:
        self._act = act
        self._value: list[_T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value.append(self._act())
        except BaseException as error:
            self._error = error

    def result(self) -> _T:
        """Wait for the value, or raise what the function raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value[0]
