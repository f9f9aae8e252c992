"""
The rights that an operator needs for a plan: IAM actions on ARNs.

Source of which action a call asks for: Service Authorization Reference, "Actions, resources, and condition
keys for AWS Identity and Access Management". Tags given at creation ask for the tagging action besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
    ThingType,
    User,
)
from xacct.plan.model import RequiredPermission
from xacct.plan.snapshot import ReadScope
from xacct.plan.steps import Operation, Step, inverse
from xacct.values import frozen

__all__ = [
    "MissingRight",
    "RightsCheck",
    "read_permissions",
    "required_permissions",
    "undo_permissions",
]


@frozen(kw_only=True)
class MissingRight:
    """An action that the operator may not do on a resource."""

    action: str
    resource: str


@frozen(kw_only=True)
class RightsCheck:
    """
    Which of the rights that a plan needs the operator lacks in one account.

    ``unknown`` says why that can't be told, empty where it can.
    """

    account: str
    principal: str
    missing: tuple[MissingRight, ...] = ()
    unknown: str = ""


_Right = tuple[str, str]

_TAG_AT_CREATION = {
    Operation.CREATE_ROLE: "iam:TagRole",
    Operation.CREATE_POLICY: "iam:TagPolicy",
    Operation.CREATE_SAML_PROVIDER: "iam:TagSAMLProvider",
    Operation.CREATE_OIDC_PROVIDER: "iam:TagOpenIDConnectProvider",
    Operation.CREATE_USER: "iam:TagUser",
}

_BULK_READS = ("iam:GetAccountAuthorizationDetails", "iam:ListRoles")


def required_permissions(
    steps: Iterable[Step],
    account: str,
    partition: str = "aws",
    scope: ReadScope | None = None,
    known: Iterable[Thing] = (),
) -> tuple[RequiredPermission, ...]:
    """
    The rights to carry out the steps in one account and, with a scope, to read what it asks for.

    One entry an action, its ARNs merged, in the order of the actions' names. ``known`` are things of the
    account, desired or actual: they tell the paths of roles, users and groups that hold what steps touch; a
    holder whose path is not known is named under any path. Undoing after a failure may need more: see
    ``undo_permissions``.
    """
    steps = tuple(steps)
    arns = _Arns(account, partition, (*known, *_things_of(steps)))
    rights: list[_Right] = []
    for step in steps:
        rights.extend(_rights_of(step, arns))
    if scope is not None:
        rights.extend(_reads(scope, account, partition))
    return _merged(rights)


def read_permissions(
    scope: ReadScope, account: str, partition: str = "aws"
) -> tuple[RequiredPermission, ...]:
    """The rights to read what a scope asks for: all that ``xacct plan`` needs."""
    return required_permissions((), account, partition, scope)


def undo_permissions(
    steps: Iterable[Step], account: str, partition: str = "aws", known: Iterable[Thing] = ()
) -> tuple[RequiredPermission, ...]:
    """The rights to undo the steps, should a later one fail; without them something may be left half-made."""
    steps = tuple(steps)
    backwards = [undoing for step in steps for undoing in inverse(step) or ()]
    return required_permissions(backwards, account, partition, known=(*known, *_things_of(steps)))


def _things_of(steps: Iterable[Step]) -> Iterator[Thing]:
    for step in steps:
        yield from (thing for thing in (step.before, step.after) if thing is not None)


def _merged(rights: Iterable[_Right]) -> tuple[RequiredPermission, ...]:
    by_action: dict[str, set[str]] = {}
    for action, resource in rights:
        by_action.setdefault(action, set()).add(resource)
    return tuple(
        RequiredPermission(action=action, resources=("*",) if "*" in found else tuple(sorted(found)))
        for action, found in sorted(by_action.items())
    )


def _rights_of(step: Step, arns: _Arns) -> Iterator[_Right]:
    thing = step.after if step.after is not None else step.before
    assert thing is not None
    arn = arns.of(thing)
    yield _action(step, thing), arn
    if getattr(step.after, "tags", None) and step.operation in _TAG_AT_CREATION:
        yield _TAG_AT_CREATION[step.operation], arn
    # IAM deletes a managed policy, and makes room for a new version, one version at a time.
    if step.operation in (Operation.CREATE_POLICY_VERSION, Operation.DELETE_POLICY):
        yield "iam:ListPolicyVersions", arn
        yield "iam:DeletePolicyVersion", arn


def _action(step: Step, thing: Thing) -> str:
    if isinstance(thing, PolicyAttachment):
        verb = "Attach" if step.operation is Operation.ATTACH_POLICY else "Detach"
        return f"iam:{verb}{thing.holder_type.value.capitalize()}Policy"
    return f"iam:{step.operation.value}"


class _Arns:
    """The ARNs that calls are authorized on: for what is held, its holder's."""

    def __init__(self, account: str, partition: str, known: Iterable[Thing]) -> None:
        self._account = account
        self._partition = partition
        self._holders = {
            (thing.key.type.value, thing.name): self.of(thing)
            for thing in known
            if isinstance(thing, (Role, User, Group))
        }

    def of(self, thing: Thing) -> str:
        match thing:
            case Role() | ManagedPolicy() | SamlProvider() | OidcProvider():
                return thing.arn(self._account, self._partition)
            case User() | Group():
                return f"{self._iam}:{thing.key.type.value}{thing.path}{thing.name}"
            case RolePolicy():
                return self._holder("role", thing.role)
            case GroupPolicy() | GroupMember():
                return self._holder("group", thing.group)
            case PolicyAttachment():
                return self._holder(thing.holder_type.value, thing.holder)

    @property
    def _iam(self) -> str:
        return f"arn:{self._partition}:iam::{self._account}"

    def _holder(self, kind: str, name: str) -> str:
        return self._holders.get((kind, name), f"{self._iam}:{kind}/*{name}")


def _reads(scope: ReadScope, account: str, partition: str) -> Iterator[_Right]:
    for action in _BULK_READS:
        yield action, "*"
    if scope.ours:
        yield "iam:GetPolicy", f"arn:{partition}:iam::{account}:policy{scope.path}*"
    for key in scope.keys:
        yield from _reads_of(key, f"arn:{partition}:iam::{account}", scope.path)


def _reads_of(key: ThingKey, iam: str, path: str) -> Iterator[_Right]:
    holder = key.name.partition("/")[0]
    match key.type:
        case ThingType.ROLE | ThingType.ROLE_POLICY:
            yield "iam:GetRole", f"{iam}:role{path}{holder}"
        case ThingType.MANAGED_POLICY:
            arn = f"{iam}:policy{path}{key.name}"
            yield "iam:GetPolicy", arn
            yield "iam:GetPolicyVersion", arn
        case ThingType.POLICY_ATTACHMENT:
            yield from _attachment_reads(key, iam)
        case ThingType.SAML_PROVIDER:
            yield "iam:GetSAMLProvider", f"{iam}:saml-provider/{key.name}"
        case ThingType.OIDC_PROVIDER:
            yield "iam:GetOpenIDConnectProvider", f"{iam}:oidc-provider/{key.name}"
        case ThingType.GROUP | ThingType.GROUP_POLICY | ThingType.GROUP_MEMBER:
            for action in _GROUP_READS:
                yield action, f"{iam}:group/*{holder}"
        case ThingType.USER:
            yield "iam:GetUser", f"{iam}:user{path}{key.name}"


_GROUP_READS = (
    "iam:GetGroup",
    "iam:ListGroupPolicies",
    "iam:GetGroupPolicy",
    "iam:ListAttachedGroupPolicies",
)


def _attachment_reads(key: ThingKey, iam: str) -> Iterator[_Right]:
    kind, name, arn = key.name.split("/", 2)
    holder = HolderType(kind)
    yield f"iam:ListAttached{holder.value.capitalize()}Policies", f"{iam}:{kind}/*{name}"
    yield "iam:GetPolicy", arn
    yield "iam:GetPolicyVersion", arn
