"""A sandbox with sessions into it, a clock that only sleeping moves, and clients that fail on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from xacct.aws.calls import Api, method_name
from xacct.aws.identity import Identity
from xacct.aws.requests import request_of
from xacct.aws.session import Sessions
from xacct.aws.things import ThingReader
from xacct.aws.writer import IamWriter
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.things import Role, RolePolicy
from xacct.plan.steps import Step
from xacct.sandbox import Sandbox, attach

ACCOUNT = "111122223333"
OTHER = "444455556666"
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


def refused(code: str, message: str = "", status: int = 400, operation: str = "Op") -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {
            "HTTPStatusCode": status,
            "HTTPHeaders": {},
            "RequestId": "",
            "RetryAttempts": 0,
        },
    }
    return ClientError(answer, operation)


class Faulty:
    """
    A client whose calls go wrong.

    ``faults`` maps a method's name to what its calls do, one after another: ``ok``, ``lost`` (carried out, no
    answer), ``dropped`` (never arrived), ``500`` (carried out, and an internal failure answered),
    ``throttle``, or an exception to raise. Calls beyond the list are ok.
    """

    def __init__(self, client: Any, faults: dict[str, list[Any]] | None = None) -> None:
        self._client = client
        self._faults = {name: list(listed) for name, listed in (faults or {}).items()}
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.calls.append(name)
            listed = self._faults.get(name) or ["ok"]
            fault = listed.pop(0)
            if isinstance(fault, Exception):
                raise fault
            if fault == "dropped":
                raise ConnectionClosedError(endpoint_url="https://iam.test")
            if fault == "throttle":
                raise refused("Throttling", "Rate exceeded")
            answer = getattr(self._client, name)(**parameters)
            if fault == "lost":
                raise ReadTimeoutError(endpoint_url="https://iam.test")
            if fault == "500":
                raise refused("ServiceFailure", "internal", 500)
            return answer

        return call


@attrs.define
class Kit:
    """Builders that tests share; test modules cannot import from one another."""

    sandbox: Sandbox
    sessions: Sessions
    clock: Clock
    account: str = ACCOUNT
    other: str = OTHER
    refused: Callable[..., ClientError] = staticmethod(refused)
    Faulty: type[Faulty] = Faulty

    @property
    def identity(self) -> Identity:
        return Identity(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/operator", "aws")

    def api(self, faults: dict[str, list[Any]] | None = None, account: str = ACCOUNT) -> Api:
        """IAM of the sandbox behind a client that fails on demand, in time that only sleeping moves."""
        client = Faulty(self.sessions.client("iam", account), faults)
        return Api(client, sleep=self.clock.sleep, clock=self.clock, chance=lambda: 1.0)

    def writer(
        self, faults: dict[str, list[Any]] | None = None, *, warm: bool = False, **more: Any
    ) -> tuple[IamWriter, Faulty]:
        """A writer and its client; a warm one has had an answer before."""
        api = self.api(faults)
        if warm:
            api.read("ListAccountAliases")
            api.client.calls.clear()
        return IamWriter(api, ACCOUNT, "aws", self.clock.now, **more), api.client

    @staticmethod
    def method(step: Step) -> str:
        """The client's method that a step calls."""
        return method_name(request_of(step, ACCOUNT, "aws").operation)

    def current(self, thing: Any) -> Any:
        """What the account holds in the place of a thing."""
        return ThingReader(self.sessions.iam(ACCOUNT), ACCOUNT, "aws").current(thing)

    @staticmethod
    def document(*actions: str) -> PolicyDocument:
        return PolicyDocument.of(
            Statement(effect=Effect.ALLOW, actions=actions or ("lightsail:GetInstances",), resources=("*",))
        )

    @staticmethod
    def trust(
        principal: str = f"arn:aws:iam::{OTHER}:root", external_id: str | None = "e-1"
    ) -> PolicyDocument:
        kind = PrincipalType.FEDERATED if "provider/" in principal else PrincipalType.AWS
        conditions = (Condition("StringEquals", "sts:ExternalId", (external_id,)),) if external_id else ()
        return PolicyDocument.of(
            Statement(
                effect=Effect.ALLOW,
                actions=("sts:AssumeRole",),
                principals=(TypedPrincipal(kind, principal),),
                conditions=conditions,
            )
        )

    def role(self, name: str = "vendor", **changes: Any) -> Role:
        made = Role(name=name, path="/xacct/", trust=self.trust(), tags={"xacct:grant": name})
        return attrs.evolve(made, **changes)

    def policy(self, role: str = "vendor", *actions: str, name: str = "xacct") -> RolePolicy:
        return RolePolicy(role=role, name=name, document=self.document(*actions))


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    clock = Clock()
    sandbox = Sandbox(tmp_path / "sandbox")
    sessions = Sessions(
        sandbox=True,
        attach=lambda boto_session: attach(boto_session, sandbox),
        credentials=lambda account: sandbox.credentials_for(None, account),
        sleep=clock.sleep,
        clock=clock,
    )
    yield Kit(sandbox, sessions, clock)
    sandbox.close()


@pytest.fixture
def kit_refused() -> Callable[..., ClientError]:
    """Makes a refusal of AWS's from its code, message, status and operation."""
    return refused
