"""The message that a reader who cannot change a policy sends to somebody who can."""

from __future__ import annotations

from xacct.diagnose.model import Found
from xacct.iam.policy import PolicyDocument

__all__ = ["ask_for"]


def ask_for(
    found: Found, wish: str, statement: PolicyDocument | None = None, where: str | None = None
) -> str:
    """Compose a request that its reader can act on without asking back."""
    lines = ["Hello,", "", "AWS refuses a request that I need for my work:"]
    for label, value in (
        ("who", found.principal),
        ("action", found.missing_action or found.action),
        ("resource", found.resource),
        ("request ID", found.request_id),
    ):
        if value:
            lines.append(f"  {label}: {value}")
    lines += ["", wish]
    if statement is not None:
        place = f" to {where}" if where else ""
        lines += [
            "",
            f"This statement, added{place}, is enough and allows nothing more:",
            "",
            statement.pretty(),
        ]
    return "\n".join(lines)
