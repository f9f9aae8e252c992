"""The limits of an entry: resources, tags and Regions, checked and made ready for conditions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from xacct.errors import InputError, Problem
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition
from xacct.lightsail.catalog import REGIONS, load_catalog, nearest_word
from xacct.lightsail.entry import PermissionEntry
from xacct.lightsail.resources import check_resource
from xacct.values import frozen

__all__ = ["Limits", "check_limits", "region_condition", "tag_conditions"]

# Source: Lightsail developer guide, "Tags in Amazon Lightsail" (amazon-lightsail-tags).
_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_TAG_SIGNS = set("+-=._:/@")
_VARIABLE = r"\$\{[A-Za-z0-9:/+=._@-]+\}"


@frozen
class Limits:
    """Checked limits. Empty means no limit of that kind."""

    arns: Mapping[str, tuple[str, ...]]
    """Resource type to its ARNs, sorted."""
    tags: Mapping[str, tuple[str, ...]]
    regions: tuple[str, ...]


def check_limits(
    entry: PermissionEntry, where: str, problems: list[Problem], *, account: str, partition: str
) -> Limits:
    """Read the limits; adds a problem for everything that is wrong or could never match."""
    regions = _regions(entry.regions, where, problems)
    arns: dict[str, set[str]] = {}
    for index, text in enumerate(entry.resources):
        place = f"{where}.resources[{index}]"
        try:
            arn = check_resource(text, account=account, partition=partition, where=place)
        except InputError as error:
            problems.extend(error.problems)
            continue
        problems.extend(_contradiction(arn, regions, place))
        arns.setdefault(arn.resource_type, set()).add(str(arn))
    return Limits(
        {kind: tuple(sorted(arns[kind])) for kind in sorted(arns)},
        _tags(entry.tags, where, problems),
        regions,
    )


def region_condition(regions: Sequence[str]) -> Condition:
    return Condition("StringEquals", "aws:RequestedRegion", tuple(sorted(regions)))


def tag_conditions(prefix: str, tags: Mapping[str, tuple[str, ...]]) -> tuple[Condition, ...]:
    """
    Conditions on tags: ``prefix`` is ``aws:ResourceTag`` or ``aws:RequestTag``.

    ``*`` and ``?`` may stand in no tag, so in a value they make a pattern.
    """
    return tuple(
        Condition(
            "StringLike" if any(re.search(r"[*?]", value) for value in tags[key]) else "StringEquals",
            f"{prefix}/{key}",
            tuple(sorted(set(tags[key]))),
        )
        for key in sorted(tags)
    )


def _regions(given: Sequence[str], where: str, problems: list[Problem]) -> tuple[str, ...]:
    for index, region in enumerate(given):
        if region not in REGIONS:
            near = nearest_word(region, REGIONS)
            problems.append(
                Problem(
                    f"there is no Lightsail in Region {region!r}",
                    f"{where}.regions[{index}]",
                    f"did you mean {near!r}?" if near else f"the Regions are {', '.join(REGIONS)}",
                    "region",
                )
            )
    return tuple(sorted(set(given) & set(REGIONS)))


def _contradiction(arn: Arn, regions: Sequence[str], where: str) -> list[Problem]:
    kind = load_catalog().resource_types[arn.resource_type]
    pattern = arn.region.replace("[", "[[]")
    if not regions or kind.call_region or any(fnmatchcase(region, pattern) for region in regions):
        return []
    return [
        Problem(
            f"{str(arn)!r} is in Region {arn.region}, but the entry allows only {', '.join(regions)}",
            where,
            f"add {arn.region} to regions, or name a resource of those Regions",
            "region",
        )
    ]


def _tags(
    given: Mapping[str, tuple[str, ...]], where: str, problems: list[Problem]
) -> Mapping[str, tuple[str, ...]]:
    seen: dict[str, str] = {}
    for key, values in given.items():
        place = f"{where}.tags.{key}"
        problems.extend(Problem(message, place, fix, "tag") for message, fix in _wrong_key(key, seen))
        seen.setdefault(key.lower(), key)
        if not values:
            problems.append(Problem(f"tag {key!r} has no value to compare with", place, "", "tag"))
        for value in values:
            problems.extend(Problem(message, place, fix, "tag") for message, fix in _wrong_value(key, value))
    return {key: tuple(given[key]) for key in sorted(given)}


def _wrong_key(key: str, seen: Mapping[str, str]) -> list[tuple[str, str]]:
    if not key or len(key) > _LONGEST_KEY:
        return [(f"a tag's key has 1 to {_LONGEST_KEY} characters, this has {len(key)}", "")]
    if bad := _strange(key):
        return [(f"tag key {key!r} has {bad}, which no tag may have", "")]
    if key.lower().startswith("aws:"):
        return [(f"tag key {key!r} begins with aws:, which only AWS gives", "choose a tag of yours")]
    if key.lower() in seen:
        message = f"tag keys {seen[key.lower()]!r} and {key!r} differ only by case"
        return [(message, "keep one: in a condition's key, case does not count")]
    return []


def _wrong_value(key: str, value: str) -> list[tuple[str, str]]:
    if len(value) > _LONGEST_VALUE:
        return [
            (f"a tag's value has up to {_LONGEST_VALUE} characters, that of {key!r} has {len(value)}", "")
        ]
    plain = re.sub(r"[*?]", "", re.sub(_VARIABLE, "", value))
    if bad := _strange(plain):
        return [(f"the value {value!r} of tag {key!r} has {bad}, which no tag may have", "")]
    return []


def _strange(text: str) -> str:
    """The characters that may not stand in a tag, quoted; empty when all may."""
    # Letters, numbers and spaces of any script, and a few signs.
    bad = {sign for sign in text if sign not in _TAG_SIGNS and unicodedata.category(sign)[0] not in "LNZ"}
    return " ".join(repr(sign) for sign in sorted(bad))
