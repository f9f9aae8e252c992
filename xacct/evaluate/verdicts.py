"""
Combining the answers of the policy types, and the words for what comes out.

A ``Gate`` is one policy type that has to allow; a ``Verdict`` is a decision without its trace. The verdicts
that do not name a statement are made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from xacct.evaluate.model import Outcome, PolicyType
from xacct.evaluate.principals import Level
from xacct.evaluate.statements import Statement

__all__ = [
    "BY_BOTH",
    "BY_RESOURCE",
    "ROOT_CANNOT_ASSUME",
    "Answer",
    "Gate",
    "Verdict",
    "conclude",
    "explicit",
    "same_account_verdict",
]

Answer: TypeAlias = bool | None
"""None: a condition key that is not known decides."""


class Gate(NamedTuple):
    """One thing that has to allow, and who is asked."""

    policy_type: PolicyType
    answer: Answer


class Verdict(NamedTuple):
    outcome: Outcome
    decided_by: PolicyType | None
    why: str


def same_account_verdict(
    gates: list[Gate],
    own: list[Gate],
    grants: Mapping[Level, Answer],
    resource_type: PolicyType,
    must_allow: bool,
) -> Verdict:
    """
    Within one account the caller's own policies and the resource's policy add up.

    A grant to the account lets the caller's own policies decide; one that names a user passes over identity
    policies and boundary, a role over identity policies, a session or anyone over all three.
    """
    by_resource = BY_RESOURCE[resource_type]
    ways: list[tuple[Verdict, list[Gate]]] = []
    if Level.DIRECT in grants:
        ways.append((by_resource, [Gate(resource_type, grants[Level.DIRECT])]))
    if Level.USER in grants:
        limits = _limits(own, PolicyType.SESSION)
        ways.append((by_resource, [Gate(resource_type, grants[Level.USER]), *limits]))
    if Level.ROLE in grants:
        limits = _limits(own, PolicyType.BOUNDARY, PolicyType.SESSION)
        ways.append((by_resource, [Gate(resource_type, grants[Level.ROLE]), *limits]))
    if not must_allow:
        ways.append((_BY_OWN_POLICIES, own))
    elif Level.ACCOUNT in grants:
        ways.append((BY_BOTH[resource_type], [Gate(resource_type, grants[Level.ACCOUNT]), *own]))
    if not ways:
        return conclude([*gates, Gate(resource_type, False)], by_resource)
    return _best([conclude(gates + way, allowed) for allowed, way in ways])


def _best(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several ways to be allowed one suffices; when none is, the last tells what is missing."""
    for outcome in (Outcome.ALLOWED, Outcome.UNDETERMINED):
        for verdict in verdicts:
            if verdict.outcome is outcome:
                return verdict
    return verdicts[-1]


def _limits(own: Iterable[Gate], *types: PolicyType) -> list[Gate]:
    return [gate for gate in own if gate.policy_type in types]


# Words


def conclude(gates: Iterable[Gate], allowed: Verdict) -> Verdict:
    """All gates have to allow; the first that does not is named."""
    unknown: PolicyType | None = None
    for gate in gates:
        if gate.answer is False:
            return _IMPLICIT[gate.policy_type]
        if gate.answer is None:
            unknown = unknown or gate.policy_type
    # The keys that are missing are looked for only when the whole decision is open.
    return allowed if unknown is None else Verdict(Outcome.UNDETERMINED, unknown, "")


def explicit(policy_type: PolicyType, statement: Statement) -> Verdict:
    named = f"{statement.sid!r}" if statement.sid else f"number {statement.index + 1}"
    return Verdict(
        Outcome.EXPLICITLY_DENIED,
        policy_type,
        f"Statement {named} of the {policy_type.words} denies the request.",
    )


def _allowed(policy_type: PolicyType, why: str) -> Verdict:
    return Verdict(Outcome.ALLOWED, policy_type, why)


_IMPLICIT = {
    kind: Verdict(Outcome.IMPLICITLY_DENIED, kind, f"No statement of the {kind.words} allows the request.")
    for kind in PolicyType
}
ROOT_CANNOT_ASSUME = Verdict(
    Outcome.IMPLICITLY_DENIED, None, "The root user of an account can assume no role, whatever policies say."
)
_BY_OWN_POLICIES = _allowed(
    PolicyType.IDENTITY, "The caller's own policies allow the request, and nothing denies it."
)
BY_RESOURCE = {
    kind: _allowed(kind, f"The {kind.words} names the caller and allows the request, and nothing denies it.")
    for kind in (PolicyType.TRUST, PolicyType.RESOURCE)
}
BY_BOTH = {
    kind: _allowed(
        PolicyType.IDENTITY,
        f"The {kind.words} and the caller's own policies both allow the request, and nothing denies it.",
    )
    for kind in (PolicyType.TRUST, PolicyType.RESOURCE)
}
