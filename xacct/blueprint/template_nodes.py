"""What the parts of a blueprint share: placeholders that must name something, and ``when``."""

from __future__ import annotations

from collections.abc import Iterable

from xacct.blueprint.model import Alternative, ConditionTemplate, Parameter, ParameterType, Test, When
from xacct.blueprint.placeholders import names_in
from xacct.blueprint.reading import Reader, parse_bool, suggest
from xacct.blueprint.values import check_text
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, shorten
from xacct.errors import InputError

__all__ = ["BUILT_IN", "TemplateReader"]

BUILT_IN = (
    "account",
    "partition",
    "grant",
    "role_name",
    "role_path",
    "role_arn",
    "dns_suffix",
    "signin_host",
    "sts_audience",
)
"""Names that every blueprint may use in placeholders beside its own parameters."""


class TemplateReader(Reader):
    """Knows the names that were read so far: what stands below may use them."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file
        self.known: set[str] = set(BUILT_IN)
        self.types: dict[str, Parameter] = {}
        self.derived_names: set[str] = set()
        self.guards: dict[str, tuple[ConditionTemplate, ...]] = {}

    def when(self, node: Node | None, path: str) -> When:
        if node is None:
            return ()
        out: list[Test] = []
        for name, wanted in self.mapping(node, path, None, "when").items():
            if name not in self.types and name not in self.derived_names:
                fix = suggest(name, [*self.types, *self.derived_names])
                self.problem(wanted, path, f"{shorten(name)!r} names no parameter", fix, "unknown-parameter")
                continue
            inner = f"{path}.{name}"
            if isinstance(wanted, MappingNode):
                keys = self.mapping(wanted, inner, ("set",), "a condition")
                out.append(
                    Test(name, is_set=self.typed(keys.get("set"), f"{inner}.set", parse_bool) or False)
                )
            else:
                out.append(Test(name, values=self.test_values(name, wanted, inner)))
        return tuple(out)

    def test_values(self, name: str, node: Node, path: str) -> tuple[str, ...]:
        """The values that a parameter is compared with, in the form that its own value will have."""
        parameter = self.types.get(name)
        texts = self.texts(node, path)
        if parameter is None or not (parameter.choices or parameter.type is ParameterType.BOOL):
            return texts
        out: list[str] = []
        for text in texts:
            try:
                out.append(check_text(parameter, text))
            except InputError as error:
                self.problem(node, path, error.problems[0].message, error.problems[0].fix, "value")
        return tuple(out)

    def check_placeholders(
        self, texts: Iterable[str], node: Node, path: str, more: Iterable[str] = ()
    ) -> None:
        known = self.known | set(more)
        for text in texts:
            try:
                names = names_in(text)
            except InputError as error:
                self.problem(node, path, error.problems[0].message, error.problems[0].fix, "placeholder")
                continue
            for name in names:
                if name not in known:
                    fix = suggest(name, sorted(known))
                    self.problem(node, path, f"{{{{{name}}}}} names no parameter", fix, "unknown-parameter")

    def template(self, node: Node | None, path: str) -> str | None:
        text = self.text(node, path)
        if node is not None and text is not None:
            self.check_placeholders((text,), node, path)
        return text

    def templates(self, node: Node | None, path: str, more: Iterable[str] = ()) -> tuple[str, ...]:
        texts = self.texts(node, path)
        if node is not None:
            self.check_placeholders(texts, node, path, more)
        return texts

    def derived(self, node: Node | None) -> dict[str, tuple[Alternative, ...]]:
        if node is None:
            return {}
        out: dict[str, tuple[Alternative, ...]] = {}
        for name, value in self.mapping(node, "derived", None, "derived").items():
            path = f"derived.{name}"
            if name in self.known:
                self.problem(
                    value, path, f"{name!r} is a parameter already", "choose another name", "parameter"
                )
            out[name] = tuple(self.alternative(item, inner) for inner, item in self.items(value, path))
            # Only names above can be used below, so there are no cycles.
            self.known.add(name)
            self.derived_names.add(name)
        return out

    def alternative(self, node: Node, path: str) -> Alternative:
        if isinstance(node, Scalar):
            return Alternative(self.templates(node, path))
        keys = self.mapping(node, path, ("value", "when"), "an alternative")
        if "value" not in keys:
            self.problem(node, path, "the alternative has no value", "add `value: …`", "missing-key")
        return Alternative(
            self.templates(keys.get("value"), f"{path}.value"), self.when(keys.get("when"), f"{path}.when")
        )
