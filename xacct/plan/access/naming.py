"""The actions, resources and principals of a box, named as the documents name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from xacct.iam.policy import Statement, TypedPrincipal
from xacct.lightsail.catalog import PREFIX, load_catalog
from xacct.plan.access.boxes import Box
from xacct.plan.access.principals import is_clear
from xacct.plan.access.space import ACTION, PRINCIPAL, RESOURCE, TRUE, Clause, Names, Space, resource_id
from xacct.plan.access.words import joined

__all__ = ["action_name", "action_names", "principal_names", "resource_names"]

MANY = 12
"""More actions than this are shown by their verbs, where a verb is complete."""


def action_name(text: str) -> str:
    """The action in the case that AWS writes it, where it is known."""
    known = load_catalog().action(text) if text.lower().startswith("lightsail:") else None
    if known is not None:
        return known.full_name
    return _TRUST_ACTIONS.get(text.lower(), text)


_TRUST_ACTIONS = {
    name.lower(): name
    for name in (
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
        "sts:SetContext",
    )
}


def action_names(space: Space, clauses: Sequence[Clause], box: Box) -> tuple[str, ...]:
    """The actions of the box: patterns that lie in it whole, then what is left, by name."""
    mask = box.get(ACTION, space.sizes[ACTION])
    written = {text.lower(): text for clause in clauses for text in clause.statement.actions or ()}
    if not mask & _unnamed(space.actions):
        # What a Deny leaves of everything is told by its own patterns.
        written = {**{text: name for text, name in space.spelled.items() if "*" in text}, **written}
    whole, rest = _whole(space.actions, written, mask)
    names = [_counted(space, written[text]) for text in whole]
    known = _known(space.actions, rest)
    names += _by_verb(known.values())
    unknown = rest & ~sum(1 << place for place in known)
    if unknown:
        names += _others(space, clauses, mask, unknown)
    return tuple(dict.fromkeys(names))


def _known(names: Names, mask: int) -> dict[int, str]:
    """The elements of the mask that are one action, known by name, by their place."""
    return {
        place: element.example
        for place, element in enumerate(names.elements)
        if mask >> place & 1 and element.example is not None and _is_known(element.example)
    }


def _whole(names: Names, texts: Iterable[str], mask: int) -> tuple[list[str], int]:
    """The texts that match nothing outside the mask, without those that others hold; and what they miss."""
    inside = [text for text in texts if names.index[text] and not names.index[text] & ~mask]
    wide = [names.index[text] for text in inside if "*" in text or "?" in text]
    kept = [
        text
        for text in inside
        if not any(names.index[text] & ~other == 0 and names.index[text] != other for other in wide)
    ]
    return kept, mask & ~names.mask(kept)


def _is_known(action: str) -> bool:
    return action in _TRUST_ACTIONS or load_catalog().action(action) is not None


def _counted(space: Space, text: str) -> str:
    """A pattern with the number of actions known to match it."""
    if "*" not in text and "?" not in text:
        return action_name(text)
    if space.is_trust or not text.lower().startswith("lightsail:"):
        return text
    found = [action.full_name for action in load_catalog().expand(text)]
    return f"{text} ({_number_of(found)})" if len(found) > 1 else text


def _number_of(names: Sequence[str]) -> str:
    """``12 reads``, or ``12 actions`` where some change something."""
    known = [load_catalog().action(name) for name in names]
    return f"{len(names)} {'reads' if all(one and one.is_read for one in known) else 'actions'}"


def _by_verb(actions: Iterable[str]) -> list[str]:
    """Names, or where they are many ``lightsail:Create* (25 actions)`` for a verb that is complete."""
    names = sorted(action_name(text) for text in actions)
    if len(names) <= MANY:
        return names
    held = set(names)
    out: dict[str, None] = {}
    for name in names:
        found = _known_by_verb().get(_verb(name), ())
        is_complete = len(found) > 1 and name in found and held.issuperset(found)
        out.setdefault(f"lightsail:{_verb(name)}* ({_number_of(found)})" if is_complete else name)
    return list(out)


@cache
def _known_by_verb() -> dict[str, tuple[str, ...]]:
    out: dict[str, list[str]] = {}
    for action in load_catalog().actions.values():
        out.setdefault(_verb(action.full_name), []).append(action.full_name)
    return {verb: tuple(names) for verb, names in out.items()}


def _verb(name: str) -> str:
    word = name.partition(":")[2]
    end = next((place for place, char in enumerate(word) if place and char.isupper()), len(word))
    return word[:end]


def _others(space: Space, clauses: Sequence[Clause], mask: int, rest: int) -> list[str]:
    """
    Words for actions of the mask that no name stands for: patterns of any statement, such as a Deny's, that
    lie in it whole, and for what is then left the statement's own pattern or what it spares.
    """
    names = space.actions
    inside = [text for text, held in names.index.items() if held & rest and not held & ~mask]
    left = rest & ~names.mask(inside)
    told = [space.spelled[text] for text in _widest(names, inside)]
    if not left:
        return told
    spares = any(clause.statement.not_actions is not None for clause in clauses)
    if spares and left & _unnamed(names):
        return [_everything_except(space, mask)]
    own = [text.lower() for clause in clauses for text in clause.statement.actions or ()]
    patterns = names.index if spares else own
    matching = next((text for text in patterns if names.index[text] & left), None)
    if matching is None:
        return [*told, "actions of a policy that is not at hand"]
    # All that is known of Lightsail is told by name.
    start = "later additions to" if matching.startswith(PREFIX) else "other actions that match"
    return [*told, f"{start} {space.spelled[matching]}{_but_for(space, matching, mask)}"]


def _everything_except(space: Space, mask: int) -> str:
    """By all patterns that lie outside the mask; some of it may lie outside by no pattern of its own."""
    names = space.actions
    outside = [text for text, held in names.index.items() if held and not held & mask]
    spared = [space.spelled[text] for text in _widest(names, outside)]
    if names.full & ~mask & ~names.mask(outside):
        spared.append("others")
    return f"every action except {joined(spared, 'and')}"


def _but_for(space: Space, text: str, mask: int) -> str:
    """Patterns that lie within this one and outside the mask."""
    names = space.actions
    inner = [one for one, held in names.index.items() if held and not held & (mask | ~names.index[text])]
    named = [space.spelled[one] for one in _widest(names, inner) if "*" in one or "?" in one]
    return f" but not {joined(named, 'or')}" if named else ""


def _widest(names: Names, texts: Sequence[str]) -> list[str]:
    """Those that no other of them holds whole; of equals the first."""
    held = [names.index[text] for text in texts]
    return [
        text
        for place, text in enumerate(texts)
        if not any(
            held[place] & ~other == 0 and (other != held[place] or earlier < place)
            for earlier, other in enumerate(held)
            if earlier != place
        )
    ]


def _unnamed(names: Names) -> int:
    """The elements that nothing but stars names: the actions of all other services."""
    named = names.mask(text for text in names.index if text.strip("*?:"))
    known = sum(1 << place for place in _known(names, names.full))
    return names.full & ~named & ~known


def resource_names(space: Space, clauses: Sequence[Clause], box: Box) -> tuple[str, ...]:
    """The resources of the box as they are written."""
    flagged = [
        meaning
        for name, mask in box.items()
        if mask == TRUE and isinstance(meaning := space.meanings.get(name), str)
    ]
    if flagged:
        return tuple(flagged)
    mask = box.get(RESOURCE, space.sizes[RESOURCE])
    texts = {resource_id(text, clause.current): text for clause in clauses for text in _resources(clause)}
    texts = {key: text for key, text in texts.items() if key in space.resources.index}
    whole, rest = _whole(space.resources, texts, mask)
    partly = [text for text in texts if space.resources.index[text] & rest and text not in whole]
    names = [texts[text] for text in (*whole, *(() if whole and not rest else partly))]
    spared = [text for clause in clauses for text in clause.statement.not_resources or () if not names]
    if spared:
        return (f"everything except {joined(spared, 'and')}",)
    return tuple(dict.fromkeys(names)) or ("*",)


def _resources(clause: Clause) -> tuple[str, ...]:
    return clause.statement.resources or ()


def principal_names(space: Space, clause: Clause, box: Box) -> tuple[str, ...]:
    """The principals of a trust statement whom the box holds, as they are written."""
    statement = clause.statement
    flagged = [
        meaning.value
        for name, mask in box.items()
        if mask == TRUE and isinstance(meaning := space.meanings.get(name), TypedPrincipal)
    ]
    if flagged:
        return tuple(flagged)
    if statement.principals is None:
        return (_everyone_except(statement),)
    mask = box.get(PRINCIPAL, space.sizes[PRINCIPAL])
    return tuple(
        "* (anyone)" if one.value == "*" else one.value
        for one in statement.principals
        if is_clear(one) and space.principals.mask([one], allows=True) & mask
    )


def _everyone_except(statement: Statement) -> str:
    return f"everyone except {joined([one.value for one in statement.not_principals or ()], 'and')}"
