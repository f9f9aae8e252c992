"""The end of AWS's sentence: which type of policy said no, with which words, and the ARNs of the policies."""

from __future__ import annotations

import re
from functools import cache

from xacct.diagnose.clean import Squeezed
from xacct.diagnose.model import DeniedBy
from xacct.diagnose.tokens import read_action
from xacct.values import frozen

__all__ = ["Clause", "read_clause"]

# Names of policy types without their spaces, as AWS and its services write them. A VPC endpoint's policy wins
# over an SCP named beside it, so the order counts.
_TYPES: tuple[tuple[DeniedBy, str], ...] = (
    (DeniedBy.VPCE, r"vpcendpointpolic|endpointpolic"),
    (DeniedBy.TRUST, r"(?:role)?trustpolic|trustrelationship|assumerolepolic"),
    (DeniedBy.SCP, r"servicecontrolpolic|\bscps?\b|ascp\b|anscp"),
    (DeniedBy.RCP, r"resourcecontrolpolic|anrcp"),
    (DeniedBy.BOUNDARY, r"permissions?-?boundar"),
    (DeniedBy.SESSION, r"sessions?polic"),
    (
        DeniedBy.RESOURCE,
        r"resource-?(?:based)?polic|bucketpolic|keypolic|queuepolic|repositorypolic|accesspointpolic",
    ),
    (DeniedBy.IDENTITY, r"identity-?(?:based)?polic|identity-?based|iampolic"),
)
_ARNS = re.compile(
    r"(?:\s*(?:action\b)?[\s:,;]*(?:and\s+)?(arn:[\w-]+:(?:iam|organizations|sts|s3|kms|ec2):[^\s,;\"'`()<>]+))"
)
_WINDOW = 420
_GAP = 90


@frozen
class Clause:
    """Who said no (None: the clause names nobody), whether by an explicit deny, and where the clause ends."""

    denied_by: DeniedBy | None
    explicit: bool
    missing_action: str | None
    policy_arns: tuple[str, ...]
    end: int
    block: bool = False


@cache
def _start() -> re.Pattern[str]:
    return re.compile(
        r"because|withan?explicitdeny|explicitlydenie[ds]|duetoan?explicitdeny|withexplicitdeny|transitivelythrough"
    )


@cache
def _types() -> tuple[tuple[DeniedBy, re.Pattern[str]], ...]:
    return tuple((denied_by, re.compile(pattern)) for denied_by, pattern in _TYPES)


def read_clause(text: str, squeezed: Squeezed, at: int, limit: int) -> Clause | None:
    """
    Read the clause that follows the place ``at`` of the text, before ``limit``; None when there is none.

    ``squeezed`` is the same text, squeezed.
    """
    low, high = squeezed.index(at), squeezed.index(limit)
    opening = _start().search(squeezed.text, low, min(high, low + _GAP))
    if opening is None:
        return None
    window = squeezed.text[opening.start() : min(high, opening.start() + _WINDOW)]
    window = _one_sentence(window)
    explicit = "explicit" in opening[0] or (window.startswith("becausea") and "explicitlydenie" in window)
    found = _first_type(window)
    end = squeezed.origin(opening.start() + (found[1] if found else len(opening[0])) - 1) + 1
    missing, end = _missing_action(text, end, limit) if not explicit else (None, end)
    arns, end = _policy_arns(text, end, limit)
    if "blockpublic" in window:
        return Clause(
            None, explicit, None, (), squeezed.origin(opening.start() + len(window) - 1) + 1, block=True
        )
    return Clause(found[0] if found else None, explicit, missing, arns, end)


def _one_sentence(window: str) -> str:
    """Cut the squeezed window where another message or the wrapper's own words begin."""
    cut = re.search(
        r"\(service:|statuscode|requestid|anerroroccurred|user:arn|notauthorizedto|\(client\)|-sender",
        window[8:],
    )
    return window if cut is None else window[: cut.start() + 8]


_REST_OF_NAME = re.compile(r"(?:y|ies)?")


def _first_type(window: str) -> tuple[DeniedBy, int] | None:
    """The type named first, with the end of its name; a VPC endpoint's policy wins wherever it stands."""
    best: tuple[int, int, DeniedBy] | None = None
    for denied_by, pattern in _types():
        match = pattern.search(window)
        if match is None:
            continue
        end = _REST_OF_NAME.match(window, match.end()).end()  # type: ignore[union-attr]
        if denied_by is DeniedBy.VPCE:
            return denied_by, end
        if best is None or match.start() < best[0]:
            best = (match.start(), end, denied_by)
    return None if best is None else (best[2], best[1])


_ALLOWS = re.compile(r"\s*allows?\s+(?:the\s+)?", re.IGNORECASE)


def _missing_action(text: str, at: int, limit: int) -> tuple[str | None, int]:
    """The action after "allows the", and where the clause ends."""
    allows = _ALLOWS.match(text, at, limit)
    if allows is None:
        return None, at
    action, end = read_action(text, allows.end())
    if action is None or ":" not in action:
        return None, allows.end()
    tail = re.compile(r"\s+action\b").match(text, end)
    return action, tail.end() if tail else end


def _policy_arns(text: str, at: int, limit: int) -> tuple[tuple[str, ...], int]:
    arns: list[str] = []
    while len(arns) < 20:
        match = _ARNS.match(text, at, limit)
        if match is None:
            break
        arns.append(match[1].rstrip(".:"))
        at = match.end()
    return tuple(arns), at
