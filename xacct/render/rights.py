"""The rights that a plan needs, and which of them are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from xacct.plan.model import AccountPlan
from xacct.plan.rights import RightsCheck
from xacct.render.style import Style, wrap

__all__ = ["checks_text", "checks_to_json", "required_lines"]


def required_lines(account: AccountPlan, style: Style) -> Iterator[str]:
    """Each IAM action with the ARNs it is needed on."""
    yield style("bold", "Rights needed")
    for permission in account.required_permissions:
        text = f"{permission.action} on {', '.join(permission.resources)}"
        yield from wrap(text, style.width, first="  ", rest="      ")


def checks_text(checks: Iterable[RightsCheck], style: Style) -> str:
    """What each operator may not do that the plan needs; the fix is in the last line."""
    lines: list[str] = []
    for check in checks:
        head = f"{check.principal} in account {check.account}"
        if check.unknown:
            lines += wrap(f"Rights of {head} can't be told ahead: {check.unknown}", style.width)
        elif not check.missing:
            lines += wrap(f"{head} holds the rights that the plan needs.", style.width)
        else:
            lines += [style("bad", line) for line in wrap(f"{head} lacks:", style.width)]
            for right in check.missing:
                lines += wrap(f"{right.action} on {right.resource}", style.width, first="  ", rest="      ")
            lines.append("  fix: xacct doctor --bootstrap prints the policy of an operator")
    return "\n".join(lines)


def checks_to_json(checks: Iterable[RightsCheck]) -> list[dict[str, Any]]:
    return [attrs.asdict(check) for check in checks]
