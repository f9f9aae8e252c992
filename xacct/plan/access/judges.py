"""The evaluator asked about single requests on one side of a change."""

from __future__ import annotations

import attrs

from xacct.errors import InputError
from xacct.evaluate.engine import TRUST_ACTIONS, compile_policies
from xacct.evaluate.model import Policies, Request
from xacct.evaluate.principals import CallerKind, Level
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.plan.access.model import HolderAccess, RoleAccess
from xacct.plan.access.principals import Requester
from xacct.plan.access.question import Judge
from xacct.plan.access.witness import Example

__all__ = ["NOBODY", "policies_judge", "session_arn", "trust_judge", "trusting"]

NOBODY = Judge(lambda _: False, lambda _: True)
"""The side on which there is nothing."""

_ALL = PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",)))


def trust_judge(role: RoleAccess) -> Judge:
    """Judge assume requests by the trust policy; the caller's own policies are as the requester says."""

    def decided(example: Example, *, default: bool) -> bool:
        assert example.requester is not None
        policies = _callers_policies(example.requester, role.trust)
        request = _request(example.requester.text, example, role.account, role.role_arn)
        return _decided(policies, request, default=default)

    return Judge(
        lambda example: decided(example, default=False),
        lambda example: not decided(example, default=True),
    )


def _callers_policies(requester: Requester, trust: PolicyDocument) -> Policies:
    caller = requester.caller
    if not caller.has_identity_side:
        return Policies(resource=trust)
    needs = requester.needs
    in_session = caller.kind is CallerKind.FEDERATED_USER
    return Policies(
        identity=(_ALL,) if needs is Level.ACCOUNT else (),
        resource=trust,
        boundary=() if needs >= Level.USER else None,
        session=() if needs is Level.DIRECT else (_ALL,) if in_session else None,
    )


def policies_judge(access: RoleAccess | HolderAccess) -> Judge:
    """Judge requests of the role's sessions, or of the holders, by their identity-based policies."""
    known = Policies(
        identity=access.policies, boundary=None if access.boundary is None else (access.boundary,)
    )
    onward = attrs.evolve(known, resource=trusting(access.account))
    # A boundary that is not at hand can only take away; a policy that is not at hand can do either.
    is_whole = not access.boundary_unknown and not access.unknown_policies

    def decided(example: Example, *, default: bool) -> bool:
        principal = _holder(access, example)
        if principal is None:
            return False
        policies = onward if example.action.lower() in TRUST_ACTIONS else known
        return _decided(policies, _request(principal, example, access.account), default=default)

    return Judge(
        lambda example: is_whole and decided(example, default=False),
        lambda example: not access.unknown_policies and not decided(example, default=True),
    )


def trusting(account: str) -> PolicyDocument:
    """
    Stands for the trust policies of roles elsewhere, which are not at hand: they leave it to the caller.

    With it a permission to assume further roles is decided as what it is, one side of two.
    """
    named = (TypedPrincipal(PrincipalType.AWS, account),)
    return PolicyDocument.of(Statement(effect=Effect.ALLOW, principals=named, actions=("sts:*",)))


def _holder(access: RoleAccess | HolderAccess, example: Example) -> str | None:
    """Who makes the request, or None when it holds none of the policies."""
    if isinstance(access, RoleAccess):
        return session_arn(access.role_arn)
    if example.requester is None or example.requester.text not in access.holders:
        return None
    return example.requester.text


def session_arn(role_arn: str) -> str:
    """A session of the role, as it appears as a principal."""
    arn = Arn.parse(role_arn)
    return f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/session"


def _request(principal: str, example: Example, account: str, resource: str = "") -> Request:
    return Request(
        principal=principal,
        action=example.action,
        resource=resource or example.resource,
        resource_account=account,
        context=example.context,
    )


def _decided(policies: Policies, request: Request, *, default: bool) -> bool:
    """Whether it is allowed; the default where the evaluator refuses the policies or the request."""
    try:
        return compile_policies(policies).decide(request).allowed
    except InputError:
        return default
