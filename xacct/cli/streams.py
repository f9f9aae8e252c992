"""The standard streams as a run finds them: closed, of an odd encoding, or with nobody at the other end."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO

from xacct.errors import XacctError

__all__ = ["abandon", "prepare_streams"]


def prepare_streams() -> None:
    """
    Make the streams fit to be used, before anything is done.

    A closed stdin is an empty one, a closed stderr swallows what is said. What a stream cannot hold is shown
    as an escape: text that its encoding lacks, and bytes of an argument or a file's name that are no UTF-8;
    between the quotes of JSON such an escape reads as what it stands for. Raises XacctError when stdout is
    closed: a file that is opened later would take its place and the result.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115  it stays open
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        closed = True
    else:
        closed = False
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if closed:
        raise XacctError(
            "stdout is closed, so there is nowhere to write the result; nothing was done",
            fix="redirect it to a file, or to /dev/null where nobody wants it",
            code="closed-stdout",
        )


def abandon(stream: TextIO) -> None:
    """Let what is still to be written to stdout or stderr go nowhere, without an error as the run ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
