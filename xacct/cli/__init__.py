"""
The command line: parse, wire, render, exit code; no logic.

One module a command, loaded when the command is called. ``wiring`` is the one place that builds readers,
writers and the sandbox and hands them to the core; ``main`` holds the global options and the error boundary.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

__all__ = ["run"]


def run() -> None:
    """The console script: Ctrl-C ends it with one line at any moment, also while it is still loading."""
    # A run is short and makes many small values that live to its end; the collector would only look at them.
    gc.set_threshold(1_000_000)
    code = 130
    try:
        from xacct.cli.main import main

        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
    except OSError:
        from xacct.cli.streams import abandon

        abandon(sys.stdout)
    # From here on Ctrl-C ends the program without a word, and not with a traceback of the interpreter's end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _end(code)


def _end(code: int) -> NoReturn:
    """End the process at once: taking down value by value what was made takes a tenth of a small run."""
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        sys.exit(code)
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):  # nobody listens any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
