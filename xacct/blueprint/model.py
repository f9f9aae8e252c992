"""Grants and blueprints as values: what the files say, typed, with the places they say it at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import attrs

from xacct.iam.policy import Effect, PrincipalType
from xacct.iam.things import DEFAULT_MAX_SESSION, Tags, ThingType, frozen_tags
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.lightsail.writing import PermissionEntry

__all__ = [
    "Acceptance",
    "Alternative",
    "Blueprint",
    "Choice",
    "ConditionTemplate",
    "Expect",
    "Expectation",
    "Given",
    "Grant",
    "Intent",
    "Note",
    "Parameter",
    "ParameterType",
    "StatementTemplate",
    "Test",
    "ThingTemplate",
    "Together",
    "Value",
    "When",
    "at",
]

Value: TypeAlias = str | tuple[str, ...] | Mapping[str, tuple[str, ...]]
"""A parameter's value as written: a text, a list of texts, or a mapping of texts to texts."""


def at(place: str, path: str) -> str:
    """Word a place for an error: ``grants/acme.yaml:7: parameters.trusted_account``, or the option alone."""
    return place if place.startswith("--") or not path else f"{place}: {path}"


class ParameterType(StrEnum):
    """What a parameter's value is; each has its check in ``xacct.blueprint.values``."""

    ACCOUNT_ID = "account-id"
    ARN = "arn"
    PRINCIPAL_ARN = "principal-arn"
    PRINCIPAL_PATTERN = "principal-pattern"
    EXTERNAL_ID = "external-id"
    REGION = "region"
    DURATION = "duration"
    DATE = "date"
    CHOICE = "choice"
    LIST = "list"
    MAP = "map"
    BOOL = "bool"
    NAME = "name"
    OIDC_ISSUER = "oidc-issuer"
    OIDC_SUBJECT = "oidc-subject"
    SAML_METADATA = "saml-metadata"
    TAG_KEY = "tag-key"
    TEXT = "text"
    URL = "url"
    POLICY = "policy"


class Intent(StrEnum):
    """Who needs access: the wizard's first question."""

    ANOTHER_ACCOUNT = "another-account"
    VENDOR = "vendor"
    CI = "ci"
    PEOPLE = "people"
    COLLEAGUE = "colleague"


@frozen
class Test:
    """One claim about a parameter: it has one of these values, or it is set (or not)."""

    __test__ = False  # not a test case, whatever the name says

    parameter: str
    values: tuple[str, ...] = ()
    is_set: bool | None = None


When: TypeAlias = tuple[Test, ...]
"""Holds when each claim does; the empty one always does."""


@frozen
class Choice:
    value: str
    title: str = ""


@frozen(kw_only=True)
class Parameter:
    """
    One thing that a blueprint asks for.

    ``default`` is as a user would write it and may hold placeholders. ``account`` is the template of the
    account that ARNs must be of, ``other_than`` of a value that this one must not be. ``keys`` are those a
    map may have (any, when empty). ``item`` is the type of a list's items. ``generate`` tells that a value
    may be made on request. ``required_when`` makes it required when it holds. ``missing`` is the fix told
    when the value is not given.
    """

    name: str
    type: ParameterType
    prompt: str
    help: str = ""
    required: bool = False
    required_when: When = ()
    default: Value | None = None
    choices: tuple[Choice, ...] = ()
    pattern: str | None = None
    pattern_help: str = ""
    item: ParameterType = ParameterType.TEXT
    keys: tuple[str, ...] = ()
    account: str | None = None
    other_than: str | None = None
    when: When = ()
    advanced: bool = False
    generate: bool = False
    missing: str = ""
    examples: tuple[str, ...] = ()


@frozen(kw_only=True)
class Together:
    """
    One question of the wizard for several parameters: the named groups of ``pattern`` are their values.

    It stands where the first of them would, and is passed over when one of them is given ahead.
    """

    prompt: str
    pattern: str
    help: str = ""
    pattern_help: str = ""
    examples: tuple[str, ...] = ()


@frozen
class Alternative:
    """Values that a derived name takes on when the condition holds."""

    values: tuple[str, ...]
    when: When = ()


@frozen(kw_only=True)
class ConditionTemplate:
    """
    One condition to be written. With ``each``, one for each key of that map parameter, or of ``only`` those;
    ``{{key}}`` and ``{{value}}`` then stand for its key and values.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    why: str = ""
    when: When = ()
    each: str | None = None
    only: tuple[str, ...] = ()


@frozen(kw_only=True)
class StatementTemplate:
    """A statement to be written: of a trust policy (principals) or of a caller's policy (resources)."""

    sid: str
    effect: Effect = Effect.ALLOW
    principals: tuple[tuple[PrincipalType, tuple[str, ...]], ...] = ()
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    conditions: tuple[ConditionTemplate, ...] = ()
    why: str = ""
    when: When = ()
    place: str = attrs.field(default="", eq=False)


@frozen(kw_only=True)
class ThingTemplate:
    """
    A further IAM thing. ``fields`` are its texts by name; ``account`` is a template, the trusting account
    when None. ``holds_permissions`` tells that a group carries the grant's permissions in place of a role.
    """

    type: ThingType
    fields: Mapping[str, tuple[str, ...]]
    statements: tuple[StatementTemplate, ...] = ()
    account: str | None = None
    holds_permissions: bool = False
    why: str = ""
    when: When = ()
    place: str = attrs.field(default="", eq=False)


@frozen
class Note:
    """A word for the person who uses the grant, or for the trusted party."""

    text: str
    when: When = ()


@frozen
class Given:
    """The parameters that hold a role's documents whole: trust, inline policies by name, attached ARNs."""

    trust: str
    policies: str | None = None
    attached: str | None = None


@frozen(kw_only=True)
class Blueprint:
    """
    A reusable, parameterised way of giving access; data only.

    ``role_when`` tells when there is a role at all. Where ``given`` is set, the role's documents come from
    the grant and ``trust`` is empty. ``source`` is the file's path, or ``shipped``.
    """

    name: str
    title: str
    summary: str
    intent: Intent
    parameters: Mapping[str, Parameter]
    trust: tuple[StatementTemplate, ...]
    derived: Mapping[str, tuple[Alternative, ...]] = MappingProxyType({})
    things: tuple[ThingTemplate, ...] = ()
    together: tuple[Together, ...] = ()
    role_when: When = ()
    given: Given | None = None
    notes: tuple[Note, ...] = ()
    handoff: tuple[Note, ...] = ()
    source: str = "shipped"
    digest: str = ""


@frozen(kw_only=True)
class Expectation:
    """
    One line of the contract. ``who`` is ``trusted`` or an ARN; ``without`` names the parameter whose
    condition of the trust stays unmet.
    """

    who: str = "trusted"
    action: str = "sts:AssumeRole"
    resource: str | None = None
    context: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    without: str | None = None


@frozen
class Expect:
    """``allow`` holds when at least one request passes, ``deny`` when none does."""

    allow: tuple[Expectation, ...] = ()
    deny: tuple[Expectation, ...] = ()


@frozen
class Acceptance:
    """A finding the grant lives with: rule code, the reason, and until when."""

    rule: str
    reason: str
    until: date | None = None


@frozen(kw_only=True)
class Grant:
    """
    One use of a blueprint, as its file or the options say it.

    ``parameters`` are as written; the blueprint types them when the grant is expanded. ``max_session`` is in
    seconds. ``expires`` is the last day on which the grant holds, in UTC. ``path`` and ``boundary`` are None
    where the grant leaves them to the project or the default. ``places`` maps a path of the file to its
    ``file:line``.
    """

    name: str
    blueprint: str
    account: str | None = None
    parameters: Mapping[str, Value] = attrs.field(factory=dict, hash=False)
    permissions: tuple[PermissionEntry, ...] = ()
    max_session: int = DEFAULT_MAX_SESSION
    expires: date | None = None
    expect: Expect = Expect()
    accept: tuple[Acceptance, ...] = ()
    role_name: str | None = None
    path: str | None = None
    description: str | None = None
    tags: Tags = attrs.field(default=(), converter=frozen_tags, hash=False)
    boundary: str | None = None
    file: str | None = attrs.field(default=None, eq=False)
    places: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)

    @property
    def role(self) -> str:
        """The role's name: the grant's own, unless it names another."""
        return self.role_name or self.name

    def where(self, path: str = "") -> str:
        """Tell where a path of the grant stands; the nearest line above it when it is not in the file."""
        known = path
        while known and known not in self.places:
            known = known.rpartition(".")[0]
        place = self.places.get(known) or self.file or self.name
        if place.startswith("--set") and known != path:
            return f"--set {path.removeprefix('parameters.')}"
        return at(place, path)

    def line(self, path: str) -> int | None:
        """The line of a path within the file, from 1."""
        tail = self.places.get(path, "").rpartition(":")[2]
        return int(tail) if tail.isdigit() else None

    @property
    def digest(self) -> str:
        """A SHA-256 over what the grant says; comments, order of keys and the file's place do not count."""
        content = attrs.asdict(
            self,
            filter=lambda attribute, _: attribute.name not in ("file", "places"),
            value_serializer=lambda _, __, value: dict(value) if isinstance(value, Mapping) else value,
        )
        text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
