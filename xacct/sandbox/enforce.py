"""
May this call pass? The caller's policies are collected, the evaluator decides, and a denial is put into
IAM's words.

Sources: IAM User Guide, reference_policies_evaluation-logic and troubleshoot_access-denied.
"""

from __future__ import annotations

from xacct.evaluate import Decision, Outcome, Policies, PolicyType, Request, compile_policies
from xacct.iam import PolicyDocument
from xacct.lightsail.catalog import account_arn
from xacct.sandbox.call import Call, Caller
from xacct.sandbox.context import Context, base_context
from xacct.sandbox.documents import parse_document
from xacct.sandbox.entities import Group, Role, User
from xacct.sandbox.iam_users import groups_of
from xacct.sandbox.lookup import policy_of
from xacct.sandbox.problems import AwsError, denied
from xacct.sandbox.world import World

__all__ = ["ALLOW_ALL", "authorize", "decide", "denial", "identity_documents", "policies_of"]

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def policies_of(world: World, caller: Caller) -> Policies:
    """The caller's own policies: identity-based, boundary, session."""
    holder = _holder(world, caller)
    boundary = None
    if holder is not None and holder.boundary is not None and not caller.is_operator:
        found = policy_of(world, caller.account, holder.boundary)
        boundary = (parse_document(found.document),) if found is not None else ()
    return Policies(
        identity=identity_documents(world, caller, holder),
        boundary=boundary,
        session=_session_documents(world, caller),
    )


def _holder(world: World, caller: Caller) -> User | Role | None:
    if caller.role is not None:
        return world.get(Role, caller.account, caller.role.lower())
    return world.get(User, caller.account, caller.user.lower()) if caller.user is not None else None


def identity_documents(
    world: World, caller: Caller, holder: User | Role | None
) -> tuple[PolicyDocument, ...]:
    if caller.is_operator or caller.is_root or (holder is None and caller.user is not None):
        return (parse_document(ALLOW_ALL),)  # the operator's federated users inherit from nobody stored
    holders: list[User | Role | Group] = [] if holder is None else [holder]
    if isinstance(holder, User):
        holders.extend(groups_of(world, caller.account, holder.name))
    texts = [text for one in holders for text in one.inline.values()]
    for arn in (arn for one in holders for arn in one.attached):
        policy = policy_of(world, caller.account, arn)
        if policy is not None:
            texts.append(policy.document)
    return tuple(parse_document(text) for text in texts)


def _session_documents(world: World, caller: Caller) -> tuple[PolicyDocument, ...] | None:
    session = caller.session
    if session is None:
        return None
    if session.policies is None and session.policy_arns is None:
        # Without a session policy a role session has the role's permissions, a federated user has none.
        return () if ":federated-user/" in session.arn else None
    texts = list(session.policies or ())
    for arn in session.policy_arns or ():
        policy = policy_of(world, caller.account, arn)
        if policy is not None:
            texts.append(policy.document)
    return tuple(parse_document(text) for text in texts)


def decide(request: Request, policies: Policies) -> Decision:
    """Decide without a trace; whole sets of policies are compiled once."""
    return compile_policies(policies).decide(request)


def authorize(call: Call, action: str, resource: str, context: Context | None = None) -> None:
    """Raises AwsError when the caller may not; the operator may do everything in its own account."""
    caller = call.signed_by
    if caller.is_operator:
        return
    if resource == "*" and call.operation.service == "lightsail":
        resource = account_arn(caller.partition, call.region, caller.account)
    request = Request(
        principal=caller.arn,
        action=action,
        resource=resource,
        resource_account=caller.account,
        context=base_context(call) | (context or {}),
    )
    decision = decide(request, policies_of(call.world, caller))
    if not decision.allowed:
        raise denial(call, action, resource, decision)


def denial(call: Call, action: str, resource: str, decision: Decision) -> AwsError:
    """Put a denial inside one account into IAM's words, which name the type of policy that decided."""
    error = denied(call.signed_by.arn, action, resource, _because(action, decision))
    code = "AccessDeniedException" if call.operation.service == "lightsail" else "AccessDenied"
    return AwsError(code, error.message, 400 if code == "AccessDeniedException" else 403)


def _because(action: str, decision: Decision) -> str:
    kind = decision.decided_by or PolicyType.IDENTITY
    words = {PolicyType.TRUST: "resource-based policy"}.get(kind, kind.words)
    if decision.outcome is Outcome.EXPLICITLY_DENIED:
        article = "an" if words.startswith("i") else "a"
        return f"with an explicit deny in {article} {words}"
    return f"because no {words} allows the {action} action"
