"""
The plan: the changes from actual to desired, with the access that changes, as values.

A change speaks of meaning; the calls that carry it out are derived from it in ``xacct.plan.steps``. Apply
acts on kind, before and after alone; reasons and notes are for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Self

import attrs

from xacct.iam.things import Thing, ThingKey, ThingType
from xacct.lint.model import Finding
from xacct.values import frozen

__all__ = [
    "AccessRow",
    "AccountPlan",
    "Change",
    "ChangeKind",
    "Containment",
    "Effect",
    "GrantRef",
    "Plan",
    "Reason",
    "RequiredPermission",
    "Summary",
    "Verdict",
    "Witness",
]


class ChangeKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NONE = "none"


class Reason(StrEnum):
    """Why a change is there; for display, apply does not read this."""

    NEW = "new"
    GRANT_CHANGED = "grant_changed"
    DRIFT = "drift"
    UNFINISHED = "unfinished"
    NOT_IN_GRANT = "not_in_grant"
    DESTROY = "destroy"
    GRANT_GONE = "grant_gone"
    OTHER_ROLE = "other_role"
    ADOPTED = "adopted"
    REVOKED = "revoked"
    SAME = "same"
    SHARED = "shared"
    FOREIGN = "foreign"


@frozen(kw_only=True)
class Change:
    """
    What happens to one thing.

    ``aspects`` names what differs (``trust``, ``tags``, ``max_session``, …), for display.
    """

    kind: ChangeKind
    key: ThingKey
    grant: str | None
    before: Thing | None
    after: Thing | None
    reason: Reason
    aspects: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def of(
        cls,
        grant: str | None,
        kind: ChangeKind,
        before: Thing | None,
        after: Thing | None,
        reason: Reason,
        *,
        note: str = "",
        aspects: tuple[str, ...] = (),
    ) -> Self:
        """A change of the thing that stands on at least one of its sides."""
        thing = after if after is not None else before
        assert thing is not None
        return cls(
            kind=kind,
            key=thing.key,
            grant=grant,
            before=before,
            after=after,
            reason=reason,
            aspects=aspects,
            note=note,
        )

    @property
    def type(self) -> ThingType:
        return self.key.type

    @property
    def name(self) -> str:
        return self.key.name


class Effect(StrEnum):
    """What a row of the access delta tells."""

    GAIN = "gain"
    LOSE = "lose"


class Verdict(StrEnum):
    """How the access after compares with the access before. Never EQUAL or NARROWER when unsure."""

    EQUAL = "equal"
    WIDER = "wider"
    NARROWER = "narrower"
    BOTH = "both"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Containment:
    """How a role's trust and permissions after a change compare with those before, each alone."""

    trust: Verdict = Verdict.UNKNOWN
    permissions: Verdict = Verdict.UNKNOWN

    @property
    def trust_loses(self) -> bool:
        return self.trust not in (Verdict.EQUAL, Verdict.WIDER)

    @property
    def trust_gains(self) -> bool:
        return self.trust not in (Verdict.EQUAL, Verdict.NARROWER)

    @property
    def permissions_gain(self) -> bool:
        return self.permissions not in (Verdict.EQUAL, Verdict.NARROWER)

    @property
    def permissions_lose(self) -> bool:
        return self.permissions not in (Verdict.EQUAL, Verdict.WIDER)


@frozen(kw_only=True)
class Witness:
    """
    One request that passes on one side of the change and not on the other.

    ``assume`` is the context with which the principal gets its session (empty where no role is assumed);
    ``context`` is that of the request itself.
    """

    principal: str
    action: str
    resource: str
    assume_action: str = ""
    assume_context: Mapping[str, str | tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    context: Mapping[str, str | tuple[str, ...]] = attrs.field(factory=dict, hash=False)


@frozen(kw_only=True)
class AccessRow:
    """Who gains or loses which actions on which resources, under which condition, in words."""

    effect: Effect
    principal: str
    condition: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    witness: Witness | None
    grant: str | None = None


@frozen(kw_only=True)
class RequiredPermission:
    """A right that the operator needs to carry out the plan."""

    action: str
    resources: tuple[str, ...]


@frozen(kw_only=True)
class GrantRef:
    """The grant a plan was made from. ``digest`` is of the grant's and blueprint's content."""

    name: str
    blueprint: str
    digest: str
    file: str | None = None
    notes: tuple[str, ...] = ()


@frozen(kw_only=True)
class Summary:
    create: int = 0
    update: int = 0
    delete: int = 0
    none: int = 0

    @property
    def changes(self) -> int:
        return self.create + self.update + self.delete


@frozen(kw_only=True)
class AccountPlan:
    """
    The plan for one account. ``verdict`` sums up its access delta; ``containment`` tells it by role name,
    for trust and permissions apart, which is what the order of the steps rests on. ``sessions`` says what
    becomes of sessions that were issued before, where somebody loses the trust.
    """

    account: str
    partition: str
    grants: tuple[GrantRef, ...]
    changes: tuple[Change, ...]
    access_delta: tuple[AccessRow, ...] = ()
    verdict: Verdict = Verdict.EQUAL
    containment: Mapping[str, Containment] = attrs.field(factory=dict, hash=False)
    sessions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    required_permissions: tuple[RequiredPermission, ...] = ()

    @property
    def summary(self) -> Summary:
        kinds = [change.kind for change in self.changes]
        return Summary(**{kind.value: kinds.count(kind) for kind in ChangeKind})


@frozen(kw_only=True)
class Plan:
    """Everything a run would do, over all accounts. ``created_at`` is ISO 8601 in UTC."""

    target: str
    created_at: str
    accounts: tuple[AccountPlan, ...]
    offline: bool = False

    def __iter__(self) -> Iterator[AccountPlan]:
        return iter(self.accounts)

    @property
    def summary(self) -> Summary:
        parts = [account.summary for account in self.accounts]
        return Summary(
            **{kind.value: sum(getattr(part, kind.value) for part in parts) for kind in ChangeKind}
        )

    @property
    def is_empty(self) -> bool:
        return self.summary.changes == 0

    @property
    def blocking(self) -> list[Finding]:
        """Findings of severity error that no grant accepts."""
        return [finding for account in self.accounts for finding in account.findings if finding.blocks]
