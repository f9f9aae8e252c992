"""Several accounts at a time: all are entered and read, and what is wrong with any is told at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from xacct.aws.background import Background
from xacct.aws.reader import read_account
from xacct.aws.session import Sessions
from xacct.errors import CredentialsError, XacctError
from xacct.plan.snapshot import ReadScope, Snapshot

__all__ = ["read_accounts"]

_AT_ONCE = 16


def read_accounts(sessions: Sessions, scopes: Mapping[str, ReadScope]) -> dict[str, Snapshot]:
    """
    Read each account as far as its scope asks.

    Raises XacctError with the problems of all accounts that could not be entered or read: CredentialsError
    when credentials are among them. So nothing is written anywhere before every account was reached.
    """
    if len(scopes) == 1:
        return {account: _read(sessions, account, scope) for account, scope in scopes.items()}
    turns = threading.BoundedSemaphore(_AT_ONCE)

    def in_turn(account: str, scope: ReadScope) -> Snapshot | XacctError:
        with turns:
            try:
                return _read(sessions, account, scope)
            except XacctError as error:
                return error

    running = {
        account: Background(lambda account=account, scope=scope: in_turn(account, scope))  # type: ignore[misc]
        for account, scope in scopes.items()
    }
    found = {account: background.result() for account, background in running.items()}
    errors = [result for result in found.values() if isinstance(result, XacctError)]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise _all_of(errors)
    return {account: result for account, result in found.items() if isinstance(result, Snapshot)}


def _read(sessions: Sessions, account: str, scope: ReadScope) -> Snapshot:
    return read_account(sessions.iam(account), scope, sessions.identity(account))


def _all_of(errors: list[XacctError]) -> XacctError:
    problems = dict.fromkeys(problem for error in errors for problem in error.problems)
    kind = CredentialsError if any(isinstance(error, CredentialsError) for error in errors) else XacctError
    return kind(problems)
