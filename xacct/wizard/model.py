"""The wizard's values: questions, what they offer, and the answers so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import attrs

from xacct.blueprint.house import HouseRules
from xacct.blueprint.model import Blueprint
from xacct.blueprint.settings import make_external_id
from xacct.values import frozen

__all__ = ["Kind", "Option", "Question", "Row", "Setup", "Topic", "Walk"]


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    MANY = "many"
    YES_NO = "yes-no"
    ITEMS = "items"
    PAIRS = "pairs"


class Topic(StrEnum):
    """What can be looked up to pick an answer from."""

    ACCOUNTS = "accounts"
    PRINCIPALS = "principals"
    USERS = "users"
    GROUPS = "groups"
    SAML_PROVIDERS = "saml-providers"
    OIDC_ISSUERS = "oidc-issuers"
    REGIONS = "regions"
    RESOURCES = "resources"
    TAGS = "tags"
    GRANTS = "grants"


@frozen
class Option:
    """One answer to pick. ``help`` is told on request; ``sensitive`` is said in words beside the title."""

    value: str
    title: str = ""
    help: str = ""
    sensitive: bool = False


@frozen(kw_only=True)
class Question:
    """
    One question.

    ``key`` is the setting that the answer becomes; one that begins with ``@`` only steers the walk. ``why``
    says why it is asked and what a good answer is. ``topic`` names what can be looked up for it, in
    ``account`` where that matters.
    """

    key: str
    kind: Kind
    prompt: str
    why: str = ""
    help: str = ""
    options: tuple[Option, ...] = ()
    default: str = ""
    required: bool = True
    examples: tuple[str, ...] = ()
    fix: str = ""
    topic: Topic | None = None
    account: str | None = None


@frozen(kw_only=True)
class Setup:
    """
    What a walk is made under.

    ``account`` is the credentials' account, ``name`` the name to propose, ``file`` where the grant will be
    written, which paths in it are relative to. ``asks_together`` allows questions for several parameters at
    once; they make no sense where every answer is an option.
    """

    blueprints: Mapping[str, Blueprint]
    house: HouseRules = attrs.field(factory=HouseRules)
    account: str | None = None
    region: str | None = None
    name: str | None = None
    file: Path | None = None
    today: date | None = None
    asks_together: bool = True
    make_id: Callable[[], str] = make_external_id


@frozen(kw_only=True)
class Walk:
    """
    The answers so far.

    ``given`` came as ``--set`` and stay; ``answers`` are in the order in which they were given, empty where
    the question was passed over.
    """

    setup: Setup
    given: Mapping[str, str] = MappingProxyType({})
    answers: Mapping[str, str] = MappingProxyType({})

    def text(self, key: str) -> str:
        return self.answers.get(key) or self.given.get(key) or ""

    def has(self, key: str) -> bool:
        """Whether a question needs no asking any more."""
        return key in self.answers or key in self.given

    def with_answer(self, key: str, text: str) -> Walk:
        return attrs.evolve(self, answers=MappingProxyType({**self.answers, key: text}))

    def without(self, *keys: str) -> Walk:
        kept = {key: text for key, text in self.answers.items() if key not in keys}
        return attrs.evolve(self, answers=MappingProxyType(kept))

    @property
    def blueprint(self) -> Blueprint | None:
        return self.setup.blueprints.get(self.text("@blueprint"))


@frozen(kw_only=True)
class Row:
    """One line of the review; ``fixed`` when it was given ahead and cannot be changed here."""

    key: str
    label: str
    value: str
    fixed: bool = False
