"""The parameters of a blueprint: what it asks for."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from xacct.blueprint.grant_nodes import GRANT_KEYS
from xacct.blueprint.model import Choice, Parameter, ParameterType, Together, Value
from xacct.blueprint.reading import parse_bool, suggest
from xacct.blueprint.template_nodes import BUILT_IN, TemplateReader
from xacct.blueprint.values import check_text
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, SequenceNode, shorten
from xacct.errors import InputError

__all__ = ["PARAMETER_KEYS", "TOGETHER_KEYS", "ParameterReader"]

PARAMETER_KEYS = (
    "type",
    "prompt",
    "help",
    "required",
    "default",
    "choices",
    "pattern",
    "pattern_help",
    "item",
    "keys",
    "account",
    "other_than",
    "when",
    "advanced",
    "generate",
    "missing",
    "examples",
)
TOGETHER_KEYS = ("prompt", "help", "pattern", "pattern_help", "examples")


class ParameterReader(TemplateReader):
    def parameters(self, node: Node | None) -> dict[str, Parameter]:
        if node is None:
            return {}
        found = self.mapping(node, "parameters", None, "parameters")
        out: dict[str, Parameter] = {}
        for name, value in found.items():
            path = f"parameters.{name}"
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
                self.problem(
                    value,
                    path,
                    f"{shorten(name)!r} is no name for a parameter",
                    "a-z, 0-9 and _",
                    "parameter",
                )
            elif name in GRANT_KEYS or name in BUILT_IN:
                self.problem(
                    value, path, f"{name!r} is a key of every grant", "choose another name", "parameter"
                )
            # What a parameter refers to stands above it: questions are asked in this order.
            out[name] = self.types[name] = self.parameter(name, value)
            self.known.add(name)
        return out

    def parameter(self, name: str, node: Node) -> Parameter:
        path = f"parameters.{name}"
        keys = self.mapping(node, path, PARAMETER_KEYS, "a parameter")
        if "type" not in keys:
            self.problem(node, path, "the parameter has no type", "add `type: text`", "missing-key")
        if "prompt" not in keys:
            self.problem(
                node, path, "the parameter has no prompt", "add `prompt:` with the question", "missing-key"
            )

        def yes(key: str) -> bool:
            return self.typed(keys.get(key), f"{path}.{key}", parse_bool) or False

        parameter = Parameter(
            name=name,
            type=self.typed(keys.get("type"), f"{path}.type", _check_type) or ParameterType.TEXT,
            prompt=self.text(keys.get("prompt"), f"{path}.prompt") or name,
            help=self.text(keys.get("help"), f"{path}.help") or "",
            **self.required(keys.get("required"), f"{path}.required"),
            default=self.value(keys.get("default"), f"{path}.default"),
            choices=self.choices(keys.get("choices"), f"{path}.choices"),
            pattern=self.typed(keys.get("pattern"), f"{path}.pattern", _check_regex),
            pattern_help=self.text(keys.get("pattern_help"), f"{path}.pattern_help") or "",
            item=self.typed(keys.get("item"), f"{path}.item", _check_type) or ParameterType.TEXT,
            keys=self.texts(keys.get("keys"), f"{path}.keys"),
            account=self.template(keys.get("account"), f"{path}.account"),
            other_than=self.template(keys.get("other_than"), f"{path}.other_than"),
            when=self.when(keys.get("when"), f"{path}.when"),
            advanced=yes("advanced"),
            generate=yes("generate"),
            missing=self.text(keys.get("missing"), f"{path}.missing") or "",
            examples=self.texts(keys.get("examples"), f"{path}.examples"),
        )
        self.check_parameter(parameter, node, path)
        return parameter

    def required(self, node: Node | None, path: str) -> dict[str, Any]:
        """Yes or no, or a condition on the parameters above."""
        if isinstance(node, MappingNode):
            return {"required_when": self.when(node, path)}
        return {"required": self.typed(node, path, parse_bool) or False}

    def check_parameter(self, parameter: Parameter, node: Node, path: str) -> None:
        if parameter.type is ParameterType.CHOICE and not parameter.choices:
            self.problem(node, path, "a choice has no choices", "add `choices:`", "missing-key")
        if parameter.generate and parameter.type is not ParameterType.EXTERNAL_ID:
            self.problem(node, path, "only an external ID can be generated", "remove `generate`", "parameter")
        if parameter.item in (ParameterType.LIST, ParameterType.MAP):
            self.problem(node, path, "a list holds single values", "choose another `item`", "parameter")
        if isinstance(parameter.default, str) and "{{" not in parameter.default:
            try:
                check_text(parameter, parameter.default)
            except InputError as error:
                for problem in error.problems:
                    self.problem(node, f"{path}.default", problem.message, problem.fix, problem.code)

    def together(self, node: Node | None) -> tuple[Together, ...]:
        """Questions for several parameters at once; their patterns' groups are names of parameters."""
        if node is None:
            return ()
        found = [self.one_together(item, path) for path, item in self.items(node, "together")]
        return tuple(one for one in found if one is not None)

    def one_together(self, node: Node, path: str) -> Together | None:
        keys = self.mapping(node, path, TOGETHER_KEYS, "a question")
        prompt = self.text(keys.get("prompt"), f"{path}.prompt")
        pattern = self.typed(keys.get("pattern"), f"{path}.pattern", _check_regex)
        if prompt is None or pattern is None:
            self.problem(node, path, "the question has no prompt or no pattern", "add both", "missing-key")
            return None
        groups = re.compile(pattern).groupindex
        for name in groups:
            if name not in self.types:
                self.problem(
                    keys["pattern"],
                    f"{path}.pattern",
                    f"the group {name!r} names no parameter",
                    suggest(name, tuple(self.types)),
                    "parameter",
                )
        if not groups:
            self.problem(
                keys["pattern"], f"{path}.pattern", "no group has a name", "write (?P<NAME>…)", "pattern"
            )
        return Together(
            prompt=prompt,
            pattern=pattern,
            help=self.text(keys.get("help"), f"{path}.help") or "",
            pattern_help=self.text(keys.get("pattern_help"), f"{path}.pattern_help") or "",
            examples=self.texts(keys.get("examples"), f"{path}.examples"),
        )

    def choices(self, node: Node | None, path: str) -> tuple[Choice, ...]:
        """A list of values, or a mapping of values to their titles."""
        if isinstance(node, MappingNode):
            pairs = self.mapping(node, path)
            return tuple(Choice(key, self.text(value, f"{path}.{key}") or "") for key, value in pairs.items())
        return tuple(Choice(text) for text in self.texts(node, path))

    def value(self, node: Node | None, path: str) -> Value | None:
        match node:
            case None:
                return None
            case Scalar(text=text):
                self.check_placeholders((text,), node, path)
                return text
            case SequenceNode():
                return self.templates(node, path)
            case MappingNode():
                return MappingProxyType(self.text_map(node, path, path))


def _check_type(text: str) -> ParameterType:
    known = [kind.value for kind in ParameterType]
    if text in known:
        return ParameterType(text)
    raise InputError(f"{shorten(text)!r} is no type of parameter", fix=suggest(text, known), code="type")


def _check_regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(
            f"the pattern is no regular expression: {error}", fix="see Python's re", code="pattern"
        ) from None
    return text
