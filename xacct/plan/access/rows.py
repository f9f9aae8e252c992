"""
The rows that a reviewer reads.

A change of trust gives a row for each group of principals that gains or loses, with all that the role allows
them; a change of permissions a row for each group of actions, with all who hold the role. A role that comes
or goes gives both at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import attrs

from xacct.plan.access.judges import session_arn
from xacct.plan.access.naming import action_name
from xacct.plan.access.parts import Part
from xacct.plan.access.witness import Example
from xacct.plan.model import AccessRow, Effect, Witness
from xacct.values import frozen

__all__ = ["RoleSide", "holder_rows", "permission_rows", "trust_rows", "undecided_row"]

MAX_PAIRS = 12
"""More rows than this for one change of trust are told in one row each."""

_UNDECIDED = "perhaps; this could not be decided from the policies alone"


@frozen(kw_only=True)
class RoleSide:
    """One side of a role: who may assume it, what it may do, and a request that passes on each count."""

    role_arn: str
    trust: Sequence[Part]
    permissions: Sequence[Part]
    assume_example: Example | None
    request_example: Example | None


def trust_rows(effect: Effect, parts: Iterable[Part], side: RoleSide, *, apart: bool) -> list[AccessRow]:
    """
    Rows for principals that gain or lose the role; ``side`` is the one on which they have it.

    ``apart`` gives a row to each group of permissions, as for a role that is new.
    """
    rows: list[AccessRow] = []
    for part in parts:
        if not part.assumes:
            rows.append(_session_row(effect, part, side))
            continue
        groups = side.permissions
        split = apart and 0 < len(groups) <= MAX_PAIRS
        rows += [_trust_row(effect, part, group, side) for group in (groups if split else [_whole(groups)])]
        rows += [_session_row(effect, beside, side) for beside in _beside_assuming(part)]
    return rows


def _beside_assuming(part: Part) -> Iterator[Part]:
    """What a statement that lets somebody in allows beside that: session tags, a source identity."""
    for action in part.actions:
        if action in _BESIDE_ASSUMING:
            example = part.example and attrs.evolve(part.example, action=action.lower())
            yield attrs.evolve(part, actions=(action,), example=example)


_BESIDE_ASSUMING = ("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")


def _whole(groups: Sequence[Part]) -> Part:
    """All permissions in one, with those phrases that hold for every group."""
    if not groups:
        return Part((), ("nothing: the role has no permissions",), (), ())
    shared = [phrase for phrase in groups[0].phrases if all(phrase in other.phrases for other in groups)]
    limited = any(len(group.phrases) > len(shared) for group in groups)
    notes = ["in part under further conditions of the permissions"] if limited else []
    if any(group.resources != groups[0].resources for group in groups):
        notes.append("not every action on every resource")
    return Part(
        (),
        _unique(chain.from_iterable(group.actions for group in groups)),
        _unique(chain.from_iterable(group.resources for group in groups)),
        (*shared, *notes),
    )


def _trust_row(effect: Effect, part: Part, group: Part, side: RoleSide) -> AccessRow:
    request = group.example or side.request_example
    return AccessRow(
        effect=effect,
        principal=", ".join(part.who) or side.role_arn,
        condition=_condition((*part.phrases, *group.phrases), shown=part.example is not None),
        actions=group.actions,
        resources=group.resources or (side.role_arn,),
        witness=None if part.example is None else _witness(side.role_arn, part.example, request),
    )


def _session_row(effect: Effect, part: Part, side: RoleSide) -> AccessRow:
    """For a statement that lets nobody in by itself: session tags, a source identity."""
    return AccessRow(
        effect=effect,
        principal=", ".join(part.who) or side.role_arn,
        condition=_condition(part.phrases, shown=part.example is not None),
        actions=part.actions,
        resources=(side.role_arn,),
        witness=None if part.example is None else _witness(side.role_arn, part.example, None),
    )


def permission_rows(effect: Effect, parts: Iterable[Part], side: RoleSide) -> list[AccessRow]:
    """Rows for actions that everyone who holds the role gains or loses."""
    who = _unique(chain.from_iterable(part.who for part in side.trust)) or (side.role_arn,)
    several = {part.phrases for part in side.trust}
    trust_phrases = side.trust[0].phrases if len(several) == 1 else ()
    return [
        AccessRow(
            effect=effect,
            principal=", ".join(who),
            condition=_condition((*trust_phrases, *part.phrases), shown=part.example is not None),
            actions=part.actions,
            resources=part.resources,
            witness=_permission_witness(part, side),
        )
        for part in parts
    ]


def _permission_witness(part: Part, side: RoleSide) -> Witness | None:
    if part.example is None:
        return None
    if side.assume_example is not None:
        return _witness(side.role_arn, side.assume_example, part.example)
    return _direct(session_arn(side.role_arn), part.example)


def holder_rows(effect: Effect, parts: Iterable[Part]) -> list[AccessRow]:
    """Rows for principals that hold the policies themselves."""
    return [
        AccessRow(
            effect=effect,
            principal=", ".join(part.who),
            condition=_condition(part.phrases, shown=part.example is not None),
            actions=part.actions,
            resources=part.resources,
            witness=None
            if part.example is None or part.example.requester is None
            else _direct(part.example.requester.text, part.example),
        )
        for part in parts
    ]


def undecided_row(effect: Effect, principal: str, resource: str) -> AccessRow:
    """For policies that are too complex to compare."""
    return AccessRow(
        effect=effect,
        principal=principal,
        condition=f"{_UNDECIDED}: they are too complex to compare",
        actions=("*",),
        resources=(resource,),
        witness=None,
    )


def _witness(role_arn: str, assume: Example, request: Example | None) -> Witness:
    assert assume.requester is not None
    if request is None:
        return Witness(
            principal=assume.requester.text,
            action=action_name(assume.action),
            resource=role_arn,
            context=assume.context,
        )
    return Witness(
        principal=assume.requester.text,
        action=action_name(request.action),
        resource=request.resource,
        assume_action=action_name(assume.action),
        assume_context=assume.context,
        context=request.context,
    )


def _direct(principal: str, example: Example) -> Witness:
    return Witness(
        principal=principal,
        action=action_name(example.action),
        resource=example.resource,
        context=example.context,
    )


def _condition(phrases: Iterable[str], *, shown: bool) -> str:
    return ", ".join(_unique((*phrases, *(() if shown else (_UNDECIDED,)))))


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
