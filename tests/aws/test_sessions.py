"""Credentials, ways into other accounts, and endpoints that are not there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xacct.aws import botocore_sessions
from xacct.aws.session import AccountAccess, Sessions, Target
from xacct.errors import CredentialsError, InputError, XacctError
from xacct.plan.steps import creating
from xacct.sandbox import attach


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the user's AWS config file, and take the keys out of the environment."""

    def write(text: str) -> None:
        path = tmp_path / "aws-config"
        path.write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)

    return write


@pytest.fixture
def live(kit: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sessions]:
    """Sessions as against AWS, with an operator's keys in the environment and the sandbox in AWS's place."""
    keys = kit.sandbox.credentials_for(None, kit.account)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)

    def make(**options: Any) -> Sessions:
        return Sessions(attach=lambda boto_session: attach(boto_session, kit.sandbox), **options)

    return make


def keys_of(kit: Any, account: str) -> str:
    keys = kit.sandbox.credentials_for(None, account)
    return f"aws_access_key_id = {keys.access_key_id}\naws_secret_access_key = {keys.secret_access_key}\n"


def test_the_identity_is_asked_once(kit: Any, live: Any) -> None:
    sessions = live()
    assert sessions.identity().account == kit.account
    assert sessions.identity(kit.account).partition == "aws"
    sessions.iam(kit.account).read("ListAccountAliases")
    assert sessions.calls.by_operation == {"GetCallerIdentity": 1, "ListAccountAliases": 1}


def test_credentials_of_another_account_are_refused_with_both_ids_and_a_way(kit: Any, live: Any) -> None:
    with pytest.raises(CredentialsError) as caught:
        live().iam(kit.other)
    (problem,) = caught.value.problems
    assert kit.account in problem.message
    assert kit.other in problem.message
    assert "--profile" in problem.fix
    assert problem.code == "wrong-account"


def test_an_account_is_reached_by_its_profile(kit: Any, live: Any, config: Callable[[str], None]) -> None:
    config(f"[default]\n{keys_of(kit, kit.account)}[profile there-{kit.other}]\n{keys_of(kit, kit.other)}")
    sessions = live(accounts={"*": AccountAccess(profile="there-{account}")})
    assert sessions.identity(kit.other).account == kit.other
    assert sessions.identity(kit.account).account == kit.account


def test_a_profile_of_the_wrong_account_is_named(kit: Any, live: Any, config: Callable[[str], None]) -> None:
    config(f"[default]\n{keys_of(kit, kit.account)}[profile there]\n{keys_of(kit, '777788889999')}")
    with pytest.raises(CredentialsError, match="profile 'there' belongs to account 777788889999"):
        live(accounts={kit.other: AccountAccess(profile="there")}).iam(kit.other)


def hop(kit: Any, external_id: str | None) -> None:
    """A role in the other account that our account may assume."""
    from xacct.aws.writer import perform

    role = kit.role("xacct-apply", path="/", trust=kit.trust(f"arn:aws:iam::{kit.account}:root", external_id))
    policy = kit.policy("xacct-apply", "iam:*")
    api = kit.api(account=kit.other)
    for step in (*creating(role), *creating(policy)):
        perform(api, step, kit.other, "aws", kit.clock.now)


@pytest.mark.parametrize("role", ["xacct-apply", "arn:aws:iam::{account}:role/xacct-apply"])
def test_an_account_is_reached_by_assuming_a_role_once(kit: Any, live: Any, role: str) -> None:
    hop(kit, "e-77")
    sessions = live(accounts={"*": AccountAccess(role=role, external_id="e-77")})
    assert sessions.identity(kit.other).arn == f"arn:aws:sts::{kit.other}:assumed-role/xacct-apply/xacct"
    for _ in range(3):
        sessions.iam(kit.other).read("ListAccountAliases")
    assert sessions.calls.by_operation == {
        "GetCallerIdentity": 1,
        "AssumeRole": 1,
        "ListAccountAliases": 3,
    }


def test_the_account_of_the_credentials_needs_no_hop(kit: Any, live: Any) -> None:
    sessions = live(accounts={"*": AccountAccess(role="xacct-apply")})
    assert "user/" in sessions.identity(kit.account).arn or "role/" in sessions.identity(kit.account).arn
    assert "AssumeRole" not in sessions.calls.by_operation


def test_a_hop_without_the_external_id_says_whose_policy_must_allow_it(kit: Any, live: Any) -> None:
    hop(kit, "e-77")
    with pytest.raises(XacctError) as caught:
        live(accounts={"*": AccountAccess(role="xacct-apply")}).iam(kit.other)
    (problem,) = caught.value.problems
    assert problem.code == "access-denied"
    assert "trust policy" in problem.fix
    assert "e-77" not in str(caught.value)


def test_the_external_id_of_a_hop_is_not_in_its_text() -> None:
    assert "e-77" not in repr(AccountAccess(role="r", external_id="e-77"))


def test_keys_of_a_hop_are_renewed_before_they_end(kit: Any, live: Any) -> None:
    hop(kit, None)
    sessions = live(accounts={"*": AccountAccess(role="xacct-apply")})
    api = sessions.iam(kit.other)
    credentials = api.client._request_signer._credentials
    before = credentials.get_frozen_credentials().access_key
    from datetime import UTC, datetime, timedelta

    credentials._expiry_time = datetime.now(UTC) + timedelta(seconds=30)
    api.read("ListAccountAliases")
    assert credentials.get_frozen_credentials().access_key != before
    assert sessions.calls.by_operation["AssumeRole"] == 2


def test_many_threads_make_one_client(kit: Any, live: Any) -> None:
    sessions = live()
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(sessions.iam(kit.account))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(api) for api in made}) == 1
    assert sessions.calls.by_operation == {"GetCallerIdentity": 1}


# --- the sandbox -----------------------------------------------------------------------------------


def test_the_sandbox_needs_no_credentials_and_reads_nothing_of_the_users(
    kit: Any, config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config("this is [no config file\n")
    monkeypatch.setenv("AWS_PROFILE", "absent")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for account in (kit.account, kit.other):
        assert kit.sessions.identity(account).account == account
        kit.sessions.iam(account).read("ListAccountAliases")
    assert kit.sessions.target == Target("sandbox")


def test_the_sandbox_asks_which_account_is_meant(kit: Any) -> None:
    with pytest.raises(InputError, match="every account"):
        kit.sessions.identity()


# --- targets ---------------------------------------------------------------------------------------


def test_the_target_is_what_option_environment_or_profile_name(
    config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Sessions().target == Target("aws")
    assert Sessions(endpoint_url="http://127.0.0.1:5000").target == Target("http://127.0.0.1:5000")
    config("[profile local]\nendpoint_url = http://127.0.0.1:6000\n")
    assert Sessions(profile="local").target == Target("http://127.0.0.1:6000")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:7000")
    assert Sessions().target == Target("http://127.0.0.1:7000")
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:8000")
    assert Sessions().target == Target("http://127.0.0.1:8000")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert Sessions().target == Target("aws")


# --- what goes wrong before anything is sent -------------------------------------------------------


def problem_of(sessions: Sessions) -> tuple[type[XacctError], str, str, str]:
    with pytest.raises(XacctError) as caught:
        sessions.identity()
    (problem,) = caught.value.problems
    return type(caught.value), problem.code, problem.message, problem.fix


def test_no_credentials(config: Callable[[str], None]) -> None:
    config("")
    kind, code, message, fix = problem_of(Sessions())
    assert (kind, code, message) == (CredentialsError, "no-credentials", "there are no AWS credentials")
    assert "--sandbox" in fix


def test_a_profile_that_is_not_there_names_the_nearest(config: Callable[[str], None]) -> None:
    config("[profile production]\nregion = eu-west-1\n[profile test]\n")
    kind, code, message, fix = problem_of(Sessions(profile="prodution"))
    assert (kind, code, fix) == (CredentialsError, "no-profile", "did you mean 'production'?")
    assert "'prodution'" in message


def test_a_profile_of_the_environment_that_is_not_there(
    config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config("[profile test]\n")
    monkeypatch.setenv("AWS_PROFILE", "zzz")
    _kind, code, message, fix = problem_of(Sessions())
    assert (code, message) == ("no-profile", "there is no profile 'zzz'")
    assert "test" in fix


@pytest.mark.parametrize(
    "text", ["no section\n", "[profile x\n", "[default]\nregion\n", "\x00\xff", "[a]\n="]
)
def test_a_config_file_that_cannot_be_read_is_named(config: Callable[[str], None], text: str) -> None:
    config(text)
    kind, code, _message, _fix = problem_of(Sessions())
    assert kind is CredentialsError
    assert code in ("aws-config", "no-credentials")


def test_half_a_pair_of_keys(config: Callable[[str], None]) -> None:
    config("[default]\naws_access_key_id = AKIAXXXXXXXXXXXXXXXX\n")
    kind, code, message, _fix = problem_of(Sessions())
    assert (kind, code) == (CredentialsError, "partial-credentials")
    assert "secret" in message


@pytest.mark.parametrize("command", ["/nowhere/at-all", "false", "echo no-json"])
def test_a_credential_process_that_fails(config: Callable[[str], None], command: str) -> None:
    config(f"[default]\ncredential_process = {command}\n")
    kind, _code, message, _fix = problem_of(Sessions())
    assert kind is CredentialsError
    assert "credential" in message


def test_a_sign_in_that_has_ended_names_the_command(config: Callable[[str], None]) -> None:
    config(
        "[profile work]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n"
    )
    kind, code, _message, fix = problem_of(Sessions(profile="work"))
    assert (kind, code) == (CredentialsError, "sso-expired")
    assert "aws sso login --profile work" in fix


@pytest.mark.parametrize("url", ["nonsense", "127.0.0.1:5000", "http://", "http://[::1", "ftp//x"])
def test_an_endpoint_that_is_no_url(url: str) -> None:
    kind, code, _message, fix = problem_of(Sessions(endpoint_url=url))
    assert (kind, code) == (InputError, "endpoint")
    assert "http://" in fix


@pytest.mark.parametrize("region", ["eu_west_1", "eu west", "-", "x" * 80, "eu-west-1/", "région"])
def test_a_region_that_cannot_be_one(region: str) -> None:
    kind, code, _message, _fix = problem_of(Sessions(region=region))
    assert (kind, code) == (InputError, "region")


# --- endpoints that are not there ------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield int(listening.getsockname()[1])


def serve_once(answer: bytes) -> int:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(4)

    def run() -> None:
        for _ in range(4):
            try:
                listening.settimeout(2)
                connection, _address = listening.accept()
            except OSError:
                break
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
        listening.close()

    threading.Thread(target=run, daemon=True).start()
    return int(listening.getsockname()[1])


def test_an_endpoint_where_nothing_listens_is_told_at_once() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    kind, code, message, fix = problem_of(Sessions(endpoint_url=url))
    assert (kind, code) == (XacctError, "no-connection")
    assert url in message
    assert "--endpoint-url" in fix


def test_an_endpoint_that_does_not_answer_is_told_soon(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xacct.aws import session

    monkeypatch.setattr(session, "FIRST_READ_TIMEOUT", 0.2)
    slept: list[float] = []
    _kind, code, message, _fix = problem_of(
        Sessions(endpoint_url=f"http://127.0.0.1:{silent_port}", sleep=slept.append)
    )
    assert code == "no-answer"
    assert message == f"http://127.0.0.1:{silent_port}/ does not answer" or "does not answer" in message
    assert slept == []


def test_all_waiting_for_a_first_answer_ends_within_ten_seconds() -> None:
    assert botocore_sessions.FIRST_READ_TIMEOUT + botocore_sessions._CONNECT_TIMEOUT <= 10


def test_something_else_that_answers_in_awss_place_is_told() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<html>Sign in<p></p>>"
    _kind, code, _message, fix = problem_of(Sessions(endpoint_url=f"http://127.0.0.1:{serve_once(page)}"))
    assert code == "not-aws"
    assert "sign-in page" in fix


def test_a_server_that_hangs_up_is_told() -> None:
    _kind, code, _message, _fix = problem_of(Sessions(endpoint_url=f"http://127.0.0.1:{serve_once(b'')}"))
    assert code in ("no-answer", "no-connection")


def test_a_region_that_does_not_exist_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_such_host)
    kind, code, message, fix = problem_of(Sessions(region="eu-wset-1"))
    assert (kind, code) == (InputError, "region")
    assert "'eu-wset-1'" in message
    assert fix == "did you mean 'eu-west-1'?"
    _kind, code, _message, _fix = problem_of(Sessions(region="eu-west-1"))
    assert code == "no-connection"


@pytest.mark.parametrize(
    "value", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", 1767323045, "1767323045"]
)
def test_times_are_read_as_botocore_reads_them(value: str | int) -> None:
    from botocore.utils import parse_timestamp

    assert botocore_sessions._timestamp(value) == parse_timestamp(value)
