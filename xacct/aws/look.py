"""
Looking around in an account, so that the wizard can offer what is there.

Nothing here decides or changes anything. Every function raises as the calls below it do; whoever asks falls
back to typing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from xacct.aws.calls import Api
from xacct.aws.failures import CallContext, is_of_aws
from xacct.aws.session import Sessions
from xacct.aws.translate import translate
from xacct.errors import XacctError
from xacct.iam.arn import Arn, is_account_id
from xacct.values import frozen

__all__ = [
    "Found",
    "configured_accounts",
    "groups",
    "lightsail_resources",
    "oidc_issuers",
    "organization_accounts",
    "roles",
    "saml_providers",
    "users",
]

_T = TypeVar("_T")


@frozen
class Found:
    """Something that is there: what a grant would say, its name in words, a Lightsail resource's tags."""

    value: str
    title: str
    tags: tuple[tuple[str, str], ...] = ()


# -- accounts ------------------------------------------------------------------------------------------------


def configured_accounts() -> list[Found]:
    """The accounts that the profiles of the AWS configuration name; reads two files, calls nothing."""
    profiles = _configured_profiles()
    names: dict[str, list[str]] = {}
    for profile, settings in profiles.items():
        for account in _accounts_in(settings):
            names.setdefault(account, []).append(profile)
    return [Found(account, f"profile {', '.join(found)}") for account, found in sorted(names.items())]


def _configured_profiles() -> Mapping[str, Any]:
    import botocore.session

    try:
        profiles: Mapping[str, Any] = botocore.session.Session().full_config.get("profiles", {})
    except Exception as error:
        # A file that cannot be parsed or decoded.
        if is_of_aws(error) or isinstance(error, (ValueError, OSError)):
            raise translate(error, CallContext()) from error
        raise
    return profiles


def _accounts_in(settings: Any) -> Iterator[str]:
    if not isinstance(settings, Mapping):
        return
    role = Arn.try_parse(str(settings.get("role_arn", "")))
    for account in dict.fromkeys((str(settings.get("sso_account_id", "")), role.account if role else "")):
        if is_account_id(account):
            yield account


def organization_accounts(sessions: Sessions, account: str) -> list[Found]:
    """The active accounts of the organization; only its management account and delegates may list them."""
    api = Api(sessions.client("organizations", account))
    found: list[Found] = []
    token: dict[str, str] = {}
    while True:
        answer = api.read("ListAccounts", **token)
        found += [
            Found(one["Id"], one.get("Name", ""))
            for one in answer.get("Accounts", [])
            if one.get("Status") == "ACTIVE"
        ]
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


# -- IAM -----------------------------------------------------------------------------------------------------


def users(api: Api) -> list[Found]:
    """Users by ARN; the title is the name."""
    return [
        Found(one["Arn"], one["UserName"]) for page in api.pages("ListUsers") for one in page.get("Users", [])
    ]


def roles(api: Api) -> list[Found]:
    """Roles by ARN, without those of AWS's own services."""
    return [
        Found(one["Arn"], one["RoleName"])
        for page in api.pages("ListRoles")
        for one in page.get("Roles", [])
        if not one["Path"].startswith("/aws-service-role/")
    ]


def groups(api: Api) -> list[Found]:
    return [
        Found(one["GroupName"], one["Arn"])
        for page in api.pages("ListGroups")
        for one in page.get("Groups", [])
    ]


def saml_providers(api: Api) -> list[Found]:
    found = api.read("ListSAMLProviders").get("SAMLProviderList", [])
    return [Found(Arn.parse(one["Arn"]).name, one["Arn"]) for one in found]


def oidc_issuers(api: Api) -> list[Found]:
    found = api.read("ListOpenIDConnectProviders").get("OpenIDConnectProviderList", [])
    return [Found(f"https://{Arn.parse(one['Arn']).resource_path}", one["Arn"]) for one in found]


# -- Lightsail -----------------------------------------------------------------------------------------------

# Operation -> the member of its answer that lists resources.
_LISTS = {
    "GetInstances": "instances",
    "GetRelationalDatabases": "relationalDatabases",
    "GetDisks": "disks",
    "GetBuckets": "buckets",
    "GetContainerServices": "containerServices",
    "GetLoadBalancers": "loadBalancers",
    "GetStaticIps": "staticIps",
    "GetInstanceSnapshots": "instanceSnapshots",
    "GetDiskSnapshots": "diskSnapshots",
}
_GLOBAL_LISTS = {"GetDomains": "domains", "GetDistributions": "distributions"}
_GLOBAL_REGION = "us-east-1"
_UNPAGED = {"GetBuckets", "GetContainerServices"}
_AT_A_TIME = 16


def lightsail_resources(sessions: Sessions, account: str, regions: Iterable[str]) -> list[Found]:
    """
    Resources by ARN, with name, type and Region as the title.

    Each Region is asked for its names first, and for more only where there are any. A Region or a list that
    may not be read is passed over, unless none may.
    """
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        asked = _granted(pool.map(lambda region: _ask_names(sessions, account, region), regions))
        busy = [region for region, any_there in asked if any_there]
        reads = [(region, operation, member) for region in busy for operation, member in _LISTS.items()]
        if _GLOBAL_REGION in busy:
            reads += [(_GLOBAL_REGION, operation, member) for operation, member in _GLOBAL_LISTS.items()]
        pages = _granted(pool.map(lambda read: _attempt(lambda: _listed(sessions, account, *read)), reads))
    found = {one.value: one for page in pages for one in page}
    return sorted(found.values(), key=lambda one: one.title)


def _attempt(read: Callable[[], _T]) -> _T | XacctError:
    try:
        return read()
    except XacctError as error:
        return error


def _granted(answers: Iterable[_T | XacctError]) -> list[_T]:
    """The answers that came. Raises the first refusal when nothing else came."""
    listed = list(answers)
    good = [answer for answer in listed if not isinstance(answer, XacctError)]
    refused = [answer for answer in listed if isinstance(answer, XacctError)]
    if refused and not good:
        raise refused[0]
    return good


def _ask_names(sessions: Sessions, account: str, region: str) -> tuple[str, bool] | XacctError:
    def ask() -> tuple[str, bool]:
        api = Api(sessions.client("lightsail", account, region))
        return region, bool(api.read("GetActiveNames").get("activeNames"))

    return _attempt(ask)


def _listed(sessions: Sessions, account: str, region: str, operation: str, member: str) -> list[Found]:
    api = Api(sessions.client("lightsail", account, region))
    found: list[Found] = []
    token: dict[str, str] = {}
    while True:
        answer = api.read(operation, **token)
        found += [_resource(one) for one in answer.get(member, [])]
        following = answer.get("nextPageToken")
        if not following or operation in _UNPAGED:
            return found
        token = {"pageToken": following}


def _resource(one: Mapping[str, Any]) -> Found:
    kind = Arn.parse(one["arn"]).resource_type
    where = one.get("location", {}).get("regionName", "")
    tags = tuple((tag["key"], tag.get("value", "")) for tag in one.get("tags", []))
    shown = "".join(f", {key}={value}" if value else f", {key}" for key, value in tags)
    return Found(one["arn"], f"{one.get('name', '')} ({kind}, {where}{shown})", tags)
