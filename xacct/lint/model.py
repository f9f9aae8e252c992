"""What a rule finds, and how bad it is."""

from __future__ import annotations

from enum import StrEnum

from xacct.values import frozen

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """``error``: a hole, or can never work; ``warning``: should be changed; ``info``: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        return ("error", "warning", "info").index(self.value)


@frozen(kw_only=True)
class Finding:
    """
    One thing a rule found.

    ``path`` is the place within the document or grant as a JSON path (``$.Statement[0].Principal``);
    ``file`` and ``line`` (from 1) are known where the document came from a file. ``accepted`` is the reason
    that the grant gives for living with it; an accepted finding blocks nothing and is always shown.
    """

    rule: str
    severity: Severity
    message: str
    fix: str
    path: str = ""
    grant: str | None = None
    file: str | None = None
    line: int | None = None
    accepted: str | None = None

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.ERROR and self.accepted is None
