"""
Policy documents, compiled from plain JSON: checked once, tested often.

What IAM would refuse to save is refused here too, with its place, so that nothing is decided by a document
that cannot exist. Compiled documents are kept by their content; the same document costs one look-up.
"""

from __future__ import annotations

import marshal
from enum import Enum
from typing import Any, NamedTuple, NoReturn, TypeAlias

from xacct.errors import InputError
from xacct.evaluate.conditions import Condition, compile_condition, parse_operator
from xacct.evaluate.principals import PrincipalElement
from xacct.evaluate.statements import ResourceElement, Statement
from xacct.iam import PrincipalType
from xacct.iam.policy import CURRENT_VERSION, OLD_VERSION

__all__ = [
    "MAX_STATEMENTS",
    "MAX_TEXT",
    "MAX_VALUES",
    "CompiledDocument",
    "Kind",
    "compile_document",
]

MAX_STATEMENTS = 4096
"""Per document. IAM takes 131,072 characters, which hold fewer (CreateRole, CreatePolicy)."""
MAX_VALUES = 32_768
"""Texts in all lists of one document."""
MAX_TEXT = 65_536
"""Characters of one text in a document."""

Json: TypeAlias = Any


class Kind(Enum):
    """What a document may hold: identity-side documents have no Principal, resource-side ones need it."""

    IDENTITY = "identity"
    RESOURCE = "resource"


class CompiledDocument(NamedTuple):
    """``allows`` and ``denies`` hold the statements by effect; ``statements`` all, in order."""

    statements: tuple[Statement, ...]
    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]

    @property
    def has_resources(self) -> bool:
        return any(statement.resource is not None for statement in self.statements)


_CACHE_ENTRIES = 2048
_CACHE_TEXT = 8192
_cache: dict[tuple[Kind, bytes], CompiledDocument] = {}


def compile_document(value: Json, kind: Kind, where: str = "policy") -> CompiledDocument:
    """Compile a document from parsed JSON. Raises InputError, with the place, for what IAM would refuse."""
    try:
        key = (kind, marshal.dumps(value, 2))
    except ValueError:
        _refuse("the policy is nested too deeply", where, "a policy has no more than five levels", "nesting")
    found = _cache.get(key)
    if found is None:
        found = _compile(value, kind, where)
        if len(key[1]) <= _CACHE_TEXT:
            if len(_cache) >= _CACHE_ENTRIES:
                _cache.clear()
            _cache[key] = found
    return found


def _refuse(message: str, where: str, fix: str = "", code: str = "policy") -> NoReturn:
    raise InputError(f"{where}: {message}", where=where, fix=fix, code=code)


def _compile(value: Json, kind: Kind, where: str) -> CompiledDocument:
    if not isinstance(value, dict):
        _refuse("a policy is a JSON object", where, 'write {"Version": "2012-10-17", "Statement": [...]}')
    for key in value:
        if key not in ("Version", "Id", "Statement"):
            _refuse(f"{key[:60]!r} is no element of a policy", where, "keep Version, Id and Statement only")
    version = value.get("Version", OLD_VERSION)
    if version not in (CURRENT_VERSION, OLD_VERSION):
        _refuse(
            "Version is neither 2012-10-17 nor 2008-10-17", where, f'write "Version": "{CURRENT_VERSION}"'
        )
    listed = value.get("Statement")
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list):
        _refuse("Statement is missing or no list of statements", where, 'write "Statement": [{...}]')
    if len(listed) > MAX_STATEMENTS:
        _refuse(
            f"the policy has {len(listed):,} statements, more than the {MAX_STATEMENTS:,} that are read",
            where,
            "split the policy; IAM takes no document of this size",
            "too-large",
        )
    reader = _Reader(kind, version == CURRENT_VERSION)
    statements = tuple(
        reader.statement(raw, index, f"{where}.Statement[{index}]") for index, raw in enumerate(listed)
    )
    return CompiledDocument(
        statements,
        tuple(statement for statement in statements if statement.allow),
        tuple(statement for statement in statements if not statement.allow),
    )


_ELEMENTS = frozenset(
    {
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
)
_TYPES = {kind.value: kind for kind in PrincipalType if kind is not PrincipalType.ANYONE}


class _Reader:
    """Reads statements of one document, counting its texts."""

    def __init__(self, kind: Kind, variables: bool) -> None:
        self.kind = kind
        self.variables = variables
        self.texts_left = MAX_VALUES

    def statement(self, raw: Json, index: int, where: str) -> Statement:
        if not isinstance(raw, dict):
            _refuse("a statement is an object", where)
        if not raw.keys() <= _ELEMENTS:
            extra = min(raw.keys() - _ELEMENTS)
            _refuse(f"{extra[:60]!r} is no element of a statement", where, "check its spelling and case")
        effect = raw.get("Effect")
        if effect != "Allow" and effect != "Deny":
            _refuse("Effect is neither Allow nor Deny", where, 'write "Allow" or "Deny", in this case')
        sid = raw.get("Sid")
        if sid is not None and not isinstance(sid, str):
            _refuse("Sid is no text", where)
        allow = effect == "Allow"
        actions, not_action = self.pair(raw, "Action", "NotAction", where)
        if actions is None:
            _refuse("the statement has neither Action nor NotAction", where)
        resources, not_resource = self.pair(raw, "Resource", "NotResource", where)
        resource = None
        if resources is not None:
            resource = ResourceElement(resources, negated=not_resource, allow=allow, variables=self.variables)
        elif self.kind is Kind.IDENTITY:
            _refuse(
                "the statement has neither Resource nor NotResource", where, 'write "Resource": "*" or an ARN'
            )
        condition = raw.get("Condition")
        conditions = () if condition is None else self.conditions(condition, where)
        principal = self.principal(raw, where)
        return Statement(index, sid, allow, actions, not_action, resource, principal, conditions)

    def pair(
        self, raw: dict[str, Json], name: str, not_name: str, where: str
    ) -> tuple[tuple[str, ...] | None, bool]:
        """Read an element or its negation; IAM takes one of them."""
        if name in raw:
            if not_name in raw:
                _refuse(f"the statement has both {name} and {not_name}", where, "keep one of them")
            return self.texts(raw[name], f"{where}.{name}"), False
        if not_name in raw:
            return self.texts(raw[not_name], f"{where}.{not_name}"), True
        return None, False

    def texts(self, value: Json, where: str) -> tuple[str, ...]:
        """A text or a list of at least one."""
        if isinstance(value, str):
            value = (value,)
        elif not isinstance(value, list) or not value:
            _refuse("a text or a list of texts belongs here", where)
        self.count(len(value), where)
        for text in value:
            if not isinstance(text, str):
                _refuse("the list holds something that is no text", where)
            if len(text) > MAX_TEXT:
                _too_long(where)
        return tuple(value)

    def count(self, texts: int, where: str) -> None:
        self.texts_left -= texts
        if self.texts_left < 0:
            _refuse(
                f"the policy has more than the {MAX_VALUES:,} values that are read",
                where,
                "split the policy; IAM takes no document of this size",
                "too-large",
            )

    def principal(self, raw: dict[str, Json], where: str) -> PrincipalElement | None:
        negated = "NotPrincipal" in raw
        name = "NotPrincipal" if negated else "Principal"
        if name not in raw:
            if self.kind is Kind.RESOURCE:
                _refuse("the statement has no Principal", where, "name who it is about")
            return None
        if self.kind is Kind.IDENTITY:
            _refuse(f"{name} has no place in this type of policy", where, f"take {name} out")
        if negated and "Principal" in raw:
            _refuse("the statement has both Principal and NotPrincipal", where, "keep one of them")
        value = raw[name]
        if value == "*":
            return PrincipalElement([(PrincipalType.ANYONE, "*")], negated=negated)
        if not isinstance(value, dict) or not value:
            _refuse(
                f"{name} is no object", where, 'write {"AWS": "arn:aws:iam::111122223333:root"} or the like'
            )
        listed: list[tuple[PrincipalType, str]] = []
        for type_name, texts in value.items():
            type_ = _TYPES.get(type_name)
            if type_ is None:
                _refuse(
                    f"{type_name[:60]!r} is no principal type",
                    where,
                    "write AWS, Federated, Service or CanonicalUser",
                )
            listed.extend((type_, text) for text in self.texts(texts, f"{where}.{name}.{type_name}"))
        return PrincipalElement(listed, negated=negated)

    def conditions(self, value: Json, where: str) -> tuple[Condition, ...]:
        if not isinstance(value, dict):
            _refuse("Condition is no object", where)
        out = []
        for operator, keys in value.items():
            if parse_operator(operator) is None:
                _refuse(
                    f"{operator[:60]!r} is no condition operator",
                    where,
                    "check its spelling",
                    "condition-operator",
                )
            if not isinstance(keys, dict):
                _refuse(f"Condition.{operator} is no object of condition keys", where)
            for key, values in keys.items():
                texts = self.scalars(values, f"{where}.Condition.{operator}")
                out.append(compile_condition(operator, key, texts, self.variables))
        return tuple(out)

    def scalars(self, value: Json, where: str) -> tuple[str, ...]:
        """Texts, with numbers and booleans written as texts, as IAM takes them."""
        listed = value if isinstance(value, list) else (value,)
        self.count(len(listed), where)
        return tuple([_scalar(item, where) for item in listed])


def _scalar(value: Json, where: str) -> str:
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            _too_long(where)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    _refuse("a condition value is neither a text nor a number nor a boolean", where)


def _too_long(where: str) -> NoReturn:
    _refuse(
        f"a text has more than the {MAX_TEXT:,} characters that are read", where, "shorten it", "too-large"
    )
