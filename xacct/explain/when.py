"""When an allowed action passes: what was asked as the session was had, and what is asked of the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from xacct.explain.case import Case
from xacct.explain.matching import names_action
from xacct.explain.text import listed
from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.plan.access import HolderAccess, access_delta, holder_delta
from xacct.plan.model import AccessRow

__all__ = ["when_words"]


def when_words(case: Case, name: str) -> str:
    """Such as "in a session obtained with MFA, if the call is made in eu-west-1"; "" for always."""
    session, call = _of_session(case, name), _of_call(case, name)
    parts = [f"in a session obtained {session}"] if session else []
    return ", ".join([*parts, f"if the call is made {call}"] if call else parts)


def _of_session(case: Case, name: str) -> str:
    """What the trust policy asks, seen alone: with permissions that ask nothing."""
    if case.access is None:
        return ""
    everything = Statement(effect=Effect.ALLOW, actions=(name,), resources=("*",))
    open_role = attrs.evolve(case.access, policies=(PolicyDocument.of(everything),), boundary=None)
    return _alternatives(row.condition for row in _rows(access_delta(None, open_role).rows, name))


def _of_call(case: Case, name: str) -> str:
    """What the permissions ask, seen alone: as if the session held them itself."""
    held = case.access or case.holders
    assert held is not None
    alone = HolderAccess(
        account=case.account,
        holders=held.holders if isinstance(held, HolderAccess) else (case.session_arn,),
        policies=tuple(_about(document, name) for document in held.policies),
        boundary=held.boundary,
    )
    return _alternatives(_asked(row) for row in _rows(holder_delta(None, alone).rows, name))


def _about(document: PolicyDocument, name: str) -> PolicyDocument:
    """What of the document is about the action, with this action alone."""
    about = (one for one in document.statements if names_action(one, name))
    return PolicyDocument.of(*(attrs.evolve(one, actions=(name,), not_actions=None) for one in about))


def _rows(rows: Iterable[AccessRow], name: str) -> Iterator[AccessRow]:
    return (row for row in rows if name in row.actions)


def _asked(row: AccessRow) -> str:
    """The row's condition, and its resources where they are not all."""
    named = () if "*" in row.resources else (f"on {listed(row.resources, 'or')}",)
    return ", ".join(part for part in (*named, row.condition) if part)


def _alternatives(ways: Iterable[str]) -> str:
    """Each way once; none where one way asks nothing."""
    found = dict.fromkeys(ways)
    return "" if "" in found else "; or ".join(found)
