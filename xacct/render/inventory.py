"""What an account holds of ours: as a list, one grant whole, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from xacct.iam.policy import PolicyDocument
from xacct.iam.redact import redact_document
from xacct.iam.things import GroupMember, GroupPolicy, ManagedPolicy, PolicyAttachment, RolePolicy
from xacct.plan.inventory import LiveGrant
from xacct.render.documents import document_lines
from xacct.render.plan_text import duration
from xacct.render.style import Style, columns, wrap

__all__ = ["grant_text", "grant_to_json", "grants_text"]


def last_day(expires: str | None) -> str:
    """The last day on which a grant holds: policies name the midnight after it."""
    if expires is None:
        return "never"
    try:
        moment = datetime.fromisoformat(expires)
    except ValueError:
        return expires
    if moment.time() == time():
        moment -= timedelta(days=1)
    return moment.date().isoformat()


def grants_text(grants: Sequence[LiveGrant], accounts: Sequence[str], style: Style) -> str:
    """A line for each grant; what needs a look is said below it."""
    where = ", ".join(accounts)
    if not grants:
        return f"No grants in {where}." if where else "No grants."
    head = ["GRANT", "BLUEPRINT", "ACCOUNT", "ENDS", "LAST USED", "TRUSTS"]
    rows = [
        [
            grant.name,
            grant.blueprint or "-",
            grant.account,
            last_day(grant.expires),
            _used(grant),
            ", ".join(grant.trusted),
        ]
        for grant in grants
    ]
    if style.width < 80:
        return "\n".join(_narrow(grants, style))
    lines = columns([head, *rows])
    lines[0] = style("bold", lines[0])
    notes = [
        f"{grant.name}: somebody changed the role since the last apply; xacct plan shows what"
        for grant in grants
        if grant.touched
    ]
    return "\n".join([*lines, *[style("warn", note) for note in notes]])


def _used(grant: LiveGrant) -> str:
    if grant.role is None:
        return "-"
    return (grant.role.last_used or "never")[:10]


def _narrow(grants: Sequence[LiveGrant], style: Style) -> list[str]:
    lines: list[str] = []
    for grant in grants:
        lines.append(style("bold", grant.name))
        facts = [
            grant.blueprint,
            grant.account,
            f"ends {last_day(grant.expires)}",
            f"used {_used(grant)}",
        ]
        lines += wrap(", ".join(fact for fact in facts if fact), style.width, first="  ")
        lines += wrap(f"trusts {', '.join(grant.trusted)}", style.width, first="  ")
        if grant.touched:
            lines += wrap("changed since the last apply", style.width, first="  ")
    return lines


def grant_text(grant: LiveGrant, style: Style, *, reveal: bool = False) -> str:
    """One grant with its documents."""
    lines = [style("bold", f"{grant.name} ({grant.blueprint or 'group'})"), grant.arn]
    if grant.role is not None:
        role = grant.role
        lines.append(
            f"unique ID {role.unique_id}, made {role.created}, last used {role.last_used or 'never'}"
        )
        lines.append(f"sessions of at most {duration(role.max_session)}, ends {last_day(grant.expires)}")
        if role.boundary:
            lines.append(f"permissions boundary {role.boundary}")
        lines += ["tags " + ", ".join(f"{key}={value}" for key, value in role.tags.items())]
        lines += ["", style("bold", "trust policy"), *document_lines(role.trust, style, reveal=reveal)]
    for thing in grant.things:
        match thing:
            case RolePolicy() | GroupPolicy():
                lines += ["", style("bold", f"inline policy {thing.name}")]
                lines += document_lines(thing.document, style, reveal=reveal)
            case ManagedPolicy():
                lines += ["", style("bold", f"managed policy {thing.name}")]
                lines += document_lines(thing.document, style, reveal=reveal)
            case PolicyAttachment():
                lines += ["", f"attached {thing.policy_arn}"]
            case GroupMember():
                lines += [f"member {thing.user}"]
            case _:
                pass
    if grant.touched:
        lines += ["", style("warn", "Somebody changed the role since the last apply; xacct plan shows what.")]
    return "\n".join(lines)


def grant_to_json(grant: LiveGrant, *, reveal: bool = False) -> dict[str, Any]:
    def document(value: PolicyDocument) -> dict[str, Any]:
        return (value if reveal else redact_document(value)).to_json()

    role = grant.role
    return {
        "name": grant.name,
        "blueprint": grant.blueprint,
        "account": grant.account,
        "arn": grant.arn,
        "unique_id": role.unique_id if role else None,
        "created": role.created if role else None,
        "last_used": role.last_used if role else None,
        "max_session": role.max_session if role else None,
        "permissions_boundary": role.boundary if role else None,
        "tags": dict(role.tags) if role else {},
        "trusted": list(grant.trusted),
        "expires": grant.expires,
        "revoked_before": grant.revoked,
        "touched": grant.touched,
        "trust": document(role.trust) if role else None,
        "policies": [
            {"name": thing.name, "document": document(thing.document)}
            for thing in grant.things
            if isinstance(thing, (RolePolicy, GroupPolicy, ManagedPolicy))
        ],
        "attached": [thing.policy_arn for thing in grant.things if isinstance(thing, PolicyAttachment)],
        "members": [thing.user for thing in grant.things if isinstance(thing, GroupMember)],
    }
