"""Errors before a request left or on its way, by the class that botocore raises."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from xacct.aws.failures import CallContext, doing, message_of, nearest, profile_option, where
from xacct.errors import CredentialsError, InputError, XacctError

__all__ = ["BY_CLASS"]

Maker = Callable[[BaseException, CallContext], XacctError]


def _credentials(what: str, fix: str, code: str) -> Maker:
    def make(error: BaseException, context: CallContext) -> XacctError:
        del error
        return CredentialsError(
            what, where=where(context), fix=fix.format(profile=profile_option(context)), code=code
        )

    return make


def _no_profile(error: BaseException, context: CallContext) -> XacctError:
    name = context.profile or getattr(error, "kwargs", {}).get("profile", "")
    known = sorted(context.profiles())
    fix = nearest(name, known) or (
        f"configured are: {', '.join(known[:12])}" if known else "none is configured; run `aws configure sso`"
    )
    return CredentialsError(f"there is no profile {name!r}", where="--profile", fix=fix, code="no-profile")


def _partial(error: BaseException, context: CallContext) -> XacctError:
    missing = getattr(error, "kwargs", {}).get("cred_var", "one of the two keys")
    return CredentialsError(
        f"the credentials are incomplete: {missing} is missing",
        where=where(context),
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


def _bad_setting(error: BaseException, context: CallContext) -> XacctError:
    del context
    return CredentialsError(
        f"a setting of the AWS SDK is wrong: {message_of(error)}",
        where="the AWS config file, or a variable AWS_…",
        fix="correct or unset it",
        code="aws-config",
    )


def _no_connection(error: BaseException, context: CallContext) -> XacctError:
    url = getattr(error, "kwargs", {}).get("endpoint_url", "")
    known = list(context.regions())
    if context.region and known and context.region not in known and "amazonaws" in str(url):
        return InputError(
            f"there is no Region {context.region!r}",
            where="--region",
            fix=nearest(context.region, known) or "name a Region such as eu-west-1",
            code="region",
        )
    return XacctError(
        f"no connection to {url or 'AWS'}",
        where=where(context),
        fix="check the network, the proxy and --endpoint-url (AWS_ENDPOINT_URL)",
        code="no-connection",
    )


def _not_sent(error: BaseException, context: CallContext) -> XacctError:
    reason = message_of(error)
    if "header value" in reason:  # it is not repeated: the header holds the credentials
        return CredentialsError(
            "the credentials hold a character that cannot be sent, such as a line end",
            where=where(context),
            fix="copy the keys and the session token again, whole and without what is around them",
            code="credentials-malformed",
        )
    told = _no_connection(error, context).problems[0]
    return XacctError(attrs.evolve(told, message=f"{told.message}: {reason}"))


def _no_answer(error: BaseException, context: CallContext) -> XacctError:
    url = getattr(error, "kwargs", {}).get("endpoint_url", "")
    return XacctError(
        f"{url or 'AWS'} does not answer",
        where=where(context),
        fix="check the network, the proxy and --endpoint-url (AWS_ENDPOINT_URL)",
        code="no-answer",
    )


def _tls(error: BaseException, context: CallContext) -> XacctError:
    return XacctError(
        f"the secure connection failed: {message_of(error)}",
        where=where(context),
        fix="where a proxy has a certificate of its own, name it in AWS_CA_BUNDLE",
        code="tls",
    )


def _proxy(error: BaseException, context: CallContext) -> XacctError:
    return XacctError(
        f"the proxy failed: {message_of(error)}",
        where=where(context),
        fix="check HTTPS_PROXY and NO_PROXY",
        code="proxy",
    )


def _wrong_value(error: BaseException, context: CallContext) -> XacctError:
    return InputError(f"{doing(context)}: {message_of(error)}", where=where(context), code="invalid-value")


def _bad_region(error: BaseException, context: CallContext) -> XacctError:
    del error
    return InputError(
        f"{context.region!r} is no name of a Region",
        where="--region",
        fix="name a Region such as eu-west-1",
        code="region",
    )


def _bad_endpoint(error: BaseException, context: CallContext) -> XacctError:
    if not _names_an_url(message_of(error)):
        return _bad_setting(error, context)
    return InputError(
        f"the endpoint is no URL: {message_of(error)}",
        where="--endpoint-url",
        fix="write it with its scheme: http://127.0.0.1:5000",
        code="endpoint",
    )


def _names_an_url(text: str) -> bool:
    """Whether the ValueError is one of those that botocore and urllib raise for an endpoint."""
    return any(word in text for word in ("endpoint", "IPv6", "Port ", "netloc", "URL"))


def _not_aws(error: BaseException, context: CallContext) -> XacctError:
    del error
    return XacctError(
        f"the answer to {doing(context)} is none of AWS's",
        where=where(context),
        fix="something else answers in its place: check --endpoint-url, the proxy, a network's sign-in page",
        code="not-aws",
    )


def _no_program(error: BaseException, context: CallContext) -> XacctError:
    name = getattr(error, "filename", None) or ""
    return CredentialsError(
        f"what gives the credentials cannot be used: {getattr(error, 'strerror', None) or error}",
        where=str(name) or where(context),
        fix="correct credential_process or web_identity_token_file in the AWS config file, or "
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        code="credentials-provider",
    )


_SIGN_IN = _credentials("the sign-in has expired", "sign in again: aws sso login{profile}", "sso-expired")
BY_CLASS: dict[str, Maker] = {
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
    "InvalidSTSRegionalEndpointsConfigError": _bad_setting,
    "InvalidDefaultsMode": _bad_setting,
    "InvalidChecksumConfigError": _bad_setting,
    "InvalidRetryModeError": _bad_setting,
    "InvalidS3AddressingStyleError": _bad_setting,
    "EndpointVariantError": _bad_setting,
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
    "HTTPClientError": _not_sent,
    "ResponseParserError": _not_aws,
    "OSError": _no_program,
    "JSONDecodeError": _credentials(
        "the profile's credential_process wrote something that is no JSON",
        "run the profile's credential command by itself to see what it writes",
        "credentials-provider",
    ),
}
