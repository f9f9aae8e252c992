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
_Key: TypeAlias = tuple[bytes, bool]
_cache: dict[_Key, CompiledDocument] = {}
_seen: set[_Key] = set()


def compile_document(value: Json, kind: Kind, where: str = "policy") -> CompiledDocument:
    """Compile a document from parsed JSON. Raises InputError, with the place, for what IAM would refuse."""
    try:
        key = (marshal.dumps(value, 2), kind is Kind.RESOURCE)
    except ValueError:
        _refuse("the policy is nested too deeply", where, "a policy has no more than five levels", "nesting")
    found = _cache.get(key)
    if found is None:
        found = _compile(value, kind, where)
        if len(key[0]) <= _CACHE_TEXT:
            _keep(key, found)
    return found


def _keep(key: _Key, document: CompiledDocument) -> None:
    """Keep what comes a second time: a stream of ever new policies leaves no compiled ones behind."""
    if key in _seen:
        if len(_cache) >= _CACHE_ENTRIES:
            _cache.clear()
        _cache[key] = document
        return
    if len(_seen) >= _CACHE_ENTRIES:
        _seen.clear()
    _seen.add(key)


def _refuse(message: str, where: str, fix: str = "", code: str = "policy") -> NoReturn:
    raise InputError(f"{where}: {message}", where=where, fix=fix, code=code)


def _compile(value: Json, kind: Kind, where: str) -> CompiledDocument:
    if not isinstance(value, dict):
        _refuse("a policy is a JSON object", where, 'write {"Version": "2012-10-17", "Statement": [...]}')
    if not value.keys() <= _TOP_ELEMENTS:
        extra = min(value.keys() - _TOP_ELEMENTS)
        _refuse(f"{extra[:60]!r} is no element of a policy", where, "keep Version, Id and Statement only")
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
    reader = _Reader(kind, version == CURRENT_VERSION, where)
    statements = tuple([reader.statement(raw, index) for index, raw in enumerate(listed)])
    return CompiledDocument(
        statements,
        tuple([statement for statement in statements if statement.allow]),
        tuple([statement for statement in statements if not statement.allow]),
    )


_TOP_ELEMENTS = frozenset({"Version", "Id", "Statement"})
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
    """Reads the statements of one document, knowing where it is and counting the texts of its lists."""

    __slots__ = ("_index", "_kind", "_texts_left", "_variables", "_where")

    def __init__(self, kind: Kind, variables: bool, where: str) -> None:
        self._kind = kind
        self._variables = variables
        self._where = where
        self._index = 0
        self._texts_left = MAX_VALUES

    def statement(self, raw: Json, index: int) -> Statement:
        self._index = index
        if not isinstance(raw, dict):
            self.refuse("", "a statement is an object")
        if not raw.keys() <= _ELEMENTS:
            extra = min(raw.keys() - _ELEMENTS)
            self.refuse("", f"{extra[:60]!r} is no element of a statement", "check its spelling and case")
        effect = raw.get("Effect")
        if effect != "Allow" and effect != "Deny":
            self.refuse("Effect", "Effect is neither Allow nor Deny", 'write "Allow" or "Deny", in this case')
        sid = raw.get("Sid")
        if sid is not None and not isinstance(sid, str):
            self.refuse("Sid", "Sid is no text")
        allow = effect == "Allow"
        actions, not_action = self.pair(raw, "Action", "NotAction")
        if actions is None:
            self.refuse("", "the statement has neither Action nor NotAction")
        condition = raw.get("Condition")
        return Statement(
            index,
            sid,
            allow,
            actions,
            not_action,
            self.resource(raw, allow),
            self.principal(raw),
            () if condition is None else self.conditions(condition),
        )

    def refuse(self, element: str, message: str, fix: str = "", code: str = "policy") -> NoReturn:
        path = f"{self._where}.Statement[{self._index}]" + (f".{element}" if element else "")
        _refuse(message, path, fix, code)

    def pair(self, raw: dict[str, Json], name: str, not_name: str) -> tuple[tuple[str, ...] | None, bool]:
        """Read an element or its negation; IAM takes one of them."""
        if name in raw:
            if not_name in raw:
                self.refuse("", f"the statement has both {name} and {not_name}", "keep one of them")
            return self.texts(raw[name], name), False
        if not_name in raw:
            return self.texts(raw[not_name], not_name), True
        return None, False

    def texts(self, value: Json, element: str) -> tuple[str, ...]:
        """A text or a list of at least one."""
        if isinstance(value, str):
            value = (value,)
        elif not isinstance(value, list) or not value:
            self.refuse(element, "a text or a list of texts belongs here")
        else:
            self.count(len(value), element)
        for text in value:
            if not isinstance(text, str):
                self.refuse(element, "the list holds something that is no text")
            if len(text) > MAX_TEXT:
                self.too_long(element)
        return tuple(value)

    def count(self, texts: int, element: str) -> None:
        self._texts_left -= texts
        if self._texts_left < 0:
            self.refuse(
                element,
                f"the policy has more than the {MAX_VALUES:,} values that are read",
                "split the policy; IAM takes no document of this size",
                "too-large",
            )

    def too_long(self, element: str) -> NoReturn:
        message = f"a text has more than the {MAX_TEXT:,} characters that are read"
        self.refuse(element, message, "shorten it", "too-large")

    def resource(self, raw: dict[str, Json], allow: bool) -> ResourceElement | None:
        written, negated = self.pair(raw, "Resource", "NotResource")
        if written is not None:
            return ResourceElement(written, negated=negated, allow=allow, variables=self._variables)
        if self._kind is Kind.IDENTITY:
            message = "the statement has neither Resource nor NotResource"
            self.refuse("", message, 'write "Resource": "*" or an ARN')
        return None

    def principal(self, raw: dict[str, Json]) -> PrincipalElement | None:
        negated = "NotPrincipal" in raw
        name = "NotPrincipal" if negated else "Principal"
        if name not in raw:
            if self._kind is Kind.RESOURCE:
                self.refuse("", "the statement has no Principal", "name who it is about")
            return None
        if self._kind is Kind.IDENTITY:
            self.refuse(name, f"{name} has no place in this type of policy", f"take {name} out")
        if negated and "Principal" in raw:
            self.refuse("", "the statement has both Principal and NotPrincipal", "keep one of them")
        value = raw[name]
        if value == "*":
            return PrincipalElement([(PrincipalType.ANYONE, "*")], negated=negated)
        if not isinstance(value, dict) or not value:
            fix = 'write {"AWS": "arn:aws:iam::111122223333:root"} or the like'
            self.refuse(name, f"{name} is no object", fix)
        return PrincipalElement(self.listed(value, name), negated=negated)

    def listed(self, value: dict[str, Json], name: str) -> list[tuple[PrincipalType, str]]:
        listed: list[tuple[PrincipalType, str]] = []
        for type_name, texts in value.items():
            type_ = _TYPES.get(type_name)
            if type_ is None:
                fix = "write AWS, Federated, Service or CanonicalUser"
                self.refuse(name, f"{type_name[:60]!r} is no principal type", fix)
            listed.extend([(type_, text) for text in self.texts(texts, name)])
        return listed

    def conditions(self, value: Json) -> tuple[Condition, ...]:
        if not isinstance(value, dict):
            self.refuse("Condition", "Condition is no object")
        out: list[Condition] = []
        for operator, keys in value.items():
            if parse_operator(operator) is None:
                message = f"{operator[:60]!r} is no condition operator"
                self.refuse("Condition", message, "check its spelling", "condition-operator")
            if not isinstance(keys, dict):
                self.refuse("Condition", f"{operator} is no object of condition keys")
            for key, values in keys.items():
                out.append(compile_condition(operator, key, self.scalars(values), self._variables))
        return tuple(out)

    def scalars(self, value: Json) -> tuple[str, ...]:
        """Texts, with numbers and booleans written as texts, as IAM takes them."""
        if isinstance(value, list):
            self.count(len(value), "Condition")
            return tuple([self.scalar(item) for item in value])
        return (self.scalar(value),)

    def scalar(self, value: Json) -> str:
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                self.too_long("Condition")
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, (int, float)):
            self.refuse("Condition", "a condition value is neither a text nor a number nor a boolean")
        return str(value)
