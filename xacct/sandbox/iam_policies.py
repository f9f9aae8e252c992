"""IAM's managed policies and their versions."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import attrs

from xacct.sandbox.call import Answer, Call, Handler, page, when
from xacct.sandbox.counts import check_count
from xacct.sandbox.documents import check_identity_policy, check_managed_size
from xacct.sandbox.entities import Group, Policy, PolicyVersion, Role, User
from xacct.sandbox.lookup import find_policy, policies_of_aws
from xacct.sandbox.names import unique_id
from xacct.sandbox.problems import AwsError, conflict
from xacct.sandbox.tagging import merge_tags, read_tags, tag_list, without_tags

__all__ = ["HANDLERS", "policy_answer", "version_answer"]

VERSION_QUOTA = 5


def policy_answer(call: Call, policy: Policy) -> Answer:
    holders = [*call.world.all(User, call.account), *call.world.all(Role, call.account)]
    groups = list(call.world.all(Group, call.account))
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version,
        "AttachmentCount": sum(policy.arn in holder.attached for holder in (*holders, *groups)),
        "PermissionsBoundaryUsageCount": sum(holder.boundary == policy.arn for holder in holders),
        "IsAttachable": True,
        "CreateDate": when(policy.created),
        "UpdateDate": when(policy.updated),
    }


def version_answer(policy: Policy, version: PolicyVersion, *, document: bool = True) -> Answer:
    shown = {"Document": quote(version.document, safe="")} if document else {}
    return {
        **shown,
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default_version,
        "CreateDate": when(version.created),
    }


def create_policy(call: Call) -> Answer:
    params = call.params
    name, text = params["PolicyName"], params["PolicyDocument"]
    tags = read_tags(params.get("Tags"))
    check_identity_policy(text)
    check_managed_size(text)
    if call.world.get(Policy, call.account, name.lower()) is not None:
        raise AwsError(
            "EntityAlreadyExists", f"A policy called {name} already exists. Duplicate names are not allowed."
        )
    check_count(call, Policy, "PoliciesPerAccount")
    policy = Policy(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        updated=call.now,
        name=name,
        path=params.get("Path") or "/",
        id=unique_id("ANPA"),
        tags=tags,
        description=params.get("Description"),
        versions=(PolicyVersion("v1", text, call.now),),
    )
    answer = policy_answer(call, call.world.put(policy))
    return {"Policy": answer | {"Tags": tag_list(tags) or None}}


def get_policy(call: Call) -> Answer:
    policy = find_policy(call)
    more = {"Description": policy.description, "Tags": tag_list(policy.tags)}
    return {"Policy": policy_answer(call, policy) | more}


def list_policies(call: Call) -> Answer:
    prefix = call.params.get("PathPrefix") or "/"
    shown = [policy for policy in _in_scope(call) if policy.path.startswith(prefix)]
    if call.params.get("OnlyAttached"):
        shown = [policy for policy in shown if policy_answer(call, policy)["AttachmentCount"]]
    answer = page(call, "Policies", shown, lambda policy: policy.arn)
    return answer | {"Policies": [policy_answer(call, policy) for policy in answer["Policies"]]}


def _in_scope(call: Call) -> Iterator[Policy]:
    scope = call.params.get("Scope") or "All"
    if scope in ("All", "Local"):
        yield from call.world.all(Policy, call.account)
    if scope in ("All", "AWS"):
        yield from policies_of_aws(call.signed_by.partition).values()


def delete_policy(call: Call) -> Answer:
    policy = _own_policy(call)
    counts = policy_answer(call, policy)
    if counts["AttachmentCount"] or counts["PermissionsBoundaryUsageCount"]:
        raise conflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy."
        )
    call.world.remove(policy)
    return {}


def _own_policy(call: Call) -> Policy:
    policy = find_policy(call)
    if policy.account == "aws":
        raise AwsError("AccessDenied", f"Policy {policy.arn} is managed by AWS and cannot be changed.")
    return policy


def create_policy_version(call: Call) -> Answer:
    policy = _own_policy(call)
    text = call.params["PolicyDocument"]
    check_identity_policy(text)
    check_managed_size(text)
    if len(policy.versions) >= VERSION_QUOTA:
        raise AwsError(
            "LimitExceeded",
            f"A managed policy can have up to {VERSION_QUOTA} versions. Before you create a new version, you "
            "must delete an existing version.",
        )
    version = PolicyVersion(f"v{policy.next_version}", text, call.now)
    policy = attrs.evolve(
        policy,
        versions=(*policy.versions, version),
        next_version=policy.next_version + 1,
        updated=call.now,
        default_version=version.id if call.params.get("SetAsDefault") else policy.default_version,
    )
    call.world.put(policy)
    return {"PolicyVersion": version_answer(policy, version, document=False)}


def _find_version(call: Call, policy: Policy) -> PolicyVersion:
    version_id = call.params["VersionId"]
    try:
        return policy.version(version_id)
    except KeyError:
        raise AwsError(
            "NoSuchEntity", f"Policy {policy.arn} version {version_id} does not exist or is not attachable."
        ) from None


def get_policy_version(call: Call) -> Answer:
    policy = find_policy(call)
    return {"PolicyVersion": version_answer(policy, _find_version(call, policy))}


def list_policy_versions(call: Call) -> Answer:
    policy = find_policy(call)
    answer = page(call, "Versions", policy.versions, lambda version: f"{int(version.id[1:]):09d}")
    return answer | {"Versions": [version_answer(policy, x, document=False) for x in answer["Versions"]]}


def set_default_policy_version(call: Call) -> Answer:
    policy = _own_policy(call)
    version = _find_version(call, policy)
    call.world.put(attrs.evolve(policy, default_version=version.id, updated=call.now))
    return {}


def delete_policy_version(call: Call) -> Answer:
    policy = _own_policy(call)
    version = _find_version(call, policy)
    if version.id == policy.default_version:
        raise conflict("Cannot delete the default version of a policy.")
    call.world.put(attrs.evolve(policy, versions=tuple(kept for kept in policy.versions if kept != version)))
    return {}


def tag_policy(call: Call) -> Answer:
    policy = _own_policy(call)
    added = read_tags(call.params.get("Tags"))
    call.world.put(attrs.evolve(policy, tags=merge_tags(policy.tags, added, "TagsPerPolicy")))
    return {}


def untag_policy(call: Call) -> Answer:
    policy = _own_policy(call)
    call.world.put(attrs.evolve(policy, tags=without_tags(policy.tags, call.params["TagKeys"])))
    return {}


def list_policy_tags(call: Call) -> Answer:
    return page(call, "Tags", tag_list(find_policy(call).tags), lambda item: item["Key"])


HANDLERS: dict[str, Handler] = {
    "CreatePolicy": create_policy,
    "GetPolicy": get_policy,
    "ListPolicies": list_policies,
    "DeletePolicy": delete_policy,
    "CreatePolicyVersion": create_policy_version,
    "GetPolicyVersion": get_policy_version,
    "ListPolicyVersions": list_policy_versions,
    "SetDefaultPolicyVersion": set_default_policy_version,
    "DeletePolicyVersion": delete_policy_version,
    "TagPolicy": tag_policy,
    "UntagPolicy": untag_policy,
    "ListPolicyTags": list_policy_tags,
}
