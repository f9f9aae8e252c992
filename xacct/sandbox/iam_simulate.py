"""IAM's simulator for the permissions of an existing principal, answered by the same evaluator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from xacct.evaluate import Decision, Outcome, Policies, Request
from xacct.iam import Arn
from xacct.sandbox.call import Answer, Call, Caller, Handler
from xacct.sandbox.callers import user_caller
from xacct.sandbox.context import Context, caller_context
from xacct.sandbox.documents import check_identity_policy
from xacct.sandbox.enforce import decide, policies_of
from xacct.sandbox.entities import Role, User
from xacct.sandbox.names import OPERATOR_NAME
from xacct.sandbox.problems import AwsError
from xacct.sandbox.trusted import find_principal

__all__ = ["HANDLERS"]

_DECISIONS = {
    Outcome.ALLOWED: "allowed",
    Outcome.EXPLICITLY_DENIED: "explicitDeny",
    Outcome.IMPLICITLY_DENIED: "implicitDeny",
    Outcome.UNDETERMINED: "implicitDeny",
}


def simulate_principal_policy(call: Call) -> Answer:
    """Say for each action and resource whether the principal's policies let it pass."""
    params = call.params
    principal = _principal(call, params["PolicySourceArn"])
    more = tuple(check_identity_policy(text) for text in params.get("PolicyInputList") or ())
    policies = policies_of(call.world, principal)
    policies = attrs.evolve(policies, identity=(*policies.identity, *more))
    context = caller_context(principal) | dict(_context_entries(params.get("ContextEntries") or ()))
    results = [
        _result(action, resource, _decision(principal, policies, context, action, resource))
        for action in params["ActionNames"]
        for resource in params.get("ResourceArns") or ["*"]
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _principal(call: Call, arn_text: str) -> Caller:
    arn = Arn.try_parse(arn_text)
    if arn is not None and arn.resource == f"user/{OPERATOR_NAME}" and arn.account == call.account:
        return attrs.evolve(call.signed_by, is_operator=True, session=None)
    found = find_principal(call.world, arn) if arn is not None and arn.account == call.account else None
    match found:
        case User():
            return user_caller(found, "")
        case Role():
            return Caller(
                account=found.account,
                partition=found.partition,
                arn=found.arn,
                principal_arn=found.arn,
                unique_id=found.id,
                access_key_id="",
                role=found.name,
                tags=found.tags,
            )
        case None:
            raise AwsError("NoSuchEntity", f"The entity {arn_text} cannot be found.")


def _context_entries(entries: Any) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for entry in entries:
        values = tuple(str(value) for value in entry.get("ContextKeyValues") or ())
        single = not str(entry.get("ContextKeyType") or "").endswith("List") and len(values) == 1
        yield str(entry.get("ContextKeyName") or ""), values[0] if single else values


def _decision(
    principal: Caller, policies: Policies, context: Context, action: str, resource: str
) -> Decision:
    request = Request(
        principal=principal.arn,
        action=action,
        resource=resource,
        resource_account=principal.account,
        context=context,
    )
    return decide(request, policies)


def _result(action: str, resource: str, decision: Decision) -> Answer:
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": _DECISIONS[decision.outcome],
        "MatchedStatements": [],
        "MissingContextValues": [],
    }


HANDLERS: dict[str, Handler] = {"SimulatePrincipalPolicy": simulate_principal_policy}
