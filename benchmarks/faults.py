"""
What goes wrong on the way, done on purpose: whole ``xacct apply`` processes against the sandbox, through a
relay on loopback that loses answers, refuses, stalls, or kills the caller.

For each fault: what the first run said, what stood after it, what a second run without the fault did, and
what was left in the account that no grant asks for. Usage: ``python benchmarks/faults.py``
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import attrs

from xacct.sandbox import Sandbox
from xacct.sandbox.http import HttpRequest, HttpResponse

ACCOUNT = "111122223333"
GRANTS = 6
READS = ("Get", "List", "Simulate")
Answer = Callable[[], HttpResponse]
Fault = Callable[[str, int, Answer], HttpResponse | None]
"""Given the operation, its number among the writes (0 for a read) and what answers it; None hangs up."""


def error(status: int, code: str) -> HttpResponse:
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>made up</Message></Error></ErrorResponse>"
    return HttpResponse(status, {"Content-Type": "text/xml"}, text.encode())


def none(_operation: str, _number: int, answer: Answer) -> HttpResponse | None:
    return answer()


def at_random(share: float, fault: Callable[[Answer], HttpResponse | None], seed: int = 7) -> Fault:
    dice = random.Random(seed)
    lock = threading.Lock()

    def act(operation: str, _number: int, answer: Answer) -> HttpResponse | None:
        with lock:
            hit = operation != "GetCallerIdentity" and dice.random() < share
        return fault(answer) if hit else answer()

    return act


def drop(answer: Answer) -> HttpResponse | None:
    """Carry the call out and lose the answer."""
    answer()
    return None


def slow(_operation: str, _number: int, answer: Answer) -> HttpResponse | None:
    time.sleep(0.4)
    return answer()


def skewed(_operation: str, _number: int, _answer: Answer) -> HttpResponse | None:
    return error(403, "RequestExpired")


@contextmanager
def relay(sandbox: Sandbox, fault: Fault) -> Iterator[str]:
    """Run the relay; gives its address."""
    lock = threading.Lock()
    writes = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal writes
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            operation = parse_qs(body.decode()).get("Action", [""])[0]
            with lock:
                is_write = not operation.startswith(READS)
                writes += is_write
                number = writes if is_write else 0
            request = HttpRequest("POST", self.path, dict(self.headers), body)
            response = fault(operation, number, lambda: sandbox.handle(request))
            if response is None:
                self.close_connection = True
                return
            try:
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_ignored: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@attrs.define
class Place:
    """A folder with grants and an account of their own."""

    folder: Path
    grants: int = GRANTS

    def __attrs_post_init__(self) -> None:
        (self.folder / "grants").mkdir()
        for number in range(self.grants):
            (self.folder / "grants" / f"g{number}.yaml").write_text(
                f"blueprint: third-party\nname: g{number}\naccount: '{ACCOUNT}'\n"
                f"parameters: {{trusted_account: '444455556666', external_id: id-number-{number}}}\n"
                "permissions: [read-only]\n"
            )

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.folder / "sandbox")

    def start(self, url: str, *arguments: str) -> subprocess.Popen[str]:
        keys = self.sandbox.credentials_for(None, ACCOUNT)
        return subprocess.Popen(
            [sys.executable, "-m", "xacct", *arguments, "--format", "json"],
            cwd=self.folder,
            env={
                **os.environ,
                "AWS_ACCESS_KEY_ID": keys.access_key_id,
                "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
                "AWS_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL": url,
                "AWS_EC2_METADATA_DISABLED": "true",
                "XDG_STATE_HOME": str(self.folder / "state"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, url: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        process = self.start(url, *arguments)
        out, _ = process.communicate()
        return process.returncode, json.loads(out) if out.strip() else {}

    def roles(self) -> dict[str, list[str]]:
        """The account's roles with their inline policies, straight from the sandbox."""
        from xacct.cli.settings import Settings
        from xacct.cli.wiring import Wiring

        wiring = Wiring(Settings(sandbox=True))
        wiring.__dict__["sandbox"] = self.sandbox
        iam = wiring.sessions.client("iam", ACCOUNT)
        names = [role["RoleName"] for role in iam.list_roles(PathPrefix="/xacct/")["Roles"]]
        return {name: iam.list_role_policies(RoleName=name)["PolicyNames"] for name in names}


@attrs.frozen
class Result:
    """What a fault led to. ``second`` is the exit code of the run after it; ``empty`` that its plan was."""

    exit_codes: tuple[int, ...]
    whole: int
    half: int
    second: int
    writes: int
    empty: bool
    orphans: int


def tried(place: Place, fault: Fault, *, at_once: int = 1, victims: list[int] | None = None) -> Result:
    """Apply with the fault, look, apply without it, and look again; ``victims`` gets the processes' IDs."""
    with relay(place.sandbox, fault) as url:
        processes = [place.start(url, "apply", "grants", "--yes", "--jobs", "1") for _ in range(at_once)]
        if victims is not None:
            victims.extend(process.pid for process in processes)
        for process in processes:
            process.communicate()
    held = place.roles()
    with relay(place.sandbox, none) as url:
        second, outcome = place.run(url, "apply", "grants", "--yes")
        empty, _plan = place.run(url, "plan", "grants", "--prune", "--detailed-exitcode")
    wanted = {f"g{number}" for number in range(place.grants)}
    return Result(
        exit_codes=tuple(process.returncode for process in processes),
        whole=sum(bool(policies) for policies in held.values()),
        half=sum(not policies for policies in held.values()),
        second=second,
        writes=sum(len(result["done"]) for result in outcome.get("results", ())),
        empty=empty == 0,
        orphans=len(place.roles().keys() - wanted),
    )


def killing(place: Place, number: int, *, after: bool) -> Result:
    """Kill the process at its write of that number, before or after it is carried out."""
    victims: list[int] = []

    def fault(_operation: str, write: int, answer: Answer) -> HttpResponse | None:
        if write != number:
            return answer()
        if after:
            answer()
        os.kill(victims[0], signal.SIGKILL)
        return None

    return tried(place, fault, victims=victims)


def fresh(grants: int = GRANTS) -> Place:
    return Place(Path(tempfile.mkdtemp(prefix="xacct-faults-")), grants)


FAULTS: dict[str, Fault] = {
    "nothing": none,
    "10 % of answers are server errors": at_random(0.1, lambda _answer: error(500, "ServiceFailure")),
    "10 % of answers are lost after the write": at_random(0.1, drop),
    "30 % of calls are throttled": at_random(0.3, lambda _answer: error(400, "Throttling")),
    "every answer takes 0.4 s": slow,
    "the clock is off, so every call is refused": skewed,
}


def line(name: str, result: Result) -> str:
    codes = ", ".join(str(code) for code in result.exit_codes)
    plan = "empty" if result.empty else "NOT EMPTY"
    return (
        f"| {name} | {codes} | {result.whole} whole, {result.half} half-made | "
        f"exit {result.second}, {result.writes} writes, then plan {plan} | {result.orphans} |"
    )


def main() -> None:
    print(
        "| fault | exit | stood after the run | the second run | orphans |\n| --- | --- | --- | --- | --- |"
    )
    for name, fault in FAULTS.items():
        print(line(name, tried(fresh(), fault)), flush=True)
    print(line("two runs at once", tried(fresh(), none, at_once=2)), flush=True)
    for number in range(1, 5):
        for after in (False, True):
            moment = "after" if after else "before"
            name = f"kill -9 {moment} write {number} of 4"
            print(line(name, killing(fresh(2), number, after=after)), flush=True)


if __name__ == "__main__":
    main()
