"""AssumeRoleWithSAML: the response of a person's identity provider against the provider and the trust."""

from __future__ import annotations

import base64
import hashlib

from xacct.iam import Arn
from xacct.sandbox.call import Answer, Call, Handler
from xacct.sandbox.context import Context
from xacct.sandbox.entities import SamlProvider
from xacct.sandbox.saml import Assertion, issuer_of_metadata, read_assertion
from xacct.sandbox.sts import check_duration, find_assumable, is_session_text
from xacct.sandbox.vouched import Vouched, bad_token, become, check_identity_texts, refused

__all__ = ["HANDLERS"]

_OPERATION = "AssumeRoleWithSAML"
_NAMES = ("cn", "commonName", "givenName", "surname", "mail", "name", "uid", "organizationStatus")


def assume_role_with_saml(call: Call) -> Answer:
    params = call.params
    role = find_assumable(call.world, params["RoleArn"])
    provider = _find_provider(call, params["PrincipalArn"])
    assertion = read_assertion(params["SAMLAssertion"])
    _check_assertion(assertion, provider)
    if role is None or (role.arn, provider.arn) not in assertion.roles or role.account != provider.account:
        raise refused(_OPERATION)
    vouched = _vouched(assertion, provider)
    seconds = check_duration(params.get("DurationSeconds"), role)
    answer = become(call, role, vouched, min(seconds, assertion.duration or seconds))
    return answer | {
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": vouched.lasting["saml:namequalifier"],
    }


def _find_provider(call: Call, arn_text: str) -> SamlProvider:
    arn = Arn.try_parse(arn_text)
    provider = call.world.get(SamlProvider, arn.account, arn.name.lower()) if arn is not None else None
    if provider is None or provider.arn != arn_text:
        raise bad_token("Specified provider doesn't exist")
    return provider


def _check_assertion(assertion: Assertion, provider: SamlProvider) -> None:
    if assertion.issuer != issuer_of_metadata(provider.metadata):
        raise bad_token("Issuer not present in specified provider")
    if not assertion.session_name:
        raise bad_token("RoleSessionName is required in AuthnResponse")
    if not is_session_text(assertion.session_name):
        raise bad_token("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    check_identity_texts(assertion.source_identity)


def _vouched(assertion: Assertion, provider: SamlProvider) -> Vouched:
    lasting = {
        "saml:namequalifier": _name_qualifier(assertion, provider),
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_type,
    }
    return Vouched(
        operation=_OPERATION,
        provider=provider.arn,
        session_name=assertion.session_name,
        context={**_context(assertion, provider), **lasting},
        lasting=lasting,
        tags=assertion.tags,
        transitive=assertion.transitive,
        source_identity=assertion.source_identity,
    )


def _name_qualifier(assertion: Assertion, provider: SamlProvider) -> str:
    text = f"{assertion.issuer}{provider.account}/{provider.name}"
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _context(assertion: Assertion, provider: SamlProvider) -> Context:
    context: Context = {
        "saml:aud": assertion.recipient,
        "saml:iss": assertion.issuer,
        "saml:doc": f"{provider.account}/{provider.name}",
    }
    for name in _NAMES:
        values = assertion.attributes.get(name)
        if values:
            context[f"saml:{name}"] = values if name == "cn" else values[0]
    for name, values in assertion.attributes.items():
        if name.startswith("eduPerson") and values:
            context[f"saml:{name.lower()}"] = values
    return context


HANDLERS: dict[str, Handler] = {_OPERATION: assume_role_with_saml}
