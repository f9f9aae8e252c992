"""From what a grant gives to the values that a blueprint inserts: typed, checked, defaults filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xacct.blueprint.model import Blueprint, Grant, Parameter, ParameterType, Value, When
from xacct.blueprint.placeholders import Values, expand_all
from xacct.blueprint.reading import nearest
from xacct.blueprint.values import GENERATE, check_text
from xacct.blueprint.yaml_nodes import shorten
from xacct.errors import InputError, Problem
from xacct.iam.arn import Arn
from xacct.values import frozen

__all__ = ["Resolved", "holds", "is_required", "resolve", "value_problem"]

_ARN_TYPES = (ParameterType.ARN, ParameterType.PRINCIPAL_ARN, ParameterType.PRINCIPAL_PATTERN)


@frozen
class Resolved:
    """
    Values ready to be inserted.

    ``texts`` has every parameter, built-in and derived name (unset ones are empty); ``maps`` those of type
    map.
    """

    texts: Values
    maps: Mapping[str, Mapping[str, tuple[str, ...]]]


def holds(when: When, texts: Values) -> bool:
    """Tell whether every claim about the parameters holds."""
    for test in when:
        values = texts.get(test.parameter, ())
        if test.is_set is not None:
            if bool(values) is not test.is_set:
                return False
        elif not set(values) & set(test.values):
            return False
    return True


def is_required(parameter: Parameter, texts: Values) -> bool:
    """Tell whether a parameter needs a value, given the values of those above it."""
    return parameter.required or (bool(parameter.required_when) and holds(parameter.required_when, texts))


class _Resolver:
    def __init__(self, grant: Grant, blueprint: Blueprint, built_in: Values) -> None:
        self.grant = grant
        self.blueprint = blueprint
        self.texts: dict[str, tuple[str, ...]] = dict(built_in)
        self.maps: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self.problems: list[Problem] = []

    def problem(self, path: str, message: str, fix: str = "", code: str = "value") -> None:
        self.problems.append(Problem(message, self.grant.where(path), fix, code))

    def unknown(self) -> None:
        for name in self.grant.parameters:
            if name not in self.blueprint.parameters:
                known = ", ".join(self.blueprint.parameters)
                near = nearest(name, self.blueprint.parameters)
                fix = f"did you mean {near!r}?" if near else f"it has: {known}"
                self.problem(
                    f"parameters.{name}",
                    f"{shorten(name)!r} is no parameter of the blueprint {self.blueprint.name}",
                    fix,
                    "unknown-parameter",
                )

    def parameter(self, parameter: Parameter, load: Callable[[str], str]) -> None:
        name, given = parameter.name, self.grant.parameters.get(parameter.name)
        self.texts[name] = ()
        self.maps[name] = {}
        empty = given is not None and not given
        if empty:
            given = None
        if not holds(parameter.when, self.texts):
            if given is not None:
                self.problem(
                    f"parameters.{name}",
                    f"{name} has no effect here: it is for {_words(parameter.when)}",
                    "remove it, or change what it depends on",
                    "no-effect",
                )
            return
        if empty and not is_required(parameter, self.texts):
            # An unset shell variable must not turn "only these" into "everybody".
            self.problem(
                f"parameters.{name}",
                f"{name} is given and empty",
                "give a value, or leave it out to go without",
                "empty",
            )
            return
        if given is None:
            given = self.implied(parameter) or self.default(parameter)
        if given is None:
            if is_required(parameter, self.texts):
                self.missing(parameter)
            return
        self.take(parameter, given, load)

    def implied(self, parameter: Parameter) -> Value | None:
        """
        The value that others imply: ``environment`` is for ``trigger=environment``, so who gives the one need
        not give the other.
        """
        if parameter.type not in (ParameterType.CHOICE, ParameterType.LIST, ParameterType.BOOL):
            return None
        wanted = [
            test.values[0]
            for name in self.grant.parameters
            if name in self.blueprint.parameters
            for test in self.blueprint.parameters[name].when
            if test.parameter == parameter.name and len(test.values) == 1
        ]
        found = tuple(dict.fromkeys(wanted))
        if parameter.type is ParameterType.LIST:
            return found or None
        return found[0] if len(found) == 1 else None

    def default(self, parameter: Parameter) -> Value | None:
        match parameter.default:
            case None:
                return "false" if parameter.type is ParameterType.BOOL else None
            case str() as text:
                found = expand_all((text,), self.texts)
                return None if not found else found if parameter.type is ParameterType.LIST else found[0]
            case tuple() as texts:
                return expand_all(texts, self.texts) or None
            case other:
                return other

    def missing(self, parameter: Parameter) -> None:
        self.problem(
            "parameters",
            f"{parameter.name} is missing: {parameter.prompt}",
            parameter.missing or f"add parameters.{parameter.name}, or give --set {parameter.name}=VALUE",
            "missing-value",
        )

    def take(self, parameter: Parameter, given: Value, load: Callable[[str], str]) -> None:
        path = f"parameters.{parameter.name}"
        if parameter.type is ParameterType.MAP:
            self.take_map(parameter, given, path)
            return
        if isinstance(given, Mapping) or (
            isinstance(given, tuple) and parameter.type is not ParameterType.LIST
        ):
            kind = "a mapping" if isinstance(given, Mapping) else "a list"
            self.problem(path, f"{path} is {kind} where one {parameter.type.value} belongs", code="type")
            return
        listed = given if isinstance(given, tuple) else (given,)
        out: list[str] = []
        for index, text in enumerate(listed):
            inner = f"{path}.{index}" if isinstance(given, tuple) else path
            value = self.check(parameter, text, inner, load)
            if value is not None:
                out.append(value)
        self.texts[parameter.name] = tuple(dict.fromkeys(out))

    def take_map(self, parameter: Parameter, given: Value, path: str) -> None:
        if not isinstance(given, Mapping):
            self.problem(path, f"{path} is no mapping", f"write {parameter.name}: {{KEY: value}}", "type")
            return
        out: dict[str, tuple[str, ...]] = {}
        folded = {key.lower(): key for key in parameter.keys}
        for key, texts in given.items():
            inner = f"{path}.{key}"
            if parameter.keys and key.lower() not in folded:
                near = nearest(key, parameter.keys)
                fix = f"did you mean {near!r}?" if near else f"known are: {', '.join(parameter.keys)}"
                self.problem(inner, f"{shorten(key)!r} is no key of {parameter.name}", fix, "unknown-key")
                continue
            if not key or folded.get(key.lower(), key) in out:
                what = "is there twice; keys are alike in any case" if key else "is empty"
                self.problem(inner, f"the key {shorten(key)!r} of {parameter.name} {what}", code="key")
                continue
            checked = [self.check(parameter, text, inner, str) for text in texts]
            if not texts:
                self.problem(inner, f"{inner} has no value", "give a value", "empty")
            out[folded.get(key.lower(), key)] = tuple(text for text in checked if text is not None)
        self.maps[parameter.name] = out
        self.texts[parameter.name] = tuple(out)

    def check(self, parameter: Parameter, text: str, path: str, load: Callable[[str], str]) -> str | None:
        try:
            if parameter.generate and text == GENERATE:
                raise InputError(
                    "a grant file holds the external ID itself, not the wish to generate one",
                    fix="`xacct new` with --set external_id=generate writes one into the file",
                    code="external-id",
                )
            value = check_text(parameter, text)
            self.check_relations(parameter, value)
            return load(value) if parameter.type is ParameterType.SAML_METADATA else value
        except InputError as error:
            for problem in error.problems:
                self.problem(path, problem.message, problem.fix, problem.code)
            return None

    def check_relations(self, parameter: Parameter, value: str) -> None:
        problem = value_problem(parameter, value, self.texts)
        if problem is not None:
            raise InputError(problem)

    def derive(self) -> None:
        for name, alternatives in self.blueprint.derived.items():
            texts = [text for one in alternatives if holds(one.when, self.texts) for text in one.values]
            self.texts[name] = expand_all(texts, self.texts)


def value_problem(parameter: Parameter, value: str, texts: Values) -> Problem | None:
    """What is wrong with a value beside the others: the account or partition of an ARN, an equal account."""
    if parameter.other_than is not None and value in expand_all((parameter.other_than,), texts):
        # Errors show no external IDs.
        shown = (
            parameter.name if parameter.type is ParameterType.EXTERNAL_ID else f"{parameter.name} ({value})"
        )
        return Problem(
            f"{shown} is the same as {parameter.other_than.strip('{}')}",
            fix="`delegated` is the blueprint for colleagues in one account"
            if parameter.type is ParameterType.ACCOUNT_ID
            else "give another value",
            code="same-value",
        )
    kind = parameter.item if parameter.type is ParameterType.LIST else parameter.type
    if kind not in _ARN_TYPES:
        return None
    arn = Arn.parse(value)
    partition = next(iter(texts.get("partition", ())), arn.partition)
    if arn.partition != partition:
        return Problem(
            f"{value} is of the partition {arn.partition}; the role is of {partition} and cannot be reached",
            fix=f"name a principal of {partition}",
            code="partition",
        )
    accounts = expand_all((parameter.account,), texts) if parameter.account is not None else ()
    if accounts and arn.account not in accounts:
        return Problem(
            f"{value} is of account {arn.account}, not of {' or '.join(accounts)}",
            fix="correct the ARN or the account",
            code="other-account",
        )
    return None


def resolve(
    grant: Grant, blueprint: Blueprint, built_in: Values, load: Callable[[str], str]
) -> tuple[Resolved, list[Problem]]:
    """
    Type and check a grant's parameters by its blueprint.

    ``load`` turns what is given for SAML metadata, a path or the XML itself, into the XML. Answers with what
    could be resolved and every problem found.
    """
    resolver = _Resolver(grant, blueprint, built_in)
    resolver.unknown()
    for parameter in blueprint.parameters.values():
        resolver.parameter(parameter, load)
    if not resolver.problems:
        try:
            resolver.derive()
        except InputError as error:
            resolver.problems.extend(error.problems)
    return Resolved(resolver.texts, resolver.maps), resolver.problems


def _words(when: When) -> str:
    return " and ".join(
        f"{test.parameter}={'|'.join(test.values)}"
        if test.is_set is None
        else f"{test.parameter} {'set' if test.is_set else 'not set'}"
        for test in when
    )
