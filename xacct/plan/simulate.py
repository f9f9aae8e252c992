"""
One request against a role, in the two decisions that AWS makes: may the caller have a session, and may the
session do it.

The caller's own policies are not at hand; they are taken to allow the call, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from xacct.errors import InputError
from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import ContextValue, Decision, Outcome, Policies, Request
from xacct.evaluate.principals import principal_arn
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement
from xacct.lightsail.catalog import load_catalog
from xacct.plan.access import RoleAccess, access_delta
from xacct.plan.model import Witness
from xacct.values import frozen

__all__ = ["ASSUME_ACTIONS", "Simulation", "example_request", "simulate"]

ASSUME_ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
SESSION_NAME = "simulated"
EXAMPLE_ID = "00000000-0000-4000-8000-000000000000"

_TIMES = ("aws:CurrentTime", "aws:TokenIssueTime")
_EVERYTHING = PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",)))


@frozen(kw_only=True)
class Simulation:
    """
    The two requests with their decisions. ``request`` and ``decision`` are None where only the assumption was
    asked about, or where it was refused.
    """

    assume: Request
    assume_decision: Decision
    request: Request | None = None
    decision: Decision | None = None

    @property
    def outcome(self) -> Outcome:
        """The outcome of both together: a session that can't be had can do nothing."""
        return (self.decision or self.assume_decision).outcome

    @property
    def why(self) -> str:
        return (self.decision or self.assume_decision).why


def simulate(
    access: RoleAccess,
    *,
    action: str,
    principal: str = "trusted",
    resource: str | None = None,
    context: Mapping[str, ContextValue] | None = None,
    defaults: Mapping[str, ContextValue] | None = None,
    partial: bool = False,
) -> Simulation:
    """
    Decide one request in words against a role.

    ``principal`` is an ARN, or ``trusted`` for one whom the trust policy admits, with what it asks for.
    ``context`` is what the user says of the request, and holds for both decisions; ``defaults`` (the time,
    the Region) give way to it. Raises InputError for an action or resource that no request can have.
    """
    _check_request(action, resource)
    example = example_request(access, action, resource)
    given: dict[str, ContextValue] = {**(defaults or {}), **(context or {})}
    times = {key: value for key, value in given.items() if key in _TIMES}
    caller = principal
    assume_context: dict[str, ContextValue] = dict(given)
    if principal == "trusted":
        caller = example.principal if example else f"arn:aws:iam::{access.account}:root"
        assume_context = {**given, **_assumed_with(example), **times, **(context or {})}
    elif caller.startswith("arn:") and "-provider/" not in caller:
        assume_context.setdefault("aws:PrincipalArn", principal_arn(caller))
    assume = Request(
        principal=caller,
        action=_assume_action(access.trust, caller, action),
        resource=access.role_arn,
        resource_account=access.account,
        context=assume_context,
        partial=partial,
    )
    assumed = evaluate(assume, Policies(identity=(_EVERYTHING,), resource=access.trust))
    if action.lower() in {name.lower() for name in ASSUME_ACTIONS} or not assumed.allowed:
        return Simulation(assume=assume, assume_decision=assumed)
    request = _session_request(access, action, resource, given, example, partial=partial)
    policies = Policies(
        identity=access.policies, boundary=None if access.boundary is None else (access.boundary,)
    )
    return Simulation(
        assume=assume, assume_decision=assumed, request=request, decision=evaluate(request, policies)
    )


def _check_request(action: str, resource: str | None) -> None:
    catalog = load_catalog()
    service, colon, _ = action.partition(":")
    if not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9]+", action):
        near = None if colon else catalog.nearest(action)
        raise InputError(
            f"{action[:100]!r} is no action; a request has one, with its service",
            where="--action",
            fix=f"did you mean {near}?" if near else "write it as lightsail:RebootInstance",
            code="unknown-action",
        )
    if service.lower() == "lightsail" and catalog.action(action) is None:
        near = catalog.nearest(action)
        raise InputError(
            f"Lightsail has no action {action[:100]!r}",
            where="--action",
            fix=f"did you mean {near}?" if near else "xacct permissions show full-access lists all",
            code="unknown-action",
        )
    if resource is not None and resource != "*" and Arn.try_parse(resource) is None:
        raise InputError(
            f"{resource[:100]!r} is no ARN",
            where="--resource",
            fix="Lightsail's ARNs end in a UUID, not in the name; * where the action takes none",
            code="arn",
        )


def _assumed_with(example: Witness | None) -> Mapping[str, ContextValue]:
    """The context in which the example's principal gets its session."""
    if example is None:
        return {}
    return example.assume_context if example.assume_action else example.context


def example_request(access: RoleAccess, action: str, resource: str | None = None) -> Witness | None:
    """A request that the role lets through, for this action where there is one, else for any."""
    fences = [Statement(effect=Effect.DENY, not_actions=(action,), resources=("*",))]
    if resource is not None:
        fences.append(Statement(effect=Effect.DENY, actions=("*",), not_resources=(resource,)))
    narrowed = tuple(
        attrs.evolve(document, statements=(*document.statements, *fences)) for document in access.policies
    )
    for asked in (attrs.evolve(access, policies=narrowed), access):
        for row in access_delta(None, asked).rows:
            if row.witness is not None:
                return row.witness
    return None


def _assume_action(trust: PolicyDocument, caller: str, action: str) -> str:
    if action.lower() in {name.lower() for name in ASSUME_ACTIONS}:
        return action
    if ":saml-provider/" in caller:
        return ASSUME_ACTIONS[1]
    federated = {
        principal.value
        for statement in trust.statements
        for principal in statement.principals or ()
        if principal.type is PrincipalType.FEDERATED
    }
    return ASSUME_ACTIONS[2] if ":oidc-provider/" in caller or caller in federated else ASSUME_ACTIONS[0]


def _session_request(
    access: RoleAccess,
    action: str,
    resource: str | None,
    given: Mapping[str, ContextValue],
    example: Witness | None,
    *,
    partial: bool,
) -> Request:
    role = Arn.parse(access.role_arn)
    fits = example is not None and example.action.lower() == action.lower()
    own: dict[str, ContextValue] = dict(example.context) if fits and example and resource is None else {}
    if resource is None:
        resource = example.resource if fits and example else _any_resource(action, role, given)
    context = {**own, **given}
    context.setdefault("aws:PrincipalArn", access.role_arn)
    region = resource.split(":")[3] if resource.count(":") >= 5 else ""
    if region and region != "global":
        context.setdefault("aws:RequestedRegion", region)
    return Request(
        principal=f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/{SESSION_NAME}",
        action=action,
        resource=resource,
        resource_account=access.account,
        context=context,
        partial=partial,
    )


def _any_resource(action: str, role: Arn, context: Mapping[str, ContextValue]) -> str:
    """A resource of the type that the action takes; ``*`` where it takes none."""
    known = load_catalog().action(action)
    if known is None or known.wildcard_only or not known.resource_types:
        return "*"
    kind = known.resource_types[0].type
    region = context.get("aws:RequestedRegion", "eu-west-1")
    place = "global" if kind == "Domain" else region if isinstance(region, str) else region[0]
    return f"arn:{role.partition}:lightsail:{place}:{role.account}:{kind}/{EXAMPLE_ID}"
