"""The statements of a blueprint, and the conditions that they share."""

from __future__ import annotations

import re

from xacct.blueprint.model import ConditionTemplate, ParameterType, StatementTemplate
from xacct.blueprint.reading import suggest
from xacct.blueprint.template_nodes import TemplateReader
from xacct.blueprint.yaml_nodes import MappingNode, Node, shorten
from xacct.errors import InputError
from xacct.iam.policy import Effect, PrincipalType

__all__ = ["CONDITION_KEYS", "STATEMENT_KEYS", "StatementReader"]

STATEMENT_KEYS = ("Sid", "Effect", "Principal", "Action", "Resource", "conditions", "why", "when")
CONDITION_KEYS = ("operator", "key", "values", "why", "when", "each", "only")


class StatementReader(TemplateReader):
    def statements(self, node: Node | None, path: str, *, trust: bool) -> tuple[StatementTemplate, ...]:
        if node is None:
            return ()
        found = tuple(self.statement(item, inner, trust) for inner, item in self.items(node, path))
        sids = [statement.sid for statement in found]
        for sid in sorted({sid for sid in sids if sids.count(sid) > 1}):
            self.problem(
                node, path, f"two statements have the Sid {sid!r}", "name them apart", "duplicate-sid"
            )
        return found

    def statement(self, node: Node, path: str, trust: bool) -> StatementTemplate:
        keys = self.mapping(node, path, STATEMENT_KEYS, "a statement")
        for key in ("Sid", "Action", "Principal" if trust else "Resource"):
            if key not in keys:
                self.problem(node, path, f"the statement has no {key}", f"add `{key}: …`", "missing-key")
        wrong = "Resource" if trust else "Principal"
        if wrong in keys:
            self.problem(node, path, f"{wrong} has no place in this policy", "remove it", "statement")
        return StatementTemplate(
            sid=self.typed(keys.get("Sid"), f"{path}.Sid", _check_sid) or "",
            effect=self.typed(keys.get("Effect"), f"{path}.Effect", _check_effect) or Effect.ALLOW,
            principals=self.principals(keys.get("Principal"), f"{path}.Principal"),
            actions=self.templates(keys.get("Action"), f"{path}.Action"),
            resources=self.templates(keys.get("Resource"), f"{path}.Resource"),
            conditions=self.conditions(keys.get("conditions"), f"{path}.conditions"),
            why=self.text(keys.get("why"), f"{path}.why") or "",
            when=self.when(keys.get("when"), f"{path}.when"),
            place=node.place,
        )

    def principals(self, node: Node | None, path: str) -> tuple[tuple[PrincipalType, tuple[str, ...]], ...]:
        if node is None:
            return ()
        kinds = {kind.value: kind for kind in PrincipalType if kind is not PrincipalType.ANYONE}
        found = self.mapping(node, path, tuple(kinds), "Principal")
        return tuple(
            (kinds[kind], self.templates(value, f"{path}.{kind}"))
            for kind, value in found.items()
            if kind in kinds
        )

    def read_guards(self, node: Node | None) -> None:
        """Lists of conditions by name, for statements that share them."""
        if node is not None:
            for name, value in self.mapping(node, "guards", None, "guards").items():
                self.guards[name] = self.conditions(value, f"guards.{name}")

    def conditions(self, node: Node | None, path: str) -> tuple[ConditionTemplate, ...]:
        out: list[ConditionTemplate] = []
        for inner, item in self.items(node, path) if node is not None else ():
            name = item.get("use") if isinstance(item, MappingNode) else None
            if name is None:
                out.append(self.condition(item, inner))
                continue
            text = self.text(name, f"{inner}.use") or ""
            if text not in self.guards:
                fix = suggest(text, self.guards)
                self.problem(name, inner, f"{shorten(text)!r} names no guards", fix, "unknown-guards")
            self.mapping(item, inner, ("use",), "a reference to guards")
            out.extend(self.guards.get(text, ()))
        return tuple(out)

    def condition(self, node: Node, path: str) -> ConditionTemplate:
        keys = self.mapping(node, path, CONDITION_KEYS, "a condition")
        for key in ("operator", "key", "values"):
            if key not in keys:
                self.problem(node, path, f"the condition has no {key}", f"add `{key}: …`", "missing-key")
        each = self.text(keys.get("each"), f"{path}.each")
        if each is not None and (each not in self.types or self.types[each].type is not ParameterType.MAP):
            self.problem(
                node, f"{path}.each", f"{each!r} is no parameter of type map", code="unknown-parameter"
            )
        more = ("key", "value") if each is not None else ()
        return ConditionTemplate(
            operator=self.text(keys.get("operator"), f"{path}.operator") or "",
            key=next(iter(self.templates(keys.get("key"), f"{path}.key", more)), ""),
            values=self.templates(keys.get("values"), f"{path}.values", more),
            why=self.text(keys.get("why"), f"{path}.why") or "",
            when=self.when(keys.get("when"), f"{path}.when"),
            each=each,
            only=self.texts(keys.get("only"), f"{path}.only"),
        )


def _check_effect(text: str) -> Effect:
    if text in ("Allow", "Deny"):
        return Effect(text)
    raise InputError(f"Effect is {shorten(text)!r}", fix="write Allow or Deny", code="effect")


def _check_sid(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]{1,64}", text):
        return text
    raise InputError(f"{shorten(text)!r} is no Sid", fix="letters and digits only", code="sid")
