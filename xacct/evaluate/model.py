"""
What goes into an evaluation and what comes out: request, policies by type, decision with its trace.

Everything here is a value. Three-valued answers are ``True``, ``False`` and ``None``; ``None`` means that a
condition key which is not known would decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

from xacct.iam import PolicyDocument
from xacct.values import frozen

__all__ = [
    "ContextValue",
    "Decision",
    "Element",
    "ElementTrace",
    "Outcome",
    "Policies",
    "PolicyType",
    "Request",
    "StatementTrace",
]

ContextValue: TypeAlias = str | tuple[str, ...]


class Outcome(StrEnum):
    """``UNDETERMINED`` only where a key that was not told, of a partial context, would decide."""

    ALLOWED = "allowed"
    IMPLICITLY_DENIED = "implicitly_denied"
    EXPLICITLY_DENIED = "explicitly_denied"
    UNDETERMINED = "undetermined"


class PolicyType(StrEnum):
    """The types of policies that decide. A trust policy is a role's resource-based policy."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"

    @property
    def words(self) -> str:
        """The type as people call it."""
        return _WORDS[self]


_WORDS = {
    PolicyType.IDENTITY: "identity-based policy",
    PolicyType.RESOURCE: "resource-based policy",
    PolicyType.TRUST: "trust policy",
    PolicyType.BOUNDARY: "permissions boundary",
    PolicyType.SESSION: "session policy",
    PolicyType.SCP: "service control policy",
    PolicyType.RCP: "resource control policy",
}


def _frozen_context(context: Mapping[str, Any]) -> Mapping[str, ContextValue]:
    return MappingProxyType(
        {key: value if isinstance(value, str) else tuple(value) for key, value in context.items()}
    )


@frozen(kw_only=True)
class Request:
    """
    Who wants to do what to which resource.

    ``principal`` is an ARN (user, role, role session, federated-user session, account root, SAML or OIDC
    provider), a service's name, or the host of a built-in web identity provider. ``resource`` is an ARN, or
    ``*`` for an action without resource types. ``resource_account`` None means: the account in the
    resource's ARN, else the caller's own. ``context`` holds condition keys; a text is a single-valued key, a
    tuple a multivalued one. With ``partial`` a key that is not listed is unknown; otherwise it is absent.
    """

    principal: str
    action: str
    resource: str
    resource_account: str | None = None
    context: Mapping[str, ContextValue] = attrs.field(factory=dict, converter=_frozen_context, hash=False)
    partial: bool = False


Documents: TypeAlias = tuple[PolicyDocument, ...]


def _frozen_documents(documents: Iterable[PolicyDocument]) -> Documents:
    return tuple(documents)


def _frozen_limit(documents: Iterable[PolicyDocument] | None) -> Documents | None:
    return None if documents is None else tuple(documents)


def _frozen_levels(levels: Iterable[Iterable[PolicyDocument]] | None) -> tuple[Documents, ...] | None:
    return None if levels is None else tuple(tuple(level) for level in levels)


@frozen(kw_only=True)
class Policies:
    """
    The policies that bear on a request, by type. None means that no policy of this type applies.

    ``resource`` is the policy of the resource: for ``sts:AssumeRole`` and its relatives the role's trust
    policy. ``scps`` and ``rcps`` are levels, the organization's root first; each level holds the documents
    attached there, and every level has to allow. An empty ``boundary`` or ``session`` allows nothing.
    """

    identity: Documents = attrs.field(default=(), converter=_frozen_documents)
    resource: PolicyDocument | None = None
    boundary: Documents | None = attrs.field(default=None, converter=_frozen_limit)
    scps: tuple[Documents, ...] | None = attrs.field(default=None, converter=_frozen_levels)
    rcps: tuple[Documents, ...] | None = attrs.field(default=None, converter=_frozen_levels)
    session: Documents | None = attrs.field(default=None, converter=_frozen_limit)


class Element(StrEnum):
    """The elements of a statement that a request is held against."""

    PRINCIPAL = "principal"
    ACTION = "action"
    RESOURCE = "resource"
    CONDITION = "condition"


@frozen
class ElementTrace:
    """
    How one element, or one line of a Condition, met the request.

    ``operator`` and ``key`` are set for condition lines only. ``policy_values`` are as written; ``requested``
    is what the request holds: None for a condition key that is absent or, with ``matched`` None, unknown.
    ``why`` says it in a sentence.
    """

    element: Element
    matched: bool | None
    why: str
    policy_values: tuple[str, ...] = ()
    requested: ContextValue | None = None
    operator: str | None = None
    key: str | None = None
    negated: bool = False


@frozen
class StatementTrace:
    """
    How one statement met the request; ``applies`` is the conjunction of its elements.

    ``level`` is the organization's level for SCPs and RCPs, from 0 at the root, else None. ``document``
    counts the documents of the policy type (of the level), ``index`` the statements of the document.
    """

    policy_type: PolicyType
    document: int
    index: int
    sid: str | None
    effect: str
    applies: bool | None
    elements: tuple[ElementTrace, ...]
    level: int | None = None


@frozen
class Decision:
    """
    The outcome, the reason in one sentence, and the type of policy that made it so.

    ``decided_by`` of an implicit denial is the type that should have allowed and did not; it is None when no
    policy could have changed the outcome. ``trace`` is empty unless it was asked for.
    """

    outcome: Outcome
    why: str
    decided_by: PolicyType | None = None
    trace: tuple[StatementTrace, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.outcome is Outcome.ALLOWED

    @property
    def denied(self) -> bool:
        return self.outcome in (Outcome.IMPLICITLY_DENIED, Outcome.EXPLICITLY_DENIED)
