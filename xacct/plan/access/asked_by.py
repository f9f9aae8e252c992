"""
A role's policies with what they ask of the role itself answered: it is the same in every request.

``aws:PrincipalArn``, ``aws:PrincipalAccount`` and ``aws:PrincipalType`` tell of the role.
``aws:PrincipalTag/…`` holds its tags, and there is no
``aws:SourceIdentity``, unless the trust policy lets callers bring session tags or a source identity
(reference_policies_condition-keys).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property

import attrs

from xacct.errors import InputError
from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Outcome, Policies, Request
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement
from xacct.plan.access.model import RoleAccess
from xacct.values import frozen

__all__ = ["as_asked_by"]

_ARN, _IDENTITY, _TAG = "aws:principalarn", "aws:sourceidentity", "aws:principaltag/"


@frozen
class _Known:
    """``tags`` by lower-case key; None where callers may bring others, or where they are not at hand."""

    arn: str
    tags: Mapping[str, str] | None
    identity: bool

    @cached_property
    def _always(self) -> Mapping[str, str]:
        """What every request of a session of the role holds."""
        account = Arn.parse(self.arn).account
        return {
            _ARN: self.arn,
            "aws:principalaccount": account,
            "aws:principaltype": "AssumedRole",
            "aws:principalisawsservice": "false",
        }

    @classmethod
    def of(cls, role: RoleAccess) -> _Known:
        fixed = role.tags is not None and not _lets(role.trust, "sts:tagsession")
        tags = {key.lower(): value for key, value in role.tags or ()} if fixed else None
        return cls(role.role_arn, tags, not _lets(role.trust, "sts:setsourceidentity"))

    def answers(self, key: str) -> bool:
        """Whether what a request holds for the key, in lower case, is known."""
        if key.startswith(_TAG):
            return self.tags is not None
        return key in self._always or (key == _IDENTITY and self.identity)

    def context(self, key: str) -> dict[str, str]:
        """What a request holds for such a key, which is nothing where the role has no such tag."""
        if key in self._always:
            return {key: self._always[key]}
        value = (self.tags or {}).get(key.removeprefix(_TAG)) if key.startswith(_TAG) else None
        return {} if value is None else {key: value}


def _lets(trust: PolicyDocument, action: str) -> bool:
    """Whether some Allow of the trust policy is about the action."""
    for one in trust.statements:
        named = any(fnmatchcase(action, text.lower()) for text in one.actions or one.not_actions or ())
        if one.effect is Effect.ALLOW and named is (one.actions is not None):
            return True
    return False


def as_asked_by(document: PolicyDocument, role: RoleAccess) -> PolicyDocument:
    """
    The document as sessions of the role see it, without conditions on what is known of the role.

    A condition that is met is left out, a statement with one that is not met is. Variables that stand for the
    role's tags have their values. What can't be decided stays as it is.
    """
    if not any(_asks(statement) for statement in document.statements):
        return document
    return attrs.evolve(document, statements=tuple(_answered(document, _Known.of(role))))


def _asks(statement: Statement) -> bool:
    texts = [*(statement.resources or ()), *(statement.not_resources or ())]
    texts += [text for one in statement.conditions for text in (one.key, *one.values)]
    return any(word in text.lower() for text in texts for word in ("aws:principal", _IDENTITY))


def _answered(document: PolicyDocument, known: _Known) -> Iterator[Statement]:
    for statement in document.statements:
        conditions = [attrs.evolve(one, values=_filled(one.values, known)) for one in statement.conditions]
        answers = {one: _met(document, one, known) for one in conditions}
        if False not in answers.values():
            yield attrs.evolve(
                statement,
                conditions=tuple(one for one in conditions if answers[one] is None),
                resources=_filled_in_arns(statement.resources, known),
                not_resources=_filled_in_arns(statement.not_resources, known),
            )


def _filled_in_arns(texts: tuple[str, ...] | None, known: _Known) -> tuple[str, ...] | None:
    """Behind the fifth colon alone: before it there are no variables (reference_policies_variables)."""
    if texts is None:
        return None
    parts = [text.split(":", 5) for text in texts]
    return tuple(":".join([*part[:-1], *_filled((part[-1],), known)]) for part in parts)


def _filled(texts: tuple[str, ...], known: _Known) -> tuple[str, ...]:
    """With what is known of the role in place of the variables that stand for it."""

    def value_of(match: re.Match[str]) -> str:
        key = match["key"].lower()
        if not known.answers(key):
            return match[0]
        plain = next(iter(known.context(key).values()), match["default"])
        return match[0] if plain is None else re.sub(r"[*?$]", lambda sign: f"${{{sign[0]}}}", plain)

    return tuple(_VARIABLE.sub(value_of, text) for text in texts)


_VARIABLE = re.compile(r"(?i)\$\{\s*(?P<key>aws:principal[^},]+?)\s*(,\s*'(?P<default>[^']*)'\s*)?\}")
"""A variable for what is known of the principal, with its default value where it has one."""


def _met(document: PolicyDocument, condition: Condition, known: _Known) -> bool | None:
    """Whether what is known of the role meets the condition; None where that is not known."""
    key = condition.key.lower()
    if not known.answers(key) or any("${" in value for value in condition.values):
        return None
    asked = Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",), conditions=(condition,))
    arn = Arn.parse(known.arn)
    request = Request(
        principal=f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/session",
        action="lightsail:GetRegions",
        resource="*",
        resource_account=arn.account,
        context=known.context(key),
    )
    try:
        policies = Policies(identity=(attrs.evolve(document, statements=(asked,)),))
        found = evaluate(request, policies).outcome
    except InputError:
        return None
    return None if found is Outcome.UNDETERMINED else found is Outcome.ALLOWED
