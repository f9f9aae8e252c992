"""The policies of a comparison: the need on a service, as the caller's policy and as the resource's."""

from __future__ import annotations

from xacct.explain.case import Case
from xacct.explain.matching import allowing
from xacct.explain.services import Service, called
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal

__all__ = [
    "asking_conditions",
    "carries",
    "identity_policy",
    "naming_role",
    "needed_actions",
    "needed_resources",
    "policy_name",
    "resource_policy",
    "trusted_principals",
    "written_by",
]

_ASKED_ONLY = ("aws:requesttag/", "aws:tagkeys", "aws:resourcetag/")
"""Global keys that speak of the call to assume or of the role, and mean something else on a resource."""


def needed_actions(service: Service, case: Case) -> tuple[str, ...]:
    """Reads where the grant reads alone, else what works on things."""
    assert service.need is not None
    reads = all(action.is_read for action in case.granted)
    return service.need.reads if reads else service.need.works


def needed_resources(service: Service, case: Case) -> tuple[str, ...]:
    """The example's resources, in the grant's account."""
    assert service.need is not None
    return tuple(text.replace("{account}", case.account) for text in service.need.resources)


def policy_name(service: Service) -> str:
    """What the service calls the policy of the example."""
    return (service.need.policy if service.need is not None else "") or service.policy


def written_by(service: Service) -> str:
    """The calls that take the whole policy, where others take only a part of what a policy can say."""
    return called((service.need.write if service.need is not None else ()) or service.write)


def identity_policy(service: Service, case: Case) -> PolicyDocument:
    """The need as a policy on whoever makes the calls: the role, or a caller of its own account."""
    need = Statement(
        sid="TheNeed",
        effect=Effect.ALLOW,
        actions=needed_actions(service, case),
        resources=needed_resources(service, case),
    )
    beside = service.need.beside if service.need is not None else ()
    if not beside:
        return PolicyDocument.of(need)
    return PolicyDocument.of(
        need, Statement(sid="BesideIt", effect=Effect.ALLOW, actions=beside, resources=("*",))
    )


def naming_role(service: Service, case: Case) -> PolicyDocument:
    """The resource-based policy that names the grant's role."""
    return PolicyDocument.of(
        Statement(
            sid="TheNeed",
            effect=Effect.ALLOW,
            principals=(TypedPrincipal(PrincipalType.AWS, case.role_arn),),
            actions=needed_actions(service, case),
            resources=_own_resource(service, case),
        )
    )


def resource_policy(service: Service, case: Case) -> PolicyDocument:
    """
    The resource-based policy for the grant's principals: a statement for each that lets them assume the role,
    with those of its conditions that can be carried over.
    """
    return PolicyDocument.of(
        *(
            Statement(
                sid=f"TheNeed{number if number > 1 else ''}",
                effect=Effect.ALLOW,
                principals=principals,
                actions=needed_actions(service, case),
                resources=_own_resource(service, case),
                conditions=tuple(condition for condition in conditions if carries(condition)),
            )
            for number, (principals, conditions) in enumerate(_let_in(case), 1)
        )
    )


def _let_in(case: Case) -> tuple[tuple[tuple[TypedPrincipal, ...], tuple[Condition, ...]], ...]:
    """Who is let in, under which conditions, statement by statement; of a group, its members."""
    if case.access is None:
        return ((trusted_principals(case), ()),)
    return tuple((one.principals, one.conditions) for one in _assuming(case) if one.principals)


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
            return needed_resources(service, case)


def trusted_principals(case: Case) -> tuple[TypedPrincipal, ...]:
    """Whom the trust policy lets assume the role; of a group, its members."""
    if case.access is None:
        held = case.holders.holders if case.holders is not None else ()
        return tuple(TypedPrincipal(PrincipalType.AWS, arn) for arn in held)
    found = [principal for statement in _assuming(case) for principal in statement.principals or ()]
    return tuple(dict.fromkeys(found))


def _assuming(case: Case) -> list[Statement]:
    return allowing(case.access.trust if case.access is not None else None, "sts:AssumeRole")


def asking_conditions(case: Case) -> tuple[Condition, ...]:
    """The conditions under which the role is assumed, of every statement that lets somebody in."""
    if case.access is None:
        return ()
    return tuple(dict.fromkeys(condition for one in _assuming(case) for condition in one.conditions))


def carries(condition: Condition) -> bool:
    """Whether a request to the resource carries the key as well."""
    key = condition.key.lower()
    return key.startswith("aws:") and not key.startswith(_ASKED_ONLY)
