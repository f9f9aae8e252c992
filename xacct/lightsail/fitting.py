"""
Making statements fit IAM's size limits: inline while they fit, else over several managed policies.

The same statements always give the same policies. Splitting a statement never changes what the policies mean
together: it is done only along lists whose union is the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import attrs

from xacct.errors import InputError
from xacct.iam.policy import Condition, PolicyDocument, Statement
from xacct.values import frozen

__all__ = ["INLINE_LIMIT", "MANAGED_COUNT", "MANAGED_LIMIT", "Fitted", "fit_policies", "split_statement"]

# Source: IAM User Guide, "IAM and AWS STS quotas": characters without white space; of a role's inline
# policies together, of one managed policy; managed policies attached to a role (by default).
INLINE_LIMIT = 10_240
MANAGED_LIMIT = 6_144
MANAGED_COUNT = 10

# Operators whose values are alternatives: more values match more. The negated ones are not here, nor
# ForAllValues, where a list of values cannot be divided.
_DIVISIBLE = frozenset(
    {
        "arnequals",
        "arnlike",
        "binaryequals",
        "dateequals",
        "ipaddress",
        "numericequals",
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
    }
)

Named = tuple[str, PolicyDocument]


@frozen
class Fitted:
    """Policies by name: inline ones of the role, and managed ones to attach."""

    inline: tuple[Named, ...] = ()
    managed: tuple[Named, ...] = ()


def fit_policies(statements: Sequence[Statement], *, name: str, other_inline_size: int = 0) -> Fitted:
    """
    Lay the statements out in policies that IAM accepts.

    ``other_inline_size`` is what the role's other inline policies take of the inline limit. The answer is one
    inline policy ``name`` when everything fits, else managed policies ``name-1`` to ``name-10``, and what is
    beyond those in the inline policy. Raises InputError, with the sizes, when that is still too little.
    """
    return _fitted(tuple(statements), name, other_inline_size)


# One document for the many grants that ask for the same.
@lru_cache(256)
def _fitted(statements: tuple[Statement, ...], name: str, other_inline_size: int) -> Fitted:
    if not statements:
        return Fitted()
    whole = _tidy(PolicyDocument(tuple(statements)))
    room = INLINE_LIMIT - other_inline_size
    if whole.size <= room:
        return Fitted(inline=((name, whole),))
    bins = _pack(statements, MANAGED_LIMIT)
    if len(bins) > MANAGED_COUNT:
        bins = _pour(statements, MANAGED_LIMIT)
    beyond = PolicyDocument(tuple(part for rest in bins[MANAGED_COUNT:] for part in rest))
    if beyond.statements and beyond.size > room:
        raise _too_large(name, whole, room, len(bins))
    return Fitted(
        inline=((name, _tidy(beyond)),) if beyond.statements else (),
        managed=tuple(
            (f"{name}-{number}", _tidy(PolicyDocument(tuple(parts))))
            for number, parts in enumerate(bins[:MANAGED_COUNT], start=1)
        ),
    )


def split_statement(statement: Statement, limit: int) -> list[Statement]:
    """
    Divide a statement into statements that mean the same together, each fit for a policy of ``limit``.

    Actions, resources and the values of positive conditions can be divided, for Allow and Deny alike; what
    stands in NotAction, NotResource or a negated condition cannot. Raises InputError when that is too little.
    """
    out: list[Statement] = []
    stack = [statement]
    while stack:
        part = stack.pop()
        if _size([part]) <= limit:
            out.append(part)
        else:
            stack.extend(reversed(_cut(part, limit)))
    return out


def _size(statements: Sequence[Statement]) -> int:
    return PolicyDocument(tuple(statements)).size


def _pack(statements: Sequence[Statement], limit: int) -> list[list[Statement]]:
    """Whole statements where they first fit; only one that is too large by itself is divided."""
    bins: list[list[Statement]] = []
    for statement in statements:
        for part in split_statement(statement, limit):
            place = next((parts for parts in bins if _size([*parts, part]) <= limit), None)
            if place is None:
                bins.append([part])
            else:
                place.append(part)
    return bins


def _pour(statements: Sequence[Statement], limit: int) -> list[list[Statement]]:
    """Fill policy after policy to the brim, dividing statements where a policy is full."""
    bins: list[list[Statement]] = [[]]
    stack = list(reversed(statements))
    while stack:
        part = stack.pop()
        if _size([*bins[-1], part]) <= limit:
            bins[-1].append(part)
        elif not bins[-1]:
            stack.extend(reversed(_cut(part, limit)))
        elif pair := _slice(part, limit - _size(bins[-1]) + _size([]) - 1):
            stack.extend(reversed(pair))
        else:
            bins.append([])
            stack.append(part)
    return bins


def _cut(statement: Statement, limit: int) -> tuple[Statement, Statement]:
    """Divide in two: a first part that fits the limit where there is one, else two halves."""
    if pair := _slice(statement, limit):
        return pair
    axes = _axes(statement)
    if not axes:
        raise _indivisible(statement, limit)
    middle = len(axes[0].values) // 2
    return axes[0].part(0, middle), axes[0].part(middle, None)


def _slice(statement: Statement, limit: int) -> tuple[Statement, Statement] | None:
    """The largest first part that fits, and the rest; None when no list's first value fits by itself."""
    for axis in _axes(statement):
        if count := _fitting_count(axis, limit):
            return axis.part(0, count), axis.part(count, None)
    return None


def _fitting_count(axis: _Axis, limit: int) -> int:
    """How many values of a list fit, by bisection: a longer list is never smaller."""
    low, high = 0, len(axis.values) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if _size([axis.part(0, middle)]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


@frozen
class _Axis:
    """A list of a statement along which it can be divided: actions, resources, or one condition's values."""

    statement: Statement
    field: str
    values: tuple[str, ...]
    condition: int = 0

    def part(self, start: int, stop: int | None) -> Statement:
        kept = self.values[start:stop]
        if self.field != "conditions":
            changed: Statement = attrs.evolve(self.statement, **{self.field: kept})  # type: ignore[arg-type]
            return changed
        conditions = list(self.statement.conditions)
        conditions[self.condition] = attrs.evolve(conditions[self.condition], values=kept)
        return attrs.evolve(self.statement, conditions=tuple(conditions))


def _axes(statement: Statement) -> list[_Axis]:
    """Where a statement can be divided, its longest text first."""
    found = [
        _Axis(statement, field, values)
        for field, values in (("actions", statement.actions), ("resources", statement.resources))
        if values
    ]
    found += [
        _Axis(statement, "conditions", condition.values, index)
        for index, condition in enumerate(statement.conditions)
        if _is_divisible(condition)
    ]
    several = [axis for axis in found if len(axis.values) > 1]
    return sorted(several, key=lambda axis: -sum(len(value) + 3 for value in axis.values))


def _is_divisible(condition: Condition) -> bool:
    operator = condition.operator.lower().removeprefix("foranyvalue:").removesuffix("ifexists")
    return operator in _DIVISIBLE


def _tidy(document: PolicyDocument) -> PolicyDocument:
    """Drop the Sid of a part that came to lie beside another of its statement: a Sid may stand once."""
    seen: set[str] = set()
    out = []
    for statement in document.statements:
        if statement.sid in seen:
            statement = attrs.evolve(statement, sid=None)
        elif statement.sid:
            seen.add(statement.sid)
        out.append(statement)
    return attrs.evolve(document, statements=tuple(out))


def _too_large(name: str, whole: PolicyDocument, room: int, needed: int) -> InputError:
    most = MANAGED_COUNT * MANAGED_LIMIT
    return InputError(
        f"the permissions of {name!r} take {whole.size:,} characters; divided, {needed} managed policies; "
        f"a role takes {MANAGED_COUNT} of them ({most:,} characters) and {max(room, 0):,} more fit inline",
        fix="name fewer resources: TYPE/* with a tag says the same in less, or make several grants",
        code="too-large",
    )


def _indivisible(statement: Statement, limit: int) -> InputError:
    sid = f" {statement.sid!r}" if statement.sid else ""
    return InputError(
        f"the statement{sid} takes {_size([statement]):,} characters as a policy, {limit:,} are allowed, "
        "and it cannot be divided without changing what it means",
        fix="shorten its NotAction, NotResource or negated conditions",
        code="too-large",
    )
