"""Web identity tokens and SAML responses against trust policies."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{HOST}"
ROLE = "arn:aws:iam::111122223333:role/acme"
NOW = 1_800_000_000


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _token(**claims: Any) -> str:
    whole = {
        "iss": f"https://{HOST}",
        "aud": "sts.amazonaws.com",
        "sub": "repo:acme/site:ref:refs/heads/main",
        "exp": NOW + 600,
        "repository": "acme/site",
        **claims,
    }
    return f"{_part({'alg': 'none'})}.{_part({k: v for k, v in whole.items() if v is not None})}."


def _sts(people: Any) -> Any:
    from xacct.sandbox import attach

    session = boto3.Session(region_name="us-east-1")
    attach(session, people.sandbox)
    config = Config(signature_version=UNSIGNED, parameter_validation=False, retries={"max_attempts": 1})
    return session.client("sts", config=config)


@pytest.fixture
def github(people: Any) -> Any:
    iam = people.client("iam")
    iam.create_open_id_connect_provider(Url=f"https://{HOST}", ClientIDList=["sts.amazonaws.com"])
    condition = {
        "StringEquals": {
            f"{HOST}:aud": "sts.amazonaws.com",
            f"{HOST}:sub": "repo:acme/site:ref:refs/heads/main",
        }
    }
    trust = people.trusting({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    people.role(trust=trust, allow=[people.allow("lightsail:GetInstances")])
    return _sts(people)


def _ask(token: str) -> dict[str, Any]:
    return {"RoleArn": ROLE, "RoleSessionName": "ci", "WebIdentityToken": token}


def test_a_token_of_the_right_repository_is_let_in(github: Any, people: Any) -> None:
    answer = github.assume_role_with_web_identity(**_ask(_token()))
    assert answer["SubjectFromWebIdentityToken"] == "repo:acme/site:ref:refs/heads/main"
    assert answer["Provider"] == PROVIDER
    people.client("lightsail", credentials=answer["Credentials"]).get_instances()


@pytest.mark.parametrize(
    "subject", ["repo:acme/other:ref:refs/heads/main", "repo:acme/site:pull_request", "x"]
)
def test_a_token_of_another_subject_is_denied(subject: str, github: Any, people: Any) -> None:
    assert people.refusal(github.assume_role_with_web_identity, **_ask(_token(sub=subject))) == (
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    )


def test_a_role_that_is_not_there_is_denied_in_the_same_words(github: Any, people: Any) -> None:
    asked = _ask(_token()) | {"RoleArn": "arn:aws:iam::111122223333:role/none"}
    assert people.refusal(github.assume_role_with_web_identity, **asked) == (
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    )


@pytest.mark.parametrize(
    ("token", "code", "message"),
    [
        (_token(aud="someone"), "InvalidIdentityToken", "Incorrect token audience"),
        (
            _token(iss="https://evil.example"),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your",
        ),
        (_token(exp=NOW - 301), "ExpiredTokenException", "Token expired"),
        (_token(nbf=NOW + 301), "InvalidIdentityToken", "not valid yet"),
        (_token(exp="soon"), "InvalidIdentityToken", "not numbers"),
        (_token(sub=None), "InvalidIdentityToken", "Missing a required claim: sub"),
        (_token(exp=None), "InvalidIdentityToken", "Missing a required claim: exp"),
        ("no token", "InvalidIdentityToken", "not a valid JWT"),
        ("a.b.c", "InvalidIdentityToken", "not a valid JWT"),
        (f"{_part([])}.{_part([])}.", "InvalidIdentityToken", "not a valid JWT"),
        ("a" * 20001, "ValidationError", "webIdentityToken"),
    ],
)
def test_a_bad_token_is_told_apart(token: str, code: str, message: str, github: Any, people: Any) -> None:
    got = people.refusal(github.assume_role_with_web_identity, **_ask(token))
    assert got[0] == code
    assert message in got[1]


def test_a_token_is_taken_up_to_five_minutes_late(github: Any) -> None:
    github.assume_role_with_web_identity(**_ask(_token(exp=NOW - 299)))


def test_a_claim_of_the_provider_can_be_asked_for(github: Any, people: Any) -> None:
    condition = {
        "StringEquals": {f"{HOST}:sub": "repo:acme/site:ref:refs/heads/main", f"{HOST}:repository_id": "7"}
    }
    trust = people.trusting({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    people.client("iam").update_assume_role_policy(RoleName="acme", PolicyDocument=json.dumps(trust))
    assert people.refusal(github.assume_role_with_web_identity, **_ask(_token()))[0] == "AccessDenied"
    github.assume_role_with_web_identity(**_ask(_token(repository_id="7")))


def test_tags_in_a_token_need_the_right_to_tag(github: Any, people: Any) -> None:
    tags = {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}
    token = _token(**{"https://aws.amazon.com/tags": tags})
    assert people.refusal(github.assume_role_with_web_identity, **_ask(token))[0] == "AccessDenied"


def test_a_removed_audience_is_refused(github: Any, people: Any) -> None:
    people.client("iam").remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=PROVIDER, ClientID="sts.amazonaws.com"
    )
    assert (
        people.refusal(github.assume_role_with_web_identity, **_ask(_token()))[1]
        == "Incorrect token audience"
    )


def test_an_unsigned_call_of_anything_else_is_refused(people: Any) -> None:
    assert people.refusal(_sts(people).get_caller_identity)[0] == "MissingAuthenticationToken"


_METADATA = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com">'
    '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>'
)
_SAML = "arn:aws:iam::111122223333:saml-provider/idp"
_AUDIENCE = "https://signin.aws.amazon.com/saml"


def _attribute(name: str, value: str) -> str:
    whole = f"https://aws.amazon.com/SAML/Attributes/{name}"
    return f'<Attribute Name="{whole}"><AttributeValue>{value}</AttributeValue></Attribute>'


def _response(
    *, issuer: str = "https://idp.example.com", recipient: str = _AUDIENCE, name: str = "robin"
) -> str:
    attributes = _attribute("Role", f"{ROLE},{_SAML}") + _attribute("RoleSessionName", name)
    text = f"""
    <Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol">
    <Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion">
    <Issuer>{issuer}</Issuer>
    <Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">subject-1</NameID>
    <SubjectConfirmation><SubjectConfirmationData Recipient="{recipient}"/></SubjectConfirmation></Subject>
    <AttributeStatement>{attributes}</AttributeStatement></Assertion></Response>"""
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def saml(people: Any) -> Any:
    people.client("iam").create_saml_provider(Name="idp", SAMLMetadataDocument=_METADATA + " " * 1000)
    condition = {"StringEquals": {"SAML:aud": _AUDIENCE}}
    people.role(trust=people.trusting({"Federated": _SAML}, "sts:AssumeRoleWithSAML", Condition=condition))
    return _sts(people)


def _ask_saml(response: str) -> dict[str, Any]:
    return {"RoleArn": ROLE, "PrincipalArn": _SAML, "SAMLAssertion": response}


def test_a_person_signs_in_with_saml(saml: Any, people: Any) -> None:
    answer = saml.assume_role_with_saml(**_ask_saml(_response()))
    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/acme/robin")
    assert (answer["Subject"], answer["SubjectType"]) == ("subject-1", "persistent")
    assert answer["Audience"] == _AUDIENCE
    people.client("sts", credentials=answer["Credentials"]).get_caller_identity()


@pytest.mark.parametrize(
    ("response", "code", "message"),
    [
        (_response(recipient="https://elsewhere.example.com"), "AccessDenied", "sts:AssumeRoleWithSAML"),
        (_response(issuer="https://evil.example.com"), "InvalidIdentityToken", "Issuer not present"),
        (_response(name="r"), "InvalidIdentityToken", "RoleSessionName in AuthnResponse must match"),
        (_response(name=""), "InvalidIdentityToken", "RoleSessionName is required"),
        (base64.b64encode(b"<a/>" * 2).decode(), "InvalidIdentityToken", "Error parsing"),
        (base64.b64encode(b"<Response/>").decode(), "InvalidIdentityToken", "Assertion is not present"),
        (
            base64.b64encode(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>').decode(),
            "InvalidIdentityToken",
            "parsing",
        ),
        ("no base 64!", "InvalidIdentityToken", "base64"),
    ],
)
def test_a_bad_response_is_told_apart(response: str, code: str, message: str, saml: Any, people: Any) -> None:
    got = people.refusal(saml.assume_role_with_saml, **_ask_saml(response))
    assert got[0] == code
    assert message in got[1]


def test_a_response_for_another_role_is_refused(saml: Any, people: Any) -> None:
    people.role("other", trust=people.trusting({"Federated": _SAML}, "sts:AssumeRoleWithSAML"))
    asked = _ask_saml(_response()) | {"RoleArn": "arn:aws:iam::111122223333:role/other"}
    assert people.refusal(saml.assume_role_with_saml, **asked) == (
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithSAML",
    )


def test_a_provider_that_is_gone_is_told(saml: Any, people: Any) -> None:
    people.client("iam").delete_saml_provider(SAMLProviderArn=_SAML)
    code, message = people.refusal(saml.assume_role_with_saml, **_ask_saml(_response()))
    assert (code, message) == ("InvalidIdentityToken", "Specified provider doesn't exist")
