"""From a call to its answer: constraints of the model first, then authorization, then the handler."""

from __future__ import annotations

from functools import cache

from xacct.sandbox import (
    iam_bulk,
    iam_holders,
    iam_policies,
    iam_providers,
    iam_roles,
    iam_simulate,
    iam_users,
    sts,
    sts_saml,
    sts_web_identity,
)
from xacct.sandbox.call import Answer, Call, Handler
from xacct.sandbox.constraints import check_constraints
from xacct.sandbox.enforce import authorize
from xacct.sandbox.iam_targets import target_of
from xacct.sandbox.problems import AwsError

__all__ = ["answer", "known_operations"]

# AssumeRole is decided by both sides' policies, in its handler; nobody needs a right to ask who they are.
_DECIDED_BY_HANDLER = frozenset(("AssumeRole", "GetCallerIdentity", "GetSessionToken"))


@cache
def known_operations(service: str) -> dict[str, Handler]:
    """The operations that the sandbox has, of IAM or STS."""
    modules = {
        "iam": (iam_roles, iam_holders, iam_policies, iam_users, iam_providers, iam_bulk, iam_simulate),
        "sts": (sts, sts_saml, sts_web_identity),
    }
    return {name: handler for module in modules[service] for name, handler in module.HANDLERS.items()}


def answer(call: Call) -> Answer:
    """Raises AwsError for every refusal."""
    operation = call.operation
    if operation.service == "lightsail":
        from xacct.sandbox.lightsail import answer as answer_lightsail

        return answer_lightsail(call)
    handler = known_operations(operation.service).get(operation.name)
    if handler is None:
        raise AwsError("NotImplemented", f"The sandbox does not have {operation.action}.")
    check_constraints(operation)
    if call.caller is not None:
        _check_session_kind(call)
        if operation.name not in _DECIDED_BY_HANDLER:
            resource, context = target_of(call) if operation.service == "iam" else ("*", {})
            authorize(call, operation.action, resource, context)
            if operation.name.startswith("Create") and operation.params.get("Tags"):
                # Tags in a creating call need the tagging action too (IAM User Guide, id_tags).
                authorize(call, f"iam:Tag{operation.name.removeprefix('Create')}", resource, context)
    return handler(call)


def _check_session_kind(call: Call) -> None:
    """Refuse what federated users, and users' sessions without MFA, may never call (STS API Reference)."""
    session = call.signed_by.session
    if session is None or session.role is not None or call.operation.name == "GetCallerIdentity":
        return
    federated = ":federated-user/" in session.arn
    service = call.operation.service
    if federated and service in ("iam", "sts"):
        raise AwsError("AccessDenied", "Cannot call IAM or STS with the credentials of a federated user.")
    if service == "iam" and "aws:MultiFactorAuthPresent" not in session.context:
        raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid")
