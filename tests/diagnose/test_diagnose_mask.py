"""Nothing secret that goes in comes out, and nothing that is no secret is lost."""

from __future__ import annotations

import json
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.diagnose import diagnose, mask
from xacct.iam.redact import redact_external_id

_CORE = "User: arn:aws:iam::111122223333:user/dana is not authorized to perform: sts:AssumeRole on resource: "
_BASE64 = string.ascii_letters + string.digits + "+/"
_ALNUM = string.ascii_uppercase + string.digits


def _secret_key(text: str) -> bool:
    return (
        any(c.islower() for c in text)
        and any(c.isupper() for c in text)
        and any(c in string.digits + "+/" for c in text)
    )


secret_keys = st.text(_BASE64, min_size=40, max_size=40).filter(_secret_key)
key_ids = st.text(_ALNUM, min_size=16, max_size=16).map(lambda tail: f"ASIA{tail}")
session_tokens = st.text(_BASE64, min_size=100, max_size=300).map(lambda tail: f"IQoJb3JpZ2lu{tail}")
tokens = st.text(_BASE64.replace("+", "-").replace("/", "_"), min_size=12, max_size=60).map(
    lambda part: f"eyJhbGciOi{part}.{part}.{part}"
)


def _out(text: str) -> str:
    return json.dumps([item.to_json() for item in diagnose(text)])


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(secret_keys, key_ids, session_tokens, tokens),
    st.sampled_from(["\n", " ", " key=", '\n"', " ("]),
)
def test_secret_near_a_message_never_comes_out(secret: str, before: str) -> None:
    assert secret not in _out(f"{_CORE}arn:aws:iam::444455556666:role/x{before}{secret}\n")
    assert secret not in _out(f"env: {secret} {_CORE}arn:aws:iam::444455556666:role/x")


@settings(max_examples=60, deadline=None)
@given(st.one_of(secret_keys, key_ids, session_tokens, tokens))
def test_secret_in_a_text_without_a_message_never_comes_out(secret: str) -> None:
    assert secret not in _out(f"what is this: {secret}")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('"password": "hunter two"', "hunter"),
        ("masterUserPassword=Tr0ub4dor", "Tr0ub4dor"),
        ("aws_secret_access_key = wJalrshort", "wJalrshort"),
        ("Authorization: AWS4-HMAC-SHA256 Credential=AKIAX/2026, Signature=deadbeefdeadbeef00", "deadbeef"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("--token-code 123456", "123456"),
        ("Enter MFA code for arn:aws:iam::111122223333:mfa/dana: 311772", "311772"),
        ("https://dana:sesame@example.com/x", "sesame"),
        ("SAMLResponse=PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm4i", "PHNhbWxwOlJlc3BvbnNl"),
        ("<saml:Assertion ID='1'><saml:Subject>dana</saml:Subject></saml:Assertion> after", "Subject"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ('"sts:ExternalId": "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"', "6a6c-4f0e"),
        ("--external-id acme-2026-customer-7", "acme-2026"),
        ("Encoded authorization failure message: " + "Qx7_-" * 60, "Qx7_-Qx7_-Qx7_-"),
    ],
)
def test_secret_is_masked(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert secret not in _out(f"{text}\n{_CORE}arn:aws:iam::444455556666:role/x")


@settings(max_examples=100, deadline=None)
@given(
    st.from_regex(
        r"arn:aws:(iam|sts)::[0-9]{12}:(user|role|assumed-role)/[A-Za-z0-9_+=,.@-]{1,64}(/[A-Za-z0-9_-]{2,64})?",
        fullmatch=True,
    )
)
def test_arn_of_a_principal_passes_untouched(arn: str) -> None:
    assert mask(f"User: {arn} is not authorized") == f"User: {arn} is not authorized"


def test_external_id_is_shown_as_everywhere_else() -> None:
    value = "1b9f3f0e-6a6c-7a11"
    assert mask(f"externalId: {value}") == f"externalId: {redact_external_id(value)}"
    assert mask(mask(f"externalId: {value}")) == mask(f"externalId: {value}")


_PIECES = st.sampled_from(
    """
User:|is not authorized to perform:|sts:AssumeRole| on resource: |arn:aws:iam::111122223333:role/x
 because no |\\n|identity-based policy allows the |with an explicit deny in a |&quot;|"|[|<|{|(
Encoded authorization failure message: |An error occurred (AccessDenied) when calling the |Get operation:
Context: |Action: |\x1b[31m|İ|│ |password=|lightsail:GetInstances|Cannot exceed quota for AccessKeysPerUser: 2
{"eventName": "X", "errorCode": "AccessDenied"}
""".replace("\n", "|").split("|")
)


@settings(max_examples=250, deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=6)), max_size=20).map("".join)))
def test_no_text_makes_it_raise(text: str) -> None:
    for item in diagnose(text):
        assert item.fix
        item.to_json()


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "\n",
        '"',
        '{"',
        "User: ",
        "not authorized to perform ",
        "arn:aws:iam::",
        "\\",
        "&amp;",
        "<a ",
        "eyJaaaaaa.",
        "x-",
    ],
)
def test_long_text_takes_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        start = time.perf_counter()
        diagnose(text)
        return time.perf_counter() - start

    seconds(1_000)
    small, large = seconds(20_000), seconds(80_000)
    # Four times the text; quadratic work would take sixteen times as long.
    assert large < 10 * small + 0.25
