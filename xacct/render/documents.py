"""Policy documents for a reviewer: every element of every statement, a line each, aligned old and new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.iam.redact import redact_document
from xacct.render.style import Style, one_line, wrap

__all__ = ["document_change", "document_lines", "statement_lines"]


def document_lines(document: PolicyDocument, style: Style, *, reveal: bool = False) -> list[str]:
    """All statements of a document."""
    shown = document if reveal else redact_document(document)
    lines: list[str] = []
    for statement in shown.statements:
        lines += statement_lines(statement, style.width)
    return lines


def document_change(
    before: PolicyDocument, after: PolicyDocument, style: Style, *, reveal: bool = False
) -> list[str]:
    """
    What changes between two documents, each line led by ``-``, ``+`` or a space.

    Statements that mean the same are only counted, whatever their order. The others are shown whole, a
    changed one beside what it was.
    """
    old, new = (item if reveal else redact_document(item) for item in (before, after))
    lines: list[str] = []
    if old.version != new.version:
        lines += [f"- Version {old.version or 'absent (2008-10-17)'}", f"+ Version {new.version}"]
    known_old = {statement.canonical for statement in before.statements}
    known_new = {statement.canonical for statement in after.statements}
    gone = [
        shown
        for shown, real in zip(old.statements, before.statements, strict=True)
        if real.canonical not in known_new
    ]
    come = [
        shown
        for shown, real in zip(new.statements, after.statements, strict=True)
        if real.canonical not in known_old
    ]
    for was, becomes in _pairs(gone, come):
        lines += _statement_change(was, becomes, style)
    same = len(known_old & known_new)
    if same:
        lines.append(f"  ({same} statement{'s' if same > 1 else ''} unchanged)")
    return [_mark(line, style) for line in lines]


def _pairs(
    gone: list[Statement], come: list[Statement]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    """Put a changed statement beside what it was: the one of the same Sid, else the most alike."""
    rest = list(come)
    for was in gone:
        match = max(rest, key=lambda becomes: _likeness(was, becomes), default=None)
        if match is not None and _likeness(was, match) > 0:
            rest.remove(match)
            yield was, match
        else:
            yield was, None
    for becomes in rest:
        yield None, becomes


def _likeness(one: Statement, other: Statement) -> float:
    if one.effect is not other.effect:
        return 0
    if one.sid is not None and one.sid == other.sid:
        return 2
    mine, theirs = set(_flat(one)), set(_flat(other))
    return len(mine & theirs) / max(len(mine | theirs), 1)


def _flat(statement: Statement) -> Iterator[str]:
    yield from statement.actions or statement.not_actions or ()
    yield from statement.resources or statement.not_resources or ()
    for principal in statement.principals or ():
        yield principal.value


def _statement_change(was: Statement | None, becomes: Statement | None, style: Style) -> list[str]:
    from difflib import SequenceMatcher

    width = style.width - 2
    old = statement_lines(was, width) if was else []
    new = statement_lines(becomes, width) if becomes else []
    lines: list[str] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, False).get_opcodes():
        if tag == "equal":
            lines += [f"  {line}" for line in old[old_from:old_to]]
        else:
            lines += [f"- {line}" for line in old[old_from:old_to]]
            lines += [f"+ {line}" for line in new[new_from:new_to]]
    return lines


def _mark(line: str, style: Style) -> str:
    match line[:1]:
        case "-":
            return style("bad", line)
        case "+":
            return style("good", line)
        case _:
            return line


def statement_lines(statement: Statement, width: int = 100) -> list[str]:
    """One statement, an element a line: nothing is left out but the Sid's quotes."""
    head = statement.effect.value
    name = f"  ({one_line(statement.sid)})" if statement.sid else ""
    lines = [f"{head}{name}"]
    deny = statement.effect is Effect.DENY
    elements: list[tuple[str, Sequence[str] | None]] = [
        ("from" if deny else "to", _who(statement.principals)),
        ("except", _who(statement.not_principals)),
        ("do", statement.actions),
        ("do all but", statement.not_actions),
        ("on", statement.resources),
        ("on all but", statement.not_resources),
    ]
    for label, values in elements:
        if values is not None:
            lines += _element(label, ", ".join(values) or "(nothing)", width)
    for condition in statement.conditions:
        values_text = " | ".join(condition.values) or "(no value)"
        lines += _element("if", f"{condition.key} {condition.operator} {values_text}", width)
    return lines


def _who(principals: Iterable[TypedPrincipal] | None) -> list[str] | None:
    if principals is None:
        return None
    return [
        principal.value
        if principal.type in (PrincipalType.AWS, PrincipalType.ANYONE)
        else f"{principal.type.value} {principal.value}"
        for principal in principals
    ]


def _element(label: str, text: str, width: int) -> list[str]:
    lead = f"  {label:<10} "
    return wrap(text, width, first=lead, rest=" " * len(lead))
