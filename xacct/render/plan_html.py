"""A plan as one self-contained page, for people without the tool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xacct.lint.model import Finding, Severity
from xacct.plan.model import AccountPlan, Change, ChangeKind, Effect, Plan
from xacct.render.page import Markup, page, table, tag, text
from xacct.render.plan_text import (
    action_words,
    change_body,
    change_head,
    display_order,
    gives_anew,
    summary_line,
    verdict_words,
    who_words,
)
from xacct.render.style import Style

__all__ = ["plan_html"]

_COLORS = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}
_WIDTH = 100


def plan_html(plan: Plan, *, digest: str = "", reveal: bool = False) -> str:
    """The plan with its access delta, findings, documents before and after, and required rights."""
    body: list[str] = [tag("h1", "xacct plan"), tag("p", tag("strong", summary_line(plan)))]
    facts = [f"Made {plan.created_at} for {plan.target}."]
    if plan.offline:
        facts.append("Made offline: compared with an account that holds nothing of ours.")
    body.append(tag("p", " ".join(facts), class_="dim"))
    if digest:
        body.append(tag("p", "Digest ", tag("code", digest), class_="dim"))
    for account in plan.accounts:
        body += _account(account, reveal)
    return page("xacct plan", *body)


def _account(account: AccountPlan, reveal: bool) -> Iterator[Markup]:
    yield tag("h2", f"Account {account.account}")
    names = ", ".join(f"{grant.name} ({grant.blueprint})" for grant in account.grants)
    yield tag("p", f"Grants: {names}")
    blocking = [finding for finding in account.findings if finding.blocks]
    others = [finding for finding in account.findings if not finding.blocks]
    if blocking:
        yield tag("h3", "Blocked")
        yield _findings(blocking)
    if account.summary.changes:
        yield tag("h3", "Access")
        yield tag("p", verdict_words(account.verdict), class_="banner")
        yield from _access(account)
        if account.sessions:
            yield tag("ul", *(tag("li", text) for text in account.sessions))
    if others:
        yield tag("h3", "Findings")
        yield _findings(others)
    notes = [note for grant in account.grants for note in grant.notes]
    if notes and gives_anew(account):
        yield tag("h3", "Notes")
        yield tag("ul", *(tag("li", note) for note in notes))
    yield from _changes(account, reveal)
    if account.required_permissions:
        needs = [(need.action, ", ".join(need.resources)) for need in account.required_permissions]
        made = table(["Action", "On"], needs, "IAM actions that whoever applies this plan needs")
        yield tag("details", tag("summary", "Required rights"), made)


def _access(account: AccountPlan) -> Iterator[Markup]:
    rows = sorted(account.access_delta, key=lambda row: row.effect is Effect.LOSE)
    if not rows:
        return
    cells = [
        (
            tag("strong", "gains", class_="warn") if row.effect is Effect.GAIN else tag("span", "loses"),
            who_words(row.principal),
            action_words(row.actions),
            ", ".join(row.resources),
            row.condition,
            f"{row.witness.action} on {row.witness.resource} by {row.witness.principal}"
            if row.witness
            else "none found",
        )
        for row in rows
    ]
    yield table(["", "Who", "May", "On", "If", "One such request"], cells, "Who gains and who loses access")


def _findings(findings: Iterable[Finding]) -> Markup:
    items = []
    for finding in sorted(findings, key=lambda item: (item.severity.rank, item.rule)):
        place = ":".join(str(part) for part in (finding.file, finding.line) if part)
        parts: list[str] = [
            tag("strong", f"{finding.severity.value} {finding.rule}", class_=_COLORS[finding.severity]),
            f": {finding.message}",
        ]
        for label, value in (("Where", place), ("Fix", finding.fix), ("Accepted", finding.accepted)):
            if value:
                parts += [Markup("<br>"), text(f"{label}: {value}")]
        items.append(tag("li", *parts))
    return tag("ul", *items)


def _changes(account: AccountPlan, reveal: bool) -> Iterator[Markup]:
    shown = [change for change in account.changes if change.kind is not ChangeKind.NONE or change.note]
    if shown:
        yield tag("h3", "Changes")
    for change in sorted(shown, key=display_order):
        yield _change(change, reveal)


def _change(change: Change, reveal: bool) -> Markup:
    lines = list(change_body(change, Style(width=_WIDTH), reveal=reveal))
    if not lines:
        return tag("p", change_head(change))
    marked = [
        tag("span", line, class_={"-": "bad", "+": "good"}.get(line[:1], "plain")) + "\n" for line in lines
    ]
    body = tag("pre", *(Markup(line) for line in marked))
    return tag("details", tag("summary", change_head(change)), body, open="open")
