"""
A grant for a role that was there before: its plan changes nothing but our tags.

The role's documents are kept whole, for a role made of parameters would seldom be the same to the letter.
What the role holds that a grant cannot say is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from xacct.blueprint.checks import LONGEST_SESSION, SHORTEST_SESSION, check_name
from xacct.blueprint.model import Grant
from xacct.errors import InputError, Problem, XacctError
from xacct.iam.ownership import DEFAULT_PATH, OWN_TAGS, TAG_GRANT
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import HolderType, PolicyAttachment, Role, RolePolicy
from xacct.plan.snapshot import Snapshot
from xacct.values import frozen

__all__ = ["BLUEPRINT", "Adoption", "adopt_role"]

BLUEPRINT = "raw"
_OF_AWS = ("/aws-service-role/", "/aws-reserved/")


@frozen(kw_only=True)
class Adoption:
    """The grant for a role; ``notes`` say what the grant does not hold."""

    grant: Grant
    role: Role
    notes: tuple[str, ...]


def adopt_role(snapshot: Snapshot, name: str, grant_name: str | None = None) -> Adoption:
    """
    Write the grant of a role that the snapshot holds; its name is the role's unless another is given.

    Raises XacctError when there is no such role, when it is AWS's own or of a grant already, InputError when
    the role's name is none for a grant.
    """
    role = snapshot.things.role(name)
    if role is None:
        raise XacctError(
            f"account {snapshot.account} has no role {name}",
            where="ROLE",
            fix="aws iam list-roles shows them; names are told apart by case here",
            code="no-role",
        )
    _check_free(role, snapshot)
    held = [thing for thing in snapshot.things if isinstance(thing, RolePolicy) and thing.role == name]
    parameters: dict[str, object] = {"trust": _text(role.trust)}
    if held:
        parameters["policies"] = {policy.name: (_text(policy.document),) for policy in held}
    attached = tuple(_attached(snapshot, name))
    if attached:
        parameters["attached"] = attached
    chosen = _grant_name(role, grant_name)
    grant = Grant(
        name=chosen,
        blueprint=BLUEPRINT,
        account=snapshot.account,
        parameters=parameters,  # type: ignore[arg-type]
        role_name=None if chosen == role.name else role.name,
        path=None if role.path == DEFAULT_PATH else role.path,
        description=role.description,
        max_session=role.max_session,
        boundary=role.boundary,
        tags={key: value for key, value in role.tags.items() if key not in OWN_TAGS},
    )
    return Adoption(grant=grant, role=role, notes=tuple(_notes(role)))


def _check_free(role: Role, snapshot: Snapshot) -> None:
    owner = role.tags.get(TAG_GRANT)
    if owner is not None:
        raise XacctError(
            f"the role {role.name} is of the grant {owner} already",
            where=role.arn(snapshot.account, snapshot.things.partition),
            fix="plan and apply that grant; xacct show shows it",
            code="owned",
        )
    if role.path.startswith(_OF_AWS):
        raise XacctError(
            f"the role {role.name} is AWS's own: only AWS's services may change it",
            where=role.arn(snapshot.account, snapshot.things.partition),
            fix="adopt a role that you made",
            code="owned",
        )


def _grant_name(role: Role, given: str | None) -> str:
    try:
        return check_name(given or role.name)
    except InputError as error:
        problem = error.problems[0]
        fix = "give the grant a name with --name"
        raise InputError(Problem(problem.message, "ROLE", fix, problem.code)) from None


def _text(document: PolicyDocument) -> str:
    return json.dumps(document.to_json(), ensure_ascii=False)


def _attached(snapshot: Snapshot, name: str) -> Iterator[str]:
    for thing in snapshot.things:
        match thing:
            case PolicyAttachment(holder_type=HolderType.ROLE, holder=holder) if holder == name:
                yield thing.policy_arn


def _notes(role: Role) -> Iterator[str]:
    if role.instance_profiles:
        yield f"it is in the instance profile {', '.join(role.instance_profiles)}, which stays yours"
    if not SHORTEST_SESSION <= role.max_session <= LONGEST_SESSION:
        yield f"its session length of {role.max_session} s is none that IAM takes today"
