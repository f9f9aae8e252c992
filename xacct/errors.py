"""
What a user can be told.

Library code raises these; only the command line turns them into words and an exit code. Every error says
what happened, where, and how to fix it. Anything else that is raised is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from xacct.values import frozen

__all__ = [
    "ApplyError",
    "BlockedError",
    "CredentialsError",
    "ExitCode",
    "InputError",
    "Problem",
    "StalePlanError",
    "XacctError",
]


class ExitCode:
    """The exit codes of every command; a contract with users."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    PARTIAL = 3
    CREDENTIALS = 4
    BLOCKED = 5
    STALE = 6
    USAGE = 64
    INTERRUPTED = 130


@frozen
class Problem:
    """
    One thing that is wrong, in the user's words.

    ``code`` is a stable name for machines, in kebab-case (``unknown-key``); ``where`` is ``file:line: path``,
    an option, or an ARN; ``fix`` is what to do, with the command where there is one.
    """

    message: str
    where: str = ""
    fix: str = ""
    code: str = "error"

    def __str__(self) -> str:
        lines = [self.message]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


class XacctError(Exception):
    """Something a user can be told. Carries one problem or several, all of one file or run at once."""

    exit_code = ExitCode.ERROR

    def __init__(
        self,
        problems: str | Problem | Iterable[Problem],
        *,
        where: str = "",
        fix: str = "",
        code: str = "error",
    ) -> None:
        if isinstance(problems, str):
            problems = Problem(problems, where, fix, code)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(XacctError):
    """Wrong usage, missing answers, a file or value that is no valid grant, blueprint, plan or policy."""

    exit_code = ExitCode.USAGE


class CredentialsError(XacctError):
    """Credentials are missing, expired, refused, or of another account than the grant names."""

    exit_code = ExitCode.CREDENTIALS


class BlockedError(XacctError):
    """A valid grant that is judged unsafe, a broken contract, or a verification that failed."""

    exit_code = ExitCode.BLOCKED


class StalePlanError(XacctError):
    """The world moved since the plan was made, or the plan was applied before."""

    exit_code = ExitCode.STALE


class ApplyError(XacctError):
    """A run stopped and left something half-made; the problems say exactly what stands."""

    exit_code = ExitCode.PARTIAL
