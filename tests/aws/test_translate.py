"""Every error that a user can meet, in the user's words and with the fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.aws.failures import AwsError, CallContext, is_lost_answer, is_throttling
from xacct.aws.translate import translate
from xacct.errors import CredentialsError, XacctError

CASES = Path(__file__).parent.parent / "cases" / "aws" / "refusals.jsonl"
CONTEXT = CallContext(
    operation="CreateRole",
    subject="arn:aws:iam::111122223333:role/xacct/acme",
    account="111122223333",
    profile="w",
)


def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text().splitlines() if line.strip()]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_a_refusal_is_told_in_the_users_words(kit_refused: Any, case: dict[str, Any]) -> None:
    error = kit_refused(case["code"], case["message"], case.get("status", 400), "CreateRole")
    told = translate(error, CONTEXT)
    (problem,) = told.problems
    assert isinstance(told, CredentialsError) == (case["kind"] == "credentials")
    assert problem.code == case["problem"]
    for words in case["says"]:
        assert words in problem.message
    for words in case["fix"]:
        assert words in problem.fix


def test_the_statement_that_would_allow_a_denied_call_is_valid_json(kit_refused: Any) -> None:
    message = (
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:CreateRole on resource: "
        "arn:aws:iam::111122223333:role/xacct/acme because no identity-based policy allows the action"
    )
    told = translate(kit_refused("AccessDenied", message, 403), CONTEXT)
    fix = told.problems[0].fix
    assert json.loads(fix[fix.index("{") :]) == {
        "Effect": "Allow",
        "Action": "iam:CreateRole",
        "Resource": "arn:aws:iam::111122223333:role/xacct/acme",
    }
    assert isinstance(told, AwsError)
    assert (told.aws_code, told.operation) == ("AccessDenied", "CreateRole")


def botocore_errors() -> list[Exception]:
    """One of each class that botocore defines, as far as they can be made without knowing more."""
    made: list[Exception] = []
    for name in dir(botocore.exceptions):
        kind = getattr(botocore.exceptions, name)
        if isinstance(kind, type) and issubclass(kind, botocore.exceptions.BotoCoreError):
            try:
                words = dict.fromkeys(_words(kind), "x")
                made.append(kind(**words))
            except Exception:
                continue
    return made


def _words(kind: type) -> set[str]:
    import string

    return {name for _text, name, _spec, _conversion in string.Formatter().parse(kind.fmt) if name}  # type: ignore[attr-defined]


def test_every_error_that_botocore_knows_becomes_one_of_ours() -> None:
    errors = botocore_errors()
    assert len(errors) > 60
    for error in errors:
        told = translate(error, CONTEXT)
        assert isinstance(told, XacctError)
        assert told.problems[0].message
        assert "Traceback" not in str(told)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NoCredentialsError", "no-credentials"),
        ("PartialCredentialsError", "partial-credentials"),
        ("CredentialRetrievalError", "credentials-provider"),
        ("SSOTokenLoadError", "sso-expired"),
        ("UnauthorizedSSOTokenError", "sso-expired"),
        ("TokenRetrievalError", "sso-expired"),
        ("LoginRefreshRequired", "login-expired"),
        ("ProfileNotFound", "no-profile"),
        ("ConfigParseError", "aws-config"),
        ("EndpointConnectionError", "no-connection"),
        ("ConnectTimeoutError", "no-answer"),
        ("ReadTimeoutError", "no-answer"),
        ("ConnectionClosedError", "no-answer"),
        ("SSLError", "tls"),
        ("ProxyConnectionError", "proxy"),
        ("ParamValidationError", "invalid-value"),
    ],
)
def test_errors_on_the_way_have_their_own_codes(name: str, code: str) -> None:
    (error,) = [error for error in botocore_errors() if type(error).__name__ == name]
    assert translate(error, CONTEXT).problems[0].code == code


def test_errors_of_ours_pass_as_they_are() -> None:
    error = XacctError("x")
    assert translate(error, CONTEXT) is error


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"])
def test_throttling_is_known_by_its_codes_and_status(kit_refused: Any, code: str) -> None:
    assert is_throttling(kit_refused(code))
    assert is_throttling(kit_refused("Anything", status=429))
    assert not is_throttling(kit_refused("LimitExceeded", status=409))


def test_only_what_may_have_been_carried_out_is_a_lost_answer(kit_refused: Any) -> None:
    lost = {type(error).__name__ for error in botocore_errors() if is_lost_answer(error)}
    assert {"ReadTimeoutError", "ConnectionClosedError"} <= lost
    assert not lost & {"EndpointConnectionError", "ConnectTimeoutError", "SSLError", "NoCredentialsError"}
    assert is_lost_answer(kit_refused("ServiceFailure", status=500))
    assert is_lost_answer(kit_refused("502", status=502))
    assert not is_lost_answer(kit_refused("AccessDenied", status=403))


@settings(deadline=None, max_examples=150)
@given(code=st.text(max_size=30), message=st.text(max_size=200), status=st.integers(200, 599))
def test_no_text_of_a_server_makes_the_translation_fail(code: str, message: str, status: int) -> None:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error = botocore.exceptions.ClientError(answer, "CreateRole")
    assert translate(error, CONTEXT).problems[0].message
