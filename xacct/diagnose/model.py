"""What a message means: who was refused what, who said no, and what to do about it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from xacct.iam.policy import PolicyDocument
from xacct.values import frozen

__all__ = [
    "Cause",
    "DeniedBy",
    "Diagnosis",
    "Facts",
    "Found",
    "GrantEdit",
    "Likelihood",
    "Step",
    "StepKind",
    "Who",
]

Json: TypeAlias = Any


class DeniedBy(StrEnum):
    """
    Who said no, as far as the text tells.

    ``NONE``: the text names no policy; ``TRUST``: the role's trust policy; ``VPCE``: a VPC endpoint's policy;
    ``OTHER``: what refused is no policy (a token, a quota, MFA), or an explicit deny of unnamed origin.
    """

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    VPCE = "vpce"
    NONE = "none"
    OTHER = "other"


class Likelihood(StrEnum):
    """How well a cause fits. ``CERTAIN``: the text says so; ``LIKELY`` and ``POSSIBLE`` rank the rest."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        return ("certain", "likely", "possible").index(self.value)


class StepKind(StrEnum):
    """What a step of the fix does; the first step's kind says where the fix lies."""

    ADD_ALLOW = "add_allow"
    EDIT_TRUST = "edit_trust"
    EDIT_RESOURCE_POLICY = "edit_resource_policy"
    CHANGE_DENY = "change_deny"
    EDIT_BOUNDARY = "edit_boundary"
    EDIT_SESSION_POLICY = "edit_session_policy"
    ASK_ORGANIZATION = "ask_organization"
    EDIT_ENDPOINT_POLICY = "edit_endpoint_policy"
    CHANGE_REQUEST = "change_request"
    CHANGE_CREDENTIALS = "change_credentials"
    CHANGE_POLICY_TEXT = "change_policy_text"
    CHANGE_PROVIDER = "change_provider"
    CHANGE_ROLE = "change_role"
    USE_GRANT = "use_grant"
    FREE_QUOTA = "free_quota"
    LOOK = "look"
    WAIT = "wait"


class Who(StrEnum):
    """Who can carry a step out. The account, where it is known, stands beside it."""

    READER = "you"
    CALLER_ADMIN = "an administrator of the caller's account"
    OWNER_ADMIN = "an administrator of the resource's account"
    ORGANIZATION_ADMIN = "an administrator of the organization"
    IDP_ADMIN = "whoever runs the identity provider"


@frozen(kw_only=True)
class Cause:
    """One explanation that fits the text, and what in the text or in AWS's rules speaks for it."""

    title: str
    why: str
    likelihood: Likelihood = Likelihood.POSSIBLE

    def to_json(self) -> Json:
        return {"title": self.title, "why": self.why, "likelihood": self.likelihood.value}


@frozen(kw_only=True)
class Step:
    """
    One thing to do.

    ``statement`` is complete but for words in capitals between angle brackets, which the text does not tell;
    ``where`` says which document takes it. ``command`` is for a shell. ``ask`` is a message to send when
    the reader can't do it themselves. ``warning`` names the tempting shortcut and what it would open.
    """

    kind: StepKind
    who: Who
    text: str
    account: str | None = None
    statement: PolicyDocument | None = None
    where: str | None = None
    command: str | None = None
    ask: str | None = None
    warning: str | None = None

    def to_json(self) -> Json:
        return {
            "kind": self.kind.value,
            "who": self.who.value,
            "account": self.account,
            "text": self.text,
            "where": self.where,
            "statement": None if self.statement is None else self.statement.to_json(),
            "command": self.command,
            "ask": self.ask,
            "warning": self.warning,
        }


@frozen(kw_only=True)
class GrantEdit:
    """
    A change of the grant's file that would let the refused request pass, and as little else as can be.

    ``value`` is set at the dotted ``path``, or, with ``append``, added to the list there. ``warning`` tells
    what it gives beyond the request.
    """

    path: str
    value: str | tuple[str, ...] | Mapping[str, Any]
    why: str
    append: bool = False
    warning: str | None = None

    def to_json(self) -> Json:
        value = self.value
        shown = (
            value if isinstance(value, str) else dict(value) if isinstance(value, Mapping) else list(value)
        )
        return {
            "path": self.path,
            "value": shown,
            "append": self.append,
            "why": self.why,
            "warning": self.warning,
        }


@frozen(kw_only=True)
class Found:
    """
    One message as it was read out of a text, without judgement. Every string is already masked.

    ``principal``, ``action`` and ``resource`` are as written in the message's head; ``action`` falls back to
    ``operation``, the API operation that the wrapper around the message names. ``missing_action`` is the one
    of the "because" clause, which may differ. ``named`` is true when the text itself names who said no.
    """

    text: str
    family: str
    denied_by: DeniedBy
    named: bool = False
    explicit: bool = False
    principal: str | None = None
    action: str | None = None
    resource: str | None = None
    missing_action: str | None = None
    policy_arns: tuple[str, ...] = ()
    code: str | None = None
    operation: str | None = None
    service: str | None = None
    request_id: str | None = None
    hints: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Diagnosis:
    """
    What one message means. Holds no secret: what came in is masked before it gets here.

    ``sure`` is true when the text settles who said no; the causes and steps are then few. ``causes`` and
    ``fix`` stand in the order in which they should be tried. ``edits``, of which each would do, change the
    grant that was given as a fact.
    """

    message: str
    principal: str | None
    action: str | None
    resource: str | None
    denied_by: DeniedBy
    sure: bool
    family: str
    causes: tuple[Cause, ...]
    fix: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    explicit: bool = False
    missing_action: str | None = None
    policy_arns: tuple[str, ...] = ()
    code: str | None = None
    operation: str | None = None
    request_id: str | None = None
    edits: tuple[GrantEdit, ...] = ()

    def to_json(self) -> Json:
        """The entry of ``messages`` in ``xacct diagnose --format json``."""
        return {
            "message": self.message,
            "principal": self.principal,
            "action": self.action,
            "resource": self.resource,
            "denied_by": self.denied_by.value,
            "sure": self.sure,
            "causes": [cause.to_json() for cause in self.causes],
            "fix": [step.to_json() for step in self.fix],
            "warnings": list(self.warnings),
            "family": self.family,
            "explicit": self.explicit,
            "missing_action": self.missing_action,
            "policy_arns": list(self.policy_arns),
            "code": self.code,
            "operation": self.operation,
            "request_id": self.request_id,
            "edits": [edit.to_json() for edit in self.edits],
        }


class Facts(Protocol):
    """What is known beyond the text, from a grant or a live account."""

    def settle(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return the diagnosis with the causes ranked by what is known, and the fix that goes with them."""
        ...
