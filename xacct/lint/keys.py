"""
Condition keys: which there are, what their values look like, and whether a request can hold several.

Sources: IAM User Guide, reference_policies_condition-keys (global keys) and
reference_policies_iam-condition-keys (keys of IAM, STS and federation); the Service Authorization Reference
for other services' keys (``facts.json``).
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from xacct.lint.facts import service_keys
from xacct.values import frozen

__all__ = ["KeyInfo", "KeyType", "is_single", "key_info", "known_keys", "nearest_key"]


class KeyType(StrEnum):
    STRING = "string"
    BOOL = "bool"
    NUMERIC = "numeric"
    DATE = "date"
    IP = "ip"
    ARN = "arn"


@frozen
class KeyInfo:
    """``name`` is in AWS's spelling; a name that ends in ``/`` takes a tag's key after it."""

    name: str
    type: KeyType = KeyType.STRING
    many: bool = False


_GLOBAL = {
    KeyType.STRING: (
        "aws:CalledViaFirst aws:CalledViaLast aws:Ec2InstanceSourceVpc aws:FederatedProvider "
        "aws:PrincipalAccount "
        "aws:PrincipalOrgID aws:PrincipalServiceName aws:PrincipalTag/ aws:PrincipalType aws:referer "
        "aws:RequestedRegion aws:RequestTag/ aws:ResourceAccount aws:ResourceOrgID aws:ResourceTag/ "
        "aws:SourceAccount aws:SourceIdentity aws:SourceOrgID aws:SourceVpc aws:SourceVpce aws:UserAgent "
        "aws:userid aws:username aws:VpceAccount aws:VpceOrgID aws:AssumedRoot aws:CalledViaAWSMCP "
        "sts:ExternalId sts:RoleSessionName sts:SourceIdentity sts:AWSServiceName sts:RequestContext/ "
        "iam:PassedToService iam:AWSServiceName iam:ResourceTag/ iam:OrganizationsPolicyId"
    ),
    KeyType.BOOL: (
        "aws:MultiFactorAuthPresent aws:PrincipalIsAWSService aws:SecureTransport aws:ViaAWSService "
        "aws:ViaAWSMCPService sts:RoleAuthorizedByIdp"
    ),
    KeyType.NUMERIC: "aws:MultiFactorAuthAge sts:DurationSeconds",
    KeyType.DATE: "aws:CurrentTime aws:EpochTime aws:TokenIssueTime",
    KeyType.IP: "aws:SourceIp aws:VpcSourceIp aws:Ec2InstanceSourcePrivateIPv4",
    KeyType.ARN: (
        "aws:PrincipalArn aws:SourceArn aws:SourceVpcArn aws:ChatbotSourceArn aws:SignInSessionArn "
        "iam:PermissionsBoundary iam:PolicyARN iam:AssociatedResourceArn lambda:SourceFunctionArn "
        "ssm:SourceInstanceArn ec2:SourceInstanceArn sts:TaskPolicyArn"
    ),
}
_MANY = (
    "aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:ResourceOrgPaths "
    "aws:SourceOrgPaths "
    "aws:TagKeys aws:VpceOrgPaths sts:TransitiveTagKeys sts:RequestContextProviders "
    "sts:IdentityTokenAudience "
    "cognito-identity.amazonaws.com:amr saml:cn saml:eduorghomepageuri saml:eduorgidentityauthnpolicyuri "
    "saml:eduorglegalname saml:eduorgsuperioruri saml:eduorgwhitepagesuri saml:edupersonaffiliation "
    "saml:edupersonassurance saml:edupersonentitlement saml:edupersonnickname saml:edupersonorgunitdn "
    "saml:edupersonscopedaffiliation saml:edupersontargetedid"
)


@cache
def _singles() -> frozenset[str]:
    return frozenset(name for names in _GLOBAL.values() for name in names.lower().split())


def is_single(key: str) -> bool:
    """Whether it is a global key, in lower case, of which a request holds one value at most."""
    head, slash, _ = key.partition("/")
    return f"{head}{slash}" in _singles()


@cache
def _table() -> dict[str, KeyInfo]:
    table = {name.lower(): KeyInfo(name) for name in service_keys()}
    for kind, names in _GLOBAL.items():
        table.update({name.lower(): KeyInfo(name, kind) for name in names.split()})
    table.update({name.lower(): KeyInfo(name, many=True) for name in _MANY.split()})
    return table


def known_keys() -> frozenset[str]:
    """All known keys in lower case."""
    return frozenset(_table())


def key_info(key: str) -> KeyInfo | None:
    """What is known of a key, in any case; a tag key is looked up by what stands before its slash."""
    folded = key.lower()
    head, slash, tail = folded.partition("/")
    if slash and tail:
        return _table().get(f"{head}/") or _table().get(folded)
    return None if folded.endswith("/") else _table().get(folded)


def nearest_key(key: str) -> str | None:
    """
    The known key that a misspelt one was most likely meant to be, or None.

    The right name with the wrong prefix (``aws:ExternalId``) counts as closest.
    """
    from difflib import get_close_matches

    head, slash, tail = key.strip().lower().partition("/")
    name = head.rpartition(":")[2]
    aliases = {
        "region": "aws:RequestedRegion",
        "mfa": "aws:MultiFactorAuthPresent",
        "tag": "aws:ResourceTag/",
    }
    candidates = {
        known.removesuffix("/"): info.name for known, info in _table().items() if known != key.lower()
    }
    same_name = [known for known in candidates if known.rpartition(":")[2] == name]
    close = same_name[:1] or get_close_matches(head, candidates, n=1, cutoff=0.75)
    found = candidates[close[0]] if close else aliases.get(name)
    if found is None:
        return None
    return found + (tail if slash and found.endswith("/") else "TAG-KEY" if found.endswith("/") else "")
