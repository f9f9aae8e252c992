"""
Condition operators: one line of a Condition block, compiled to a test of the request's context.

A line says: base operator, perhaps negated, perhaps with ``IfExists`` and a set qualifier. What varies
between operators is only which request values equal one of the policy's values (the *base test*); negation,
qualifiers, absent keys and unknown ones are the same for all. Sources: IAM User Guide,
reference_policies_elements_condition_operators and
reference_policies_condition-logic-multiple-context-keys-or-values.
"""

from __future__ import annotations

import operator as comparison
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from xacct.evaluate.model import ContextValue
from xacct.evaluate.patterns import any_pattern, escape_policy_text
from xacct.evaluate.scalars import (
    parse_address,
    parse_bool,
    parse_bytes,
    parse_date,
    parse_network,
    parse_number,
)
from xacct.evaluate.variables import Template, Unknown, Variable, parse_template, render

__all__ = ["Condition", "Operator", "Qualifier", "compile_condition", "every", "parse_operator", "some"]

Context: TypeAlias = Mapping[str, ContextValue]
BaseTest: TypeAlias = Callable[[str], bool]
MakeTest: TypeAlias = Callable[[Sequence[str]], BaseTest]
Test: TypeAlias = Callable[[ContextValue, Context, bool], bool | None]


class Qualifier(Enum):
    """How a line meets a key of several values."""

    NONE = ""
    FOR_ALL = "forallvalues:"
    FOR_ANY = "foranyvalue:"


class Family(NamedTuple):
    """
    What an operator compares. ``variables`` says whether policy variables work in its values; ``pattern``,
    whether its values are patterns.
    """

    make: MakeTest
    variables: bool = False
    pattern: bool = False


class Operator(NamedTuple):
    """``family`` is None for Null, which looks at presence alone."""

    family: Family | None
    negated: bool
    if_exists: bool
    qualifier: Qualifier


def _string_equals(values: Sequence[str]) -> BaseTest:
    return values[0].__eq__ if len(values) == 1 else frozenset(values).__contains__


def _string_equals_ignore_case(values: Sequence[str]) -> BaseTest:
    folded = frozenset(value.lower() for value in values)
    return lambda text: text.lower() in folded


def _arn_like(values: Sequence[str]) -> BaseTest:
    """Each of an ARN's six parts is matched alone; ArnEquals behaves alike."""
    patterns = [
        [any_pattern([part]) for part in parts]
        for parts in (value.split(":", 5) for value in values)
        if len(parts) == 6
    ]

    def test(text: str) -> bool:
        parts = text.split(":", 5)
        return len(parts) == 6 and any(
            all(matches(part) for matches, part in zip(pattern, parts, strict=True)) for pattern in patterns
        )

    return test


def _parsed_equals(parse: Callable[[str], Any]) -> MakeTest:
    def make(values: Sequence[str]) -> BaseTest:
        known = {parsed for parsed in map(parse, values) if parsed is not None}
        return lambda text: (parsed := parse(text)) is not None and parsed in known

    return make


def _ordered(parse: Callable[[str], Any], holds: Callable[[Any, Any], bool]) -> MakeTest:
    def make(values: Sequence[str]) -> BaseTest:
        limits = [parsed for parsed in map(parse, values) if parsed is not None]

        def test(text: str) -> bool:
            parsed = parse(text)
            return parsed is not None and any(holds(parsed, limit) for limit in limits)

        return test

    return make


def _ip_address(values: Sequence[str]) -> BaseTest:
    networks = [network for network in map(parse_network, values) if network is not None]

    def test(text: str) -> bool:
        address = parse_address(text)
        return address is not None and any(address in network for network in networks)

    return test


_STRING = Family(_string_equals, variables=True)
_STRING_FOLDED = Family(_string_equals_ignore_case, variables=True)
_STRING_LIKE = Family(any_pattern, variables=True, pattern=True)
_ARN = Family(_arn_like, variables=True, pattern=True)
_BOOL = Family(_parsed_equals(parse_bool), variables=True)
_BINARY = Family(_parsed_equals(parse_bytes))
_IP = Family(_ip_address)

_BASES: dict[str, tuple[Family | None, bool]] = {
    "null": (None, False),
    "stringequals": (_STRING, False),
    "stringnotequals": (_STRING, True),
    "stringequalsignorecase": (_STRING_FOLDED, False),
    "stringnotequalsignorecase": (_STRING_FOLDED, True),
    "stringlike": (_STRING_LIKE, False),
    "stringnotlike": (_STRING_LIKE, True),
    "arnequals": (_ARN, False),
    "arnlike": (_ARN, False),
    "arnnotequals": (_ARN, True),
    "arnnotlike": (_ARN, True),
    "bool": (_BOOL, False),
    "binaryequals": (_BINARY, False),
    "ipaddress": (_IP, False),
    "notipaddress": (_IP, True),
}
for _prefix, _parse in (("numeric", parse_number), ("date", parse_date)):
    _equals = Family(_parsed_equals(_parse))
    _BASES[f"{_prefix}equals"] = (_equals, False)
    _BASES[f"{_prefix}notequals"] = (_equals, True)
    _BASES[f"{_prefix}lessthan"] = (Family(_ordered(_parse, comparison.lt)), False)
    _BASES[f"{_prefix}lessthanequals"] = (Family(_ordered(_parse, comparison.le)), False)
    _BASES[f"{_prefix}greaterthan"] = (Family(_ordered(_parse, comparison.gt)), False)
    _BASES[f"{_prefix}greaterthanequals"] = (Family(_ordered(_parse, comparison.ge)), False)


@lru_cache(maxsize=512)
def parse_operator(text: str) -> Operator | None:
    """Read an operator's name, in any case; None when IAM knows no such operator."""
    name = text.lower()
    qualifier = Qualifier.NONE
    for candidate in (Qualifier.FOR_ALL, Qualifier.FOR_ANY):
        if name.startswith(candidate.value):
            qualifier = candidate
            name = name.removeprefix(candidate.value)
    base = name.removesuffix("ifexists")
    found = _BASES.get(base)
    if found is None or (base == "null" and (base != name or qualifier is not Qualifier.NONE)):
        return None
    return Operator(found[0], found[1], base != name, qualifier)


class Condition:
    """
    One compiled line: ``check`` tells whether a context meets it.

    ``absent`` is the answer for a key that the request does not have. A key with an empty list of values
    counts as absent, and for the set operators so does an empty text. ``needs`` are the keys that the line
    looks at, its own and those of its variables, in lower case.
    """

    __slots__ = ("_test", "absent", "key", "needs", "operator", "values", "written_key")

    def __init__(
        self,
        operator: str,
        key: str,
        values: tuple[str, ...],
        absent: bool,
        test: Test,
        variables: Iterable[str] = (),
    ) -> None:
        self.operator = operator
        self.written_key = key
        self.key = key.lower()
        self.values = values
        self.absent = absent
        self.needs = (self.key, *variables)
        self._test = test

    def check(self, context: Context, partial: bool) -> bool | None:
        """``context`` has lower-case keys. None: a key that is not known decides."""
        value = context.get(self.key)
        if value is None:
            return None if partial else self.absent
        if value == ():
            return self.absent
        return self._test(value, context, partial)


def compile_condition(operator: str, key: str, values: tuple[str, ...], variables: bool) -> Condition:
    """
    Compile one line. ``variables`` says whether the document's Version has policy variables.

    The operator has to be one that ``parse_operator`` knows.
    """
    parsed = parse_operator(operator)
    assert parsed is not None, operator
    if parsed.family is None:
        wanted = {parse_bool(value) for value in values}
        present = False in wanted
        return Condition(operator, key, values, True in wanted, lambda _value, _context, _partial: present)
    plain, templates = _split_values(parsed.family, values, variables)
    absent = _when_absent(parsed)
    static = parsed.family.make(plain)
    test = (
        _rendered_test(parsed, parsed.family, plain, templates) if templates else _static_test(parsed, static)
    )
    if parsed.qualifier is not Qualifier.NONE:
        test = _empty_is_absent(test, absent)
    names = [part.key for template in templates for part in template if isinstance(part, Variable)]
    return Condition(operator, key, values, absent, test, names)


def _when_absent(operator: Operator) -> bool:
    if operator.if_exists or operator.qualifier is Qualifier.FOR_ALL:
        return True
    return operator.negated and operator.qualifier is Qualifier.NONE


def _split_values(
    family: Family, values: tuple[str, ...], variables: bool
) -> tuple[list[str], list[Template]]:
    """The values that are the same for every request, and those that hold variables."""
    plain: list[str] = []
    templates: list[Template] = []
    for value in values:
        template = parse_template(value) if variables and "${" in value and family.variables else None
        if template is None:
            plain.append(escape_policy_text(value) if family.pattern else value)
        else:
            templates.append(template)
    return plain, templates


def _empty_is_absent(test: Test, absent: bool) -> Test:
    """To a set operator an empty text is an empty set (reference_policies_multi-value-conditions)."""

    def guarded(value: ContextValue, context: Context, partial: bool) -> bool | None:
        return absent if value in ("", ("",)) else test(value, context, partial)

    return guarded


def _static_test(operator: Operator, base: BaseTest) -> Callable[[ContextValue, Context, bool], bool | None]:
    negated = operator.negated
    match operator.qualifier:
        case Qualifier.NONE:
            # A multivalued key without qualifier: one value that matches suffices, negated none may match.
            def single(value: ContextValue, _context: Context, _partial: bool) -> bool:
                found = base(value) if isinstance(value, str) else any(map(base, value))
                return found is not negated

            return single
        case Qualifier.FOR_ANY:
            return lambda value, _context, _partial: any(base(one) is not negated for one in _several(value))
        case Qualifier.FOR_ALL:
            return lambda value, _context, _partial: all(base(one) is not negated for one in _several(value))


def _several(value: ContextValue) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _rendered_test(operator: Operator, family: Family, plain: list[str], templates: list[Template]) -> Test:
    """The values depend on the request: render them, then test; an unknown value can only add matches."""

    def test(value: ContextValue, context: Context, partial: bool) -> bool | None:
        rendered = [
            render(template, context, partial=partial, pattern=family.pattern) for template in templates
        ]
        texts = [text for text in rendered if isinstance(text, str)]
        unknown = any(isinstance(text, Unknown) for text in rendered)
        base = family.make(plain + texts)
        answers = [True if base(one) else (None if unknown else False) for one in _several(value)]
        if operator.qualifier is Qualifier.NONE:
            found = some(answers)
            return None if found is None else found is not operator.negated
        signed = [None if answer is None else answer is not operator.negated for answer in answers]
        return some(signed) if operator.qualifier is Qualifier.FOR_ANY else every(signed)

    return test


def some(answers: Iterable[bool | None]) -> bool | None:
    """Three-valued or."""
    known: bool | None = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            known = None
    return known


def every(answers: Iterable[bool | None]) -> bool | None:
    """Three-valued and."""
    known: bool | None = True
    for answer in answers:
        if answer is None:
            known = None
        elif not answer:
            return False
    return known
