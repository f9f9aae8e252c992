"""
AssumeRoleWithWebIdentity: a token of an OIDC provider against the provider and the trust.

The sandbox has no way to fetch an issuer's keys, so it takes tokens unsigned; everything else about a token
is checked: issuer, audience, times, subject.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from xacct.lint.providers import known_provider
from xacct.sandbox.call import Answer, Call, Handler
from xacct.sandbox.context import Context
from xacct.sandbox.entities import OidcProvider, Role
from xacct.sandbox.problems import AwsError
from xacct.sandbox.sts import check_duration, find_assumable
from xacct.sandbox.trusted import BUILT_IN_PROVIDERS
from xacct.sandbox.vouched import Vouched, bad_token, become, check_identity_texts, refused

__all__ = ["HANDLERS"]

_OPERATION = "AssumeRoleWithWebIdentity"
_CLOCK_SKEW = 300


def _claims_of(issuer: str) -> tuple[str, ...]:
    """The claims beside aud, sub and amr that STS makes condition keys of, for the issuers that it knows."""
    known = known_provider(issuer)
    return known.claims if known is not None and known.closed else ()


def assume_role_with_web_identity(call: Call) -> Answer:
    params = call.params
    role = find_assumable(call.world, params["RoleArn"])
    if role is None:
        raise refused(_OPERATION)
    claims = _read_token(params["WebIdentityToken"])
    audience = _check_claims(call, role, claims)
    vouched = _vouched(role, claims, audience, params["RoleSessionName"])
    seconds = check_duration(params.get("DurationSeconds"), role)
    answer = become(call, role, vouched, seconds)
    return answer | {
        "SubjectFromWebIdentityToken": str(claims["sub"]),
        "Provider": vouched.provider,
        "Audience": audience,
    }


def _read_token(token: str) -> dict[str, Any]:
    wrong = bad_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    )
    parts = token.split(".")
    if len(parts) != 3:
        raise wrong
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise wrong
    for name in ("iss", "sub", "aud", "exp"):
        if claims.get(name) in (None, "", []):
            raise bad_token(f"Missing a required claim: {name}")
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _issuer_of(claims: dict[str, Any]) -> str:
    return str(claims["iss"]).removeprefix("https://")


def _check_claims(call: Call, role: Role, claims: dict[str, Any]) -> str:
    """Check issuer, audience and times; return the audience that counts."""
    listed = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    audiences = [str(audience) for audience in listed]
    issuer = _issuer_of(claims)
    if issuer not in BUILT_IN_PROVIDERS:
        provider = call.world.get(OidcProvider, role.account, issuer)
        if provider is None:
            raise bad_token(f"No OpenIDConnect provider found in your account for {claims['iss']}")
        audiences = [audience for audience in audiences if audience in provider.clients]
        if not audiences:
            raise bad_token("Incorrect token audience")
    _check_times(call.now, claims)
    return audiences[0]


def _check_times(now: int, claims: dict[str, Any]) -> None:
    expires, not_before = claims["exp"], claims.get("nbf", 0)
    for value in (expires, not_before):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e11:
            raise bad_token("The ID Token provided is not a valid JWT: its times are not numbers.")
    if expires + _CLOCK_SKEW <= now:
        raise AwsError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {int(expires)}",
        )
    if not_before - _CLOCK_SKEW > now:
        raise bad_token("The ID Token provided is not valid yet.")


def _vouched(role: Role, claims: dict[str, Any], audience: str, session_name: str) -> Vouched:
    issuer = _issuer_of(claims)
    arn = f"arn:{role.partition}:iam::{role.account}:oidc-provider/{issuer}"
    tags, transitive = _tags(claims)
    identity = claims.get("https://aws.amazon.com/source_identity")
    source_identity = None if identity is None else str(identity)
    check_identity_texts(source_identity)
    return Vouched(
        operation=_OPERATION,
        provider=issuer if issuer in BUILT_IN_PROVIDERS else arn,
        session_name=session_name,
        context=_context(issuer, claims, audience),
        lasting={f"{issuer}:sub": str(claims["sub"]), f"{issuer}:aud": audience},
        tags=tags,
        transitive=transitive,
        source_identity=source_identity,
    )


def _context(issuer: str, claims: dict[str, Any], audience: str) -> Context:
    context: Context = {f"{issuer}:aud": audience, f"{issuer}:sub": str(claims["sub"])}
    amr = claims.get("amr")
    if isinstance(amr, list):
        context[f"{issuer}:amr"] = tuple(str(value) for value in amr)
    for name in _claims_of(issuer):
        value = claims.get(name)
        if isinstance(value, (str, int)):
            context[f"{issuer}:{name}"] = str(value).lower() if isinstance(value, bool) else str(value)
    if issuer == "accounts.google.com" and claims.get("azp"):
        # Google's authorized party takes the audience's place (IAM User Guide, available keys for OIDC).
        context |= {f"{issuer}:aud": str(claims["azp"]), f"{issuer}:oaud": audience}
    return context


def _tags(claims: dict[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read the session tags of a token (IAM User Guide, id_session-tags)."""
    block = claims.get("https://aws.amazon.com/tags")
    if not isinstance(block, dict):
        return {}, ()
    listed, transitive = block.get("principal_tags"), block.get("transitive_tag_keys")
    tags = {}
    for key, values in listed.items() if isinstance(listed, dict) else ():
        value = values[0] if isinstance(values, list) and values else values
        tags[str(key)] = str(value)
    return tags, tuple(str(key) for key in transitive) if isinstance(transitive, list) else ()


HANDLERS: dict[str, Handler] = {_OPERATION: assume_role_with_web_identity}
