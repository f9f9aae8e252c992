"""What reviewers ask about, with Lightsail's actions that stand for it, and by what means they do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from xacct.lightsail.catalog import Action
from xacct.values import frozen

__all__ = ["NEEDS", "OUTSIDE", "POWERS", "Power"]

Test = Callable[[Action], bool]


@frozen
class Power:
    """
    A question, the actions that do it, and those that hand out what does it by another way.

    ``through`` names these, ``also`` actions that do it beside what the catalog files them under; each with
    how it does where the name does not tell, else "".
    """

    title: str
    test: Test
    through: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    also: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    def does(self, action: Action) -> bool:
        return action.name in self.also or self.test(action)

    def named(self, name: str) -> str:
        """The action, with how it does this."""
        how = self.also.get(name) or self.through.get(name)
        return f"{name} ({how})" if how else name


def _kind(*kinds: str) -> Test:
    return lambda action: action.sensitive is not None and action.sensitive.kind in kinds


def _plainly(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


_RUNS = ("Start", "Stop", "Reboot")

_LOGINS = _plainly("CreateGUISessionAccessDetails", "DownloadDefaultKeyPair", "GetInstanceAccessDetails")
_PASSWORDS = {
    "GetRelationalDatabase": "a pending password",
    "GetRelationalDatabaseMasterUserPassword": "",
    "GetRelationalDatabases": "pending passwords",
    "UpdateRelationalDatabase": "",
}
_OPENS_NOTHING = ("DetachStaticIp", "UpdateInstanceMetadataOptions")
"""Filed under network and exposure for what they take away: an address, a protection within the instance."""
_INSIDE = {"CreateBucketAccessKey": "", **_LOGINS, **_PASSWORDS}
"""What opens an instance, a database or a bucket from within: more than Lightsail's own calls do."""

_GETS_IN = {
    "StartGUISession": "for CreateGUISessionAccessDetails",
    "CreateInstances": "to what it makes",
    "CreateInstancesFromSnapshot": "to what it makes",
    "CreateRelationalDatabase": "to what it makes",
}
# Lightsail developer guide, amazon-lightsail-creating-ec2-instances-from-exported-snapshots; of PeerVpc: AWS
# Knowledge Center, lightsail-iam-permission-for-vpc-peering.
_STACK = "AWS asks permissions of EC2 and CloudFormation as well"
_COPIES = {
    "CreateCloudFormationStack": f"of exported snapshots; {_STACK}",
    "CreateInstancesFromSnapshot": "",
    "CreateRelationalDatabaseFromSnapshot": "",
}
# Parameters of the calls, as the SDK's model names them: isDisabled, isEnabled, stopInstanceOnIdleRequest;
# UpdateRelationalDatabase: "Some changes may cause an outage", at once with applyImmediately.
_SWITCHES = {
    "CreateContainerServiceDeployment": "replaces what runs",
    "EnableAddOn": "can stop idle instances",
    "UpdateContainerService": "can disable it",
    "UpdateDistribution": "can switch it off",
    "UpdateRelationalDatabase": "some changes cause an outage",
}
# UpdateRelationalDatabase, disableBackupRetention: "deletes all automated database backups".
_DESTROYS = {
    "EnableAddOn": "automatic snapshots kept from before are replaced",
    "UpdateRelationalDatabase": "can delete all automatic backups",
}

POWERS: tuple[Power, ...] = (
    Power(
        "Get a login, a password or a key, other than those read in clear",
        lambda action: _kind("credential")(action) and action.name != "SetupInstanceHttps",
        also=_GETS_IN,
    ),
    Power(
        "Copy disks, databases or snapshots out, or restore a copy of them",
        _kind("exfiltration"),
        _INSIDE,
        _COPIES,
    ),
    Power(
        "Open something to the public, to others or to another network",
        lambda action: _kind("exposure", "network")(action) and action.name not in _OPENS_NOTHING,
        _LOGINS,
        {
            "ReleaseStaticIp": "DNS that names it then points at a stranger",
            "PeerVpc": "AWS asks permissions of EC2 as well",
            **_plainly(
                "CreateContainerService",
                "CreateContainerServiceDeployment",
                "CreateRelationalDatabase",
                "UpdateContainerService",
                "UpdateRelationalDatabase",
            ),
        },
    ),
    Power(
        "Run code or machines of its own choice",
        _kind("compute"),
        _LOGINS,
        {
            "CreateCloudFormationStack": _STACK,
            "RegisterContainerImage": "for the next deployment",
            **_plainly("CreateRelationalDatabase", "CreateRelationalDatabaseFromSnapshot"),
        },
    ),
    Power(
        "Start, stop or restart what is there",
        lambda action: action.name.startswith(_RUNS),
        _LOGINS,
        _SWITCHES,
    ),
    Power("Change DNS", _kind("dns"), also=_plainly("DeleteDomain")),
    Power("Change tags of what is there", _kind("tagging")),
    Power(
        "Read what is shown in clear: logs, environment variables, contacts, key IDs, pending passwords",
        _kind("data"),
    ),
    Power(
        "Delete resources or their backups for good",
        lambda action: action.irreversible,
        {"CreateBucketAccessKey": "", **_LOGINS},
        _DESTROYS,
    ),
)

NEEDS: Mapping[str, str] = {
    "CreateCloudFormationStack": "cloudformation:CreateStack",
    "PeerVpc": "ec2:AcceptVpcPeeringConnection",
}
"""What AWS asks of the caller beside Lightsail's own action; of several, the most telling."""

OUTSIDE: Mapping[str, str] = {
    "CreateBucketAccessKey": "S3",
    "CreateCloudFormationStack": "CloudFormation and EC2",
    "ExportSnapshot": "EC2",
    "PeerVpc": "VPC",
    "SetResourceAccessForBucket": "S3",
    "UnpeerVpc": "VPC",
    "UpdateBucket": "S3",
}
"""Lightsail's actions whose work is done in, or leads to, another service (SDK's model of Lightsail)."""
