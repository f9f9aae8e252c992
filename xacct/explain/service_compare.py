"""The same need on a service that has both ways: the role, and the resource's policy with the caller's."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Decision, Policies, Request
from xacct.explain import sources
from xacct.explain.case import Case, Party
from xacct.explain.contrast import contrast_section
from xacct.explain.matching import allowing
from xacct.explain.model import Block, Code, Explanation, Grid, Point, Points, Row, Section, Text, Tone
from xacct.explain.path import caller_policy
from xacct.explain.services import Service, services_section
from xacct.explain.text import document_text, listed, outcome_tone, outcome_words, phrase
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal

__all__ = ["explain_service", "explain_services", "resource_policy"]

_ASKED_ONLY = ("aws:requesttag/", "aws:tagkeys", "aws:resourcetag/")
"""Global keys that speak of the call to assume or of the role, and mean something else on a resource."""


def explain_services() -> Explanation:
    """The whole table."""
    return Explanation(
        about="service",
        name="all",
        title="Services with resource-based policies",
        lead=(
            "Where a policy on the resource itself can name an outsider, and by which calls it is written"
            " and read."
        ),
        sections=(services_section(),),
    )


def explain_service(service: Service, case: Case | None = None) -> Explanation:
    """
    One service's resource-based policies; with a grant, the same need written both ways.

    The need is the grant's level (reads alone, or work) on an example resource of the service.
    """
    sections = [services_section(service)]
    if case is not None:
        sections += [_both(service, case), contrast_section(case)]
    name = f" and grant {case.grant_name}" if case is not None else ""
    return Explanation(
        about="service",
        name=service.id,
        title=f"Role or resource-based policy: {service.name}{name}",
        lead=_lead(service),
        sections=tuple(sections),
    )


def _lead(service: Service) -> str:
    match service.support:
        case "yes":
            return f"{service.name} has resource-based policies, so both ways are open in principle."
        case "partly":
            return f"{service.name} has resource-based policies in part: {service.note}"
        case _:
            return (
                f"{service.name} has no resource-based policies: a role is the way across accounts."
                f" {service.note}"
            )


def _both(service: Service, case: Case) -> Section:
    title = f"The need of {case.grant_name}, on {service.name}"
    if service.need is None:
        said = (
            f"There is no written-out comparison for {service.name}. Those with one: s3, sqs, sns, kms,"
            " lambda, secretsmanager, ecr, events, dynamodb, kinesis."
        )
        return Section("both", title, (Text(said),))
    if case.party.federated or case.party is Party.SERVICE:
        return Section("both", title, tuple(_role_only(service, case)))
    if not _principals(case):
        said = "The trust policy names nobody whom a resource-based policy could name in the same way."
        return Section("both", title, (Text(said),))
    return Section("both", title, tuple(_written(service, case)))


def _actions(service: Service, case: Case) -> tuple[str, ...]:
    assert service.need is not None
    reads = all(action.is_read for action in case.granted)
    return service.need.reads if reads else service.need.works


def _resources(service: Service, case: Case) -> tuple[str, ...]:
    assert service.need is not None
    return tuple(text.replace("{account}", case.account) for text in service.need.resources)


def _policy(service: Service) -> str:
    return (service.need.policy if service.need is not None else "") or service.policy


def _written_by(service: Service) -> str:
    """The calls that take the whole policy, where others take only a part of what a policy can say."""
    return ", ".join((service.need.write if service.need is not None else ()) or service.write)


def _identity_policy(service: Service, case: Case) -> PolicyDocument:
    return PolicyDocument.of(
        Statement(
            sid="TheNeed",
            effect=Effect.ALLOW,
            actions=_actions(service, case),
            resources=_resources(service, case),
        )
    )


def resource_policy(service: Service, case: Case) -> PolicyDocument:
    """The resource-based policy for the grant's principals, with the conditions that can be carried over."""
    return PolicyDocument.of(
        Statement(
            sid="TheNeed",
            effect=Effect.ALLOW,
            principals=_principals(case),
            actions=_actions(service, case),
            resources=_own_resource(service, case),
            conditions=tuple(condition for condition in _conditions(case) if _carries(condition)),
        )
    )


def _own_resource(service: Service, case: Case) -> tuple[str, ...] | None:
    """How the policy on a resource names that resource."""
    match service.id:
        case "kms":
            # "*" stands for the key itself (KMS developer guide, key-policy-overview).
            return ("*",)
        case "ecr":
            # A repository policy with a Resource is refused (ECR user guide, repository-policy-examples).
            return None
        case _:
            return _resources(service, case)


def _principals(case: Case) -> tuple[TypedPrincipal, ...]:
    if case.access is None:
        held = case.holders.holders if case.holders is not None else ()
        return tuple(TypedPrincipal(PrincipalType.AWS, arn) for arn in held)
    found = [principal for statement in _assuming(case) for principal in statement.principals or ()]
    return tuple(dict.fromkeys(found))


def _assuming(case: Case) -> list[Statement]:
    return allowing(case.access.trust if case.access is not None else None, "sts:AssumeRole")


def _conditions(case: Case) -> tuple[Condition, ...]:
    if case.access is None:
        return ()
    return tuple(dict.fromkeys(condition for one in _assuming(case)[:1] for condition in one.conditions))


def _carries(condition: Condition) -> bool:
    key = condition.key.lower()
    return key.startswith("aws:") and not key.startswith(_ASKED_ONLY)


def _written(service: Service, case: Case) -> Iterator[Block]:
    own = case.party in (Party.SAME, Party.GROUP)
    where = "in the same account" if own else f"in account {case.caller_account}"
    yield Text(_needed(service, case))
    way = "the role: its permissions policy" if case.access is not None else "the group: its policy"
    yield Code(f"Way 1, {way}", document_text(_identity_policy(service, case)))
    if case.access is not None:
        trust = document_text(case.access.trust, reveal=case.reveal)
        yield Code("Way 1, the role: its trust policy", trust)
    if not own:
        yield Code(f"Way 1, {where}: the caller's policy", document_text(caller_policy(case)))
    policy = document_text(resource_policy(service, case), reveal=case.reveal)
    yield Code(f"Way 2, the {_policy(service)}: {_written_by(service)}", policy)
    if service.id == "kms":
        yield Text(
            "A key's policy keeps the statements it has, those for its own account above all; add this one."
        )
    if not own:
        mine = document_text(_identity_policy(service, case))
        yield Code(f"Way 2, {where}: the caller's policy that must go with it", mine)
    yield Grid(
        "Way 2 as the evaluator decides it",
        ("Which policies there are", "Decision"),
        tuple(_decided(service, case)),
    )
    if any(one.key.lower().startswith("aws:multifactorauth") for one in _conditions(case)):
        said = (
            "Asked of every request, MFA keeps out sessions of roles and long-term access keys: they carry no"
            " MFA context. Way 1 asks for it once, before the session."
        )
        yield Text(said, Tone.WARN, sources.MFA)
    lost = [phrase(one, reveal=case.reveal) for one in _conditions(case) if not _carries(one)]
    if lost:
        it = "it" if len(lost) == 1 else "them"
        said = f"Lost on the way: {listed(lost)}. A request to {service.name} does not carry {it}."
        yield Text(said, Tone.WARN, sources.CONDITION_KEYS)
    if service.note:
        yield Text(service.note)


def _needed(service: Service, case: Case) -> str:
    level = "reads" if all(action.is_read for action in case.granted) else "works on things"
    return (
        f"The grant {level} in Lightsail; the like on {service.name} would be"
        f" {listed(_actions(service, case))} on {listed(_resources(service, case))}. The names of resources"
        " are examples."
    )


def _decided(service: Service, case: Case) -> Iterator[Row]:
    """Each side alone and both together."""
    request = _request(service, case)
    if request is None:
        return
    identity = (_identity_policy(service, case),)
    written = resource_policy(service, case)
    resource = PolicyDocument.of(
        *(attrs.evolve(one, resources=one.resources or ("*",)) for one in written.statements)
    )
    # A key's policy is never absent: here it says nothing of this caller.
    silent = PolicyDocument.of() if service.id == "kms" else None
    for label, policies in (
        (f"the {_policy(service)} alone", Policies(resource=resource)),
        ("the caller's policy alone", Policies(identity=identity, resource=silent)),
        ("both", Policies(identity=identity, resource=resource)),
    ):
        yield _row(label, evaluate(request, policies))


def _row(label: str, decision: Decision) -> Row:
    return Row((label, f"{outcome_words(decision)}: {decision.why}"), outcome_tone(decision))


def _request(service: Service, case: Case) -> Request | None:
    witness = case.witness
    if witness is None:
        return None
    return Request(
        principal=witness.principal,
        action=_actions(service, case)[0],
        resource=_resources(service, case)[-1],
        resource_account=case.account,
        context={**witness.assume_context, "aws:PrincipalArn": witness.principal},
    )


def _role_only(service: Service, case: Case) -> Iterator[Block]:
    said = (
        "The trusted party has no identity in AWS before it assumes a role, so a resource-based policy"
        " cannot name it. The role stays; what changes is where the permission stands."
    )
    if case.party is Party.SERVICE:
        said = (
            "An AWS service that assumes the role calls as the role's session, so that is what a"
            " resource-based policy names. For what some services do in their own name, a policy can name the"
            " service itself instead."
        )
    yield Text(said, source=sources.PRINCIPAL)
    yield Text(_needed(service, case))
    yield Code("Way 1: the role's permissions policy", document_text(_identity_policy(service, case)))
    role = TypedPrincipal(PrincipalType.AWS, case.role_arn)
    named = PolicyDocument.of(
        Statement(
            sid="TheNeed",
            effect=Effect.ALLOW,
            principals=(role,),
            actions=_actions(service, case),
            resources=_own_resource(service, case),
        )
    )
    yield Code(f"Way 2: the {_policy(service)}, which names the role", document_text(named))
    yield Points((_together(service),))


def _together(service: Service) -> Point:
    """What of the two ways is needed, by where the resource is."""
    if service.id == "kms":
        text = (
            "The key's policy always has to allow, also within one account: it names the role, or the"
            " account and leaves the rest to the role's own policy. For a key of another account both are"
            " needed."
        )
    else:
        text = (
            "Within one account either suffices; where the resource is in another account, both are needed."
        )
    return Point(text, source=sources.LOGIC)
