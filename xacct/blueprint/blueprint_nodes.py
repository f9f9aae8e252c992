"""
From nodes to a blueprint, with everything checked that can be checked without values.

A placeholder that names nothing, a ``when`` on a parameter that is not there, an unknown type or key: all are
told at once, each with its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType

from xacct.blueprint.model import Blueprint, Given, Intent, Note, ParameterType, ThingTemplate
from xacct.blueprint.parameter_nodes import ParameterReader
from xacct.blueprint.reading import parse_bool, suggest
from xacct.blueprint.statement_nodes import StatementReader
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, parse_yaml, shorten
from xacct.errors import InputError
from xacct.iam.things import ThingType

__all__ = ["BLUEPRINT_KEYS", "ROLE_KEYS", "THING_FIELDS", "check_blueprint_name", "parse_blueprint"]

BLUEPRINT_KEYS = (
    "name",
    "title",
    "summary",
    "intent",
    "parameters",
    "together",
    "derived",
    "guards",
    "role",
    "trust",
    "things",
    "notes",
    "handoff",
)
ROLE_KEYS = ("when", "trust", "policies", "attached")
THING_FIELDS: Mapping[ThingType, tuple[str, ...]] = {
    ThingType.SAML_PROVIDER: ("name", "metadata"),
    ThingType.OIDC_PROVIDER: ("url", "client_ids", "thumbprints"),
    ThingType.GROUP: ("name", "holds_permissions"),
    ThingType.GROUP_MEMBER: ("group", "user"),
    ThingType.USER: ("name", "path"),
    ThingType.MANAGED_POLICY: ("name", "description", "statements"),
}
OPTIONAL_FIELDS = {"thumbprints", "path", "description", "holds_permissions"}


def parse_blueprint(text: str, file: str, source: str | None = None) -> Blueprint:
    """
    Read one blueprint.

    ``source`` tells where it came from; the file's path when None. Raises InputError with every problem.
    """
    documents = parse_yaml(text, file)
    if len(documents) != 1:
        raise InputError(
            f"{file} holds {len(documents)} documents where one blueprint belongs",
            where=file,
            fix="`xacct blueprints new NAME` starts a blueprint",
            code="no-blueprint",
        )
    reader = _BlueprintReader(file)
    blueprint = reader.blueprint(documents[0], source or file, hashlib.sha256(text.encode()).hexdigest())
    reader.finish()
    return blueprint


class _BlueprintReader(ParameterReader, StatementReader):
    def blueprint(self, node: Node, source: str, digest: str) -> Blueprint:
        keys = self.mapping(node, "", BLUEPRINT_KEYS, "a blueprint")
        role_node = keys.get("role")
        has_given = isinstance(role_node, MappingNode) and role_node.get("trust") is not None
        for key in ("name", "title", "summary", "intent", *(() if has_given else ("trust",))):
            if key not in keys and isinstance(node, MappingNode):
                self.problem(node, key, f"the blueprint has no {key}", f"add `{key}: …`", "missing-key")
        parameters = self.parameters(keys.get("parameters"))
        derived = self.derived(keys.get("derived"))
        self.read_guards(keys.get("guards"))
        role = self.mapping(keys["role"], "role", ROLE_KEYS, "role") if "role" in keys else {}
        given = self.given(role)
        return Blueprint(
            name=self.typed(keys.get("name"), "name", check_blueprint_name) or "",
            title=self.text(keys.get("title"), "title") or "",
            summary=self.text(keys.get("summary"), "summary") or "",
            intent=self.typed(keys.get("intent"), "intent", _check_intent) or Intent.ANOTHER_ACCOUNT,
            parameters=MappingProxyType(parameters),
            derived=MappingProxyType(derived),
            trust=self.statements(keys.get("trust"), "trust", trust=True),
            things=self.things(keys.get("things")),
            together=self.together(keys.get("together")),
            role_when=self.when(role.get("when"), "role.when"),
            given=given,
            notes=self.notes(keys.get("notes"), "notes"),
            handoff=self.notes(keys.get("handoff"), "handoff"),
            source=source,
            digest=digest,
        )

    def given(self, role: Mapping[str, Node]) -> Given | None:
        """The parameters that hold the role's documents, where the grant gives them whole."""
        names = {key: self.text(role.get(key), f"role.{key}") for key in ROLE_KEYS[1:]}
        wanted = {"trust": None, "policies": ParameterType.MAP, "attached": ParameterType.LIST}
        for key, name in names.items():
            parameter = self.types.get(name) if name is not None else None
            if name is not None and (
                parameter is None or parameter.type is not (wanted[key] or ParameterType.POLICY)
            ):
                kind = (wanted[key] or ParameterType.POLICY).value
                self.problem(
                    role[key], f"role.{key}", f"{shorten(name)!r} is no parameter of type {kind}", code="type"
                )
        trust = names["trust"]
        return Given(trust, names["policies"], names["attached"]) if trust is not None else None

    def things(self, node: Node | None) -> tuple[ThingTemplate, ...]:
        if node is None:
            return ()
        found = [self.thing(item, inner) for inner, item in self.items(node, "things")]
        return tuple(thing for thing in found if thing is not None)

    def thing(self, node: Node, path: str) -> ThingTemplate | None:
        raw = self.mapping(node, path)
        kind = self.typed(raw.get("type"), f"{path}.type", _check_thing_type)
        if kind is None:
            if "type" not in raw:
                self.problem(node, path, "the thing has no type", "add `type: …`", "missing-key")
            return None
        fields = THING_FIELDS[kind]
        keys = self.mapping(node, path, ("type", "account", "why", "when", *fields), f"a {kind.value}")
        for key in fields:
            if key not in keys and key not in OPTIONAL_FIELDS:
                self.problem(node, path, f"the {kind.value} has no {key}", f"add `{key}: …`", "missing-key")
        texts = [key for key in fields if key in keys and key not in ("statements", "holds_permissions")]
        holds = self.typed(keys.get("holds_permissions"), f"{path}.holds_permissions", parse_bool)
        return ThingTemplate(
            type=kind,
            fields=MappingProxyType({key: self.templates(keys[key], f"{path}.{key}") for key in texts}),
            statements=self.statements(keys.get("statements"), f"{path}.statements", trust=False),
            account=self.template(keys.get("account"), f"{path}.account"),
            holds_permissions=holds or False,
            why=self.text(keys.get("why"), f"{path}.why") or "",
            when=self.when(keys.get("when"), f"{path}.when"),
            place=node.place,
        )

    def notes(self, node: Node | None, path: str) -> tuple[Note, ...]:
        if node is None:
            return ()
        out: list[Note] = []
        for inner, item in self.items(node, path):
            if isinstance(item, Scalar):
                out.append(Note(next(iter(self.templates(item, inner)), "")))
                continue
            keys = self.mapping(item, inner, ("text", "when"), "a note")
            text = self.template(keys.get("text"), f"{inner}.text") or ""
            out.append(Note(text, self.when(keys.get("when"), f"{inner}.when")))
        return tuple(out)


def check_blueprint_name(text: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9-]{0,62}", text):
        return text
    raise InputError(
        f"{shorten(text)!r} is no name for a blueprint",
        fix="a-z, 0-9 and -, a letter first",
        code="blueprint-name",
    )


def _check_intent(text: str) -> Intent:
    known = [intent.value for intent in Intent]
    if text in known:
        return Intent(text)
    raise InputError(f"{shorten(text)!r} is no intent", fix=suggest(text, known), code="intent")


def _check_thing_type(text: str) -> ThingType:
    known = [kind.value for kind in THING_FIELDS]
    if text in known:
        return ThingType(text)
    raise InputError(
        f"{shorten(text)!r} is no thing a blueprint makes", fix=suggest(text, known), code="type"
    )
