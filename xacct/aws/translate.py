"""
AWS's and botocore's errors, in the user's words and with the fix.

Errors are told apart by their class's name and by AWS's code, so nothing of botocore is imported here. The
texts of denials are described in AWS's documentation of access denied messages (IAM User Guide,
troubleshoot_access-denied); the codes in the API references of IAM and STS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

import attrs

from xacct.errors import CredentialsError, InputError, Problem, XacctError

__all__ = ["AwsError", "CallContext", "code_of", "is_lost_answer", "is_throttling", "message_of", "translate"]


class AwsError(XacctError):
    """A call that AWS refused. ``aws_code`` is AWS's own code, such as ``NoSuchEntity``."""

    def __init__(self, problem: Problem, aws_code: str, operation: str) -> None:
        super().__init__(problem)
        self.aws_code = aws_code
        self.operation = operation


@attrs.frozen(kw_only=True)
class CallContext:
    """
    What was being done when the error came.

    ``subject`` is the ARN or name that the call was about; ``regions`` lists the known Regions and
    ``profiles`` the configured profiles, asked for only when a name is not known.
    """

    operation: str = ""
    service: str = "iam"
    subject: str = ""
    account: str = ""
    profile: str | None = None
    region: str | None = None
    regions: Callable[[], Iterable[str]] = tuple
    profiles: Callable[[], Iterable[str]] = tuple


_THROTTLING = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
}
_BROKEN_ON_THE_WAY = {
    "ReadTimeoutError",
    "ConnectionClosedError",
    "HTTPClientError",
    "ResponseStreamingError",
}
_SERVER_FAULTS = {
    "ServiceFailure",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "InternalServerError",
}


def code_of(error: BaseException) -> str:
    """AWS's code of a refused call, or the empty text."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    return str(response.get("Error", {}).get("Code", ""))


def message_of(error: BaseException) -> str:
    """AWS's message of a refused call, else the error's own text, on one line."""
    response = getattr(error, "response", None)
    text = response.get("Error", {}).get("Message", "") if isinstance(response, dict) else ""
    return " ".join(str(text or error).split())


def _status_of(error: BaseException) -> int:
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return 0
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status if isinstance(status, int) else 0


def is_throttling(error: BaseException) -> bool:
    """Whether the call was one too many: it was not carried out and may be sent again later."""
    return code_of(error) in _THROTTLING or _status_of(error) == 429


def is_lost_answer(error: BaseException) -> bool:
    """Whether nobody can tell from the error if the call was carried out."""
    if type(error).__name__ in _BROKEN_ON_THE_WAY:
        return True
    return code_of(error) in _SERVER_FAULTS or _status_of(error) >= 500


def translate(error: BaseException, context: CallContext) -> XacctError:
    """Make an error of botocore's one of ours. One that is not known is told as it is, with its class."""
    if isinstance(error, XacctError):
        return error
    code = code_of(error)
    if code:
        return _refused(error, code, context)
    told = _BY_CLASS.get(type(error).__name__)
    if told is not None:
        return told(error, context)
    for base in type(error).__mro__:
        if base.__name__ in _BY_CLASS:
            return _BY_CLASS[base.__name__](error, context)
    return XacctError(
        f"{_doing(context)} failed: {type(error).__name__}: {message_of(error)}",
        where=_where(context),
        code="aws",
    )


def _doing(context: CallContext) -> str:
    return f"{context.service}:{context.operation}" if context.operation else "talking to AWS"


def _where(context: CallContext) -> str:
    if context.subject:
        return context.subject
    return f"account {context.account}" if context.account else ""


def _profile_option(context: CallContext) -> str:
    return f" --profile {context.profile}" if context.profile else ""


# --- calls that AWS refused ------------------------------------------------------------------------


def _refused(error: BaseException, code: str, context: CallContext) -> XacctError:
    message = message_of(error)
    if code in _CREDENTIAL_CODES:
        what, fix = _CREDENTIAL_CODES[code]
        return CredentialsError(
            what, where=_where(context), fix=fix.format(profile=_profile_option(context)), code=_kebab(code)
        )
    if is_throttling(error):
        code = "Throttling"
    maker = _BY_CODE.get(code)
    if maker is not None:
        return AwsError(maker(message, context), code, context.operation)
    if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
        return AwsError(_denied(message, context), "AccessDenied", context.operation)
    problem = Problem(f"{_doing(context)} was refused: {message} ({code})", _where(context), "", _kebab(code))
    return AwsError(problem, code, context.operation)


_NEW_KEYS = "sign in again, or give other credentials with --profile"
_CLOCK = "set this machine's clock (AWS refuses requests that are more than five minutes off), then try again"
_CREDENTIAL_CODES: dict[str, tuple[str, str]] = {
    "ExpiredToken": (
        "the credentials have expired",
        "sign in again: aws sso login{profile}, or fetch new ones",
    ),
    "ExpiredTokenException": (
        "the credentials have expired",
        "sign in again: aws sso login{profile}, or fetch new ones",
    ),
    "InvalidClientTokenId": (
        "AWS does not know the access key: it was deleted, made inactive, or belongs to another partition",
        _NEW_KEYS,
    ),
    "UnrecognizedClientException": ("AWS does not know the access key or its session token", _NEW_KEYS),
    "InvalidAccessKeyId": ("AWS does not know the access key", _NEW_KEYS),
    "SignatureDoesNotMatch": (
        "AWS refused the signature: the secret access key is wrong, or this machine's clock is",
        "compare the secret access key with the one that was given out, and check the clock",
    ),
    "IncompleteSignature": (
        "AWS could not read the signature: a key holds characters that do not belong",
        _NEW_KEYS,
    ),
    "MissingAuthenticationToken": ("the request carried no credentials", _NEW_KEYS),
    "RequestExpired": ("AWS refused the request as too old or too new", _CLOCK),
    "RequestTimeTooSkewed": ("AWS refused the request as too old or too new", _CLOCK),
    "InvalidToken": ("AWS refused the session token", _NEW_KEYS),
    "OptInRequired": (
        "the account is not signed up for this service",
        "finish the account's sign-up, then try again",
    ),
    "RegionDisabledException": (
        "AWS STS is not active in this Region for the account",
        "choose another Region with --region, or activate STS there (IAM console, account settings)",
    ),
}

_DENIAL = re.compile(
    r"(?:User:\s*)?(?P<who>\S+)?\s*is not authorized to perform:?\s*(?P<action>[\w-]+:\w+)"
    r"(?:\s+on resource:?\s*\"?(?P<resource>[^\s\"]+)\"?)?(?P<rest>.*)",
    re.DOTALL,
)


def _denied(message: str, context: CallContext) -> Problem:
    found = _DENIAL.search(message)
    if found is None:
        return Problem(
            f"{_doing(context)} was denied: {message}",
            _where(context),
            f"ask for the right {_doing(context)}",
            "access-denied",
        )
    who = found["who"] or "the credentials in use"
    resource = found["resource"] or context.subject or "*"
    what = f"{who} may not {found['action']} on {resource}"
    return Problem(
        what, _where(context), _denial_fix(found["action"], resource, found["rest"]), "access-denied"
    )


def _denial_fix(action: str, resource: str, rest: str) -> str:
    for words, place in _DENIERS:
        if words in rest:
            return place
    if "explicit deny" in rest:
        return "a Deny statement that applies to these credentials matches; find it and meet its condition"
    statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})
    if action.startswith("sts:"):
        return (
            f"the caller's own policy must allow it: {statement}; "
            "and the role's trust policy must admit the caller, with the external ID it asks for"
        )
    return f"allow it to these credentials: {statement}"


_DENIERS = (
    (
        "service control policy",
        "the organization's service control policy forbids it; its administrator can help",
    ),
    (
        "resource control policy",
        "the organization's resource control policy forbids it; its administrator can help",
    ),
    (
        "permissions boundary",
        "the permissions boundary of these credentials does not allow it; widen the boundary",
    ),
    (
        "session polic",
        "the session policy that these credentials came with does not allow it; sign in without it",
    ),
    ("VPC endpoint policy", "the policy of the VPC endpoint does not allow it; change that policy"),
)


def _throttled(message: str, context: CallContext) -> Problem:
    del message
    return Problem(
        f"AWS goes on refusing {_doing(context)} as too frequent",
        _where(context),
        "other programs use up the account's rate; wait a minute, or run with a smaller --jobs",
        "throttling",
    )


_QUOTA = re.compile(r"quota for (?P<name>\w+):?\s*(?P<limit>\d+)")


def _limit(message: str, context: CallContext) -> Problem:
    found = _QUOTA.search(message)
    if found is None:
        fix = "remove what is not needed; `aws iam get-account-summary` shows the account's quotas"
        return Problem(f"a quota of the account is reached: {message}", _where(context), fix, "limit")
    name, limit = found["name"], found["limit"]
    return Problem(
        f"the account's quota {name} ({limit}) is reached",
        _where(context),
        _QUOTA_FIXES.get(name, "ask for more in Service Quotas (IAM), or remove what is not needed"),
        "limit",
    )


_DETACH = "detach a policy, or raise 'Managed policies per role' (or per group) in Service Quotas (IAM)"
_QUOTA_FIXES = {
    "RolesPerAccount": "remove roles that nobody uses, or raise 'Roles per account' in Service Quotas (IAM)",
    "PoliciesPerAccount": "remove unused managed policies, or raise the quota in Service Quotas (IAM)",
    "ACLSizePerRole": "shorten the trust policy, or raise 'Role trust policy length' in Service Quotas (IAM)",
    "PolicySize": "the document is too long and this quota cannot be raised: split it over two policies",
    "PoliciesPerRole": _DETACH,
    "AttachedPoliciesPerRole": _DETACH,
    "AttachedPoliciesPerGroup": _DETACH,
    "VersionsPerPolicy": "delete an old version of the policy",
}

_INVALID_PRINCIPAL = re.compile(
    r"[Ii]nvalid principal in policy:?\s*\"?(?P<type>\w+)?\"?\s*:?\s*\"?(?P<who>[^\"\s]*)"
)


def _malformed(message: str, context: CallContext) -> Problem:
    found = _INVALID_PRINCIPAL.search(message)
    if found is None:
        return Problem(f"IAM refused the policy document: {message}", _where(context), "", "malformed-policy")
    who = found["who"].strip('"') or "one of its principals"
    return Problem(
        f"IAM does not know {who}, which the trust policy names",
        _where(context),
        "whatever a trust policy names must exist: check account, path and upper and lower case; "
        "or name the account and narrow it with a condition on aws:PrincipalArn",
        "invalid-principal",
    )


def _exists(message: str, context: CallContext) -> Problem:
    return Problem(
        f"{context.subject or 'a thing of that name'} is there already and is not of this run: {message}",
        _where(context),
        "somebody made it since the plan was computed; plan again",
        "already-exists",
    )


def _absent(message: str, context: CallContext) -> Problem:
    return Problem(
        f"{context.subject or 'what the call was about'} is not there: {message}",
        _where(context),
        "somebody removed it since the plan was computed; plan again",
        "not-found",
    )


def _conflict(message: str, context: CallContext) -> Problem:
    return Problem(
        f"{context.subject or 'it'} cannot be deleted while something depends on it: {message}",
        _where(context),
        "take off what others attached to it, or leave it in place",
        "delete-conflict",
    )


def _busy(message: str, context: CallContext) -> Problem:
    return Problem(
        f"somebody else is changing {context.subject or 'it'} at this moment: {message}",
        _where(context),
        "wait until they are done, then plan again",
        "concurrent-modification",
    )


def _unmodifiable(message: str, context: CallContext) -> Problem:
    return Problem(
        f"AWS alone may change {context.subject or 'it'}: {message}",
        _where(context),
        "choose another role; a service-linked role cannot be used",
        "unmodifiable",
    )


def _invalid(message: str, context: CallContext) -> Problem:
    return Problem(
        f"AWS refused a value of {_doing(context)}: {message}", _where(context), "", "invalid-value"
    )


def _fault(message: str, context: CallContext) -> Problem:
    return Problem(
        f"AWS failed to answer {_doing(context)}: {message or 'internal error'}",
        _where(context),
        "AWS's side is at fault; try again in a few minutes",
        "aws-failure",
    )


_BY_CODE: dict[str, Callable[[str, CallContext], Problem]] = {
    "Throttling": _throttled,
    "LimitExceeded": _limit,
    "LimitExceededException": _limit,
    "MalformedPolicyDocument": _malformed,
    "EntityAlreadyExists": _exists,
    "NoSuchEntity": _absent,
    "DeleteConflict": _conflict,
    "ConcurrentModification": _busy,
    "EntityTemporarilyUnmodifiable": _busy,
    "UnmodifiableEntity": _unmodifiable,
    "ValidationError": _invalid,
    "InvalidInput": _invalid,
    "InvalidParameterValue": _invalid,
    **dict.fromkeys(_SERVER_FAULTS, _fault),
}


def _kebab(code: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", code).lower() or "aws"


# --- errors before or on the way to AWS ------------------------------------------------------------

_Maker = Callable[[BaseException, CallContext], XacctError]


def _credentials(what: str, fix: str, code: str) -> _Maker:
    def make(error: BaseException, context: CallContext) -> XacctError:
        del error
        return CredentialsError(
            what, where=_where(context), fix=fix.format(profile=_profile_option(context)), code=code
        )

    return make


def _no_profile(error: BaseException, context: CallContext) -> XacctError:
    name = context.profile or getattr(error, "kwargs", {}).get("profile", "")
    known = sorted(context.profiles())
    fix = _nearest(name, known) or (
        f"configured are: {', '.join(known[:12])}" if known else "none is configured; run `aws configure sso`"
    )
    return CredentialsError(f"there is no profile {name!r}", where="--profile", fix=fix, code="no-profile")


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def _partial(error: BaseException, context: CallContext) -> XacctError:
    missing = getattr(error, "kwargs", {}).get("cred_var", "one of the two keys")
    return CredentialsError(
        f"the credentials are incomplete: {missing} is missing",
        where=_where(context),
        fix="give both aws_access_key_id and aws_secret_access_key",
        code="partial-credentials",
    )


def _bad_config(error: BaseException, context: CallContext) -> XacctError:
    del context
    path = getattr(error, "kwargs", {}).get("path", "the AWS config file")
    return CredentialsError(
        f"the AWS config file cannot be read: {message_of(error)}",
        where=str(path),
        fix="correct that file, or choose another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE",
        code="aws-config",
    )


def _no_connection(error: BaseException, context: CallContext) -> XacctError:
    url = getattr(error, "kwargs", {}).get("endpoint_url", "")
    known = list(context.regions())
    if context.region and known and context.region not in known and "amazonaws" in str(url):
        return InputError(
            f"there is no Region {context.region!r}",
            where="--region",
            fix=_nearest(context.region, known) or "name a Region such as eu-west-1",
            code="region",
        )
    return XacctError(
        f"no connection to {url or 'AWS'}",
        where=_where(context),
        fix="check the network, the proxy and --endpoint-url (AWS_ENDPOINT_URL)",
        code="no-connection",
    )


def _no_answer(error: BaseException, context: CallContext) -> XacctError:
    url = getattr(error, "kwargs", {}).get("endpoint_url", "")
    return XacctError(
        f"{url or 'AWS'} does not answer",
        where=_where(context),
        fix="check the network, the proxy and --endpoint-url (AWS_ENDPOINT_URL)",
        code="no-answer",
    )


def _tls(error: BaseException, context: CallContext) -> XacctError:
    return XacctError(
        f"the secure connection failed: {message_of(error)}",
        where=_where(context),
        fix="where a proxy has a certificate of its own, name it in AWS_CA_BUNDLE",
        code="tls",
    )


def _proxy(error: BaseException, context: CallContext) -> XacctError:
    return XacctError(
        f"the proxy failed: {message_of(error)}",
        where=_where(context),
        fix="check HTTPS_PROXY and NO_PROXY",
        code="proxy",
    )


def _wrong_value(error: BaseException, context: CallContext) -> XacctError:
    return InputError(f"{_doing(context)}: {message_of(error)}", where=_where(context), code="invalid-value")


def _bad_region(error: BaseException, context: CallContext) -> XacctError:
    del error
    return InputError(
        f"{context.region!r} is no name of a Region",
        where="--region",
        fix="name a Region such as eu-west-1",
        code="region",
    )


def _bad_endpoint(error: BaseException, context: CallContext) -> XacctError:
    del context
    return InputError(
        f"the endpoint is no URL: {message_of(error)}",
        where="--endpoint-url",
        fix="write it with its scheme: http://127.0.0.1:5000",
        code="endpoint",
    )


_SIGN_IN = _credentials("the sign-in has expired", "sign in again: aws sso login{profile}", "sso-expired")
_BY_CLASS: dict[str, _Maker] = {
    "NoCredentialsError": _credentials(
        "there are no AWS credentials",
        "sign in (aws sso login{profile}) or name a --profile; --sandbox works without an account",
        "no-credentials",
    ),
    "CredentialRetrievalError": _credentials(
        "the credentials could not be fetched from their provider",
        "run the profile's credential command by itself to see why; or sign in again: aws sso login{profile}",
        "credentials-provider",
    ),
    "SSOTokenLoadError": _SIGN_IN,
    "UnauthorizedSSOTokenError": _SIGN_IN,
    "TokenRetrievalError": _SIGN_IN,
    "SSOError": _SIGN_IN,
    "LoginTokenLoadError": _credentials(
        "the sign-in has expired", "sign in again: aws login{profile}", "login-expired"
    ),
    "LoginRefreshRequired": _credentials(
        "the sign-in has expired", "sign in again: aws login{profile}", "login-expired"
    ),
    "ProfileNotFound": _no_profile,
    "PartialCredentialsError": _partial,
    "ConfigParseError": _bad_config,
    "InvalidConfigError": _bad_config,
    "InfiniteLoopConfigError": _bad_config,
    "MetadataRetrievalError": _credentials(
        "the machine's role gave no credentials", "check the role of the machine or container", "metadata"
    ),
    "EndpointConnectionError": _no_connection,
    "ConnectTimeoutError": _no_answer,
    "ReadTimeoutError": _no_answer,
    "ConnectionClosedError": _no_answer,
    "SSLError": _tls,
    "ProxyConnectionError": _proxy,
    "InvalidProxiesConfigError": _proxy,
    "ParamValidationError": _wrong_value,
    "InvalidRegionError": _bad_region,
    "NoRegionError": _bad_region,
    "UnknownRegionError": _bad_region,
    "InvalidEndpointURLError": _bad_endpoint,
    "ValueError": _bad_endpoint,
    "HTTPClientError": _no_connection,
}
