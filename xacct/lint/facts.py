"""
What actions there are and what each takes, for Lightsail and, less deeply, for other services.

Lightsail's come from its catalog; those of IAM, STS and S3 with resource types and condition keys, and the
names of some thirty more services, from ``facts.json`` (made by ``scripts/generate_lint_facts.py``).
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any

from xacct.lightsail.catalog import Action, load_catalog
from xacct.lint.patterns import matches
from xacct.values import frozen

__all__ = [
    "ActionFacts",
    "action_facts",
    "action_names",
    "expand",
    "nearest_action",
    "nearest_service",
    "resource_formats",
    "service_keys",
    "services",
]


@frozen
class ActionFacts:
    """
    One action. ``keys`` are the lower-case condition keys that a request for it can hold beyond those of
    every request; tag keys end in a slash.
    """

    name: str
    types: frozenset[str]
    required_types: frozenset[str]
    keys: frozenset[str]
    lightsail: Action | None = None

    @property
    def wildcard_only(self) -> bool:
        return not self.types


@cache
def _data() -> dict[str, Any]:
    # importlib.resources would draw in tempfile and zipfile.
    from pkgutil import get_data

    text = get_data(__package__, "facts.json")
    assert text is not None, "facts.json is missing from the installation"
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _before_name(key: str) -> str:
    """A key up to where a tag's key stands in for: ``${TagKey}``, or ``<key>`` with S3."""
    return key.partition("${")[0].partition("<")[0]


def _fold_key(key: str) -> str:
    return _before_name(key).lower()


@cache
def services() -> frozenset[str]:
    """All service prefixes of actions."""
    return frozenset(_data()["services"])


@cache
def action_names(service: str) -> dict[str, str] | None:
    """Lower-case name -> name of a service's actions; None where they are not known."""
    if service == "lightsail":
        return {folded: action.name for folded, action in load_catalog().actions.items()}
    names = _data()["actions"].get(service)
    return None if names is None else {name.lower(): name for name in names}


@cache
def service_keys() -> frozenset[str]:
    """Condition keys of the services in the data, in AWS's spelling; tag keys end in a slash."""
    return frozenset(_before_name(key) for keys in _data()["keys"].values() for key in keys)


@cache
def action_facts(text: str) -> ActionFacts | None:
    """What is known of one action given in full, in any case; None where its details are not known."""
    service, _, name = text.lower().partition(":")
    if service == "lightsail":
        action = load_catalog().action(name)
        return None if action is None else _of_lightsail(action)
    details = _data()["details"].get(service)
    spelled = (action_names(service) or {}).get(name)
    if details is None or spelled is None:
        return None
    types, keys = details[spelled]
    folded = frozenset(_fold_key(key) for key in keys)
    if service in ("iam", "sts") and set(types) & {"role", "user", "policy"}:
        folded |= {"aws:resourcetag/", "iam:resourcetag/"}
    return ActionFacts(f"{service}:{spelled}", frozenset(types), frozenset(types), folded)


def _of_lightsail(action: Action) -> ActionFacts:
    return ActionFacts(
        action.full_name,
        frozenset(use.type for use in action.resource_types),
        frozenset(action.required_types),
        frozenset(_fold_key(key) for key in action.condition_keys),
        action,
    )


@lru_cache(maxsize=1024)
def expand(pattern: str) -> tuple[ActionFacts, ...]:
    """All actions with known details that a pattern matches."""
    folded = pattern.strip().lower()
    service, colon, rest = folded.partition(":")
    if not colon:
        service, rest = ("*", "*") if folded == "*" else (folded, "")
    found: list[ActionFacts] = []
    for known in ("lightsail", "iam", "sts", "s3"):
        if not matches(service, known):
            continue
        for name in action_names(known) or {}:
            if matches(rest, name):
                facts = action_facts(f"{known}:{name}")
                found += [facts] if facts is not None else []
    return tuple(found)


def nearest_action(text: str) -> str | None:
    """The known action that a misspelt one was most likely meant to be."""
    from difflib import get_close_matches

    service, _, name = text.strip().lower().partition(":")
    names = action_names(service)
    if names is None:
        return None
    close = get_close_matches(name, names, n=1, cutoff=0.7)
    if close:
        return f"{service}:{names[close[0]]}"
    return load_catalog().nearest(text) if service == "lightsail" else None


def nearest_service(prefix: str) -> str | None:
    """The service prefix that a misspelt one was most likely meant to be."""
    from difflib import get_close_matches

    close = get_close_matches(prefix.lower(), ("lightsail", *sorted(services())), n=1, cutoff=0.75)
    return close[0] if close else None


@cache
def resource_formats(service: str) -> dict[str, str]:
    """Resource type -> its ARN with ``*`` for everything that varies; empty where not known."""
    import re

    types: dict[str, str] = _data()["resource_types"].get(service, {})
    return {name: re.sub(r"\$\{\w+\}", "*", arn) for name, arn in types.items()}
