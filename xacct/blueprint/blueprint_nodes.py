"""
From nodes to a blueprint, with everything checked that can be checked without values.

A placeholder that names nothing, a ``when`` on a parameter that is not there, an unknown type or key: all are
told at once, each with its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from xacct.blueprint.grant_nodes import GRANT_KEYS
from xacct.blueprint.model import (
    Alternative,
    Blueprint,
    Choice,
    ConditionTemplate,
    Intent,
    Note,
    Parameter,
    ParameterType,
    StatementTemplate,
    Test,
    ThingTemplate,
    Value,
    When,
)
from xacct.blueprint.placeholders import names_in
from xacct.blueprint.reading import Reader, parse_bool, suggest
from xacct.blueprint.values import check_text
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, SequenceNode, parse_yaml, shorten
from xacct.errors import InputError
from xacct.iam.policy import Effect, PrincipalType
from xacct.iam.things import ThingType

__all__ = ["BUILT_IN", "parse_blueprint"]

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

BLUEPRINT_KEYS = (
    "name",
    "title",
    "summary",
    "intent",
    "parameters",
    "derived",
    "guards",
    "role",
    "trust",
    "things",
    "notes",
    "handoff",
)
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
STATEMENT_KEYS = ("Sid", "Effect", "Principal", "Action", "Resource", "conditions", "why", "when")
CONDITION_KEYS = ("operator", "key", "values", "why", "when", "each", "only")
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


class _BlueprintReader(Reader):
    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file
        self.known: set[str] = set(BUILT_IN)
        self.types: dict[str, Parameter] = {}
        self.derived_names: set[str] = set()
        self.guards: dict[str, tuple[ConditionTemplate, ...]] = {}

    def blueprint(self, node: Node, source: str, digest: str) -> Blueprint:
        keys = self.mapping(node, "", BLUEPRINT_KEYS, "a blueprint")
        for key in ("name", "title", "summary", "intent", "trust"):
            if key not in keys and isinstance(node, MappingNode):
                self.problem(node, key, f"the blueprint has no {key}", f"add `{key}: …`", "missing-key")
        parameters = self.parameters(keys.get("parameters"))
        derived = self.derived(keys.get("derived"))
        self.read_guards(keys.get("guards"))
        role = self.mapping(keys["role"], "role", ("when",), "role") if "role" in keys else {}
        return Blueprint(
            name=self.typed(keys.get("name"), "name", _check_blueprint_name) or "",
            title=self.text(keys.get("title"), "title") or "",
            summary=self.text(keys.get("summary"), "summary") or "",
            intent=self.typed(keys.get("intent"), "intent", _check_intent) or Intent.ANOTHER_ACCOUNT,
            parameters=MappingProxyType(parameters),
            derived=MappingProxyType(derived),
            trust=self.statements(keys.get("trust"), "trust", trust=True),
            things=self.things(keys.get("things")),
            role_when=self.when(role.get("when"), "role.when"),
            notes=self.notes(keys.get("notes"), "notes"),
            handoff=self.notes(keys.get("handoff"), "handoff"),
            source=source,
            digest=digest,
        )

    # Parameters

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

    # Conditions on parameters

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
                out.append(Test(name, values=self.texts(wanted, inner)))
        return tuple(out)

    # Texts with placeholders

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

    # Statements and things

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


def _check_blueprint_name(text: str) -> str:
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


def _check_type(text: str) -> ParameterType:
    known = [kind.value for kind in ParameterType]
    if text in known:
        return ParameterType(text)
    raise InputError(f"{shorten(text)!r} is no type of parameter", fix=suggest(text, known), code="type")


def _check_thing_type(text: str) -> ThingType:
    known = [kind.value for kind in THING_FIELDS]
    if text in known:
        return ThingType(text)
    raise InputError(
        f"{shorten(text)!r} is no thing a blueprint makes", fix=suggest(text, known), code="type"
    )


def _check_effect(text: str) -> Effect:
    if text in ("Allow", "Deny"):
        return Effect(text)
    raise InputError(f"Effect is {shorten(text)!r}", fix="write Allow or Deny", code="effect")


def _check_sid(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]{1,64}", text):
        return text
    raise InputError(f"{shorten(text)!r} is no Sid", fix="letters and digits only", code="sid")


def _check_regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(
            f"the pattern is no regular expression: {error}", fix="see Python's re", code="pattern"
        ) from None
    return text
