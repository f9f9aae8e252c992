"""Finding IAM's things by name or ARN, with IAM's words for what is not there."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar

from xacct.iam import Arn
from xacct.sandbox.call import Call
from xacct.sandbox.entities import Group, Policy, PolicyVersion, Role, User
from xacct.sandbox.problems import AwsError, no_such
from xacct.sandbox.world import World

__all__ = [
    "find_group",
    "find_policy",
    "find_role",
    "find_user",
    "own_user_name",
    "policies_of_aws",
    "policy_of",
]

H = TypeVar("H", User, Group, Role)


def find_role(call: Call) -> Role:
    return _find(call, Role, call.params["RoleName"])


def find_group(call: Call) -> Group:
    return _find(call, Group, call.params["GroupName"])


def find_user(call: Call) -> User:
    """Find the named user, or the caller's own where the operation lets the name be left out."""
    return _find(call, User, call.params.get("UserName") or own_user_name(call))


def own_user_name(call: Call) -> str:
    name = call.signed_by.user
    if name is None:
        raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
    return name


def _find(call: Call, kind: type[H], name: str) -> H:
    found = call.world.get(kind, call.account, name.lower())
    if found is None or found.name != name:
        raise no_such(kind.kind, name)
    return found


def find_policy(call: Call, parameter: str = "PolicyArn") -> Policy:
    arn = call.params[parameter]
    found = policy_of(call.world, call.account, arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"Policy {arn} was not found.")
    return found


def policy_of(world: World, account: str, arn_text: str) -> Policy | None:
    """Find a managed policy that the account can use: its own, or one of AWS's."""
    arn = Arn.try_parse(arn_text)
    if arn is None or arn.service != "iam" or arn.resource_type != "policy":
        return None
    if arn.account == "aws":
        return policies_of_aws(arn.partition).get(arn_text)
    if arn.account != account:
        return None
    found = world.get(Policy, account, arn.name.lower())
    return found if found is not None and found.arn == arn_text else None


@cache
def policies_of_aws(partition: str) -> dict[str, Policy]:
    """AWS's own managed policies, by ARN, from the collection that moto carries."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found = (
        _policy_of_aws(name, data, partition) for name, data in json.loads(aws_managed_policies_data).items()
    )
    return {policy.arn: policy for policy in found}


def _policy_of_aws(name: str, data: dict[str, Any], partition: str) -> Policy:
    from datetime import datetime

    def seconds(text: str) -> int:
        return int(datetime.fromisoformat(text).timestamp())

    version = data["DefaultVersionId"]
    document = json.dumps(data["Document"])
    updated = seconds(data["UpdateDate"])
    return Policy(
        account="aws",
        partition=partition,
        name=name,
        path=data["Path"],
        id="ANPA" + name.upper()[:17].ljust(17, "A"),
        created=seconds(data["CreateDate"]),
        updated=updated,
        versions=(PolicyVersion(version, document, updated),),
        default_version=version,
    )
