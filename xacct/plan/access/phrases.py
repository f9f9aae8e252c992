"""Under which condition a piece of access is held, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from xacct.evaluate.principals import Level
from xacct.iam.policy import Condition
from xacct.plan.access.boxes import Box, intersect
from xacct.plan.access.compare import Deny, Piece, Side
from xacct.plan.access.operators import Qualifier
from xacct.plan.access.space import ACTION, PRINCIPAL, RESOURCE, Clause, Space
from xacct.plan.access.words import (
    condition_words,
    conditions_words,
    cut_words,
    denial_words,
    without_words,
)

__all__ = ["piece_phrases"]


def piece_phrases(space: Space, piece: Piece, own: Side, other: Side, *, gained: bool) -> tuple[str, ...]:
    """
    The conditions of a piece: those of its statement (values that are not concerned left out), what its own
    side denies, what the other side asked for beyond that, and the Deny that goes or comes.
    """
    out = [words for clause in piece.allow.clauses for words in _own(space, clause, piece.box)]
    out += [denial_words(clause.statement) for clause in _denies(piece.box, own.denies)]
    out += [cut_words(clause.statement) for clause in _cuts(piece, own.denies)]
    beyond = _beyond(space, piece, other)
    out += beyond if gained else (words.removeprefix("also ") for words in beyond)
    if piece.lifted is not None:
        out.append(_lifted(piece.lifted, gained=gained))
    if _needs_no_policy(space, piece.box):
        out.append("also where their own policies do not allow it")
    if not piece.allow.clauses:
        out.append("as far as a policy that is not at hand allows")
    return tuple(dict.fromkeys(out))


def _own(space: Space, clause: Clause, box: Box) -> Iterator[str]:
    for condition in clause.statement.conditions:
        yield condition_words(_narrowed(space, clause, condition, box))


def _narrowed(space: Space, clause: Clause, condition: Condition, box: Box) -> Condition:
    """The line with only those values that the box is about."""
    line = clause.line(condition)
    dimension = space.keys[line.key]
    mask = box.get(f"key:{line.key}")
    is_list = line.operator.qualifier is not Qualifier.ALL and not line.operator.negated
    if mask is None or line not in dimension.lines or not is_list:
        return condition
    touched = set(dimension.touched(line, mask))
    kept = tuple(value for value in condition.values if value in touched)
    return attrs.evolve(condition, values=kept) if kept else condition


def _denies(box: Box, denies: Iterable[Deny]) -> Iterator[Clause]:
    """The Denies that meet the box but for their conditions."""
    seen: list[Clause] = []
    for deny in denies:
        clause = deny.clause
        if clause is None or clause in seen or not clause.statement.conditions:
            continue
        if intersect(_scope(box), _scope(deny.box)) is not None:
            seen.append(clause)
            yield clause


def _cuts(piece: Piece, denies: Iterable[Deny]) -> Iterator[Clause]:
    """The Denies whose resources or principals are taken off what the statement allows to the piece."""
    around, own = dict(_scope(piece.allow.box)), _scope(piece.box)
    if ACTION in own:
        around[ACTION] = own[ACTION]
    for deny in denies:
        scope = _scope(deny.box)
        if deny.clause is not None and intersect(around, scope) and not intersect(own, scope):
            yield deny.clause


def _scope(box: Box) -> Box:
    return {name: mask for name, mask in box.items() if name in (ACTION, RESOURCE, PRINCIPAL)}


def _beyond(space: Space, piece: Piece, other: Side) -> Iterator[str]:
    """Conditions of the other side's statements for the same requests, which the piece does without."""
    own_keys = {line.key for clause in piece.allow.clauses for line in clause.lines}
    for allow in other.allows:
        if intersect(_scope(piece.box), _scope(allow.box)) is None:
            continue
        for clause in allow.clauses:
            for condition in clause.statement.conditions:
                line = clause.line(condition)
                if line.key not in own_keys and intersect(piece.box, space.line_box(line)) is None:
                    yield without_words(condition)


def _lifted(deny: Deny, *, gained: bool) -> str:
    conditions = deny.clause.statement.conditions if deny.clause else ()
    words = conditions_words(conditions)
    if conditions and all(condition.operator.lower().startswith("date") for condition in conditions):
        return words
    return f"{words}, where it {'was' if gained else 'is now'} denied".removeprefix(", ")


def _needs_no_policy(space: Space, box: Box) -> bool:
    mask = box.get(PRINCIPAL, 0)
    needs = [one.needs for index, one in enumerate(space.principals.requesters) if mask >> index & 1]
    return bool(needs) and all(level > Level.ACCOUNT for level in needs)
