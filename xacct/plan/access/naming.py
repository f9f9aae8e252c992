"""The actions, resources and principals of a box, named as the documents name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from xacct.iam.policy import Statement, TypedPrincipal
from xacct.lightsail.catalog import load_catalog
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
    whole, rest = _whole(space.actions, written, mask)
    names = [_counted(space, written[text]) for text in whole]
    left = [element for place, element in enumerate(space.actions.elements) if rest >> place & 1]
    known = [one.example for one in left if one.example is not None and _is_known(one.example)]
    names += _by_verb(known)
    if len(known) < len(left):
        names += _others(clauses, space, rest)
    return tuple(dict.fromkeys(names))


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
    found = load_catalog().expand(text)
    what = "reads" if all(action.is_read for action in found) else "actions"
    return f"{text} ({len(found)} {what})" if len(found) > 1 else text


def _by_verb(actions: Sequence[str]) -> list[str]:
    """Names, or where they are many ``lightsail:Create* (25 actions)`` for a verb that is complete."""
    names = sorted(action_name(text) for text in actions)
    if len(names) <= MANY:
        return names
    held = set(names)
    out: dict[str, None] = {}
    for name in names:
        found = _known_by_verb().get(_verb(name), ())
        is_complete = len(found) > 1 and name in found and held.issuperset(found)
        what = "reads" if _verb(name) == "Get" else "actions"
        out.setdefault(f"lightsail:{_verb(name)}* ({len(found)} {what})" if is_complete else name)
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


def _others(clauses: Sequence[Clause], space: Space, rest: int) -> list[str]:
    """Words for actions that only a pattern names."""
    for clause in clauses:
        statement = clause.statement
        if statement.not_actions is not None:
            return [f"every action except {joined(statement.not_actions, 'and')}"]
        for text in statement.actions or ():
            if space.actions.index[text.lower()] & rest:
                return [f"other actions that match {text}"]
    return ["actions of a policy that is not at hand"]


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
