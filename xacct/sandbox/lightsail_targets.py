"""
What a Lightsail call names, and what it has to be allowed on.

Lightsail's API takes names; policies take ARNs with UUIDs. A name is looked up in the caller's account and
the call's Region. What does not exist is authorized as the type's ``/*``, so that a caller who may act on
every resource of the type hears that it is not there, and everybody else that access is denied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xacct.lightsail.catalog import Action, load_catalog
from xacct.sandbox.call import Call
from xacct.sandbox.context import Context, request_tags, resource_tags
from xacct.sandbox.enforce import authorize
from xacct.sandbox.entities import LightsailResource
from xacct.sandbox.tagging import read_tags
from xacct.values import frozen

__all__ = [
    "ANY_TYPE",
    "NEW_NAMES",
    "Named",
    "action_of",
    "authorize_lightsail",
    "find_resource",
    "home_of",
    "named_in",
    "read_tags_of",
]

ANY_TYPE = "*"

# Parameter -> the type of resource whose name it holds.
_PARAMETERS = {
    "alarmName": "Alarm",
    "bucketName": "Bucket",
    "certificateName": "Certificate",
    "diskName": "Disk",
    "diskSnapshotName": "DiskSnapshot",
    "distributionName": "Distribution",
    "domainName": "Domain",
    "instanceName": "Instance",
    "instanceNames": "Instance",
    "instanceSnapshotName": "InstanceSnapshot",
    "keyPairName": "KeyPair",
    "loadBalancerName": "LoadBalancer",
    "relationalDatabaseName": "RelationalDatabase",
    "relationalDatabaseSnapshotName": "RelationalDatabaseSnapshot",
    "resourceName": ANY_TYPE,
    "serviceName": "ContainerService",
    "sourceSnapshotName": ANY_TYPE,
    "staticIpName": "StaticIp",
}

# Operation -> the parameter that names what it makes, and the type of it.
NEW_NAMES = {
    "AllocateStaticIp": ("staticIpName", "StaticIp"),
    "CreateBucket": ("bucketName", "Bucket"),
    "CreateCertificate": ("certificateName", "Certificate"),
    "CreateContainerService": ("serviceName", "ContainerService"),
    "CreateDisk": ("diskName", "Disk"),
    "CreateDiskFromSnapshot": ("diskName", "Disk"),
    "CreateDiskSnapshot": ("diskSnapshotName", "DiskSnapshot"),
    "CreateDistribution": ("distributionName", "Distribution"),
    "CreateDomain": ("domainName", "Domain"),
    "CreateInstanceSnapshot": ("instanceSnapshotName", "InstanceSnapshot"),
    "CreateInstances": ("instanceNames", "Instance"),
    "CreateInstancesFromSnapshot": ("instanceNames", "Instance"),
    "CreateKeyPair": ("keyPairName", "KeyPair"),
    "CreateLoadBalancer": ("loadBalancerName", "LoadBalancer"),
    "CreateRelationalDatabase": ("relationalDatabaseName", "RelationalDatabase"),
    "CreateRelationalDatabaseFromSnapshot": ("relationalDatabaseName", "RelationalDatabase"),
    "CreateRelationalDatabaseSnapshot": ("relationalDatabaseSnapshotName", "RelationalDatabaseSnapshot"),
    "ImportKeyPair": ("keyPairName", "KeyPair"),
    "PutAlarm": ("alarmName", "Alarm"),
}
# Operations whose names say something of what is made, not of what is acted upon, unless the action takes
# a resource of that type.
_MAKING = ("Create", "Allocate", "Import", "Put", "Check")


@frozen
class Named:
    """A resource that a call names; ``found`` is None when there is none of that name."""

    type: str
    name: str
    found: LightsailResource | None


def home_of(kind: str, region: str) -> str:
    """The Region in the ARN of a type: domains are global."""
    return "global" if kind == "Domain" else region


def find_resource(call: Call, kind: str, name: str) -> LightsailResource | None:
    """Find a resource by name; with ``ANY_TYPE`` whatever has the name (names are unique in a Region)."""
    if kind != ANY_TYPE:
        key = f"{home_of(kind, call.region)}/{kind}/{name}"
        return call.world.get(LightsailResource, call.account, key)
    for resource in call.world.all(LightsailResource, call.account):
        if resource.name == name and resource.region in (call.region, "global"):
            return resource
    return None


def named_in(call: Call, action: Action | None) -> list[Named]:
    """The existing things that a call is about."""
    return list(_named(call, action))


def _named(call: Call, action: Action | None) -> Iterator[Named]:
    taken = {use.type for use in action.resource_types} if action is not None else set()
    new, _ = NEW_NAMES.get(call.operation.name, ("", ""))
    making = call.operation.name.startswith(_MAKING)
    for parameter, kind in _PARAMETERS.items():
        value = call.params.get(parameter)
        if value is None or parameter == new or (making and kind not in taken | {ANY_TYPE}):
            continue
        for name in value if isinstance(value, list) else [value]:
            found = find_resource(call, kind, name)
            yield Named(found.type if found is not None else kind, name, found)


def authorize_lightsail(call: Call, action: Action | None, named: list[Named]) -> None:
    """Raises AwsError unless the caller may do this to everything that the call names."""
    tags = read_tags_of(call)
    context = request_tags(tags)
    if call.params.get("tagKeys"):
        context["aws:TagKeys"] = tuple(call.params["tagKeys"])
    full_name = f"lightsail:{call.operation.name}"
    targets = list(_targets(call, action, named))
    for resource, about in targets or [("*", {})]:
        authorize(call, full_name, resource, context | about)
    new = NEW_NAMES.get(call.operation.name)
    if tags and new is not None:
        # Tagging what is being made needs lightsail:TagResource beside the create action. AWS documents it
        # for CreateBucket and CreateCertificate; it is taken to hold for all.
        authorize(call, "lightsail:TagResource", _placeholder(call, new[1]), context)


def _targets(call: Call, action: Action | None, named: list[Named]) -> Iterator[tuple[str, Context]]:
    if action is None or action.wildcard_only:
        return
    taken = {use.type for use in action.resource_types}
    for one in named:
        if one.found is not None and one.type in taken:
            yield one.found.arn, resource_tags(one.found.tags)
        elif one.found is None and one.type in taken | {ANY_TYPE}:
            yield _placeholder(call, one.type), {}
    new = NEW_NAMES.get(call.operation.name)
    if new is not None and new[1] in action.required_types:
        yield _placeholder(call, new[1]), {}


def _placeholder(call: Call, kind: str) -> str:
    caller = call.signed_by
    tail = ANY_TYPE if kind == ANY_TYPE else f"{kind}/*"
    return f"arn:{caller.partition}:lightsail:{home_of(kind, call.region)}:{caller.account}:{tail}"


def read_tags_of(call: Call) -> dict[str, str]:
    """The tags that the request carries. Raises AwsError for tags that Lightsail refuses."""
    listed: Any = call.params.get("tags") or ()
    return read_tags({"Key": tag.get("key") or "", "Value": tag.get("value")} for tag in listed)


def action_of(name: str) -> Action | None:
    return load_catalog().action(f"lightsail:{name}")
