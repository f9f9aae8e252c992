"""
Lightsail: authorization first, then the constraints of the model, then an answer.

Resources can be made, listed, read, tagged and deleted, so that rules on tags and ARNs can be tried; every
other operation gives a well-formed answer without content.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import attrs

from xacct.lightsail.catalog import REGIONS, Action
from xacct.sandbox.call import Answer, Call, when
from xacct.sandbox.constraints import check_constraints, check_types
from xacct.sandbox.entities import LightsailResource
from xacct.sandbox.lightsail_targets import (
    ANY_TYPE,
    NEW_NAMES,
    Named,
    action_of,
    authorize_lightsail,
    find_resource,
    home_of,
    named_in,
    read_tags_of,
)
from xacct.sandbox.problems import AwsError
from xacct.sandbox.tagging import merge_tags, without_tags

__all__ = ["answer"]

# Operation -> the type that it lists or shows, and the member of its answer.
_READS = {
    "GetAlarms": ("Alarm", "alarms"),
    "GetBuckets": ("Bucket", "buckets"),
    "GetContainerServices": ("ContainerService", "containerServices"),
    "GetDisk": ("Disk", "disk"),
    "GetDiskSnapshot": ("DiskSnapshot", "diskSnapshot"),
    "GetDiskSnapshots": ("DiskSnapshot", "diskSnapshots"),
    "GetDisks": ("Disk", "disks"),
    "GetDistributions": ("Distribution", "distributions"),
    "GetDomain": ("Domain", "domain"),
    "GetDomains": ("Domain", "domains"),
    "GetInstance": ("Instance", "instance"),
    "GetInstanceSnapshot": ("InstanceSnapshot", "instanceSnapshot"),
    "GetInstanceSnapshots": ("InstanceSnapshot", "instanceSnapshots"),
    "GetInstances": ("Instance", "instances"),
    "GetKeyPair": ("KeyPair", "keyPair"),
    "GetKeyPairs": ("KeyPair", "keyPairs"),
    "GetLoadBalancer": ("LoadBalancer", "loadBalancer"),
    "GetLoadBalancers": ("LoadBalancer", "loadBalancers"),
    "GetRelationalDatabase": ("RelationalDatabase", "relationalDatabase"),
    "GetRelationalDatabaseSnapshot": ("RelationalDatabaseSnapshot", "relationalDatabaseSnapshot"),
    "GetRelationalDatabaseSnapshots": ("RelationalDatabaseSnapshot", "relationalDatabaseSnapshots"),
    "GetRelationalDatabases": ("RelationalDatabase", "relationalDatabases"),
    "GetStaticIp": ("StaticIp", "staticIp"),
    "GetStaticIps": ("StaticIp", "staticIps"),
}
_RELEASES = {"StaticIp": "ReleaseStaticIp"}
_STATES = {"StartInstance": "running", "StopInstance": "stopped", "RebootInstance": "running"}
_STATE_CODES = {"running": 16, "stopped": 80}


def answer(call: Call) -> Answer:
    """Raises AwsError for every refusal, with Lightsail's codes."""
    action = action_of(call.operation.name)
    check_types(call.operation)
    try:
        named = named_in(call, action)
        authorize_lightsail(call, action, named)
        _check_region(call, action)
        check_constraints(call.operation)
        return _shaped(call, _carried_out(call, named))
    except AwsError as error:
        raise _in_lightsails_words(error) from None


def _in_lightsails_words(error: AwsError) -> AwsError:
    invalid = {"InvalidInput", "ValidationError", "LimitExceeded"}
    return AwsError("InvalidInputException", error.message) if error.code in invalid else error


def _check_region(call: Call, action: Action | None) -> None:
    region = action.only_region if action is not None else None
    if region is not None and call.region != region:
        raise AwsError(
            "InvalidInputException",
            f"Domain-related APIs are only available in the {region} Region. Please set your Region "
            f"configuration to {region} to create, view, or edit these resources.",
        )


def _carried_out(call: Call, named: list[Named]) -> Answer:
    name = call.operation.name
    for one in named:
        if one.found is None:
            kind = "Resource" if one.type == ANY_TYPE else one.type
            raise AwsError("NotFoundException", f"The {kind} does not exist: {one.name}", 404)
    if name in NEW_NAMES:
        return _created(call)
    if name in _READS:
        return _read(call, named)
    if name == "GetRegions":
        return {"regions": [{"name": region, "displayName": region} for region in REGIONS]}
    if name == "GetActiveNames":
        return {"activeNames": [resource.name for resource in _in_region(call)]}
    return _changed(call, [one.found for one in named if one.found is not None])


def _in_region(call: Call) -> Iterator[LightsailResource]:
    for resource in call.world.all(LightsailResource, call.account):
        if resource.region in (call.region, "global"):
            yield resource


def _created(call: Call) -> Answer:
    parameter, kind = NEW_NAMES[call.operation.name]
    names = call.params[parameter]
    listed = names if isinstance(names, list) else [names]
    taken = [] if kind == "Alarm" else [name for name in listed if find_resource(call, ANY_TYPE, name)]
    if not listed:
        raise AwsError("InvalidInputException", "At least one name is needed.")
    if taken or len(set(listed)) < len(listed):
        raise AwsError(
            "InvalidInputException", f"Some names are already in use: {', '.join(taken or listed)}"
        )
    tags = read_tags_of(call)
    made = [_make(call, kind, name, tags) for name in listed]
    return _operations(call, made) | {kind[0].lower() + kind[1:]: made[0]}


def _make(call: Call, kind: str, name: str, tags: dict[str, str]) -> LightsailResource:
    caller = call.signed_by
    kept = {key: json.dumps(value) for key, value in call.params.items() if isinstance(value, (str, int))}
    return call.world.put(
        LightsailResource(
            account=caller.account,
            partition=caller.partition,
            created=call.now,
            type=kind,
            name=name,
            region=home_of(kind, call.region),
            uuid=str(uuid.uuid4()),
            tags=tags,
            details={"state": '"running"', **kept} if kind == "Instance" else kept,
        )
    )


def _read(call: Call, named: list[Named]) -> Answer:
    kind, member = _READS[call.operation.name]
    one = next((item.found for item in named if item.found is not None and item.type == kind), None)
    if call.operation.model.output_shape.members[member].type_name == "structure":
        return {member: one}
    held = [one] if one is not None else [item for item in _in_region(call) if item.type == kind]
    return {member: held}


def _changed(call: Call, resources: list[LightsailResource]) -> Answer:
    name = call.operation.name
    for resource in resources:
        if name == "TagResource":
            tags = merge_tags(resource.tags, read_tags_of(call), "TagsPerResource")
            call.world.put(attrs.evolve(resource, tags=tags))
        elif name == "UntagResource":
            kept = without_tags(resource.tags, call.params["tagKeys"])
            call.world.put(attrs.evolve(resource, tags=kept))
        elif name in _STATES:
            details = {**resource.details, "state": json.dumps(_STATES[name])}
            call.world.put(attrs.evolve(resource, details=details))
        elif name in (f"Delete{resource.type}", _RELEASES.get(resource.type)):
            call.world.remove(resource)
    return _operations(call, resources)


def _operations(call: Call, resources: list[LightsailResource]) -> Answer:
    done = [
        {
            "id": str(uuid.uuid4()),
            "resourceName": resource.name,
            "resourceType": resource.type,
            "createdAt": when(call.now),
            "location": {"availabilityZone": "all", "regionName": resource.region},
            "isTerminal": True,
            "operationType": call.operation.name,
            "status": "Succeeded",
            "statusChangedAt": when(call.now),
        }
        for resource in resources
    ]
    return {"operations": done, "operation": done[0] if done else None}


def _shaped(call: Call, result: Answer) -> Answer:
    """Bring the answer into the operation's shape: only its members, empty lists where it has no content."""
    shape = call.operation.model.output_shape
    out: Answer = {}
    for name, member in shape.members.items() if shape is not None else ():
        value = result.get(name)
        if member.type_name == "list":
            out[name] = [_shown(item, member.member) for item in value or ()]
        elif value is not None:
            out[name] = _shown(value, member)
    return out


def _shown(value: Any, shape: Any) -> Any:
    if not isinstance(value, LightsailResource):
        return value
    known = {
        "name": value.name,
        "arn": value.arn,
        "createdAt": when(value.created),
        "location": {"availabilityZone": "all", "regionName": value.region},
        "resourceType": value.type,
        "supportCode": f"{value.account}/{value.uuid}",
        "tags": [{"key": key, "value": item} for key, item in sorted(value.tags.items())],
    }
    held = {key: json.loads(text) for key, text in value.details.items()}
    if isinstance(held.get("state"), str):
        held["state"] = {"code": _STATE_CODES[held["state"]], "name": held["state"]}
    fitting = {"string": str, "integer": int, "structure": dict, "boolean": bool}
    return known | {
        key: item
        for key, item in held.items()
        if key not in known
        and key in shape.members
        and isinstance(item, fitting.get(shape.members[key].type_name, ()))
    }
