"""A plan for a reviewer at a terminal: access first, then findings, then what is created and changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import attrs

from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    GroupPolicy,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingType,
)
from xacct.lint.model import Finding, Severity
from xacct.plan.model import (
    AccessRow,
    AccountPlan,
    Change,
    ChangeKind,
    Effect,
    Plan,
    Reason,
    Summary,
    Verdict,
)
from xacct.render.documents import document_change, document_lines
from xacct.render.rights import required_lines
from xacct.render.style import Style, clean, one_line, wrap

__all__ = [
    "access_lines",
    "change_body",
    "change_head",
    "display_order",
    "duration",
    "finding_lines",
    "gain_lines",
    "gives_anew",
    "plan_text",
    "summary_line",
    "verdict_words",
    "who_words",
]

_ACCOUNT_ROOT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")
_SIGNS = {
    ChangeKind.CREATE: ("+", "good"),
    ChangeKind.UPDATE: ("~", "warn"),
    ChangeKind.DELETE: ("-", "bad"),
    ChangeKind.NONE: (" ", "dim"),
}
_WORDS = {
    ChangeKind.CREATE: "create",
    ChangeKind.UPDATE: "change",
    ChangeKind.DELETE: "delete",
    ChangeKind.NONE: "keep",
}
_REASONS = {
    Reason.DRIFT: "somebody changed it since the last apply",
    Reason.UNFINISHED: "the last run did not finish, or the digest tag was touched",
    Reason.NOT_IN_GRANT: "the grant does not ask for it",
    Reason.GRANT_GONE: "no grant of these asks for it",
    Reason.OTHER_ROLE: "its grant asks for another role now",
    Reason.ADOPTED: "taken over; nothing else changes",
    Reason.REVOKED: "ends the sessions issued so far",
}
_TYPES = {
    ThingType.ROLE: "role",
    ThingType.ROLE_POLICY: "inline policy",
    ThingType.MANAGED_POLICY: "managed policy",
    ThingType.POLICY_ATTACHMENT: "policy attachment",
    ThingType.SAML_PROVIDER: "SAML provider",
    ThingType.OIDC_PROVIDER: "OIDC provider",
    ThingType.GROUP: "group",
    ThingType.GROUP_POLICY: "inline policy of group",
    ThingType.GROUP_MEMBER: "member of group",
    ThingType.USER: "user",
}
_VERDICTS = {
    Verdict.EQUAL: "The same access as before.",
    Verdict.WIDER: "Wider: access is gained, none is lost.",
    Verdict.NARROWER: "Narrower: access is lost, none is gained.",
    Verdict.BOTH: "Both: access is gained and access is lost.",
    Verdict.UNKNOWN: "Not decided: read the policies below; they hold what can't be compared exactly.",
}


def plan_text(
    plan: Plan, style: Style, *, digest: str = "", reveal: bool = False, rights: bool = False
) -> str:
    """
    The whole plan. The last line counts; ``digest`` is shown for ``apply --expect-digest``, the rights that
    the operator needs with ``rights``.
    """
    lines: list[str] = []
    for account in plan.accounts:
        lines += _account(account, style, reveal)
        if rights and account.required_permissions:
            lines += [*required_lines(account, style), ""]
    if plan.offline:
        lines += wrap(
            "Offline: compared with an account that holds nothing of ours; what is there is not seen.",
            style.width,
        )
    if digest:
        lines.append(f"digest {digest}")
    lines += [style("bold", line) for line in wrap(summary_line(plan), style.width)]
    return "\n".join(lines) + "\n"


def summary_line(plan: Plan) -> str:
    """One line that counts, as the last line of every plan."""
    summary = plan.summary
    place = "" if plan.target == "aws" else f" ({plan.target})"
    if plan.is_empty:
        return f"Plan{place}: nothing to change; {_count(summary.none, 'thing')} as desired."
    return f"Plan{place}: {_counts(summary)}."


def _counts(summary: Summary) -> str:
    return (
        f"{summary.create} to create, {summary.update} to change, {summary.delete} to delete, "
        f"{summary.none} unchanged"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _account(account: AccountPlan, style: Style, reveal: bool) -> Iterator[str]:
    names = ", ".join(f"{grant.name} ({grant.blueprint})" for grant in account.grants)
    head = f"Account {account.account}"
    if len(head) + len(names) + 2 <= style.width:
        yield style("head", head) + f"  {clean(names)}"
    else:
        yield style("head", head)
        yield from wrap(names, style.width, first="  ")
    yield ""
    if account.summary.changes:
        yield style("bold", "Access")
        yield from access_lines(account, style)
        yield ""
    if account.findings:
        yield style("bold", "Findings")
        yield from finding_lines(account.findings, style)
        yield ""
    notes = [note for grant in account.grants for note in grant.notes]
    if notes and gives_anew(account):
        yield style("bold", "Notes")
        for note in notes:
            yield from wrap(note, style.width, first="  - ", rest="    ")
        yield ""
    shown = [change for change in account.changes if change.kind is not ChangeKind.NONE or change.note]
    if shown:
        yield style("bold", "Changes")
        for change in sorted(shown, key=display_order):
            yield from _change(change, style, reveal)
        yield ""


def gives_anew(account: AccountPlan) -> bool:
    """Whether permissions are written, so that what they leave out is worth saying again."""
    return any(change.kind is ChangeKind.CREATE or "document" in change.aspects for change in account.changes)


def who_words(principal: str) -> str:
    """Principals for people: the root ARN of an account means the account, whoever it lets."""
    return _ACCOUNT_ROOT.sub(r"account \1", principal)


def action_words(actions: Iterable[str]) -> str:
    """Actions with their service named once: ``lightsail: GetDisk, GetDisks; s3: GetObject``."""
    return _action_words(tuple(actions))


@lru_cache(maxsize=256)
def _action_words(actions: tuple[str, ...]) -> str:
    by_service: dict[str, list[str]] = {}
    for action in actions:
        service, colon, name = action.partition(":")
        if colon and service.isalnum():
            by_service.setdefault(service, []).append(name)
        else:
            by_service.setdefault("", []).append(action)
    parts = [f"{service}: {', '.join(names)}" for service, names in by_service.items() if service]
    return "; ".join([*parts, *by_service.get("", [])])


def access_lines(account: AccountPlan, style: Style) -> Iterator[str]:
    """Who gains and who loses what, gains first, each with one request as witness."""
    yield from wrap(_VERDICTS[account.verdict], style.width, first="  ")
    for effect in (Effect.GAIN, Effect.LOSE):
        for row in account.access_delta:
            if row.effect is effect:
                yield from _row(row, style)
    for text in account.sessions:
        yield from wrap(text, style.width, first="  ! ", rest="    ")


def gain_lines(plan: Plan, style: Style) -> Iterator[str]:
    """What widens, as it is repeated before somebody says yes: all accounts, without examples."""
    for account in plan.accounts:
        for row in account.access_delta:
            if row.effect is Effect.GAIN:
                yield from _row(attrs.evolve(row, witness=None), style)


def _row(row: AccessRow, style: Style) -> Iterator[str]:
    sign, color = ("+", "warn") if row.effect is Effect.GAIN else ("-", "info")
    verb = "gains" if row.effect is Effect.GAIN else "loses"
    who = f"{who_words(row.principal)} {verb}"
    lines = wrap(who, style.width, first=f"  {sign} ", rest="    ")
    lines += wrap(action_words(row.actions), style.width, first="      do    ", rest=" " * 12)
    lines += wrap(", ".join(row.resources), style.width, first="      on    ", rest=" " * 12)
    if row.condition:
        lines += wrap(row.condition, style.width, first="      if    ", rest=" " * 12)
    yield from (style(color, line) for line in lines)
    if row.witness is not None:
        witness = row.witness
        first = "assumes the role, then " if witness.assume_action else ""
        text = f"{witness.principal}: {first}{witness.action} on {witness.resource}"
        for line in wrap(text, style.width, first="      e.g.  ", rest=" " * 12):
            yield style("dim", line)


def finding_lines(findings: Iterable[Finding], style: Style) -> Iterator[str]:
    """Findings, worst first, each with its place and its fix."""
    colors = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}
    for finding in sorted(findings, key=lambda finding: (finding.severity.rank, finding.rule)):
        head = f"{finding.severity.value} {finding.rule}: {finding.message}"
        lines = wrap(head, style.width, first="  ", rest="    ")
        if finding.accepted is None:
            yield from (style(colors[finding.severity], line) for line in lines)
        else:
            yield from lines
            yield from wrap(f"accepted: {finding.accepted}", style.width, first="    ")
        place = ":".join(str(part) for part in (finding.file, finding.line) if part)
        where = ": ".join(part for part in (place, finding.path) if part)
        if where:
            yield from wrap(f"where: {where}", style.width, first="    ")
        if finding.fix:
            yield from wrap(f"fix:   {finding.fix}", style.width, first="    ", rest="           ")


_ORDER = (
    ThingType.SAML_PROVIDER,
    ThingType.OIDC_PROVIDER,
    ThingType.USER,
    ThingType.GROUP,
    ThingType.ROLE,
)


def display_order(change: Change) -> tuple[int, str]:
    """What others lean on is shown first, each holder before what it holds."""
    rank = _ORDER.index(change.type) if change.type in _ORDER else len(_ORDER)
    return rank, change.name


def change_head(change: Change) -> str:
    """What happens to one thing, in a line: its sign, what is done, type and name, and why."""
    reason = change.note or _REASONS.get(change.reason, "")
    head = f"{_SIGNS[change.kind][0]} {_WORDS[change.kind]} {_TYPES[change.type]} {change.name}"
    return head + (f"  ({reason})" if reason else "")


def verdict_words(verdict: Verdict) -> str:
    """The verdict of an access delta as a sentence."""
    return _VERDICTS[verdict]


def _change(change: Change, style: Style, reveal: bool) -> Iterator[str]:
    color = _SIGNS[change.kind][1]
    lines = wrap(change_head(change), style.width, first="  ", rest="      ")
    yield from (style(color, line) for line in lines)
    inner = Style(style.color, style.width - 6)
    for line in change_body(change, inner, reveal=reveal):
        yield f"      {line}"


def change_body(change: Change, style: Style, *, reveal: bool = False) -> Iterator[str]:
    """What is made, or what differs; nothing for what is deleted or kept."""
    match change.kind:
        case ChangeKind.CREATE if change.after is not None:
            yield from _details(change.after, style, reveal)
        case ChangeKind.UPDATE if change.before is not None and change.after is not None:
            yield from _differences(change, change.before, change.after, style, reveal)
        case _:
            pass


def _details(thing: Thing, style: Style, reveal: bool) -> Iterator[str]:
    match thing:
        case Role():
            yield from _role_facts(thing)
            yield "trust policy"
            yield from (f"  {line}" for line in document_lines(thing.trust, style, reveal=reveal))
        case RolePolicy() | GroupPolicy():
            yield from document_lines(thing.document, style, reveal=reveal)
        case ManagedPolicy():
            yield f"path {thing.path}"
            yield from document_lines(thing.document, style, reveal=reveal)
        case OidcProvider():
            yield f"issuer https://{thing.url}"
            yield f"audiences {one_line(', '.join(thing.client_ids))}"
        case SamlProvider():
            yield f"metadata of {len(thing.metadata)} characters"
        case PolicyAttachment():
            yield f"{thing.policy_arn} to {thing.holder_type.value} {thing.holder}"


def _role_facts(role: Role) -> Iterator[str]:
    if role.description:
        yield f"description {one_line(role.description)}"
    yield f"path {role.path}, sessions of at most {duration(role.max_session)}"
    if role.boundary:
        yield f"permissions boundary {role.boundary}"
    yield "tags " + one_line(", ".join(f"{key}={value}" for key, value in role.tags.items()))


def duration(seconds: int) -> str:
    """Seconds as people say them: whole hours where they are."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h" if not rest else f"{seconds} s"


def _differences(change: Change, before: Thing, after: Thing, style: Style, reveal: bool) -> Iterator[str]:
    for aspect in change.aspects:
        old, new = getattr(before, aspect), getattr(after, aspect)
        if isinstance(old, PolicyDocument) and isinstance(new, PolicyDocument):
            if aspect == "trust":
                yield "trust policy"
            yield from document_change(old, new, style, reveal=reveal)
        elif aspect == "tags":
            yield from _tag_changes(dict(old), dict(new), style)
        elif aspect == "metadata":
            yield f"metadata of {len(old)} characters becomes one of {len(new)}"
        elif aspect == "max_session":
            yield f"max_session {duration(old)} becomes {duration(new)}"
        else:
            yield f"{aspect} {_plain(old)} becomes {_plain(new)}"


def _tag_changes(old: dict[str, str], new: dict[str, str], style: Style) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) == new.get(key):
            continue
        if key in old:
            yield style("bad", one_line(f"- tag {key}={old[key]}"))
        if key in new:
            yield style("good", one_line(f"+ tag {key}={new[key]}"))


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return one_line(", ".join(str(item) for item in value)) or "none"
    return one_line(str(value)) if value not in (None, "") else "none"
