"""
From compiled policies and a request to a decision.

Each type of policy is asked alone, and the answers are combined in the order that IAM documents
(reference_policies_evaluation-logic, reference_policies_evaluation-logic-cross-account): a Deny that applies
anywhere ends it; then every limit has to allow, and within one account a resource-based policy may stand in
for the caller's own policies, how far depends on the principal it names. Answers are three-valued, so that
an unknown key leaves the decision open only where it matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from xacct.evaluate.conditions import every, some
from xacct.evaluate.documents import CompiledDocument, Kind, compile_document
from xacct.evaluate.model import Decision, Outcome, Policies, PolicyType, Request
from xacct.evaluate.principals import Caller, CallerKind, Level, parse_caller
from xacct.evaluate.statements import Statement, Subject
from xacct.evaluate.verdicts import (
    BY_BOTH,
    BY_RESOURCE,
    ROOT_CANNOT_ASSUME,
    Answer,
    Gate,
    Verdict,
    conclude,
    explicit,
    same_account_verdict,
)

__all__ = ["TRUST_ACTIONS", "CompiledPolicies", "compile_policies", "evaluate"]

# Authorized against the role's trust policy, which always has to allow (STS API reference; id_session-tags).
TRUST_ACTIONS = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
    }
)

Documents: TypeAlias = Sequence[CompiledDocument]


def evaluate(request: Request, policies: Policies) -> Decision:
    """
    Decide one request, with the whole trace.

    Raises InputError for a principal that cannot call, or a document that IAM would refuse.
    """
    return compile_policies(policies).decide(request, trace=True)


@lru_cache(maxsize=1024)
def compile_policies(policies: Policies) -> CompiledPolicies:
    """Compile policies for many requests. Raises InputError for a document that IAM would refuse."""

    def compiled(documents: Iterable[Any], kind: Kind, where: str) -> tuple[CompiledDocument, ...]:
        return tuple(
            compile_document(document.to_json(), kind, f"{where}[{index}]")
            for index, document in enumerate(documents)
        )

    def levels(of: Iterable[Iterable[Any]] | None, kind: Kind, where: str) -> tuple[Documents, ...] | None:
        return None if of is None else tuple(compiled(level, kind, where) for level in of)

    identity_side = Kind.IDENTITY
    return CompiledPolicies(
        identity=compiled(policies.identity, identity_side, "identity policy"),
        resource=None
        if policies.resource is None
        else compile_document(policies.resource.to_json(), Kind.RESOURCE, "resource policy"),
        boundary=None
        if policies.boundary is None
        else compiled(policies.boundary, identity_side, "permissions boundary"),
        scps=levels(policies.scps, identity_side, "SCP"),
        rcps=levels(policies.rcps, Kind.RESOURCE, "RCP"),
        session=None
        if policies.session is None
        else compiled(policies.session, identity_side, "session policy"),
    )


class CompiledPolicies:
    """Policies by type, ready for many requests. Make it with ``compile_policies``."""

    __slots__ = ("boundary", "identity", "rcps", "resource", "scps", "session")

    def __init__(
        self,
        *,
        identity: Documents = (),
        resource: CompiledDocument | None = None,
        boundary: Documents | None = None,
        scps: Sequence[Documents] | None = None,
        rcps: Sequence[Documents] | None = None,
        session: Documents | None = None,
    ) -> None:
        self.identity = identity
        self.resource = resource
        self.boundary = boundary
        self.scps = scps
        self.rcps = rcps
        self.session = session

    def decide(self, request: Request, *, trace: bool = False) -> Decision:
        """
        Decide one request; the trace costs several times the decision, so it is made on demand.

        Raises InputError for a principal that cannot make a request.
        """
        subject = Subject(
            parse_caller(request.principal),
            request.action,
            request.resource,
            {key.lower(): value for key, value in request.context.items()},
            request.partial,
        )
        verdict = self.verdict(subject, request.resource_account)
        if not trace:
            return Decision(verdict.outcome, verdict.why, verdict.decided_by)
        from xacct.evaluate.trace import trace_policies

        return Decision(
            verdict.outcome,
            verdict.why,
            verdict.decided_by,
            trace_policies(self, subject, _resource_type(subject)),
        )

    def verdict(self, subject: Subject, resource_account: str | None) -> Verdict:
        """Decide a prepared request."""
        deny_unknown: PolicyType | None = None
        for policy_type, statement, answer in self._denies(subject):
            if answer:
                return explicit(policy_type, statement)
            deny_unknown = deny_unknown or policy_type
        if deny_unknown is not None:
            return self._undetermined(deny_unknown, "denies", subject)
        verdict = self._allowed(subject, resource_account)
        if verdict.outcome is Outcome.UNDETERMINED and verdict.decided_by is not None:
            return self._undetermined(verdict.decided_by, "allows", subject)
        return verdict

    def _undetermined(self, policy_type: PolicyType, verb: str, subject: Subject) -> Verdict:
        keys = ", ".join(sorted(self._unknown_keys(subject)))
        why = f"Whether the {policy_type.words} {verb} the request depends on what is not known: {keys}."
        return Verdict(Outcome.UNDETERMINED, policy_type, why)

    def _unknown_keys(self, subject: Subject) -> Iterable[str]:
        """The keys that are not known and that a statement which may apply looks at."""
        documents = [*self.identity, *(self.boundary or ()), *(self.session or ())]
        documents.extend(() if self.resource is None else (self.resource,))
        documents.extend(document for level in (*(self.scps or ()), *(self.rcps or ())) for document in level)
        unknown: set[str] = set()
        for statement in (statement for document in documents for statement in document.statements):
            least, most = statement.names(subject)
            if least is not most:
                unknown.add("aws:userid")
            if most is not Level.NONE and statement.applies(subject) is None:
                unknown.update(statement.needs.difference(subject.context))
        return unknown

    # Denies

    def _denies(self, subject: Subject) -> Iterable[tuple[PolicyType, Statement, Answer]]:
        """The Deny statements that apply or may apply."""
        caller = subject.caller
        if self.rcps and not caller.service_linked:
            for level in self.rcps:
                for document in level:
                    yield from _resource_denies(PolicyType.RCP, document, subject)
        if self.resource is not None:
            yield from _resource_denies(_resource_type(subject), self.resource, subject)
        if not caller.has_identity_side:
            return
        if self.scps and not caller.service_linked:
            for level in self.scps:
                yield from _denies(PolicyType.SCP, level, subject)
        yield from _denies(PolicyType.IDENTITY, self.identity, subject)
        if self.boundary:
            yield from _denies(PolicyType.BOUNDARY, self.boundary, subject)
        if self.session:
            yield from _denies(PolicyType.SESSION, self.session, subject)

    # Allows

    def _allowed(self, subject: Subject, resource_account: str | None) -> Verdict:
        caller = subject.caller
        kind = caller.kind
        resource_type = _resource_type(subject)
        if kind is CallerKind.ROOT and subject.action == "sts:assumerole":
            return ROOT_CANNOT_ASSUME
        grants = self._grants(subject)
        gates = []
        if self.rcps and not caller.service_linked:
            gates.append(Gate(PolicyType.RCP, every(_resource_level(level, subject) for level in self.rcps)))
        if not caller.has_identity_side:
            gates.append(Gate(resource_type, some(grants.values())))
            return conclude(gates, BY_RESOURCE[resource_type])
        if self.scps and not caller.service_linked:
            gates.append(Gate(PolicyType.SCP, every(_any_allow(level, subject) for level in self.scps)))
        own = self._own_gates(subject)
        if not _same_account(caller, subject.resource, resource_account):
            gates.append(Gate(resource_type, some(grants.values())))
            return conclude(gates + own, BY_BOTH[resource_type])
        return same_account_verdict(gates, own, grants, resource_type, self._resource_must_allow(subject))

    def _own_gates(self, subject: Subject) -> list[Gate]:
        """The caller's own policies: all have to allow; the root user has no such limits."""
        if subject.caller.kind is CallerKind.ROOT:
            return [Gate(PolicyType.IDENTITY, True)]
        gates = [Gate(PolicyType.IDENTITY, _any_allow(self.identity, subject))]
        if self.boundary is not None:
            gates.append(Gate(PolicyType.BOUNDARY, _any_allow(self.boundary, subject)))
        if self.session is not None:
            gates.append(Gate(PolicyType.SESSION, _any_allow(self.session, subject)))
        elif subject.caller.kind is CallerKind.FEDERATED_USER:
            # Without a session policy such a session has no permissions of its own (GetFederationToken).
            gates.append(Gate(PolicyType.SESSION, False))
        return gates

    def _grants(self, subject: Subject) -> dict[Level, Answer]:
        """What the resource's policy allows, by the level at which it names the caller."""
        grants: dict[Level, Answer] = {}
        if self.resource is None:
            return grants
        for statement in self.resource.allows:
            least, most = statement.names(subject)
            if most is Level.NONE:
                continue
            answer = statement.applies(subject)
            if answer is False:
                continue
            if least is not Level.NONE:
                grants[least] = some((grants.get(least, False), answer))
            if most is not least:
                grants[most] = some((grants.get(most, False), None))
        return grants

    def _resource_must_allow(self, subject: Subject) -> bool:
        """
        Role trust policies have to allow even within one account, and so do key policies.

        A key's policy that is not among those given is not held against the request.
        """
        if subject.action in TRUST_ACTIONS:
            return True
        return self.resource is not None and subject.action.startswith("kms:") and ":key/" in subject.resource


def _resource_type(subject: Subject) -> PolicyType:
    return PolicyType.TRUST if subject.action in TRUST_ACTIONS else PolicyType.RESOURCE


def _denies(
    policy_type: PolicyType, documents: Documents, subject: Subject
) -> Iterable[tuple[PolicyType, Statement, Answer]]:
    for document in documents:
        for statement in document.denies:
            answer = statement.applies(subject)
            if answer is not False:
                yield policy_type, statement, answer


def _resource_denies(
    policy_type: PolicyType, document: CompiledDocument, subject: Subject
) -> Iterable[tuple[PolicyType, Statement, Answer]]:
    for statement in document.denies:
        least, most = statement.names(subject)
        if most is Level.NONE:
            continue
        answer = statement.applies(subject)
        if answer is not False:
            yield policy_type, statement, None if least is Level.NONE else answer


def _any_allow(documents: Documents, subject: Subject) -> Answer:
    known: Answer = False
    for document in documents:
        for statement in document.allows:
            answer = statement.applies(subject)
            if answer:
                return True
            if answer is None:
                known = None
    return known


def _resource_level(documents: Documents, subject: Subject) -> Answer:
    """An RCP level allows when a statement names the caller and applies."""
    known: Answer = False
    for document in documents:
        for statement in document.allows:
            least, most = statement.names(subject)
            answer = False if most is Level.NONE else statement.applies(subject)
            if answer and least is not Level.NONE:
                return True
            if answer is not False:
                known = None
    return known


def _same_account(caller: Caller, resource: str, resource_account: str | None) -> bool:
    if resource_account is None:
        parts = resource.split(":", 5)
        resource_account = parts[4] if len(parts) == 6 and parts[4] else caller.account
    return resource_account == caller.account
