"""
A plan for a pull request: the risky part first, the rest folded, within the size that a comment takes.

GitHub takes 65,536 characters in a comment; what does not fit is left out from the end of the least risky
part, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xacct.iam.policy import PolicyDocument
from xacct.lint.model import Finding, Severity
from xacct.plan.model import AccessRow, AccountPlan, Change, ChangeKind, Effect, Plan
from xacct.render.documents import document_change, document_lines
from xacct.render.plan_text import (
    action_words,
    change_head,
    display_order,
    gives_anew,
    summary_line,
    verdict_words,
    who_words,
)
from xacct.render.style import PLAIN, clean, one_line

__all__ = ["COMMENT_LIMIT", "plan_markdown"]

COMMENT_LIMIT = 65_536
_ROOM_FOR_TAIL = 600


def plan_markdown(plan: Plan, *, digest: str = "", reveal: bool = False, limit: int = COMMENT_LIMIT) -> str:
    """The plan as GitHub-flavoured Markdown of at most ``limit`` characters."""
    head = [f"## xacct plan\n\n**{_text(summary_line(plan))}**\n"]
    if digest:
        head.append(f"Digest `{digest}`; apply what was reviewed with `--expect-digest`.\n")
    sections = [section for account in plan.accounts for section in _sections(account, reveal)]
    sections.sort(key=lambda section: section[0])
    return _fit(head, sections, limit)


_RISKY = 1
"""The rank up to which a part is rather cut than left out."""


def _fit(head: list[str], sections: list[tuple[int, str]], limit: int) -> str:
    out = "\n".join(head)
    left_out = 0
    for rank, section in sections:
        room = limit - _ROOM_FOR_TAIL - len(out) - 1
        if len(section) <= room:
            out += "\n" + section
            continue
        left_out += 1
        if rank <= _RISKY:
            out += "\n" + _cut(section, room)
    if left_out:
        out += (
            f"\n> [!WARNING]\n> {left_out} part{'s' if left_out > 1 else ''} of this plan did not fit into"
            " a comment. `xacct show plan.json` shows all of it.\n"
        )
    return out


def _cut(section: str, room: int) -> str:
    """As many whole lines as there is room for, with what they opened closed."""
    kept: list[str] = []
    for line in section.splitlines():
        if sum(len(one) + 1 for one in kept) + len(line) > room - 40:
            break
        kept.append(line)
    still_open = "\n".join(kept).count("<details>") - "\n".join(kept).count("</details>")
    return "\n".join([*kept, "", *["</details>"] * still_open, ""])


def _sections(account: AccountPlan, reveal: bool) -> Iterator[tuple[int, str]]:
    """Parts of one account with their rank: what blocks, gains, losses, changes, the rest."""
    name = f"account `{account.account}`"
    blocking = [finding for finding in account.findings if finding.blocks]
    others = [finding for finding in account.findings if not finding.blocks]
    if blocking:
        yield 0, _findings(f"### Blocked in {name}", blocking)
    if account.summary.changes:
        yield 1, _access(account, name)
    if others:
        yield 2, _folded(f"{len(others)} findings in {name}", _findings("", others))
    shown = [change for change in account.changes if change.kind is not ChangeKind.NONE or change.note]
    for change in sorted(shown, key=display_order):
        yield 3, _change(change, account.account, reveal)
    notes = [note for grant in account.grants for note in grant.notes]
    if notes and gives_anew(account):
        yield 4, _folded(f"Notes on {name}", "\n".join(f"- {_text(note)}" for note in notes))
    if account.required_permissions:
        rows = [f"- `{need.action}` on {_codes(need.resources)}" for need in account.required_permissions]
        yield 5, _folded(f"Rights that the operator needs in {name}", "\n".join(rows))


def _access(account: AccountPlan, name: str) -> str:
    lines = [f"### Access in {name}", "", verdict_words(account.verdict), ""]
    rows = sorted(account.access_delta, key=lambda row: row.effect is Effect.LOSE)
    if rows:
        lines += ["| | who | may | on | if |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(row) for row in rows]
    lines += ["", *(f"> {_text(text)}" for text in account.sessions)]
    examples = [row for row in rows if row.witness is not None]
    if examples:
        lines += ["", "<details><summary>One request for each row</summary>", ""]
        for row in examples:
            assert row.witness is not None
            verb = "newly passes" if row.effect is Effect.GAIN else "no longer passes"
            witness = row.witness
            lines.append(
                f"- `{_code(witness.action)}` on `{_code(witness.resource)}` by"
                f" `{_code(witness.principal)}` {verb}"
            )
        lines += ["", "</details>"]
    return "\n".join([*lines, ""])


def _row(row: AccessRow) -> str:
    effect = "**gains**" if row.effect is Effect.GAIN else "loses"
    cells = [
        effect,
        f"`{_code(who_words(row.principal))}`",
        _text(action_words(row.actions)),
        _codes(row.resources),
        _cell(row.condition),
    ]
    return f"| {' | '.join(cells)} |"


def _findings(title: str, findings: Iterable[Finding]) -> str:
    marks = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
    lines = [title, ""] if title else []
    for finding in sorted(findings, key=lambda item: (item.severity.rank, item.rule)):
        place = ":".join(str(part) for part in (finding.file, finding.line) if part)
        where = f" (`{_code(place)}`)" if place else ""
        lines.append(f"- **{marks[finding.severity]} {finding.rule}**{where}: {_text(finding.message)}")
        if finding.fix:
            lines.append(f"  Fix: {_text(finding.fix)}")
        if finding.accepted is not None:
            lines.append(f"  Accepted: {_text(finding.accepted)}")
    return "\n".join([*lines, ""])


def _change(change: Change, account: str, reveal: bool) -> str:
    body = list(_body(change, reveal))
    head = f"{change_head(change)} in `{account}`"
    if not body:
        return f"- {_text(head)}\n"
    fence = _fence(body)
    return _folded(head, "\n".join([f"{fence}diff", *body, fence]))


def _body(change: Change, reveal: bool) -> Iterator[str]:
    before, after = change.before, change.after
    for field in ("trust", "document"):
        old, new = getattr(before, field, None), getattr(after, field, None)
        if isinstance(new, PolicyDocument) and isinstance(old, PolicyDocument):
            if old.canonical != new.canonical:
                yield from document_change(old, new, PLAIN, reveal=reveal)
        elif isinstance(new, PolicyDocument):
            yield from (f"+ {line}" for line in document_lines(new, PLAIN, reveal=reveal))
        elif isinstance(old, PolicyDocument):
            yield from (f"- {line}" for line in document_lines(old, PLAIN, reveal=reveal))
    for aspect in change.aspects:
        if aspect not in ("trust", "document"):
            yield f"- {aspect} {_plain(getattr(before, aspect))}"
            yield f"+ {aspect} {_plain(getattr(after, aspect))}"


def _plain(value: object) -> str:
    if hasattr(value, "items"):
        return one_line(", ".join(f"{key}={item}" for key, item in value.items()))
    text = str(value)
    return one_line(text if len(text) < 500 else f"{text[:200]}… ({len(text)} characters)")


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{_html(title)}</summary>\n\n{body}\n\n</details>\n"


def _fence(lines: Iterable[str]) -> str:
    """A fence longer than any run of backticks inside."""
    longest = run = 0
    for char in "\n".join(lines):
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)


def _html(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "")


_SPECIAL = str.maketrans(
    {char: f"\\{char}" for char in "\\*_[]|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def _text(text: str) -> str:
    """Show text as text: nothing in a name or note becomes markup, a link or a mention."""
    return clean(text).replace("\n", " ").translate(_SPECIAL).replace("@", "@\u2060").replace("`", "'")


def _cell(text: str) -> str:
    return _text(text)


def _code(text: str) -> str:
    return clean(text).replace("`", "'").replace("|", "\\|").replace("\n", " ")


def _codes(items: Iterable[str]) -> str:
    return ", ".join(f"`{_code(item)}`" for item in items)
