"""A sandbox of its own for each test, and boto3 clients that are somebody in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from xacct.sandbox import Credentials, Sandbox, attach

OURS = "111122223333"
VENDOR = "444455556666"


@cache
def _loader() -> Any:
    """The service models, read once for all clients of all tests."""
    return botocore.loaders.create_loader()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def trusting(principal: Any, *actions: str, **more: Any) -> dict[str, Any]:
    who = principal if isinstance(principal, dict) else {"AWS": principal}
    listed = list(actions) or ["sts:AssumeRole"]
    return policy({"Effect": "Allow", "Principal": who, "Action": listed, **more})


def refusal(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> tuple[str, str]:
    """Make a call that has to be refused; returns code and message."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class People:
    """
    Hands out clients: as the operator, as a principal made on demand, or with given credentials.

    Carries the builders and checks too: test modules cannot import from one another.
    """

    policy = staticmethod(policy)
    allow = staticmethod(allow)
    trusting = staticmethod(trusting)
    refusal = staticmethod(refusal)

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.ours = OURS
        self.vendor = VENDOR

    def client(
        self,
        service: str,
        principal: str | None = None,
        *,
        account: str = OURS,
        region: str = "eu-west-1",
        credentials: Credentials | dict[str, Any] | None = None,
    ) -> Any:
        if credentials is None:
            credentials = self.sandbox.credentials_for(principal, account)
        if isinstance(credentials, dict):
            credentials = Credentials(
                credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken")
            )
        core = botocore.session.Session()
        core.register_component("data_loader", _loader())
        session = boto3.Session(
            credentials.access_key_id,
            credentials.secret_access_key,
            credentials.session_token,
            region_name=region,
            botocore_session=core,
        )
        attach(session, self.sandbox)
        config = Config(parameter_validation=False, retries={"max_attempts": 1})
        return session.client(service, config=config)

    def role(self, name: str = "acme", *, trust: Any = None, allow: Any = (), **more: Any) -> str:
        """Make a role in our account, by default one that trusts the vendor's account; returns its ARN."""
        iam = self.client("iam")
        document = trust if trust is not None else trusting(self.vendor)
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document), **more)
        if allow:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(policy(*allow)))
        return str(made["Role"]["Arn"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: Clock) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state", clock=clock)
    yield made
    made.close()


@pytest.fixture
def people(sandbox: Sandbox) -> People:
    return People(sandbox)
