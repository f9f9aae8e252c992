"""
A small IAM on loopback for benchmarks: answers fast, with a latency put in, and refuses beyond a rate.

It judges nothing and is no test double; it only makes calls cost what they cost over a network.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

import attrs

ACCOUNT = "111122223333"
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},'
    '"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"e-1"}}}]}'
)
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lightsail:GetInstances",'
    '"lightsail:GetDisks"],"Resource":"*"}]}'
)


class Bucket:
    """Allows ``rate`` calls a second, and ``size`` at once."""

    def __init__(self, rate: float | None, size: float) -> None:
        self._rate, self._size = rate, size
        self._tokens, self._at = size, time.monotonic()
        self._lock = threading.Lock()

    def takes(self) -> bool:
        if self._rate is None:
            return True
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
            self._at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class Account:
    """Roles by name: their trust, inline policies and tags."""

    def __init__(self, roles: int) -> None:
        self.roles: dict[str, dict[str, Any]] = {}
        for number in range(roles):
            self.create({"RoleName": f"role{number}", "AssumeRolePolicyDocument": TRUST})
            self.roles[f"role{number}"]["policies"]["xacct"] = POLICY

    def create(self, form: dict[str, str]) -> None:
        name = form["RoleName"]
        tags = {
            form[key]: form[key.removesuffix("Key") + "Value"]
            for key in form
            if key.startswith("Tags.member.") and key.endswith(".Key")
        }
        self.roles[name] = {
            "trust": form["AssumeRolePolicyDocument"],
            "policies": {},
            "tags": tags or {"xacct:grant": name},
            "description": form.get("Description", ""),
        }

    def role_xml(self, name: str, *, whole: bool) -> str:
        role = self.roles[name]
        text = (
            f"<Path>/xacct/</Path><RoleName>{name}</RoleName><RoleId>AROA{name.upper():X<17}</RoleId>"
            f"<Arn>arn:aws:iam::{ACCOUNT}:role/xacct/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
            f"<AssumeRolePolicyDocument>{quote(role['trust'])}</AssumeRolePolicyDocument>"
        )
        tags = "".join(
            f"<member><Key>{escape(key)}</Key><Value>{escape(value)}</Value></member>"
            for key, value in role["tags"].items()
        )
        if not whole:
            description = escape(role["description"])
            return (
                f"{text}<Description>{description}</Description><MaxSessionDuration>3600</MaxSessionDuration>"
            )
        policies = "".join(
            f"<member><PolicyName>{escape(policy)}</PolicyName><PolicyDocument>{quote(body)}</PolicyDocument></member>"
            for policy, body in role["policies"].items()
        )
        return (
            f"{text}<Tags>{tags}</Tags><RolePolicyList>{policies}</RolePolicyList>"
            "<AttachedManagedPolicies/><InstanceProfileList/>"
        )

    def answer(self, action: str, form: dict[str, str]) -> str | None:
        """The inside of the result element; None where the role is not there."""
        name = form.get("RoleName", "")
        match action:
            case "GetCallerIdentity":
                return f"<Arn>arn:aws:iam::{ACCOUNT}:user/op</Arn><Account>{ACCOUNT}</Account>"
            case "ListRoles":
                return self._page("Roles", form, whole=False)
            case "GetAccountAuthorizationDetails":
                return self._page("RoleDetailList", form, whole=True)
            case "CreateRole":
                self.create(form)
                return f"<Role>{self.role_xml(name, whole=False)}</Role>"
        if name not in self.roles:
            return None
        match action:
            case "GetRole":
                return f"<Role>{self.role_xml(name, whole=False)}</Role>"
            case "ListRolePolicies":
                names = "".join(f"<member>{policy}</member>" for policy in self.roles[name]["policies"])
                return f"<PolicyNames>{names}</PolicyNames><IsTruncated>false</IsTruncated>"
            case "GetRolePolicy":
                body = quote(self.roles[name]["policies"][form["PolicyName"]])
                return (
                    f"<RoleName>{name}</RoleName><PolicyName>{form['PolicyName']}</PolicyName>"
                    f"<PolicyDocument>{body}</PolicyDocument>"
                )
            case "ListAttachedRolePolicies":
                return "<AttachedPolicies/><IsTruncated>false</IsTruncated>"
            case "PutRolePolicy":
                self.roles[name]["policies"][form["PolicyName"]] = form["PolicyDocument"]
        return ""

    def _page(self, key: str, form: dict[str, str], *, whole: bool) -> str:
        start = int(form.get("Marker", 0))
        end = start + int(form.get("MaxItems", 100))
        names = sorted(self.roles)
        members = "".join(f"<member>{self.role_xml(name, whole=whole)}</member>" for name in names[start:end])
        more = end < len(names)
        marker = f"<Marker>{end}</Marker>" if more else ""
        return f"<{key}>{members}</{key}><IsTruncated>{str(more).lower()}</IsTruncated>{marker}"


def _serve(pipe: Connection, roles: int, latency: float, rate: float | None, size: float) -> None:
    account, bucket = Account(roles), Bucket(rate, size)
    calls: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            action = form["Action"]
            calls[action] += 1
            allowed = action == "GetCallerIdentity" or bucket.takes()
            inside = account.answer(action, form) if allowed else None
            if latency:
                time.sleep(latency)
            if inside is not None:
                self._send(
                    200, f"<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"
                )
            elif allowed:
                self._send(404, _error("NoSuchEntity", "not found"))
            else:
                calls["refused"] += 1
                self._send(400, _error("Throttling", "Rate exceeded"))

        def _send(self, status: int, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_ignored: Any) -> None:
            return None

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_address[1])
    while pipe.recv() == "calls":
        pipe.send(json.dumps(calls))
        calls.clear()


def _error(code: str, message: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


@cache
def loader() -> Any:
    """One loader of service models for all clients made by hand, as xacct has one for its own."""
    from botocore.loaders import create_loader

    return create_loader()


@attrs.frozen
class Endpoint:
    """A running endpoint. ``calls`` gives what was called since it was last asked, by operation."""

    url: str
    _pipe: Connection

    def calls(self) -> dict[str, int]:
        self._pipe.send("calls")
        counted: dict[str, int] = json.loads(self._pipe.recv())
        return counted


@contextmanager
def endpoint(
    *, roles: int = 0, latency: float = 0.0, rate: float | None = None, size: float = 5
) -> Iterator[Endpoint]:
    """Run an endpoint in a process of its own; ``latency`` in seconds, ``rate`` in calls a second."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, roles, latency, rate, size), daemon=True)
    process.start()
    try:
        yield Endpoint(f"http://127.0.0.1:{here.recv()}", here)
    finally:
        here.send("end")
        process.join(5)
