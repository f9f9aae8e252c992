"""The sandbox itself: takes HTTP requests, attributes them, lets the services answer, and keeps the state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from xacct.iam import check_account_id
from xacct.sandbox.http import Credentials, HttpRequest, HttpResponse, Signature, signature_of
from xacct.sandbox.names import operator_credentials
from xacct.sandbox.problems import AwsError
from xacct.sandbox.store import Store
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.sandbox.call import Call
    from xacct.sandbox.wire import Operation
    from xacct.sandbox.world import World

__all__ = ["Sandbox", "SandboxCall", "default_state_dir"]

_UNSIGNED = frozenset(("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"))
_CALLS_KEPT = 10_000
_GLOBAL_REGION = "us-east-1"


@frozen
class SandboxCall:
    """One call that was answered: for counting, in tests and benchmarks. ``error`` is AWS's code or None."""

    service: str
    operation: str
    account: str | None
    error: str | None = None


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Where the state lives: ``xacct/sandbox`` in the XDG state folder."""
    base = environ.get("XDG_STATE_HOME") or ""
    # A relative path is to be ignored (XDG Base Directory Specification).
    if not Path(base).is_absolute():
        base = str(Path(environ.get("HOME") or Path.home()) / ".local" / "state")
    return Path(base) / "xacct" / "sandbox"


class Sandbox:
    """
    An AWS of one's own: IAM, STS and Lightsail, any number of accounts, kept in one folder.

    Objects and processes that use the same folder share one state. Safe for threads. ``calls`` lists what
    this object answered, the last ten thousand. Methods raise InputError when the state cannot be read.
    """

    def __init__(self, state_dir: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._store = Store(state_dir)
        self._clock = clock
        self._calls_lock = threading.Lock()
        self.calls: list[SandboxCall] = []

    @property
    def state_file(self) -> Path:
        return self._store.path

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one AWS request. What AWS would refuse is an answer, not an exception."""
        from xacct.sandbox import wire

        signature = signature_of(request)
        service = "sts"
        try:
            service = wire.service_of(request, signature.service if signature else None)
            operation = wire.read_operation(request, service)
        except AwsError as error:
            return wire.write_error(service, error)
        return self._answer(signature, operation)

    def credentials_for(self, principal: str | None, account: str) -> Credentials:
        """
        Return credentials of a principal, which is made on demand and may do anything in its own account.

        ``principal`` is the ARN of a user, role, role session, federated user or root; None stands for the
        operator of the account. A principal that exists keeps the permissions that it has. Raises InputError
        for anything else.
        """
        account = check_account_id(account, "account")
        if principal is None:
            return operator_credentials(account)
        from xacct.sandbox.on_demand import credentials_of

        with self._store.transaction() as world:
            return credentials_of(principal, world, int(self._clock()))

    def accounts_in_use(self) -> list[str]:
        """The accounts that hold a role or a group, in order."""
        from xacct.sandbox.entities import Group, Role

        with self._store.transaction() as world:
            held = [*world.everywhere(Role), *world.everywhere(Group)]
            return sorted({entity.scope for entity in held})

    def reset(self) -> None:
        """Forget all accounts."""
        self._store.reset()
        with self._calls_lock:
            self.calls.clear()

    def close(self) -> None:
        self._store.close()

    def _answer(self, signature: Signature | None, operation: Operation) -> HttpResponse:
        from xacct.sandbox import wire
        from xacct.sandbox.dispatch import answer

        account: str | None = None
        try:
            with self._store.transaction() as world:
                call = _make_call(signature, operation, world, int(self._clock()))
                account = call.caller.account if call.caller is not None else None
                result = answer(call)
        except AwsError as error:
            self._note(operation, account, error.code)
            return wire.write_error(operation.service, error)
        self._note(operation, account, None)
        return wire.write_result(operation, result)

    def _note(self, operation: Operation, account: str | None, error: str | None) -> None:
        with self._calls_lock:
            self.calls.append(SandboxCall(operation.service, operation.name, account, error))
            del self.calls[:-_CALLS_KEPT]


def _make_call(signature: Signature | None, operation: Operation, world: World, now: int) -> Call:
    from xacct.sandbox.call import Call
    from xacct.sandbox.callers import caller_of, note_use

    region = signature.region if signature is not None else _GLOBAL_REGION
    if operation.name in _UNSIGNED:
        return Call(operation=operation, world=world, caller=None, region=region, now=now)
    if signature is None:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token")
    caller = caller_of(signature, world, now)
    note_use(caller, world, now, region, operation.service)
    return Call(operation=operation, world=world, caller=caller, region=region, now=now)
