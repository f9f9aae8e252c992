"""
AWS STS for unsigned callers: AssumeRoleWithSAML and AssumeRoleWithWebIdentity.

The trust policy alone decides; the identity provider's word is the credential. The sandbox has no way to
fetch an issuer's keys, so it takes tokens unsigned and says so in its documentation; everything else about
a token is checked: issuer, audience, times, subject.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from xacct.evaluate import Policies
from xacct.iam import Arn
from xacct.sandbox.call import Answer, Call, Handler
from xacct.sandbox.context import Context, base_context, request_tags, resource_tags
from xacct.sandbox.problems import AwsError
from xacct.sandbox.saml import Assertion, issuer_of_metadata, read_assertion
from xacct.sandbox.sessions import (
    credentials_answer,
    open_session,
    packed_size,
    read_session_policies,
    session_arn,
)
from xacct.sandbox.sts import (
    check_duration,
    find_assumable,
    is_session_text,
    trust_allows,
)
from xacct.sandbox.trusted import BUILT_IN_PROVIDERS
from xacct.sandbox.world import OidcProvider, Role, SamlProvider, Session

__all__ = ["HANDLERS"]

_CLOCK_SKEW = 300
_GITHUB_CLAIMS = (
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
)
# Claims beside aud, sub and amr that become condition keys. Source: Service Authorization Reference, AWS
# Security Token Service, read in August 2026.
_CLAIMS = {
    "token.actions.githubusercontent.com": _GITHUB_CLAIMS,
    "gitlab.com": (
        "namespace_id",
        "pipeline_source",
        "project_id",
        "ref_protected",
        "runner_environment",
        "user_access_level",
        "user_email",
        "user_id",
        "user_login",
    ),
    "agent.buildkite.com": (
        "build_branch",
        "cluster_id",
        "cluster_name",
        "organization_id",
        "organization_slug",
        "pipeline_id",
        "pipeline_slug",
    ),
}
_SAML_NAMES = ("cn", "commonName", "givenName", "surname", "mail", "name", "uid", "organizationStatus")


def _refused(operation: str) -> AwsError:
    return AwsError("AccessDenied", f"Not authorized to perform sts:{operation}")


def _bad_token(message: str) -> AwsError:
    return AwsError("InvalidIdentityToken", message)


def assume_role_with_web_identity(call: Call) -> Answer:
    params = call.params
    name = params["RoleSessionName"]
    role = find_assumable(call.world, params["RoleArn"])
    if role is None:
        raise _refused("AssumeRoleWithWebIdentity")
    claims = _read_token(params["WebIdentityToken"])
    issuer = _issuer_of(claims)
    audience = _check_claims(call, role, issuer, claims)
    tags, transitive = _token_tags(claims)
    identity = _token_source_identity(claims)
    provider = issuer if issuer in BUILT_IN_PROVIDERS else _oidc_arn(role, issuer)
    context = base_context(call) | resource_tags(role.tags) | request_tags(tags)
    context |= _claim_context(issuer, claims, audience)
    context |= _shared_context(name, provider, transitive, identity)
    _check_trust(
        call, role, provider, "AssumeRoleWithWebIdentity", context, bool(tags or transitive), identity
    )
    seconds = check_duration(params.get("DurationSeconds"), role)
    held = {f"{issuer}:{key}": str(claims[key]) for key in ("sub",)} | {"aws:FederatedProvider": provider}
    held[f"{issuer}:aud"] = audience
    answer = _open(call, role, name, tags, transitive, identity, held, seconds)
    return answer | {
        "SubjectFromWebIdentityToken": str(claims["sub"]),
        "Provider": provider,
        "Audience": audience,
    }


def _read_token(token: str) -> dict[str, Any]:
    wrong = _bad_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    )
    parts = token.split(".")
    if len(parts) != 3:
        raise wrong
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, RecursionError, binascii.Error):
        raise wrong from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise wrong
    for name in ("iss", "sub", "aud", "exp"):
        if claims.get(name) in (None, "", []):
            raise _bad_token(f"Missing a required claim: {name}")
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _issuer_of(claims: dict[str, Any]) -> str:
    return str(claims["iss"]).removeprefix("https://")


def _oidc_arn(role: Role, issuer: str) -> str:
    return f"arn:{role.partition}:iam::{role.account}:oidc-provider/{issuer}"


def _check_claims(call: Call, role: Role, issuer: str, claims: dict[str, Any]) -> str:
    """Check issuer, audience and time; return the audience that counts."""
    listed = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    audiences = [str(audience) for audience in listed]
    if issuer not in BUILT_IN_PROVIDERS:
        provider = call.world.get(OidcProvider, role.account, issuer)
        if provider is None:
            raise _bad_token(f"No OpenIDConnect provider found in your account for {claims['iss']}")
        audiences = [audience for audience in audiences if audience in provider.clients]
        if not audiences:
            raise _bad_token("Incorrect token audience")
    _check_times(call.now, claims)
    return audiences[0]


def _check_times(now: int, claims: dict[str, Any]) -> None:
    expires, not_before = claims["exp"], claims.get("nbf", 0)
    for value in (expires, not_before):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e11:
            raise _bad_token("The ID Token provided is not a valid JWT: its times are not numbers.")
    if expires + _CLOCK_SKEW <= now:
        raise AwsError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {int(expires)}",
        )
    if not_before - _CLOCK_SKEW > now:
        raise _bad_token("The ID Token provided is not valid yet.")


def _claim_context(issuer: str, claims: dict[str, Any], audience: str) -> Context:
    context: Context = {f"{issuer}:aud": audience, f"{issuer}:sub": str(claims["sub"])}
    amr = claims.get("amr")
    if isinstance(amr, list):
        context[f"{issuer}:amr"] = tuple(str(value) for value in amr)
    host = issuer.partition("/")[0]
    for name in _CLAIMS.get(host, ()):
        if isinstance(claims.get(name), (str, int, bool)):
            value = claims[name]
            context[f"{issuer}:{name}"] = str(value).lower() if isinstance(value, bool) else str(value)
    if issuer == "accounts.google.com" and claims.get("azp"):
        # Google's authorized party takes the audience's place (IAM User Guide, available keys for OIDC).
        context |= {f"{issuer}:aud": str(claims["azp"]), f"{issuer}:oaud": audience}
    return context


def _token_tags(claims: dict[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
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


def _token_source_identity(claims: dict[str, Any]) -> str | None:
    value = claims.get("https://aws.amazon.com/source_identity")
    if value is None:
        return None
    if not is_session_text(str(value)) or str(value).lower().startswith("aws:"):
        raise _bad_token(
            r"Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with aws:",
        )
    return str(value)


def _shared_context(name: str, provider: str, transitive: tuple[str, ...], identity: str | None) -> Context:
    context: Context = {"sts:RoleSessionName": name, "aws:FederatedProvider": provider}
    if transitive:
        context["sts:TransitiveTagKeys"] = transitive
    if identity is not None:
        context["sts:SourceIdentity"] = identity
    return context


def _check_trust(
    call: Call,
    role: Role,
    provider: str,
    operation: str,
    context: Context,
    tagged: bool,
    identity: str | None,
) -> None:
    actions = [f"sts:{operation}"]
    if tagged:
        actions.append("sts:TagSession")
    if identity is not None:
        actions.append("sts:SetSourceIdentity")
    for action in actions:
        if not trust_allows(call.world, role, provider, action, context, Policies()):
            raise _refused(operation)


def _open(
    call: Call,
    role: Role,
    name: str,
    tags: dict[str, str],
    transitive: tuple[str, ...],
    identity: str | None,
    held: dict[str, str],
    seconds: int,
) -> Answer:
    limits = read_session_policies(call, role.account)
    session = open_session(
        call.world,
        Session(
            account=role.account,
            partition=role.partition,
            created=call.now,
            arn=session_arn(role, name),
            unique_id=f"{role.id}:{name}",
            role=role.name,
            expires=call.now + seconds,
            policies=limits.policies,
            policy_arns=limits.policy_arns,
            tags=tags,
            transitive=transitive,
            source_identity=identity,
            context=held,
        ),
    )
    return {
        "Credentials": credentials_answer(session),
        "AssumedRoleUser": {"AssumedRoleId": session.unique_id, "Arn": session.arn},
        "PackedPolicySize": packed_size(limits, tags),
        "SourceIdentity": identity,
    }


def assume_role_with_saml(call: Call) -> Answer:
    params = call.params
    role = find_assumable(call.world, params["RoleArn"])
    provider = _saml_provider(call, params["PrincipalArn"])
    assertion = read_assertion(params["SAMLAssertion"])
    _check_assertion(assertion, provider)
    if role is None or (role.arn, provider.arn) not in assertion.roles or role.account != provider.account:
        raise _refused("AssumeRoleWithSAML")
    qualifier = _name_qualifier(assertion, provider)
    context = base_context(call) | resource_tags(role.tags) | request_tags(assertion.tags)
    context |= _saml_context(assertion, provider, qualifier)
    context |= _shared_context(
        assertion.session_name, provider.arn, assertion.transitive, assertion.source_identity
    )
    tagged = bool(assertion.tags or assertion.transitive)
    _check_trust(call, role, provider.arn, "AssumeRoleWithSAML", context, tagged, assertion.source_identity)
    seconds = check_duration(params.get("DurationSeconds"), role)
    held = {
        "saml:namequalifier": qualifier,
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_type,
        "aws:FederatedProvider": provider.arn,
    }
    answer = _open(
        call,
        role,
        assertion.session_name,
        assertion.tags,
        assertion.transitive,
        assertion.source_identity,
        held,
        min(seconds, assertion.duration or seconds),
    )
    return answer | {
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": qualifier,
    }


def _saml_provider(call: Call, arn_text: str) -> SamlProvider:
    arn = Arn.try_parse(arn_text)
    provider = call.world.get(SamlProvider, arn.account, arn.name.lower()) if arn is not None else None
    if provider is None or provider.arn != arn_text:
        raise _bad_token("Specified provider doesn't exist")
    return provider


def _check_assertion(assertion: Assertion, provider: SamlProvider) -> None:
    if assertion.issuer != issuer_of_metadata(provider.metadata):
        raise _bad_token("Issuer not present in specified provider")
    if not assertion.session_name:
        raise _bad_token("RoleSessionName is required in AuthnResponse")
    if not is_session_text(assertion.session_name):
        raise _bad_token("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    identity = assertion.source_identity
    if identity is not None and (not is_session_text(identity) or identity.lower().startswith("aws:")):
        raise _bad_token("Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with aws:")


def _name_qualifier(assertion: Assertion, provider: SamlProvider) -> str:
    text = f"{assertion.issuer}{provider.account}/{provider.name}"
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _saml_context(assertion: Assertion, provider: SamlProvider, qualifier: str) -> Context:
    context: Context = {
        "saml:aud": assertion.recipient,
        "saml:iss": assertion.issuer,
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_type,
        "saml:namequalifier": qualifier,
        "saml:doc": f"{provider.account}/{provider.name}",
    }
    for name in _SAML_NAMES:
        values = assertion.attributes.get(name)
        if values:
            context[f"saml:{name}"] = values if name == "cn" else values[0]
    for name, values in assertion.attributes.items():
        if name.startswith("eduPerson") and values:
            context[f"saml:{name.lower()}"] = values
    return context


HANDLERS: dict[str, Handler] = {
    "AssumeRoleWithSAML": assume_role_with_saml,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
}
