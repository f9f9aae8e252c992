"""What permissions ask of a request beside its action and resource: times, the role's tags, a user's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xacct.blueprint.statements import EXPIRY_SID
from xacct.explain.times import moments, times_around
from xacct.iam.policy import Condition, PolicyDocument, Statement

__all__ = ["asks_for_user", "ends_the_grant", "moments_asked_for", "tags_asked_for"]

_TIME = "aws:currenttime"


def ends_the_grant(statement: Statement) -> bool:
    """Whether it is the Deny that a grant's last day makes: before that day it denies nothing."""
    return statement.sid == EXPIRY_SID and [one.key.lower() for one in statement.conditions] == [_TIME]


def moments_asked_for(
    trust: PolicyDocument | None, documents: Iterable[PolicyDocument], *, expires: bool
) -> tuple[tuple[str, str], ...]:
    """Times at which a session may be had and used; none where the grant's last day alone tells times."""
    own = [one for document in documents for one in document.statements]
    telling = [one for one in own if not (expires and ends_the_grant(one))]
    if not any(line.key.lower() == _TIME for one in telling for line in one.conditions):
        return ()
    statements = [*(trust.statements if trust is not None else ()), *own]
    lines = (line for one in statements for line in one.conditions if line.key.lower() == _TIME)
    return moments(times_around(text for line in lines for text in line.values))


def tags_asked_for(documents: Iterable[PolicyDocument], tags: Mapping[str, str]) -> dict[str, str]:
    """Those of the role's tags that the documents ask for, as keys of the request context."""
    texts = [document.pretty().lower() for document in documents]
    found = {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    return {key: value for key, value in found.items() if any(key.lower() in text for text in texts)}


def asks_for_user(documents: Iterable[PolicyDocument]) -> bool:
    """Whether a condition is on the name of an IAM user."""
    return any(line.key.lower() == "aws:username" for line in _lines(documents))


def _lines(documents: Iterable[PolicyDocument]) -> list[Condition]:
    statements = [one for document in documents for one in document.statements]
    return [line for one in statements for line in one.conditions]
