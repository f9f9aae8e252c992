"""
Policy documents: as read, as written, and in the canonical form by which they are compared.

Parsing is tolerant of form (a lone string for a list, any order) and strict about meaning: what IAM would
refuse is refused here with its place. A document keeps the order and spelling it was read with; its
``canonical`` is the same for all documents that grant the same by IAM's rules of form.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" (reference_policies_grammar) and the pages
on each element.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, Self, TypeAlias

from xacct.errors import InputError, Problem
from xacct.iam.arn import is_account_id
from xacct.values import frozen

__all__ = [
    "CURRENT_VERSION",
    "OLD_VERSION",
    "Condition",
    "Effect",
    "PolicyDocument",
    "PrincipalType",
    "Statement",
    "TypedPrincipal",
    "canonical_principal",
]

CURRENT_VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"

Json: TypeAlias = Any


class Effect(StrEnum):
    ALLOW = "Allow"
    DENY = "Deny"


class PrincipalType(StrEnum):
    """The keys of a Principal element. ``ANYONE`` is the bare ``"*"``."""

    AWS = "AWS"
    FEDERATED = "Federated"
    SERVICE = "Service"
    CANONICAL_USER = "CanonicalUser"
    ANYONE = "*"


@frozen(order=True)
class TypedPrincipal:
    """One principal of a statement: its type and its text as written."""

    type: PrincipalType
    value: str

    @property
    def canonical(self) -> TypedPrincipal:
        return canonical_principal(self)


def canonical_principal(principal: TypedPrincipal) -> TypedPrincipal:
    """
    Write every form of the same principal alike.

    An account's number and the ARN of its root mean the same, and so do a bare ``*`` and ``{"AWS": "*"}``
    (IAM User Guide, reference_policies_elements_principal). The partition of a bare number is not known
    here; ``aws`` is assumed, and other partitions' root ARNs are shortened to the number alike.
    """
    if principal.type is PrincipalType.ANYONE:
        return TypedPrincipal(PrincipalType.AWS, "*")
    if principal.type is PrincipalType.AWS:
        parts = principal.value.split(":")
        if len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam" and parts[5] == "root":
            return TypedPrincipal(PrincipalType.AWS, parts[4])
    return principal


@frozen
class Condition:
    """
    One line of a Condition block: operator, key, values.

    ``operator`` is as written, with its set qualifier and ``IfExists``: ``ForAnyValue:StringLikeIfExists``.
    """

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def canonical(self) -> tuple[str, str, tuple[str, ...]]:
        # Operators and keys are case-insensitive, the values of one key are an unordered OR (or NOR).
        return (self.operator.lower(), self.key.lower(), tuple(sorted(set(self.values))))


@frozen
class Statement:
    """
    One statement. Of each pair (``actions``/``not_actions`` and so on) at most one is not None.

    Trust policies have neither resources nor not_resources; identity-based policies have no principals.
    """

    effect: Effect
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: tuple[TypedPrincipal, ...] | None = None
    not_principals: tuple[TypedPrincipal, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    sid: str | None = None

    @cached_property
    def _canonical(self) -> tuple[Any, ...]:
        def words(values: tuple[str, ...] | None, *, fold: bool = False) -> tuple[str, ...] | None:
            if values is None:
                return None
            return tuple(sorted({value.lower() if fold else value for value in values}))

        def who(values: tuple[TypedPrincipal, ...] | None) -> tuple[TypedPrincipal, ...] | None:
            return None if values is None else tuple(sorted({canonical_principal(value) for value in values}))

        return (
            self.effect.value,
            # An action's service and name match in any case (reference_policies_elements_action).
            words(self.actions, fold=True),
            words(self.not_actions, fold=True),
            words(self.resources),
            words(self.not_resources),
            who(self.principals),
            who(self.not_principals),
            tuple(sorted(condition.canonical for condition in self.conditions)),
        )

    @property
    def canonical(self) -> tuple[Any, ...]:
        """A hashable form without Sid, alike for statements that differ in order or spelling only."""
        return self._canonical

    def to_json(self) -> dict[str, Json]:
        """The statement as IAM takes it, elements in the customary order."""
        out: dict[str, Json] = {}
        if self.sid is not None:
            out["Sid"] = self.sid
        out["Effect"] = self.effect.value
        if self.principals is not None:
            out["Principal"] = _principals_to_json(self.principals)
        if self.not_principals is not None:
            out["NotPrincipal"] = _principals_to_json(self.not_principals)
        for name, values in (
            ("Action", self.actions),
            ("NotAction", self.not_actions),
            ("Resource", self.resources),
            ("NotResource", self.not_resources),
        ):
            if values is not None:
                out[name] = _one_or_list(values)
        if self.conditions:
            block: dict[str, dict[str, Json]] = {}
            for condition in self.conditions:
                block.setdefault(condition.operator, {})[condition.key] = _one_or_list(condition.values)
            out["Condition"] = block
        return out


@frozen
class PolicyDocument:
    """A policy document of any type. Equality is of the text's content; compare ``canonical`` for meaning."""

    statements: tuple[Statement, ...]
    version: str | None = CURRENT_VERSION
    id: str | None = None

    @classmethod
    def of(cls, *statements: Statement) -> Self:
        return cls(tuple(statements))

    @classmethod
    def from_json(cls, value: Json, where: str = "policy") -> Self:
        """
        Read a document from its JSON text or from parsed JSON.

        ``where`` names the document in errors. Raises InputError with every problem found, each with its
        JSON path.
        """
        if isinstance(value, (str, bytes)):
            value = _parse_text(value, where)
        reader = _Reader(where)
        document = reader.document(value)
        if reader.problems:
            raise InputError(reader.problems)
        return cls(*document)

    @cached_property
    def _canonical(self) -> tuple[Any, ...]:
        version = self.version or OLD_VERSION  # absent means the older version
        return (version, tuple(sorted({statement.canonical for statement in self.statements}, key=repr)))

    @property
    def canonical(self) -> tuple[Any, ...]:
        """A hashable form, equal for documents of the same version that mean the same by form."""
        return self._canonical

    def means_the_same_as(self, other: PolicyDocument) -> bool:
        return self.canonical == other.canonical

    @property
    def uses_variables(self) -> bool:
        """Whether any resource or condition value holds ``${``, which only the current Version expands."""
        return "${" in self.minified()

    def to_json(self) -> dict[str, Json]:
        out: dict[str, Json] = {}
        if self.version is not None:
            out["Version"] = self.version
        if self.id is not None:
            out["Id"] = self.id
        out["Statement"] = [statement.to_json() for statement in self.statements]
        return out

    def minified(self) -> str:
        """The document without white space, as it is sent."""
        return json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False)

    def pretty(self) -> str:
        """The document indented for reading."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False)

    @property
    def size(self) -> int:
        """Characters that count against IAM's quotas: white space between elements does not."""
        return len(self.minified())


def _one_or_list(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _principals_to_json(principals: Iterable[TypedPrincipal]) -> str | dict[str, Json]:
    by_type: dict[str, list[str]] = {}
    for principal in principals:
        if principal.type is PrincipalType.ANYONE:
            return "*"
        by_type.setdefault(principal.type.value, []).append(principal.value)
    return {kind: _one_or_list(values) for kind, values in by_type.items()}


def _parse_text(text: str | bytes, where: str) -> Json:
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique_keys)
    except _DuplicateKeyError as error:
        raise InputError(
            f"{where} has the key {error.args[0]!r} twice in one object; IAM refuses that",
            where=where,
            fix="merge the two, or remove one",
            code="duplicate-key",
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{where} is not UTF-8 text", where=where, code="not-text") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where} is not JSON: {error.msg}",
            where=f"{where}:{error.lineno}:{error.colno}",
            fix="a policy is one JSON object; check commas, quotes and brackets at that place",
            code="not-json",
        ) from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply", where=where, code="not-json") from None


class _DuplicateKeyError(Exception):
    pass


def _unique_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    out: dict[str, Json] = {}
    for key, value in pairs:
        if key in out:
            raise _DuplicateKeyError(key)
        out[key] = value
    return out


_STATEMENT_KEYS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_PRINCIPAL_TYPES = {kind.value: kind for kind in PrincipalType if kind is not PrincipalType.ANYONE}


class _Reader:
    """Walks parsed JSON, collecting problems instead of stopping at the first."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def problem(self, path: str, message: str, fix: str = "", code: str = "policy") -> None:
        self.problems.append(Problem(message, f"{self.where}: {path}", fix, code))

    def document(self, value: Json) -> tuple[tuple[Statement, ...], str | None, str | None]:
        if not isinstance(value, Mapping):
            self.problem("$", f"a policy is a JSON object, this is {_kind(value)}")
            return (), None, None
        for key in value:
            if key not in ("Version", "Id", "Statement"):
                self.problem(f"$.{key}", f"{key!r} is no element of a policy", _nearest(key, _TOP_KEYS))
        version = value.get("Version")
        if version is not None and version not in (CURRENT_VERSION, OLD_VERSION):
            self.problem("$.Version", f"Version is {version!r}", f'write "{CURRENT_VERSION}"')
            version = None
        identity = value.get("Id")
        if identity is not None and not isinstance(identity, str):
            self.problem("$.Id", "Id is not a text")
            identity = None
        raw = value.get("Statement")
        if raw is None:
            self.problem("$", "the policy has no Statement")
            return (), version, identity
        listed = [raw] if isinstance(raw, Mapping) else raw
        if not isinstance(listed, list):
            self.problem("$.Statement", f"Statement is {_kind(raw)}, not an object or a list of objects")
            return (), version, identity
        statements = [self.statement(item, f"$.Statement[{index}]") for index, item in enumerate(listed)]
        return tuple(item for item in statements if item is not None), version, identity

    def statement(self, value: Json, path: str) -> Statement | None:
        if not isinstance(value, Mapping):
            self.problem(path, f"a statement is an object, this is {_kind(value)}")
            return None
        for key in value:
            if key not in _STATEMENT_KEYS:
                self.problem(
                    f"{path}.{key}", f"{key!r} is no element of a statement", _nearest(key, _STATEMENT_KEYS)
                )
        effect = value.get("Effect")
        if effect not in ("Allow", "Deny"):
            self.problem(f"{path}.Effect", f"Effect is {effect!r}", 'write "Allow" or "Deny", in this case')
            return None
        sid = value.get("Sid")
        if sid is not None and not isinstance(sid, str):
            self.problem(f"{path}.Sid", "Sid is not a text")
            sid = None
        for one, other in (
            ("Action", "NotAction"),
            ("Resource", "NotResource"),
            ("Principal", "NotPrincipal"),
        ):
            if one in value and other in value:
                self.problem(path, f"the statement has both {one} and {other}", "keep one of them")
        if "Action" not in value and "NotAction" not in value:
            self.problem(path, "the statement has neither Action nor NotAction")
        return Statement(
            effect=Effect(effect),
            actions=self.texts(value, "Action", path),
            not_actions=self.texts(value, "NotAction", path),
            resources=self.texts(value, "Resource", path),
            not_resources=self.texts(value, "NotResource", path),
            principals=self.principals(value, "Principal", path),
            not_principals=self.principals(value, "NotPrincipal", path),
            conditions=self.conditions(value.get("Condition"), f"{path}.Condition"),
            sid=sid,
        )

    def texts(self, statement: Mapping[str, Json], key: str, path: str) -> tuple[str, ...] | None:
        if key not in statement:
            return None
        value = statement[key]
        listed = value if isinstance(value, list) else [value]
        for index, item in enumerate(listed):
            if not isinstance(item, str):
                self.problem(f"{path}.{key}[{index}]", f"{key} holds {_kind(item)} where a text belongs")
        return tuple(item for item in listed if isinstance(item, str))

    def principals(
        self, statement: Mapping[str, Json], key: str, path: str
    ) -> tuple[TypedPrincipal, ...] | None:
        if key not in statement:
            return None
        value = statement[key]
        if value == "*":
            return (TypedPrincipal(PrincipalType.ANYONE, "*"),)
        if not isinstance(value, Mapping):
            self.problem(
                f"{path}.{key}",
                f"{key} is {_kind(value)}",
                'write an object such as {"AWS": "arn:aws:iam::111122223333:root"}'
                if not (isinstance(value, str) and is_account_id(value))
                else f'write {{"AWS": "{value}"}}',
            )
            return ()
        out: list[TypedPrincipal] = []
        for kind in value:
            if kind not in _PRINCIPAL_TYPES:
                self.problem(
                    f"{path}.{key}.{kind}", f"{kind!r} is no principal type", _nearest(kind, _PRINCIPAL_TYPES)
                )
                continue
            texts = self.texts(value, kind, f"{path}.{key}") or ()
            out.extend(TypedPrincipal(_PRINCIPAL_TYPES[kind], text) for text in texts)
        return tuple(out)

    def conditions(self, value: Json, path: str) -> tuple[Condition, ...]:
        if value is None:
            return ()
        if not isinstance(value, Mapping):
            self.problem(path, f"Condition is {_kind(value)}, not an object")
            return ()
        out: list[Condition] = []
        for operator, keys in value.items():
            if not isinstance(keys, Mapping):
                self.problem(
                    f"{path}.{operator}", f"{operator} is {_kind(keys)}, not an object of condition keys"
                )
                continue
            for key in keys:
                values = self.scalars(keys[key], f"{path}.{operator}.{key}")
                out.append(Condition(operator, key, values))
        return tuple(out)

    def scalars(self, value: Json, path: str) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        out: list[str] = []
        for index, item in enumerate(listed):
            if isinstance(item, bool):
                out.append("true" if item else "false")
            elif isinstance(item, (str, int, float)):
                out.append(str(item))
            else:
                self.problem(f"{path}[{index}]", f"a condition value is {_kind(item)}, not a text")
        return tuple(out)


_TOP_KEYS = ("Version", "Id", "Statement")


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return f"the text {value[:60]!r}"
        case list():
            return "a list"
        case Mapping():
            return "an object"
        case _:
            return type(value).__name__


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    folded = {name.lower(): name for name in known}
    close = get_close_matches(str(word).lower(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]!r}?" if close else ""
