"""ARNs that a grant names as limits: checked before a policy is written that could never match."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from xacct.errors import InputError, Problem
from xacct.iam.arn import Arn
from xacct.lightsail.catalog import REGIONS, Catalog, ResourceType, load_catalog, nearest_word

__all__ = ["check_resource"]

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def check_resource(text: str, *, account: str | None, partition: str = "aws", where: str = "") -> Arn:
    """
    Return the ARN of a Lightsail resource, or of all of a type (``Instance/*``).

    ``account`` is the trusting account, or None where it is not known yet. Raises InputError for what could
    never match: a name, another account, service or partition, an unknown type, a wrong Region.
    """
    problem = _problem(text, account, partition, load_catalog())
    if problem is not None:
        message, fix = problem
        raise InputError(Problem(message, where, fix, "resource"))
    return Arn.parse(text)


def _problem(text: str, account: str | None, partition: str, catalog: Catalog) -> tuple[str, str] | None:
    """What is wrong with the text and how to mend it, or None."""
    if not text.strip().lower().startswith("arn:"):
        return _not_an_arn(text, account, partition, catalog)
    arn = Arn.try_parse(text)
    if arn is None or not text.isascii() or any(character.isspace() for character in text):
        return f"{text!r} is no ARN", _form(account, partition)
    return (
        _wrong_home(text, arn, account, partition)
        or _wrong_type(text, arn, catalog)
        or _wrong_region(text, arn, catalog.resource_types[arn.resource_type])
        or _wrong_id(text, arn, catalog.resource_types[arn.resource_type])
    )


def _form(account: str | None, partition: str) -> str:
    return f"write {_sample(account, partition, 'TYPE/UUID')}, or TYPE/* for all of a type"


def _sample(account: str | None, partition: str, resource: str, region: str = "REGION") -> str:
    return f"arn:{partition}:lightsail:{region}:{account or 'ACCOUNT'}:{resource}"


def _not_an_arn(text: str, account: str | None, partition: str, catalog: Catalog) -> tuple[str, str]:
    """A name or the end of an ARN was given: show the way to the ARN."""
    if re.fullmatch(_UUID, text):
        return f"{text!r} is the last part of an ARN", f"write {_sample(account, partition, f'TYPE/{text}')}"
    head, slash, tail = text.partition("/")
    kind = catalog.resource_type(nearest_word(head, catalog.resource_types) or "")
    if slash and kind is not None and (tail == "*" or re.fullmatch(_UUID, tail)):
        region = "global" if kind.is_global else "REGION"
        whole = _sample(account, partition, f"{kind.name}/{tail}", region)
        return f"{text!r} is the last part of an ARN", f"write {whole}"
    if slash and kind is not None and kind.find:
        return (
            f"{text!r} is no ARN; Lightsail's ARNs end in a UUID, not in the name",
            f"find the ARN with: {kind.find_command(tail)}",
        )
    command = catalog.resource_types["Instance"].find_command(text)
    return (
        f"{text!r} is a name where an ARN belongs; Lightsail's ARNs end in a UUID, not in the name",
        f"find an instance's ARN with: {command} (for other types: get-disk, get-buckets and so on)",
    )


def _wrong_home(text: str, arn: Arn, account: str | None, partition: str) -> tuple[str, str] | None:
    if arn.partition != partition:
        return (
            f"{text!r} is in partition {arn.partition!r}, the grant in {partition!r}",
            f"write arn:{partition}:…",
        )
    if arn.service != "lightsail":
        return (
            f"{text!r} is of service {arn.service!r}, not of Lightsail",
            "name Lightsail resources here; for other services paste a statement under statements",
        )
    if account is not None and arn.account != account:
        return (
            f"{text!r} is of account {arn.account or '(none)'}, the grant gives access in {account}",
            f"write account {account} in the ARN, or make a grant for the other account",
        )
    if account is None and not re.fullmatch(r"[0-9]{12}", arn.account):
        return f"{text!r} has no account ID of 12 digits", _form(account, partition)
    return None


def _wrong_type(text: str, arn: Arn, catalog: Catalog) -> tuple[str, str] | None:
    given = arn.resource_type
    kind = catalog.resource_type(given)
    if kind is None:
        return _unknown_type(text, given, catalog)
    if kind.refusal:
        fix = "leave it out" if given != "LoadBalancerTlsCertificate" else "name the LoadBalancer's ARN"
        return f"{text!r} can never match: {kind.refusal}", fix
    if not arn.resource_path:
        return f"{text!r} names no resource", f"write {given}/UUID, or {given}/* for all of the type"
    return None


def _unknown_type(text: str, given: str, catalog: Catalog) -> tuple[str, str]:
    if given == "*":
        return (
            f"{text!r} covers every type, which Lightsail's actions do not accept as a limit",
            "name types, such as Instance/*, or leave resources out",
        )
    near = nearest_word(given, catalog.resource_types)
    if near is not None and near.lower() == given.lower():
        return f"{text!r} has the type {given!r}; ARNs match in exact case only", f"write {near}/…"
    known = ", ".join(name for name, kind in catalog.resource_types.items() if not kind.refusal)
    return (
        f"{text!r} has the type {given!r}, which Lightsail does not have",
        f"did you mean {near!r}?" if near else f"the types are {known}",
    )


def _wrong_region(text: str, arn: Arn, kind: ResourceType) -> tuple[str, str] | None:
    if arn.region == "*":
        return None
    if kind.is_global:
        if arn.region == "global":
            return None
        fixed = str(Arn(arn.partition, arn.service, "global", arn.account, arn.resource))
        return (
            f"{text!r} names Region {arn.region or '(none)'!r}; a domain's ARN says global there",
            f"write {fixed}",
        )
    if any(fnmatchcase(region, arn.region.replace("[", "[[]")) for region in REGIONS):
        return None
    near = nearest_word(arn.region, REGIONS) if arn.region else None
    return (
        f"{text!r} names Region {arn.region or '(none)'!r}, where there is no Lightsail",
        f"did you mean {near!r}?" if near else "write a Region of Lightsail, or *",
    )


def _wrong_id(text: str, arn: Arn, kind: ResourceType) -> tuple[str, str] | None:
    given = arn.resource_path
    if given == "*" or re.fullmatch(_UUID, given):
        return None
    if re.fullmatch(_UUID, given.lower()):
        return f"{text!r} has its UUID in capitals; ARNs match in exact case only", f"write {given.lower()}"
    region = arn.region if arn.region in REGIONS else None
    if re.search(r"[*?]", given):
        return (
            f"{text!r} matches by a part of the UUID, which says nothing about a resource",
            f"write {kind.name}/* for all of the type, or whole ARNs; to choose several, use tags",
        )
    return (
        f"{text!r} names {given!r} where a UUID belongs; such an ARN never matches",
        f"find the ARN with: {kind.find_command(given, region)}",
    )
