"""What is kept, shared and forgotten: the state file between objects, threads and processes."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError, XacctError
from xacct.sandbox import HttpRequest, Sandbox, default_state_dir
from xacct.sandbox.codec import StateError, entity_from_text, entity_to_text
from xacct.sandbox.entities import Policy, PolicyVersion, Role, Session
from xacct.sandbox.names import operator_account, operator_credentials


def test_another_object_finds_everything(people: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    people.role("r", allow=[people.allow("s3:*")], Tags=[{"Key": "a", "Value": "ü"}])
    robot = sandbox.credentials_for("arn:aws:iam::444455556666:user/robot", people.vendor)
    before = people.client("iam").get_role(RoleName="r")["Role"]
    other = Sandbox(tmp_path / "state", clock=lambda: 1_800_000_000)
    assert other.credentials_for("arn:aws:iam::444455556666:user/robot", people.vendor) == robot
    people.sandbox = other
    assert people.client("iam").get_role(RoleName="r")["Role"] == before
    other.close()


def test_objects_see_one_anothers_changes_at_once(people: Any, tmp_path: Path) -> None:
    other = type(people)(Sandbox(tmp_path / "state", clock=lambda: 1_800_000_000))
    ours, theirs = people.client("iam"), other.client("iam")
    people.role("a")
    other.role("b")
    assert [role["RoleName"] for role in ours.list_roles()["Roles"]] == ["a", "b"]
    ours.delete_role(RoleName="a")
    assert [role["RoleName"] for role in theirs.list_roles()["Roles"]] == ["b"]
    other.sandbox.reset()
    assert ours.list_roles()["Roles"] == []
    other.sandbox.close()


def test_the_file_and_its_folder_are_private(people: Any, tmp_path: Path) -> None:
    people.role("r")
    state = tmp_path / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in state.iterdir()} == {0o600}


def test_reset_forgets_everything_and_works_without_any_state(people: Any, sandbox: Sandbox) -> None:
    people.role("r")
    sandbox.reset()
    sandbox.reset()
    assert sandbox.calls == []
    assert people.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not a database, but long enough to be looked at" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: _rewrite(path, "UPDATE things SET value = '{\"account\": 7}'"),
        lambda path: _rewrite(path, "UPDATE things SET value = 'no json'"),
        lambda path: _rewrite(path, "UPDATE things SET kind = 'posix.system'"),
        lambda path: _rewrite(path, "PRAGMA user_version = 99"),
        lambda path: _rewrite(path, "DROP TABLE things"),
    ],
)
def test_a_spoilt_file_is_told_with_its_name_and_the_way_out(
    spoil: Any, people: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    people.role("r")
    sandbox.close()
    spoil(sandbox.state_file)
    with pytest.raises(InputError) as caught:
        people.client("iam").list_roles()
    (problem,) = caught.value.problems
    assert problem.where == str(sandbox.state_file)
    assert "xacct sandbox reset" in problem.fix
    sandbox.reset()
    assert people.client("iam").list_roles()["Roles"] == []


def _rewrite(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    sandbox = Sandbox(tmp_path / "file" / "state")
    with pytest.raises(XacctError, match="cannot be kept"):
        sandbox.credentials_for("arn:aws:iam::444455556666:user/robot", "444455556666")


_MAKE_ROLES = """
import sys, json, pathlib
from xacct.sandbox import HttpRequest, Sandbox
from urllib.parse import urlencode
sandbox = Sandbox(pathlib.Path(sys.argv[1]))
key = sandbox.credentials_for(None, "111122223333").access_key_id
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"},
         "Action": "sts:AssumeRole"}]}
headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20270101/us-east-1/iam/aws4_request"}
for number in range(25):
    body = urlencode({"Action": "CreateRole", "Version": "2010-05-08", "RoleName": f"{sys.argv[2]}{number}",
                      "AssumeRolePolicyDocument": json.dumps(trust)})
    assert sandbox.handle(HttpRequest("POST", "/", headers, body.encode())).status == 200
"""


def test_two_processes_lose_nothing_of_each_other(people: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", _MAKE_ROLES, str(tmp_path / "state")]
    running = [subprocess.Popen([*arguments, name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert len(people.client("iam").list_roles(MaxItems=1000)["Roles"]) == 50


def test_threads_lose_nothing_of_each_other(people: Any) -> None:
    def work(name: str) -> None:
        for number in range(10):
            people.role(f"{name}{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(people.client("iam").list_roles()["Roles"]) == 40


def test_calls_are_noted_by_operation(people: Any, sandbox: Sandbox) -> None:
    people.role("r")
    people.refusal(people.client("iam").get_role, RoleName="none")
    noted = [(call.service, call.operation, call.account, call.error) for call in sandbox.calls]
    assert noted == [
        ("iam", "CreateRole", people.ours, None),
        ("iam", "GetRole", people.ours, "NoSuchEntity"),
    ]


def test_the_state_lives_in_the_xdg_folder() -> None:
    assert default_state_dir({"XDG_STATE_HOME": "/state"}) == Path("/state/xacct/sandbox")
    assert default_state_dir({"XDG_STATE_HOME": "state", "HOME": "/home/me"}) == Path(
        "/home/me/.local/state/xacct/sandbox"
    )


@pytest.mark.parametrize(
    ("principal", "arn"),
    [
        ("arn:aws:iam::444455556666:user/ops/robot", "arn:aws:iam::444455556666:user/ops/robot"),
        ("arn:aws:iam::444455556666:role/ci/deploy", "arn:aws:sts::444455556666:assumed-role/deploy/sandbox"),
        (
            "arn:aws:sts::444455556666:assumed-role/deploy/run-7",
            "arn:aws:sts::444455556666:assumed-role/deploy/run-7",
        ),
        ("arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:root"),
        ("444455556666", "arn:aws:iam::444455556666:root"),
        ("arn:aws:sts::444455556666:federated-user/guest", "arn:aws:sts::444455556666:federated-user/guest"),
    ],
)
def test_anybody_can_be_made_on_demand_with_rights_at_home(principal: str, arn: str, people: Any) -> None:
    sts = people.client("sts", principal, account=people.vendor)
    assert sts.get_caller_identity()["Arn"] == arn
    people.client("lightsail", principal, account=people.vendor).get_instances()
    again = people.client("sts", principal, account=people.vendor)
    assert again.get_caller_identity()["Arn"] == arn


@pytest.mark.parametrize(
    "principal",
    [
        "robot",
        "arn:aws:iam::444455556666:group/admins",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::444455556666:oidc-provider/gitlab.com",
        "arn:aws:sts::444455556666:assumed-role/deploy",
        "arn:aws:iam::444455556666:user/",
        "lightsail.amazonaws.com",
        "",
    ],
)
def test_nobody_else_can(principal: str, sandbox: Sandbox) -> None:
    with pytest.raises(InputError):
        sandbox.credentials_for(principal, "444455556666")


def test_a_principal_that_exists_keeps_what_it_has(people: Any) -> None:
    people.client("iam", account=people.vendor).create_user(UserName="clerk")
    clerk = people.client("lightsail", "arn:aws:iam::444455556666:user/clerk", account=people.vendor)
    assert people.refusal(clerk.get_instances)[0] == "AccessDeniedException"


@given(st.integers(0, 10**12 - 1))
@settings(deadline=None)
def test_the_operators_key_tells_its_account(number: int) -> None:
    account = f"{number:012d}"
    credentials = operator_credentials(account)
    assert operator_account(credentials.access_key_id) == account
    assert len(credentials.access_key_id) == 20
    assert len(credentials.secret_access_key) == 40


_texts = st.text(max_size=20)
_entities = st.one_of(
    st.builds(
        Role,
        account=st.just("111122223333"),
        name=_texts,
        trust=_texts,
        attached=st.lists(_texts, max_size=3).map(tuple),
        inline=st.dictionaries(_texts, _texts, max_size=3),
        boundary=st.none() | _texts,
        last_used=st.none() | st.integers(),
    ),
    st.builds(
        Policy,
        account=st.just("111122223333"),
        name=_texts,
        updated=st.integers(),
        versions=st.lists(st.builds(PolicyVersion, _texts, _texts, st.integers()), max_size=3).map(tuple),
    ),
    st.builds(
        Session,
        account=st.just("111122223333"),
        arn=_texts,
        unique_id=_texts,
        expires=st.integers(),
        policies=st.none() | st.lists(_texts, max_size=3).map(tuple),
    ),
)


@given(_entities)
@settings(deadline=None)
def test_an_entity_survives_its_file(entity: Any) -> None:
    assert entity_from_text(entity.kind, entity_to_text(entity)) == entity


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One sandbox for all examples of a test."""
    made = Sandbox(tmp_path_factory.mktemp("lasting"))
    yield made
    made.close()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["role", "policy", "session", "user"]), _json | st.dictionaries(_texts, _json))
@settings(deadline=None)
def test_what_is_no_entity_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(StateError):
        entity_from_text(kind, json.dumps(value))


@given(
    url=st.text(max_size=40),
    headers=st.dictionaries(
        st.sampled_from(["Authorization", "X-Amz-Target", "X-Amz-Security-Token", "Host"]),
        st.text(max_size=60)
        | st.just("Lightsail_20161128.GetInstances")
        | st.just("AWS4-HMAC-SHA256 Credential=AKIAXACCTOPRAAAAAAAB/1/us-east-1/iam/aws4_request"),
    ),
    body=st.binary(max_size=80)
    | st.sampled_from(["CreateRole", "ListRoles", "AssumeRoleWithSAML", "TagRole", "PutRolePolicy"]).map(
        lambda name: f"Version=2010-05-08&MaxItems=x&Tags.member.1=y&RoleName=&Action={name}".encode()
    ),
)
@settings(deadline=None, max_examples=150)
def test_any_request_gets_an_answer(lasting: Sandbox, url: str, headers: dict[str, str], body: bytes) -> None:
    response = lasting.handle(HttpRequest("POST", url, headers, body))
    assert 200 <= response.status < 500
    assert response.body
