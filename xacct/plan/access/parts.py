"""Pieces of access brought together into few parts that read as one sentence each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from xacct.lightsail.catalog import load_catalog
from xacct.plan.access.compare import Comparison, Piece, Side
from xacct.plan.access.naming import action_names, principal_names, resource_names
from xacct.plan.access.phrases import piece_phrases
from xacct.plan.access.question import Shown
from xacct.plan.access.space import ACTION, PRINCIPAL, Space
from xacct.plan.access.witness import Example
from xacct.values import frozen

__all__ = ["Part", "merged", "parts_of"]


@frozen
class Part:
    """
    Who may do what with what, under which phrases; with an example where one is shown.

    ``assumes``: of trust, whether it lets somebody in, rather than only tag a session, say.
    """

    who: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    phrases: tuple[str, ...]
    assumes: bool = False
    example: Example | None = None


def parts_of(
    comparison: Comparison, shown: Iterable[Shown], own: Side, other: Side, *, gained: bool = True
) -> list[Part]:
    """The parts that pieces of one side make, merged where they differ in one respect only."""
    space = comparison.space
    return merged(
        Part(
            who=_who(space, one.piece),
            actions=action_names(space, one.piece.allow.clauses, one.piece.box),
            resources=() if space.is_trust else resource_names(space, one.piece.allow.clauses, one.piece.box),
            phrases=piece_phrases(space, one.piece, own, other, gained=gained),
            assumes=_assumes(space, one.piece),
            example=_as_written(one),
        )
        for one in shown
    )


def _as_written(shown: Shown) -> Example | None:
    """The example with its action as a statement names it: what is compared is in lower case."""
    if shown.example is None:
        return None
    statements = (clause.statement for clause in shown.piece.allow.clauses)
    written = {text.lower(): text for one in statements for text in one.actions or ()}
    action = shown.example.action
    return attrs.evolve(shown.example, action=written.get(action.lower(), action))


def _who(space: Space, piece: Piece) -> tuple[str, ...]:
    if space.is_trust:
        return principal_names(space, piece.allow.clauses[0], piece.box)
    mask = piece.box.get(PRINCIPAL, 0)
    return tuple(one.text for index, one in enumerate(space.principals.requesters) if mask >> index & 1)


def _assumes(space: Space, piece: Piece) -> bool:
    if not space.is_trust:
        return False
    names = space.actions.examples(piece.box.get(ACTION, space.sizes[ACTION]))
    return any(name.startswith("sts:assumerole") for name in names)


def merged(parts: Iterable[Part]) -> list[Part]:
    """Join parts that are alike but for one of: who, actions, resources."""
    out = list(dict.fromkeys(parts))
    for name in ("actions", "resources", "who"):
        groups: dict[tuple[object, ...], Part] = {}
        for part in out:
            alike = tuple(
                getattr(part, field)
                for field in ("who", "actions", "resources", "phrases", "assumes")
                if field != name
            )
            known = groups.get(alike)
            groups[alike] = part if known is None else _joined(known, part, name)
        out = list(groups.values())
    return _with_bare_actions(out)


def _with_bare_actions(parts: list[Part]) -> list[Part]:
    """
    Bring actions that take no resource, and so come with ``*``, together with those that do.

    Only where it misleads nobody: every one of them has to be known to take no resource.
    """
    bare = {
        _share(part): part for part in parts if part.resources == ("*",) and all(map(_is_bare, part.actions))
    }
    alone = tuple(bare.values())
    out: list[Part] = []
    for part in parts:
        if any(part is one for one in alone):
            continue
        mate = bare.pop(_share(part), None)
        out.append(_including(part, mate) if mate else part)
    return [*bare.values(), *out]


def _share(part: Part) -> tuple[tuple[str, ...], ...]:
    return (part.who, part.phrases)


def _including(part: Part, bare: Part) -> Part:
    return attrs.evolve(
        part,
        actions=tuple(dict.fromkeys((*bare.actions, *part.actions))),
        resources=(*part.resources, "* (for actions that take no resource)"),
    )


def _is_bare(action: str) -> bool:
    found = load_catalog().action(action)
    return found is not None and found.wildcard_only


def _joined(one: Part, other: Part, name: str) -> Part:
    both = tuple(dict.fromkeys((*getattr(one, name), *getattr(other, name))))
    changes: dict[str, Any] = {name: both}
    example, assumes = one.example or other.example, one.assumes or other.assumes
    return attrs.evolve(one, example=example, assumes=assumes, **changes)
