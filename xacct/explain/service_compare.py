"""The same need on a service that has both ways: the role, and the resource's policy with the caller's."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Decision, Policies, Request
from xacct.explain import sources
from xacct.explain.case import Case, Party
from xacct.explain.contrast import contrast_section
from xacct.explain.model import Block, Code, Explanation, Grid, Point, Points, Row, Section, Text, Tone
from xacct.explain.path import caller_policy
from xacct.explain.service_policies import (
    asking_conditions,
    carries,
    identity_policy,
    naming_role,
    needed_actions,
    needed_resources,
    policy_name,
    resource_policy,
    trusted_principals,
    written_by,
)
from xacct.explain.services import Service, services_section
from xacct.explain.text import document_text, listed, outcome_tone, outcome_words, phrase
from xacct.iam.policy import PolicyDocument

__all__ = ["explain_service", "explain_services"]


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
    if service.ended:
        return f"AWS ended {service.name} on {service.ended}; it had resource-based policies."
    match service.support:
        case "not found":
            return f"Whether {service.name} has resource-based policies is not known here. {service.note}"
        case "yes" if service.certainty == "SDK model alone":
            return (
                f"{service.name} seems to have resource-based policies: its SDK model has a call that sets"
                " one. It was not looked up."
            )
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
    if not trusted_principals(case):
        said = "The trust policy names nobody whom a resource-based policy could name in the same way."
        return Section("both", title, (Text(said),))
    return Section("both", title, tuple(_written(service, case)))


def _written(service: Service, case: Case) -> Iterator[Block]:
    own = case.party in (Party.SAME, Party.GROUP)
    where = "in the same account" if own else f"in account {case.caller_account}"
    yield Text(_needed(service, case))
    way = "the role: its permissions policy" if case.access is not None else "the group: its policy"
    yield Code(f"Way 1, {way}", document_text(identity_policy(service, case)))
    if case.access is not None:
        trust = document_text(case.access.trust, reveal=case.reveal)
        yield Code("Way 1, the role: its trust policy", trust)
    if not own:
        yield Code(f"Way 1, {where}: the caller's policy", document_text(caller_policy(case)))
    policy = document_text(resource_policy(service, case), reveal=case.reveal)
    yield Code(f"Way 2, the {policy_name(service)}: {written_by(service)}", policy)
    yield Text(_kept(service), Tone.WARN)
    if not own:
        mine = document_text(identity_policy(service, case))
        yield Code(f"Way 2, {where}: the caller's policy that must go with it", mine)
    yield Grid(
        "Way 2 as the evaluator decides it",
        ("Which policies there are", "Decision"),
        tuple(_decided(service, case)),
    )
    if any(one.key.lower().startswith("aws:multifactorauth") for one in asking_conditions(case)):
        said = (
            "Asked of every request, MFA keeps out sessions of roles and long-term access keys: they carry no"
            " MFA context. Way 1 asks for it once, before the session."
        )
        yield Text(said, Tone.WARN, sources.MFA)
    yield from _lost(service, case)
    for told in (_own_key(service), service.note, "" if own else service.across_note):
        if told:
            yield Text(told)


def _lost(service: Service, case: Case) -> Iterator[Block]:
    """What way 2 cannot ask, and what the example leaves out of both."""
    lost = [phrase(one, reveal=case.reveal) for one in asking_conditions(case) if not carries(one)]
    if lost:
        it = "it" if len(lost) == 1 else "them"
        said = f"Lost on the way: {listed(lost)}. A request to {service.name} does not carry {it}."
        yield Text(said, Tone.WARN, sources.CONDITION_KEYS)
    yield from _left_out(case)


def _left_out(case: Case) -> Iterator[Block]:
    keys = {one.key for document in case.documents for each in document.statements for one in each.conditions}
    if keys:
        said = f"Left out of the example: what the grant's permissions ask about {listed(sorted(keys))}."
        yield Text(said, Tone.WARN)


def _own_key(service: Service) -> str:
    """Holds for any of them: a key that encrypts the resource has a policy of its own."""
    if service.id == "kms":
        return ""
    return (
        "Where the resource is encrypted with a KMS key of your own, that key may have to allow as well, also"
        " within one account."
    )


def _kept(service: Service) -> str:
    """What of the policy that is there has to stay."""
    own = ", those for the key's own account above all" if service.id == "kms" else ""
    return (
        f"The call sets the policy as a whole: keep the statements that it has already{own}, and add this"
        " one."
    )


def _needed(service: Service, case: Case) -> str:
    level = "reads" if all(action.is_read for action in case.granted) else "works on things"
    return (
        f"The grant {level} in Lightsail; the like on {service.name} would be"
        f" {listed(needed_actions(service, case))} on {listed(needed_resources(service, case))}. The names of"
        " resources are examples."
    )


def _decided(service: Service, case: Case) -> Iterator[Row]:
    """Each side alone and both together."""
    request = _request(service, case)
    if request is None:
        return
    identity = (identity_policy(service, case),)
    written = resource_policy(service, case)
    resource = PolicyDocument.of(
        *(attrs.evolve(one, resources=one.resources or ("*",)) for one in written.statements)
    )
    # A key's policy is never absent: here it says nothing of this caller.
    silent = PolicyDocument.of() if service.id == "kms" else None
    for label, policies in (
        (f"the {policy_name(service)} alone", Policies(resource=resource)),
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
        action=needed_actions(service, case)[0],
        resource=needed_resources(service, case)[-1],
        resource_account=case.account,
        context={**witness.assume_context, "aws:PrincipalArn": witness.principal},
    )


def _role_only(service: Service, case: Case) -> Iterator[Block]:
    said = (
        "The trusted party comes with a token or an assertion and calls as the role's session, so that is"
        " what a resource-based policy names. The role stays; what changes is where the permission stands."
    )
    if case.party is Party.SERVICE:
        said = (
            "An AWS service that assumes the role calls as the role's session, so that is what a"
            " resource-based policy names. For what some services do in their own name, a policy can name the"
            " service itself instead."
        )
    yield Text(said, source=sources.PRINCIPAL)
    yield Text(_needed(service, case))
    yield Code("Way 1: the role's permissions policy", document_text(identity_policy(service, case)))
    named = document_text(naming_role(service, case))
    yield Code(f"Way 2: the {policy_name(service)}, which names the role: {written_by(service)}", named)
    yield Text(_kept(service), Tone.WARN)
    yield Points((_together(service),))
    yield from _left_out(case)
    for told in (_own_key(service), service.note, service.across_note):
        if told:
            yield Text(told)


def _together(service: Service) -> Point:
    """What of the two ways is needed, by where the resource is."""
    if service.id == "kms":
        text = (
            "The role's own policy never suffices, also within one account: the key's policy has to name the"
            " role, or the account and leave the rest to the role's policy; or a KMS grant on the key has to"
            " allow. For a key of another account the role's policy is needed beside the key's."
        )
    else:
        text = (
            "Within one account either suffices; where the resource is in another account, both are needed."
        )
    return Point(text, source=sources.LOGIC)
