"""
Becoming a role on an identity provider's word, whatever its protocol.

The trust policy alone decides: there is no caller with policies of its own. Source: IAM User Guide,
id_session-tags and reference_policies_iam-condition-keys.
"""

from __future__ import annotations

import attrs

from xacct.evaluate import Policies
from xacct.sandbox.call import Answer, Call, Tags
from xacct.sandbox.context import Context, base_context, request_tags, resource_tags
from xacct.sandbox.entities import Role, Session
from xacct.sandbox.problems import AwsError
from xacct.sandbox.sessions import (
    credentials_answer,
    open_session,
    packed_size,
    read_session_policies,
    session_arn,
)
from xacct.sandbox.sts import is_session_text, trust_allows
from xacct.values import frozen

__all__ = ["Vouched", "bad_token", "become", "check_identity_texts", "refused"]


@frozen(kw_only=True)
class Vouched:
    """
    What an identity provider says of a person or a job.

    ``provider`` is how a trust policy names it: an ARN, or the host of one that is built in. ``context``
    holds the protocol's condition keys, ``lasting`` those of them that stay with the session.
    """

    operation: str
    provider: str
    session_name: str
    context: Context
    lasting: dict[str, str]
    tags: Tags = attrs.field(factory=dict)
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None


def refused(operation: str) -> AwsError:
    """The one sentence for every denial, also where the role does not exist."""
    return AwsError("AccessDenied", f"Not authorized to perform sts:{operation}")


def bad_token(message: str) -> AwsError:
    return AwsError("InvalidIdentityToken", message)


def check_identity_texts(source_identity: str | None) -> None:
    """Raises AwsError for a source identity that AWS would not take from a token."""
    if source_identity is None:
        return
    if not is_session_text(source_identity) or source_identity.lower().startswith("aws:"):
        raise bad_token("Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with aws:")


def become(call: Call, role: Role, vouched: Vouched, seconds: int) -> Answer:
    """Hold what is vouched for against the role's trust policy, and open the session. Raises AwsError."""
    _check_trust(call, role, vouched)
    limits = read_session_policies(call, role.account)
    name = vouched.session_name
    session = open_session(
        call.world,
        Session(
            account=role.account,
            partition=role.partition,
            created=call.now,
            arn=session_arn(role, name),
            unique_id=f"{role.id}:{name}",
            role=role.name,
            expires=call.now + seconds,
            policies=limits.policies,
            policy_arns=limits.policy_arns,
            tags=vouched.tags,
            transitive=vouched.transitive,
            source_identity=vouched.source_identity,
            context={**vouched.lasting, "aws:FederatedProvider": vouched.provider},
        ),
    )
    return {
        "Credentials": credentials_answer(session),
        "AssumedRoleUser": {"AssumedRoleId": session.unique_id, "Arn": session.arn},
        "PackedPolicySize": packed_size(limits, vouched.tags),
        "SourceIdentity": vouched.source_identity,
    }


def _check_trust(call: Call, role: Role, vouched: Vouched) -> None:
    actions = [f"sts:{vouched.operation}"]
    if vouched.tags or vouched.transitive:
        actions.append("sts:TagSession")
    if vouched.source_identity is not None:
        actions.append("sts:SetSourceIdentity")
    context = base_context(call) | resource_tags(role.tags) | request_tags(vouched.tags) | _keys(vouched)
    for action in actions:
        if not trust_allows(call.world, role, vouched.provider, action, context, Policies()):
            raise refused(vouched.operation)


def _keys(vouched: Vouched) -> Context:
    context: Context = {
        **vouched.context,
        "sts:RoleSessionName": vouched.session_name,
        "aws:FederatedProvider": vouched.provider,
    }
    if vouched.transitive:
        context["sts:TransitiveTagKeys"] = vouched.transitive
    if vouched.source_identity is not None:
        context["sts:SourceIdentity"] = vouched.source_identity
    return context
