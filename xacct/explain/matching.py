"""Which statements are about an action: patterns as IAM reads them, in any case."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.lightsail.catalog import Action

__all__ = ["allowing", "allowing_in", "asks_key", "is_plain", "names_action"]


def names_action(statement: Statement, action: str) -> bool:
    """Whether Action covers the action, or NotAction leaves it in."""
    if statement.actions is not None:
        return _any_matches(statement.actions, action)
    return not _any_matches(statement.not_actions or (), action)


def _any_matches(patterns: Iterable[str], action: str) -> bool:
    # IAM knows * and ? only; fnmatch would read [ as a set.
    return any(fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]")) for pattern in patterns)


def allowing(document: PolicyDocument | None, action: str) -> list[Statement]:
    """The Allow statements of a document that are about the action."""
    statements = document.statements if document is not None else ()
    return [one for one in statements if one.effect is Effect.ALLOW and names_action(one, action)]


def allowing_in(documents: Iterable[PolicyDocument], action: str) -> list[Statement]:
    """The Allow statements of several documents that are about the action."""
    return [statement for document in documents for statement in allowing(document, action)]


def asks_key(statement: Statement, start: str) -> bool:
    """Whether a condition of the statement is on a key that begins so, in lower case."""
    return any(one.key.lower().startswith(start) for one in statement.conditions)


def is_plain(statement: Statement, action: Action) -> bool:
    """Whether the Allow passes some request for the action, as its conditions are on what every one has."""
    families = [one.key.lower().partition("/")[0] for one in statement.conditions]
    held = {"aws:requestedregion"}
    held |= {"aws:resourcetag"} if action.supports_resource_tags else set()
    held |= {"aws:requesttag", "aws:tagkeys"} if action.supports_request_tags else set()
    everything = statement.effect is Effect.ALLOW and "*" in (statement.resources or ())
    variable = any("${" in value for one in statement.conditions for value in one.values)
    return everything and held.issuperset(families) and not variable
