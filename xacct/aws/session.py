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
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from xacct.aws.botocore_sessions import (
    FIRST_READ_TIMEOUT,
    configured_endpoint,
    configured_region,
    context_for,
    make_client,
    new_session,
    sandbox_session,
)
from xacct.aws.calls import Answer, Api, CallCount
from xacct.aws.identity import Credentials, Identity, Target, role_arn, wrong_account
from xacct.aws.pace import Pacer
from xacct.blueprint.project import AccountAccess
from xacct.errors import InputError
from xacct.iam.arn import Arn
from xacct.values import frozen

__all__ = ["AccountAccess", "Credentials", "Identity", "Sessions", "Target"]

_SESSION_NAME = "xacct"
_DEFAULT_REGION = "us-east-1"
_ANY_ACCOUNT = "*"
_T = TypeVar("_T")


@frozen
class _Entry:
    """A way into an account that was found to work."""

    boto_session: Any
    identity: Identity


class Sessions:
    """
    Clients by account.

    ``accounts`` maps account IDs, or ``*``, to the way in. With ``sandbox``, ``attach`` ties a botocore
    session to the sandbox and ``credentials`` gives the operator's for an account. Clients are made once and
    shared; botocore's clients may be used by several threads, and so may this.
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
        self.endpoint_url = None if sandbox else endpoint_url
        self.calls = CallCount()
        self._accounts = dict(accounts or {})
        self._attach = attach
        self._credentials = credentials
        self._environ = environ
        self._sleep = sleep
        self._clock = clock
        self._making = _Once()

    @property
    def target(self) -> Target:
        """Where calls go, by options, environment and profile."""
        if self.sandbox or self.endpoint_url:
            return Target.of(self.endpoint_url, sandbox=self.sandbox)
        context = context_for(profile=self.profile)
        return Target.of(configured_endpoint(self.profile, self._environ, context), sandbox=False)

    def identity(self, account: str | None = None) -> Identity:
        """
        Whose credentials are used in an account; without one, those at hand.

        Raises CredentialsError where there are none, or where they are another account's.
        """
        if account is not None:
            return self._entry(account).identity
        if self.sandbox:
            raise InputError(
                "the sandbox holds every account; which one is meant is not known",
                fix="name the account: account in the grant, or --set account=111122223333",
                code="no-account",
            )
        return self._identity_of(self.profile)

    def identity_with(self, access_key_id: str, secret_access_key: str) -> Identity:
        """Whose these keys are. Raises CredentialsError when AWS does not take them."""
        boto_session = (
            sandbox_session(self._attach) if self.sandbox else new_session(self.profile, self._attach)
        )
        boto_session.set_credentials(access_key_id, secret_access_key)
        return self._caller(boto_session, self.profile)

    def iam(self, account: str) -> Api:
        """IAM in an account. All callers share one pacer."""
        return self._making.get(("api", account), lambda: self._make_iam(account))

    def client(self, service: str, account: str, region: str | None = None) -> Any:
        """A botocore client of a service in an account; its own retries are off, and it is not paced."""
        entry = self._entry(account)
        chosen = region or self._region_of(entry.boto_session, account)
        return self._making.get(
            ("client", service, account, chosen),
            lambda: make_client(
                entry.boto_session,
                service,
                chosen,
                endpoint_url=self.endpoint_url,
                context=context_for(service=service, account=account, profile=self.profile, region=chosen),
                only_given_endpoint=self.sandbox,
            ),
        )

    def _make_iam(self, account: str) -> Api:
        return Api(
            self.client("iam", account),
            context=context_for(account=account, profile=self.profile),
            pacer=Pacer(self._clock, self._sleep),
            count=self.calls,
            sleep=self._sleep,
            clock=self._clock,
            is_there=True,  # STS has told whose credentials these are
        )

    # --- ways into accounts ----------------------------------------------------------------------

    def _entry(self, account: str) -> _Entry:
        return self._making.get(("entry", account), lambda: self._enter(account))

    def _enter(self, account: str) -> _Entry:
        if self.sandbox:
            return self._enter_sandbox(account)
        access = self._access(account)
        if access is not None and access.role is not None:
            return self._assume(account, access.role, access)
        profile = (access.profile_for(account) if access else None) or self.profile
        identity = self._identity_of(profile)
        if identity.account != account:
            raise wrong_account(account, identity, profile)
        return _Entry(self._session(profile), identity)

    def _access(self, account: str) -> AccountAccess | None:
        if account in self._accounts:
            return self._accounts[account]
        anywhere = self._accounts.get(_ANY_ACCOUNT)
        # The account that the base credentials belong to needs no hop, and often has no role for one.
        if anywhere is None or self._identity_of(self.profile).account == account:
            return None
        return anywhere

    def _enter_sandbox(self, account: str) -> _Entry:
        assert self._credentials is not None, "the sandbox gives the operator's credentials"
        boto_session = sandbox_session(self._attach)
        keys = self._credentials(account)
        boto_session.set_credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        return _Entry(boto_session, self._caller(boto_session, None))

    def _assume(self, account: str, role: str, access: AccountAccess) -> _Entry:
        from botocore.credentials import RefreshableCredentials

        profile = access.profile_for(account) or self.profile
        arn = role_arn(role, account, self._identity_of(profile).partition)
        sts = self._sts(self._session(profile), profile, access.region)

        def fetch() -> dict[str, str]:
            return _session_keys(_assume_role(sts, arn, access.external_id))

        answer = _assume_role(sts, arn, access.external_id)
        identity = _identity(answer["AssumedRoleUser"]["Arn"])
        if identity.account != account:
            raise wrong_account(account, identity, None)
        boto_session = new_session(self.profile, self._attach)
        # Long runs outlive the hour of a role session; botocore fetches new keys before they end.
        boto_session._credentials = RefreshableCredentials.create_from_metadata(
            metadata=_session_keys(answer), refresh_using=fetch, method="assume-role"
        )
        return _Entry(boto_session, identity)

    # --- identities ------------------------------------------------------------------------------

    def _identity_of(self, profile: str | None) -> Identity:
        return self._making.get(("identity", profile), lambda: self._caller(self._session(profile), profile))

    def _caller(self, boto_session: Any, profile: str | None) -> Identity:
        answer = self._sts(boto_session, profile, None).read("GetCallerIdentity")
        return _identity(answer["Arn"], answer["Account"])

    def _session(self, profile: str | None) -> Any:
        return self._making.get(("session", profile), lambda: new_session(profile, self._attach))

    def _sts(self, boto_session: Any, profile: str | None, region: str | None) -> Api:
        region = region or self._region(boto_session)
        context = context_for(service="sts", profile=profile, region=region)
        client = make_client(
            boto_session,
            "sts",
            region,
            endpoint_url=self.endpoint_url,
            context=context,
            read_timeout=FIRST_READ_TIMEOUT,
            only_given_endpoint=self.sandbox,
        )
        return Api(client, context=context, count=self.calls, sleep=self._sleep, clock=self._clock)

    def _region_of(self, boto_session: Any, account: str) -> str:
        access = self._accounts.get(account) or self._accounts.get(_ANY_ACCOUNT)
        return (access.region if access else None) or self._region(boto_session)

    def _region(self, boto_session: Any) -> str:
        if self.region:
            return self.region
        return configured_region(boto_session, context_for(profile=self.profile)) or _DEFAULT_REGION


class _Once:
    """Makes each thing once, also when several threads ask; different things are made side by side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Any, threading.Lock] = {}
        self._made: dict[Any, Any] = {}

    def get(self, key: tuple[object, ...], make: Callable[[], _T]) -> _T:
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            if key not in self._made:
                self._made[key] = make()
            made: _T = self._made[key]
            return made


def _assume_role(sts: Api, arn: str, external_id: str | None) -> Answer:
    extra = {"ExternalId": external_id} if external_id else {}
    return sts.read("AssumeRole", subject=arn, RoleArn=arn, RoleSessionName=_SESSION_NAME, **extra)


def _session_keys(answer: Answer) -> dict[str, str]:
    """The keys of an AssumeRole's answer as botocore's refreshable credentials take them."""
    given = answer["Credentials"]
    return {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "token": given["SessionToken"],
        "expiry_time": given["Expiration"].isoformat(),
    }


def _identity(arn_text: str, account: str = "") -> Identity:
    arn = Arn.try_parse(arn_text)
    return Identity(account or (arn.account if arn else ""), arn_text, arn.partition if arn else "aws")
