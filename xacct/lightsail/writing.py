"""
From what a grant asks for to statements that do it.

Actions that take only ``*`` go apart from those that take an ARN; limits by tag become ``aws:ResourceTag`` on
what exists and ``aws:RequestTag`` on what is made from nothing; Regions become ``aws:RequestedRegion``. Where
a limit cannot reach an action, the action is listed or left out, never widened without a word. The output
depends on what is asked for, not on its order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import attrs

from xacct.errors import InputError, Problem
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement
from xacct.lightsail.entry import LeftOut, PermissionEntry, Written
from xacct.lightsail.limits import Limits, check_limits
from xacct.lightsail.notes import notes_on
from xacct.lightsail.scoping import Placed, Scope, place_actions
from xacct.lightsail.selection import Selection, select_actions
from xacct.lightsail.sets import EVERYTHING
from xacct.values import frozen

__all__ = ["LeftOut", "PermissionEntry", "Written", "write_statements"]


def write_statements(
    entries: Sequence[PermissionEntry], *, account: str, partition: str = "aws", where: str = "permissions"
) -> Written:
    """
    Write the statements of a role's permissions policy.

    ``account`` is the trusting account, which owns the resources. Raises InputError with every problem of all
    entries, each with its place below ``where`` (``permissions[1].add[0]``).
    """
    return _written(tuple(entries), account, partition, where)


# Many grants ask for the same; to share what is written for them saves time and memory.
@lru_cache(256)
def _written(entries: tuple[PermissionEntry, ...], account: str, partition: str, where: str) -> Written:
    problems: list[Problem] = []
    read = [
        _read_entry(entry, f"{where}[{index}]", problems, account, partition)
        for index, entry in enumerate(entries)
    ]
    if not entries:
        problems.append(Problem("no permissions are asked for", where, "name a set", "no-permissions"))
    if problems:
        raise InputError(problems)
    return _write(read, partition)


@frozen
class _Entry:
    """An entry, read and placed."""

    selection: Selection
    limits: Limits
    placed: Placed
    statements: tuple[Statement, ...]


def _read_entry(
    entry: PermissionEntry, where: str, problems: list[Problem], account: str, partition: str
) -> _Entry:
    before = len(problems)
    selection = select_actions(entry, where, problems)
    limits = check_limits(entry, where, problems, account=account, partition=partition)
    problems.extend(_check_statements(entry.statements, where))
    placed = place_actions(selection, limits, unscoped=entry.unscoped)
    if len(problems) == before and not placed.scopes and (selection.actions or not entry.statements):
        problems.append(_nothing_left(selection, placed, where))
    return _Entry(selection, limits, placed, entry.statements)


def _check_statements(statements: Iterable[Statement], where: str) -> Iterator[Problem]:
    for index, statement in enumerate(statements):
        place = f"{where}.statements[{index}]"
        if statement.principals is not None or statement.not_principals is not None:
            message = "a permissions policy names no principals: the role itself is the principal"
            yield Problem(
                message, place, "take Principal out; who may assume the role is in its trust", "policy"
            )
        if statement.resources is None and statement.not_resources is None:
            yield Problem("the statement has no Resource", place, 'add Resource, "*" for all', "policy")


def _nothing_left(selection: Selection, placed: Placed, where: str) -> Problem:
    if not selection.actions:
        message = "the entry allows nothing"
        return Problem(message, where, "name a set, actions under add, or statements", "no-permissions")
    reasons = "; ".join(f"{left.action} {left.why}" for left in placed.left_out[:5])
    return Problem(
        f"the limits leave none of the entry's {len(selection.actions)} actions: {reasons}",
        where,
        "change the limits, or say unscoped: allow",
        "no-permissions",
    )


def _write(entries: Sequence[_Entry], partition: str) -> Written:
    by_scope, overtaken = _without_overtaken(_by_scope(entries))
    statements = _statements(by_scope)
    granted = {name for names in by_scope.values() for name in names}
    return Written(
        (*statements, *_pasted(entries, {statement.sid or "" for statement in statements})),
        tuple(sorted({name for entry in entries for name in entry.placed.account_wide})),
        tuple(_left_out(entries, granted)),
        tuple(
            notes_on(
                [(entry.selection, entry.limits, entry.placed) for entry in entries], overtaken, partition
            )
        ),
    )


def _left_out(entries: Sequence[_Entry], granted: set[str]) -> Iterator[LeftOut]:
    """What no entry grants, with one reason each."""
    seen: set[str] = set(granted)
    for left in sorted(left for entry in entries for left in entry.placed.left_out):
        if left.action not in seen and EVERYTHING not in granted:
            seen.add(left.action)
            yield left


def _by_scope(entries: Iterable[_Entry]) -> dict[Scope, set[str]]:
    out: dict[Scope, set[str]] = {}
    for entry in entries:
        for scope, name in entry.placed.scopes:
            out.setdefault(scope, set()).add(name)
    return out


def _without_overtaken(by_scope: Mapping[Scope, set[str]]) -> tuple[dict[Scope, set[str]], set[str]]:
    """Drop actions from scopes within a wider one that another entry allows them in."""
    kept: dict[Scope, set[str]] = {}
    lost: set[str] = set()
    for scope, names in by_scope.items():
        wider = [other for other in by_scope if other != scope and other.covers(scope)]
        free = {name for other in wider for name in by_scope[other]}
        gone = names if EVERYTHING in free else names & free
        lost |= gone
        if names - gone:
            kept[scope] = names - gone
    return kept, lost - {EVERYTHING}


def _statements(by_scope: Mapping[Scope, set[str]]) -> list[Statement]:
    """One statement a scope; scopes that differ in resources alone and hold the same actions are one."""
    joined: dict[tuple[tuple[str, ...], tuple[Condition, ...]], set[str]] = {}
    for scope, names in by_scope.items():
        joined.setdefault((tuple(sorted(names)), scope.conditions), set()).update(scope.resources)
    rows = sorted((Scope(tuple(sorted(arns)), kept), names) for (names, kept), arns in joined.items())
    sids = _unique_sids([_sid(scope) for scope, _ in rows], set())
    return [
        Statement(
            effect=Effect.ALLOW,
            actions=names,
            resources=scope.resources,
            conditions=scope.conditions,
            sid=sid,
        )
        for (scope, names), sid in zip(rows, sids, strict=True)
    ]


_SID_OF_TAGS = {"aws:RequestTag": "NewTagged", "aws:ResourceTag": "Tagged"}


def _sid(scope: Scope) -> str:
    """What the statement is about, in one word: IAM allows letters and digits."""
    kinds = sorted({arn.split(":", 5)[5].partition("/")[0] for arn in scope.resources if arn != "*"})
    head = "Lightsail" if not kinds else "".join(kinds) if len(kinds) <= 3 else "Resources"
    for condition in scope.conditions:
        kind = condition.key.partition("/")[0]
        if kind in _SID_OF_TAGS and not head.endswith("Tagged"):
            head += _SID_OF_TAGS[kind]
    for condition in scope.conditions:
        if condition.key == "aws:RequestedRegion" and len(condition.values) == 1:
            head += condition.values[0].title().replace("-", "")
    return head


def _unique_sids(wanted: Sequence[str], taken: set[str]) -> list[str]:
    out = []
    for word in wanted:
        number, sid = 2, word
        while sid in taken:
            sid, number = f"{word}{number}", number + 1
        taken.add(sid)
        out.append(sid)
    return out


def _pasted(entries: Sequence[_Entry], taken: set[str]) -> list[Statement]:
    """Pasted statements once each; a Sid changes only where IAM would refuse it."""
    found = {
        statement.canonical: statement
        for statement in sorted(
            (one for entry in entries for one in entry.statements), key=_text, reverse=True
        )
    }
    out = []
    for statement in sorted(found.values(), key=_text):
        plain = re.sub(r"[^A-Za-z0-9]", "", statement.sid or "")
        (sid,) = _unique_sids([plain], taken) if plain else (None,)
        out.append(attrs.evolve(statement, sid=sid))
    return out


def _text(statement: Statement) -> str:
    return PolicyDocument.of(statement).minified()
