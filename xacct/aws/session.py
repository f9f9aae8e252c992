"""
Sessions: credentials, clients, and the way into other accounts.

The base credentials come from profile and environment as everywhere with AWS. An account that they do not
belong to is reached by the way that the project file names: a profile, or a role to assume. Every client's
account is checked before anything is read or written in it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import attrs

from xacct.aws.calls import Api, CallCount
from xacct.aws.pace import Pacer
from xacct.aws.translate import CallContext, translate
from xacct.errors import CredentialsError, InputError, XacctError
from xacct.iam.arn import Arn

__all__ = ["AccountAccess", "Credentials", "Identity", "Sessions", "Target"]

_CONNECT_TIMEOUT = 4
_FIRST_READ_TIMEOUT = 6
"""Seconds for the first answer of STS; an endpoint that is silent for longer is not there."""
_READ_TIMEOUT = 45
_SESSION_NAME = "xacct"
_DEFAULT_REGION = "us-east-1"


class Credentials(Protocol):
    """What the sandbox hands out."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...


@attrs.frozen
class Target:
    """Where calls go: ``aws``, ``sandbox``, or the URL of an endpoint."""

    name: str

    @classmethod
    def of(cls, endpoint_url: str | None, *, sandbox: bool) -> Target:
        return cls("sandbox" if sandbox else endpoint_url or "aws")

    def __str__(self) -> str:
        return self.name


@attrs.frozen
class Identity:
    """Whose credentials these are."""

    account: str
    arn: str
    partition: str


@attrs.frozen(kw_only=True)
class AccountAccess:
    """
    How to reach an account: by a profile, or by assuming a role.

    ``role`` is a role's name with its path, or an ARN; ``{account}`` in it stands for the account's ID.
    """

    profile: str | None = None
    role: str | None = None
    external_id: str | None = attrs.field(default=None, repr=False)
    region: str | None = None


class Sessions:
    """
    Clients by account.

    ``accounts`` maps account IDs, or ``*``, to the way in. With ``sandbox``, ``attach`` ties a botocore
    session to the sandbox and ``credentials`` gives the operator's for an account. Clients are made once and
    shared; botocore's clients may be used by several threads.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        sandbox: bool = False,
        accounts: Mapping[str, AccountAccess] | None = None,
        attach: Callable[[Any], None] | None = None,
        credentials: Callable[[str], Credentials] | None = None,
        environ: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.profile = profile
        self.region = region
        self.sandbox = sandbox
        self.endpoint_url = None if sandbox else endpoint_url or _endpoint_of(environ)
        self.calls = CallCount()
        self._accounts = dict(accounts or {})
        self._attach = attach
        self._credentials = credentials
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.RLock()
        self._by_profile: dict[str | None, Any] = {}
        self._by_account: dict[str, tuple[Any, Identity]] = {}
        self._base: Identity | None = None
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._apis: dict[str, Api] = {}

    @property
    def target(self) -> Target:
        return Target.of(self.endpoint_url, sandbox=self.sandbox)

    def identity(self, account: str | None = None) -> Identity:
        """
        Whose credentials are used in an account; without one, those at hand.

        Raises CredentialsError where there are none, or where they are another account's.
        """
        with self._lock:
            if account is None:
                return self._base_identity()
            return self._reach(account)[1]

    def iam(self, account: str) -> Api:
        """IAM in an account. All callers share one pacer."""
        with self._lock:
            if account not in self._apis:
                client = self.client("iam", account)
                context = self._context(account=account)
                self._apis[account] = Api(
                    client,
                    context=context,
                    pacer=Pacer(self._clock, self._sleep),
                    count=self.calls,
                    sleep=self._sleep,
                    clock=self._clock,
                )
            return self._apis[account]

    def client(self, service: str, account: str, region: str | None = None) -> Any:
        """A botocore client of a service in an account; its own retries are off."""
        with self._lock:
            boto_session, identity = self._reach(account)
            region = region or self._region_for(account, boto_session, identity)
            key = (service, account, region)
            if key not in self._clients:
                self._clients[key] = self._make_client(boto_session, service, region)
            return self._clients[key]

    # --- ways into accounts ----------------------------------------------------------------------

    def _reach(self, account: str) -> tuple[Any, Identity]:
        if account not in self._by_account:
            self._by_account[account] = self._enter(account)
        return self._by_account[account]

    def _enter(self, account: str) -> tuple[Any, Identity]:
        if self.sandbox:
            return self._enter_sandbox(account)
        access = self._accounts.get(account)
        if access is None and "*" in self._accounts and self._base_identity().account != account:
            access = self._accounts["*"]
        if access is not None and access.role is not None:
            return self._assume(account, access)
        profile = access.profile.replace("{account}", account) if access and access.profile else self.profile
        identity = self._base_identity() if profile == self.profile else self._identify(profile)
        if identity.account != account:
            raise _wrong_account(account, identity, profile)
        return self._session(profile), identity

    def _enter_sandbox(self, account: str) -> tuple[Any, Identity]:
        assert self._credentials is not None, "the sandbox gives the operator's credentials"
        boto_session = self._sandbox_session()
        keys = self._credentials(account)
        boto_session.set_credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        return boto_session, self._caller(boto_session, None)

    def _assume(self, account: str, access: AccountAccess) -> tuple[Any, Identity]:
        assert access.role is not None
        base = self._identify(access.profile) if access.profile else self._base_identity()
        source = self._session(access.profile or self.profile)
        arn = _role_arn(access.role, account, base.partition)
        sts = self._sts(source, access.region)

        def fetch() -> dict[str, str]:
            extra = {"ExternalId": access.external_id} if access.external_id else {}
            answer = sts.read("AssumeRole", subject=arn, RoleArn=arn, RoleSessionName=_SESSION_NAME, **extra)
            given = answer["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
                "arn": answer["AssumedRoleUser"]["Arn"],
            }

        first = fetch()
        arn_of_session = Arn.parse(first["arn"])
        identity = Identity(arn_of_session.account, first["arn"], arn_of_session.partition)
        if identity.account != account:
            raise _wrong_account(account, identity, None)
        return self._refreshing_session(first, fetch), identity

    def _refreshing_session(self, first: dict[str, str], fetch: Callable[[], dict[str, str]]) -> Any:
        from botocore.credentials import RefreshableCredentials

        boto_session = self._new_session(self.profile)
        boto_session._credentials = RefreshableCredentials.create_from_metadata(
            metadata=first, refresh_using=fetch, method="assume-role"
        )
        return boto_session

    # --- identities ------------------------------------------------------------------------------

    def _base_identity(self) -> Identity:
        if self._base is None:
            if self.sandbox:
                raise InputError(
                    "the sandbox holds every account; which one is meant is not known",
                    fix="name the account: account in the grant, or --set account=111122223333",
                    code="no-account",
                )
            self._base = self._identify(self.profile)
        return self._base

    def _identify(self, profile: str | None) -> Identity:
        return self._caller(self._session(profile), profile)

    def _caller(self, boto_session: Any, profile: str | None) -> Identity:
        answer = self._sts(boto_session, None, profile).read("GetCallerIdentity")
        arn = Arn.try_parse(answer["Arn"])
        return Identity(answer["Account"], answer["Arn"], arn.partition if arn else "aws")

    def _sts(self, boto_session: Any, region: str | None, profile: str | None = None) -> Api:
        region = region or self._region(boto_session)
        client = self._make_client(boto_session, "sts", region, read_timeout=_FIRST_READ_TIMEOUT)
        return Api(
            client,
            context=self._context(profile=profile, region=region, service="sts"),
            count=self.calls,
            sleep=self._sleep,
            clock=self._clock,
        )

    # --- botocore --------------------------------------------------------------------------------

    def _session(self, profile: str | None) -> Any:
        if profile not in self._by_profile:
            self._by_profile[profile] = self._new_session(profile)
        return self._by_profile[profile]

    def _new_session(self, profile: str | None) -> Any:
        import botocore.session

        boto_session = botocore.session.Session(profile=profile)
        boto_session.user_agent_name = "xacct"
        if self._attach is not None:
            self._attach(boto_session)
        return boto_session

    def _sandbox_session(self) -> Any:
        """A session that reads nothing of the user's own AWS configuration."""
        import botocore.session

        unset = (None, None, None, None)
        boto_session = botocore.session.Session(
            session_vars={
                "profile": unset,
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        assert self._attach is not None, "the sandbox is attached to the session"
        self._attach(boto_session)
        return boto_session

    def _make_client(
        self, boto_session: Any, service: str, region: str, read_timeout: int = _READ_TIMEOUT
    ) -> Any:
        from botocore.config import Config

        settings: dict[str, Any] = {
            "connect_timeout": _CONNECT_TIMEOUT,
            "read_timeout": read_timeout,
            "retries": {"mode": "standard", "total_max_attempts": 1},
            "max_pool_connections": 64,
            "ignore_configured_endpoint_urls": True if self.sandbox else None,
        }
        try:
            return boto_session.create_client(
                service, region_name=region, endpoint_url=self.endpoint_url, config=Config(**settings)
            )
        except XacctError:
            raise
        except Exception as error:
            if not _is_expected(error):
                raise
            raise translate(error, self._context(region=region, service=service)) from error

    def _region(self, boto_session: Any) -> str:
        try:
            configured = None if self.sandbox else boto_session.get_config_variable("region")
        except Exception as error:
            if not _is_expected(error):
                raise
            raise translate(error, self._context()) from error
        return self.region or configured or _DEFAULT_REGION

    def _region_for(self, account: str, boto_session: Any, identity: Identity) -> str:
        del identity
        access = self._accounts.get(account) or self._accounts.get("*")
        return (access.region if access else None) or self._region(boto_session)

    def _context(
        self,
        *,
        account: str = "",
        profile: str | None = None,
        region: str | None = None,
        service: str = "iam",
    ) -> CallContext:
        return CallContext(
            service=service,
            account=account,
            profile=profile or self.profile or os.environ.get("AWS_PROFILE"),
            region=region,
            regions=_known_regions,
            profiles=_known_profiles,
        )


def _endpoint_of(environ: Mapping[str, str]) -> str | None:
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return environ.get("AWS_ENDPOINT_URL_IAM") or environ.get("AWS_ENDPOINT_URL") or None


def _is_expected(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, (BotoCoreError, ClientError, ValueError))


def _known_regions() -> Iterable[str]:
    import botocore.session

    boto_session = botocore.session.Session()
    partitions = boto_session.get_available_partitions()
    return [
        region for partition in partitions for region in boto_session.get_available_regions("sts", partition)
    ]


def _known_profiles() -> Iterable[str]:
    import botocore.session

    names: list[str] = botocore.session.Session().available_profiles
    return names


def _role_arn(role: str, account: str, partition: str) -> str:
    named = role.replace("{account}", account)
    return named if named.startswith("arn:") else f"arn:{partition}:iam::{account}:role/{named.lstrip('/')}"


def _wrong_account(wanted: str, identity: Identity, profile: str | None) -> CredentialsError:
    which = f"profile {profile!r}" if profile else "the credentials"
    return CredentialsError(
        f"{which} belong to account {identity.account}, but the grant is for account {wanted}",
        where=identity.arn,
        fix=f"choose credentials of {wanted} with --profile, or name the way into it in xacct.yaml: "
        f'accounts: {{"{wanted}": {{profile: NAME}}}}',
        code="wrong-account",
    )
