"""
The parameter types: from the text that a person wrote to the value that is used, or the reason why not.

Every check is one function from text to text in the form that placeholders insert; each holds the AWS rule it
checks. They are what the grant file and the wizard share.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from xacct.blueprint.model import Parameter, ParameterType
from xacct.blueprint.reading import parse_bool, parse_date, parse_duration, suggest
from xacct.blueprint.yaml_nodes import shorten
from xacct.errors import InputError
from xacct.iam.arn import PARTITIONS, Arn, check_account_id, is_account_id
from xacct.iam.policy import PolicyDocument

__all__ = ["MAX_VALUE", "check_external_id", "check_issuer", "check_text"]

MAX_VALUE = 4096
"""Characters of any single value, metadata aside."""

GENERATE = "generate"
"""The external ID that asks for a random one."""


def check_text(parameter: Parameter, text: str) -> str:
    """
    Check one text of a parameter and return it in the form that is inserted.

    For a list the text is one item. Raises InputError without a place.
    """
    listed = parameter.type in (ParameterType.LIST, ParameterType.MAP)
    kind = parameter.item if listed else parameter.type
    if kind not in (ParameterType.SAML_METADATA, ParameterType.POLICY):
        _check_common(text)
    value = _CHECKS[kind](text)
    if kind is ParameterType.CHOICE or parameter.choices:
        _check_choice(parameter, value)
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        raise InputError(
            f"{shorten(text)!r} does not have the form that is wanted",
            fix=parameter.pattern_help or f"it must match {parameter.pattern}",
            code="pattern",
        )
    return value


def _check_common(text: str) -> None:
    if not text:
        raise InputError("the value is empty", fix="give a value, or leave the line out", code="empty")
    if len(text) > MAX_VALUE:
        raise InputError(f"the value has {len(text)} characters; {MAX_VALUE} are taken", code="too-long")
    if "${" in text:
        # A blueprint's own text may use IAM's variables; a value that did would be compared with the request
        # itself: ${saml:sub} is every subject.
        raise InputError(
            f"{shorten(text)!r} holds ${{…}}, which IAM would replace with what the request says",
            fix="write the value itself; a blueprint of your own may use policy variables",
            code="variable",
        )
    bad = next((sign for sign in text if ord(sign) < 32 or ord(sign) == 127), None)
    if bad is not None:
        raise InputError(f"the value holds the control character {bad!r}", fix="remove it", code="control")
    bad = next((sign for sign in text if ord(sign) > 255), None)
    if bad is not None:
        # Source: IAM API Reference, PolicyDocument: U+0020 to U+00FF besides tab and line ends.
        raise InputError(
            f"the value holds {bad!r}, which IAM refuses in a policy", fix="use Latin letters", code="control"
        )


def _check_choice(parameter: Parameter, value: str) -> None:
    known = [choice.value for choice in parameter.choices]
    if value not in known:
        listed = ", ".join(known)
        raise InputError(
            f"{shorten(value)!r} is none of: {listed}",
            fix=suggest(value, known, f"write one of {listed}"),
            code="choice",
        )


def check_external_id(text: str) -> str:
    """
    Check an external ID: 2 to 1,224 characters of letters, digits and ``_+=,.@:/-``. Raises InputError.

    Source: STS API Reference, AssumeRole, ExternalId.
    """
    if not 2 <= len(text) <= 1224:
        raise InputError(
            f"the external ID has {len(text)} character{'s' if len(text) != 1 else ''}; STS takes 2 to 1,224",
            fix="use the value the third party gave you, whole",
            code="external-id",
        )
    bad = "".join(sorted(set(re.findall(r"[^A-Za-z0-9_+=,.@:/-]", text))))
    if bad:
        what = "a space" if bad == " " else repr(shorten(bad))
        raise InputError(
            f"the external ID holds {what}, which STS refuses",
            fix="letters, digits and _ + = , . @ : / - are legal; copy the value again",
            code="external-id",
        )
    return text


def check_issuer(text: str) -> str:
    """
    Check an OpenID Connect issuer and return it without ``https://``, as IAM names the provider.

    Source: IAM API Reference, CreateOpenIDConnectProvider: begins with https://, no port or query, at most
    255 characters.
    """
    if text.lower().startswith("http://") or not text.startswith("https://"):
        raise InputError(
            f"the issuer {shorten(text)!r} does not begin with https://",
            fix="write the `iss` claim of the tokens exactly: https://HOST or https://HOST/PATH",
            code="issuer",
        )
    bare = text.removeprefix("https://")
    if len(text) > 255:
        raise InputError(f"the issuer has {len(text)} characters; IAM takes 255", code="issuer")
    for sign, name in (("?", "a query"), ("#", "a fragment"), ("@", "a user name"), (" ", "a space")):
        if sign in bare:
            raise InputError(f"the issuer {shorten(text)!r} has {name}", fix="remove it", code="issuer")
    host, _, path = bare.partition("/")
    if ":" in host:
        raise InputError(
            f"the issuer {shorten(text)!r} names a port",
            fix="IAM takes issuers on port 443 only",
            code="issuer",
        )
    label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    if not re.fullmatch(rf"{label}(?:\.{label})+", host) or not re.fullmatch(r"[\x21-\x7e]*", path):
        raise InputError(
            f"the issuer {shorten(text)!r} names no host",
            fix="write https://HOST in lower case, with the path where the issuer has one",
            code="issuer",
        )
    if "*" in bare or "?" in bare:
        raise InputError("the issuer holds a wildcard", fix="name one issuer", code="issuer")
    return bare


def check_subject(text: str) -> str:
    """Check a subject pattern: some literal text must stand before its first wildcard. Raises InputError."""
    if text.strip() in ("*", "?", "**"):
        raise InputError(
            "the subject is a wildcard alone: every identity of the issuer would get in",
            fix="name the subject, as the `sub` claim of the token has it",
            code="subject",
        )
    if text[0] in "*?":
        raise InputError(
            f"the subject {shorten(text)!r} begins with a wildcard: others can register what follows it",
            fix="begin with the literal owner or organization",
            code="subject",
        )
    return text


def check_arn(text: str) -> str:
    arn = Arn.parse(text)
    if arn.partition not in PARTITIONS:
        raise InputError(
            f"{shorten(text)!r} is of the partition {arn.partition!r}, which is unknown",
            fix=suggest(arn.partition, PARTITIONS),
            code="partition",
        )
    return text


_PRINCIPAL_FORMS = "arn:aws:iam::ACCOUNT:user/NAME or arn:aws:iam::ACCOUNT:role/NAME"


def check_principal(text: str) -> str:
    """
    Check the ARN of a user, a role or one named session, without wildcards. Raises InputError.

    Source: IAM User Guide, reference_policies_elements_principal.
    """
    arn = _principal_arn(text)
    if "*" in text or "?" in text:
        raise InputError(
            f"{shorten(text)!r} holds a wildcard, which IAM does not match in a principal",
            fix="name each principal, or use the parameter for patterns",
            code="principal",
        )
    if arn.resource == "root":
        raise InputError(
            f"{text} is the whole account, not one principal",
            fix="leave the list out to trust the whole account",
            code="principal",
        )
    if arn.resource_type == "group":
        raise InputError(
            f"{text} is a group; a group can never be a principal", fix="name its users", code="principal"
        )
    sessions = arn.service == "sts" and re.fullmatch(
        r"(assumed-role/[^/]+/[^/]+|federated-user/[^/]+)", arn.resource
    )
    people = arn.service == "iam" and re.fullmatch(
        r"(user|role)/([\x21-\x7e]+/)?[A-Za-z0-9_+=,.@-]+", arn.resource
    )
    if not (sessions or people):
        raise InputError(
            f"{shorten(text)!r} is no principal", fix=f"write {_PRINCIPAL_FORMS}", code="principal"
        )
    return text


def check_principal_pattern(text: str) -> str:
    """
    Check a pattern for ``aws:PrincipalArn``. Raises InputError.

    The key holds the role's ARN for a session, never the session's
    (IAM User Guide, reference_policies_condition-keys).
    """
    arn = _principal_arn(text)
    if arn.service == "sts":
        raise InputError(
            f"{shorten(text)!r} can never match: aws:PrincipalArn holds the role's ARN, not the session's",
            fix="write arn:aws:iam::ACCOUNT:role/NAME",
            code="principal",
        )
    # A * spans slashes, so what follows a wildcard is limited by the beginning of the name alone.
    fixed = arn.resource_path[:1].strip("*?/") or (
        "/" in arn.resource_path and arn.resource_path.rpartition("/")[2][:1].strip("*?")
    )
    if arn.resource_type not in ("role", "user") or not fixed:
        raise InputError(
            f"{shorten(text)!r} is too wide or no principal",
            fix="name them by the fixed beginning of their name: arn:aws:iam::ACCOUNT:role/backup-*",
            code="principal",
        )
    return text


def _principal_arn(text: str) -> Arn:
    try:
        arn = Arn.parse(text)
    except InputError:
        raise InputError(
            f"{shorten(text)!r} is no ARN of a user or role",
            fix=f"write {_PRINCIPAL_FORMS}",
            code="principal",
        ) from None
    if arn.partition not in PARTITIONS or arn.service not in ("iam", "sts") or arn.region:
        raise InputError(
            f"{shorten(text)!r} is no principal", fix=f"write {_PRINCIPAL_FORMS}", code="principal"
        )
    if not is_account_id(arn.account):
        raise InputError(
            f"{shorten(text)!r} names no account of 12 digits",
            fix=f"write {_PRINCIPAL_FORMS}",
            code="principal",
        )
    return arn


def check_region(text: str) -> str:
    if re.fullmatch(r"[a-z]{2,4}(-[a-z]{2,5}){1,2}-[0-9]{1,2}", text):
        return text
    raise InputError(f"{shorten(text)!r} is no Region", fix="write a Region such as eu-west-1", code="region")


def check_iam_name(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,128}", text):
        return text
    raise InputError(
        f"{shorten(text)!r} is no IAM name", fix="1 to 128 letters, digits and _ + = , . @ -", code="name"
    )


def check_tag_key(text: str) -> str:
    if len(text) <= 128 and all(sign.isalnum() or sign in " _.:/=+-@" for sign in text):
        return text
    raise InputError(
        f"{shorten(text)!r} is no tag key",
        fix="1 to 128 letters, digits, spaces and _ . : / = + - @",
        code="tag",
    )


def check_url(text: str) -> str:
    if re.fullmatch(r"https://[A-Za-z0-9.-]+(?:/[\x21-\x7e]*)?", text):
        return text
    raise InputError(f"{shorten(text)!r} is no https address", fix="write https://HOST/PATH", code="url")


def check_policy_text(text: str) -> str:
    """Check a policy document's JSON; what it says is for the rules to judge."""
    return PolicyDocument.from_json(text, "the policy").minified()


def check_seconds(text: str) -> str:
    return str(parse_duration(text))


def check_day(text: str) -> str:
    return parse_date(text).isoformat()


def check_yes_no(text: str) -> str:
    return "true" if parse_bool(text) else "false"


def _as_is(text: str) -> str:
    return text


_CHECKS: Mapping[ParameterType, Callable[[str], str]] = {
    ParameterType.ACCOUNT_ID: check_account_id,
    ParameterType.ARN: check_arn,
    ParameterType.PRINCIPAL_ARN: check_principal,
    ParameterType.PRINCIPAL_PATTERN: check_principal_pattern,
    ParameterType.EXTERNAL_ID: check_external_id,
    ParameterType.REGION: check_region,
    ParameterType.DURATION: check_seconds,
    ParameterType.DATE: check_day,
    ParameterType.CHOICE: _as_is,
    ParameterType.LIST: _as_is,
    ParameterType.MAP: _as_is,
    ParameterType.BOOL: check_yes_no,
    ParameterType.NAME: check_iam_name,
    ParameterType.OIDC_ISSUER: check_issuer,
    ParameterType.OIDC_SUBJECT: check_subject,
    ParameterType.SAML_METADATA: _as_is,
    ParameterType.TAG_KEY: check_tag_key,
    ParameterType.TEXT: _as_is,
    ParameterType.URL: check_url,
    ParameterType.POLICY: check_policy_text,
}
