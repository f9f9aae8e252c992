"""
The errors that are not AWS's core sentence: how each is recognised, what it means, what helps.

They are data, in ``families.json``: tokens, durations, MFA, federation, policies' text, quotas, the console.
The order in the file counts: where several fit one place of a text, the first is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from xacct.diagnose.clean import squeezed_phrase
from xacct.diagnose.model import Cause, DeniedBy, Likelihood, Step, StepKind, Who
from xacct.values import frozen

__all__ = ["Family", "families", "family"]

_WHO = {
    "reader": Who.READER,
    "caller_admin": Who.CALLER_ADMIN,
    "owner_admin": Who.OWNER_ADMIN,
    "organization_admin": Who.ORGANIZATION_ADMIN,
    "idp_admin": Who.IDP_ADMIN,
}


@frozen(kw_only=True)
class Family:
    """
    One kind of error.

    ``phrases`` tell it wherever they stand; ``weak`` ones (codes, everyday words) only when nothing better
    is found. Both are squeezed. ``rank`` is its place in the file.
    """

    name: str
    rank: int
    denied_by: DeniedBy
    phrases: tuple[str, ...]
    weak: tuple[str, ...]
    causes: tuple[Cause, ...]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]


@cache
def families() -> tuple[Family, ...]:
    """All families, in the order of the file."""
    text = resources.files("xacct.diagnose").joinpath("families.json").read_text(encoding="utf-8")
    return tuple(_family(rank, raw) for rank, raw in enumerate(json.loads(text)["families"]))


@cache
def _by_name() -> Mapping[str, Family]:
    return {item.name: item for item in families()}


def family(name: str) -> Family | None:
    return _by_name().get(name)


def _family(rank: int, raw: Mapping[str, Any]) -> Family:
    return Family(
        name=raw["name"],
        rank=rank,
        denied_by=DeniedBy(raw["denied_by"]),
        phrases=tuple(squeezed_phrase(phrase) for phrase in raw["phrases"]),
        weak=tuple(squeezed_phrase(phrase) for phrase in raw["weak"]),
        causes=tuple(
            Cause(title=cause["title"], why=cause["why"], likelihood=Likelihood(cause["likelihood"]))
            for cause in raw["causes"]
        ),
        steps=tuple(
            Step(
                kind=StepKind(step["kind"]), who=_WHO[step["who"]], text=step["text"], command=step["command"]
            )
            for step in raw["steps"]
        ),
        warnings=tuple(raw["warnings"]),
    )
