"""The sandbox on loopback: for the real AWS CLI, ended at once, closed to web pages."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from xacct.errors import InputError
from xacct.sandbox import Sandbox, serve, serving

_SERVE = """
import pathlib, sys
from xacct.sandbox import Sandbox, serve
serve(Sandbox(pathlib.Path(sys.argv[1])), 0, lambda address: print(address, flush=True))
"""


def _connect(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip(), process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_with_a_connection_open(number: int, server: Any) -> None:
    address, process = server
    with closing(_connect(address)) as connection:
        connection.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15")
        assert connection.getresponse().status == 403
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - started < 2
        assert process.stderr.read() == ""


def test_a_client_over_the_network_sees_what_commands_see(people: Any) -> None:
    with serving(people.sandbox) as address:
        credentials = people.sandbox.credentials_for(None, people.ours)
        iam = boto3.client(
            "iam",
            endpoint_url=address,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            region_name="us-east-1",
        )
        people.role("r", Description="Zürich & <more>")
        assert iam.get_role(RoleName="r")["Role"]["Description"] == "Zürich & <more>"
        iam.delete_role(RoleName="r")
    assert people.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:80", "10.0.0.1", ""])
def test_a_name_that_is_not_loopbacks_is_refused(host: str, sandbox: Sandbox) -> None:
    with serving(sandbox) as address, closing(_connect(address)) as connection:
        connection.putrequest("POST", "/", skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        assert connection.getresponse().status == 403


def test_a_web_page_is_refused(sandbox: Sandbox) -> None:
    with serving(sandbox) as address, closing(_connect(address)) as connection:
        connection.request("POST", "/", "Action=ListRoles", {"Origin": "https://evil.example.com"})
        assert connection.getresponse().status == 403
    with serving(sandbox) as address, closing(_connect(address)) as connection:
        key = sandbox.credentials_for(None, "111122223333").access_key_id
        scope = f"{key}/1/us-east-1/sts/aws4_request"
        connection.request("GET", f"/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential={scope}")
        assert b"MissingAuthenticationToken" in connection.getresponse().read()


def test_a_body_that_is_too_large_is_refused_unread(sandbox: Sandbox) -> None:
    with serving(sandbox) as address, closing(_connect(address)) as connection:
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_spoilt_state_is_told_over_the_network_too(sandbox: Sandbox) -> None:
    sandbox.state_file.parent.mkdir()
    sandbox.state_file.write_bytes(b"spoilt" * 500)
    with serving(sandbox) as address, closing(_connect(address)) as connection:
        key = sandbox.credentials_for(None, "111122223333").access_key_id
        scope = f"AWS4-HMAC-SHA256 Credential={key}/20270101/us-east-1/sts/aws4_request"
        connection.request(
            "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", {"Authorization": scope}
        )
        response = connection.getresponse()
        assert response.status == 400
        assert b"xacct sandbox reset" in response.read()


def test_a_port_that_is_taken_is_told(sandbox: Sandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="cannot listen"):
            serve(sandbox, taken.getsockname()[1], print)


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not on the PATH")
def test_the_real_aws_cli_tells_the_whole_story(people: Any, tmp_path: Path) -> None:
    external_id = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"
    condition = {"StringEquals": {"sts:ExternalId": external_id}}
    trust = people.trusting(people.vendor, Condition=condition)
    role = people.role(trust=trust, allow=[people.allow("lightsail:GetInstances")])
    people.client("lightsail").create_instances(
        instanceNames=["web"], availabilityZone="eu-west-1a", blueprintId="b", bundleId="n"
    )
    robot = people.sandbox.credentials_for("arn:aws:iam::444455556666:user/robot", people.vendor)

    with serving(people.sandbox) as address:

        def aws(*arguments: str, **keys: str) -> subprocess.CompletedProcess[str]:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ENDPOINT_URL": address,
                "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                **keys,
            }
            if "PYENV_ROOT" in os.environ:
                environment["PYENV_ROOT"] = os.environ["PYENV_ROOT"]
            command = [str(shutil.which("aws")), *arguments, "--output", "json"]
            return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)

        as_robot = {
            "AWS_ACCESS_KEY_ID": robot.access_key_id,
            "AWS_SECRET_ACCESS_KEY": robot.secret_access_key,
        }
        assume = ("sts", "assume-role", "--role-arn", role, "--role-session-name", "visit")
        denied = aws(*assume, **as_robot)
        assert denied.returncode != 0
        assert "not authorized to perform: sts:AssumeRole on resource: " + role in denied.stderr
        assumed = aws(*assume, "--external-id", external_id, **as_robot)
        assert assumed.returncode == 0, assumed.stderr
        given = json.loads(assumed.stdout)["Credentials"]
        as_session = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
        listed = aws("lightsail", "get-instances", **as_session)
        assert [instance["name"] for instance in json.loads(listed.stdout)["instances"]] == ["web"]
        deleted = aws("lightsail", "delete-instance", "--instance-name", "web", **as_session)
        assert "because no identity-based policy allows the lightsail:DeleteInstance action" in deleted.stderr
