"""The way in for everything else, the AWS CLI and other SDKs: one endpoint on loopback."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from xacct.errors import InputError, XacctError
from xacct.sandbox.http import HttpRequest, HttpResponse
from xacct.sandbox.sandbox import Sandbox

__all__ = ["make_server", "serve", "serving"]

HOST = "127.0.0.1"
_MAX_BODY = 20_000_000
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def serve(sandbox: Sandbox, port: int, announce: Callable[[str], None]) -> None:
    """
    Answer on loopback until SIGTERM or SIGINT, which end it at once; port 0 takes a free one.

    ``announce`` is given the address when requests are taken. Call it from the main thread: it sets signal
    handlers, and puts the old ones back. Raises InputError when the port cannot be had.
    """
    server = make_server(sandbox, port)

    def stop(*_: Any) -> None:
        # shutdown waits for the loop that this very thread runs, so another has to call it.
        threading.Thread(target=server.shutdown, daemon=True).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        announce(f"http://{HOST}:{server.server_port}")
        server.serve_forever(poll_interval=0.05)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        server.server_close()


@contextmanager
def serving(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """Serve from a thread while the block runs; gives the address. Touches no signal handlers."""
    server = make_server(sandbox, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_server(sandbox: Sandbox, port: int) -> ThreadingHTTPServer:
    """Bind the port; the caller runs it. Raises InputError when the port cannot be had."""

    class Handler(_Handler):
        answer = staticmethod(sandbox.handle)

    try:
        server = ThreadingHTTPServer((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {HOST}:{port}: {error}",
            fix="choose another port with --port, or leave it out to get a free one",
            code="sandbox-port",
        ) from None
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "xacct-sandbox"
    sys_version = ""
    answer: Callable[[HttpRequest], HttpResponse]

    def do_POST(self) -> None:
        self._reply(self._handled())

    do_GET = do_POST  # noqa: N815  the base class's names

    def _handled(self) -> HttpResponse:
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in _LOOPBACK_NAMES and not host.endswith(".localhost"):
            # A web page that points a name of its own at loopback would otherwise be let in.
            return _plain(403, f"{host!r} is not a name of this machine's loopback")
        if self.headers.get("Origin"):
            return _plain(403, "requests from web pages are not answered")
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > _MAX_BODY:
            self.close_connection = True
            return _plain(413, "the request is too large")
        body = self.rfile.read(int(length))
        try:
            return type(self).answer(HttpRequest(self.command, self.path, dict(self.headers), body))
        except XacctError as error:
            return _plain(400, str(error))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return _plain(500, "the sandbox failed; this is a bug of xacct, see its output")

    def _reply(self, response: HttpResponse) -> None:
        try:
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing: stdout and stderr belong to the command."""


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(status, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())
