"""JSON Schemas of grants and blueprints, for editors and for other programs."""

from __future__ import annotations

from typing import Any

from xacct.blueprint.blueprint_nodes import BLUEPRINT_KEYS, ROLE_KEYS, THING_FIELDS
from xacct.blueprint.grant_nodes import EXPECT_KEYS, GRANT_KEYS, PERMISSION_KEYS
from xacct.blueprint.model import Intent, ParameterType
from xacct.blueprint.parameter_nodes import PARAMETER_KEYS, TOGETHER_KEYS
from xacct.blueprint.statement_nodes import CONDITION_KEYS, STATEMENT_KEYS
from xacct.errors import InputError

__all__ = ["json_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

# Editors type YAML's scalars before a schema sees them; here each is text, so every kind of scalar is right.
_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_TEXTS: dict[str, Any] = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
_TEXT_MAP: dict[str, Any] = {"type": "object", "additionalProperties": _TEXTS}
_YES_NO: dict[str, Any] = {"enum": [True, False, "true", "false", "yes", "no", "on", "off"]}


def json_schema(kind: str) -> dict[str, Any]:
    """Give the schema of ``grant`` or ``blueprint`` files. Raises InputError for another kind."""
    match kind:
        case "grant":
            return _grant()
        case "blueprint":
            return _blueprint()
        case _:
            raise InputError(f"there is no schema {kind!r}", fix="there are: grant, blueprint", code="schema")


def _object(
    keys: tuple[str, ...], properties: dict[str, Any], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """An object with exactly these keys; those without a schema of their own are a text."""
    out: dict[str, Any] = {
        "type": "object",
        "properties": {key: properties.get(key, _SCALAR) for key in keys},
        "additionalProperties": False,
    }
    return {**out, "required": list(required)} if required else out


def _listed(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


def _grant() -> dict[str, Any]:
    unscoped = {"enum": ["allow", "deny", True, False], "description": "keep writes that no limit can reach"}
    expectation = _object(EXPECT_KEYS, {"context": _TEXT_MAP})
    entry = _object(
        PERMISSION_KEYS,
        {
            **dict.fromkeys(("add", "remove", "resources", "regions"), _TEXTS),
            "set": {"type": "string", "description": "a permission set, see `xacct permissions list`"},
            "tags": _TEXT_MAP,
            "unscoped": unscoped,
            "statements": {"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
        },
    )
    properties: dict[str, Any] = {
        "blueprint": {"type": "string", "description": "see `xacct blueprints list`"},
        "name": {"type": ["string", "number"], "pattern": "^[A-Za-z0-9_+=.@-]{1,64}$"},
        "account": {
            "type": ["string", "integer"],
            "pattern": r"^([0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4})$",
            "description": "the trusting account, which owns the resources and the role",
        },
        # A policy document may be written out in place of its JSON text.
        "parameters": {
            "type": "object",
            "additionalProperties": {"anyOf": [_TEXTS, _TEXT_MAP, {"type": "object"}]},
        },
        "permissions": _listed({"anyOf": [{"type": "string"}, entry]}),
        "unscoped": unscoped,
        "max_session": {"type": ["string", "integer"], "description": "1h to 12h, or seconds"},
        "expires": {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}$",
            "description": "the last day, in UTC",
        },
        "role_name": {"type": ["string", "number"], "pattern": r"^[A-Za-z0-9_+=,.@-]{1,64}$"},
        "path": {"type": "string", "pattern": r"^/(.*/)?$", "maxLength": 512},
        "description": {"type": "string", "maxLength": 1000},
        "tags": {"type": "object", "additionalProperties": _SCALAR, "maxProperties": 46},
        "permissions_boundary": {"type": "string", "pattern": "^arn:"},
        "expect": _object(("allow", "deny"), {"allow": _listed(expectation), "deny": _listed(expectation)}),
        "accept": _listed(_object(("rule", "reason", "until"), {}, ("rule", "reason"))),
    }
    return {
        "$schema": DRAFT,
        "title": "xacct grant",
        **_object(GRANT_KEYS, properties, ("blueprint", "name")),
    }


def _blueprint() -> dict[str, Any]:
    when = {
        "type": "object",
        "additionalProperties": {
            "anyOf": [_TEXTS, _object(("set",), {"set": _YES_NO}, ("set",))],
        },
    }
    kinds = {"enum": [kind.value for kind in ParameterType]}
    parameter = _object(
        PARAMETER_KEYS,
        {
            "type": kinds,
            "item": kinds,
            "required": {"anyOf": [_YES_NO, when]},
            "default": {"anyOf": [_TEXTS, _TEXT_MAP]},
            "choices": {"anyOf": [_TEXTS, {"type": "object"}]},
            "keys": _TEXTS,
            "when": when,
            "advanced": _YES_NO,
            "generate": _YES_NO,
            "examples": _TEXTS,
        },
        ("type", "prompt"),
    )
    condition = {
        "anyOf": [
            _object(
                CONDITION_KEYS,
                {"values": _TEXTS, "when": when, "only": _TEXTS},
                ("operator", "key", "values"),
            ),
            _object(("use",), {}, ("use",)),
        ]
    }
    statement = _object(
        STATEMENT_KEYS,
        {
            "Effect": {"enum": ["Allow", "Deny"]},
            "Principal": _TEXT_MAP,
            "Action": _TEXTS,
            "Resource": _TEXTS,
            "conditions": _listed(condition),
            "when": when,
        },
        ("Sid", "Action"),
    )
    note = {"anyOf": [{"type": "string"}, _object(("text", "when"), {"when": when}, ("text",))]}
    alternative = {
        "anyOf": [_SCALAR, _object(("value", "when"), {"value": _TEXTS, "when": when}, ("value",))]
    }
    properties: dict[str, Any] = {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"},
        "intent": {"enum": [intent.value for intent in Intent]},
        "parameters": {"type": "object", "additionalProperties": parameter},
        "together": _listed(_object(TOGETHER_KEYS, {"examples": _TEXTS}, ("prompt", "pattern"))),
        "derived": {"type": "object", "additionalProperties": _listed(alternative)},
        "guards": {"type": "object", "additionalProperties": _listed(condition)},
        "role": _object(ROLE_KEYS, {"when": when}),
        "trust": _listed(statement),
        "things": _listed(
            {"anyOf": [_thing(kind.value, fields, statement, when) for kind, fields in THING_FIELDS.items()]}
        ),
        "notes": _listed(note),
        "handoff": _listed(note),
    }
    return {
        "$schema": DRAFT,
        "title": "xacct blueprint",
        **_object(BLUEPRINT_KEYS, properties, ("name", "title", "summary", "intent")),
    }


def _thing(
    kind: str, fields: tuple[str, ...], statement: dict[str, Any], when: dict[str, Any]
) -> dict[str, Any]:
    own: dict[str, Any] = dict.fromkeys(fields, _TEXTS)
    own |= {"type": {"const": kind}, "when": when}
    if "statements" in fields:
        own["statements"] = _listed(statement)
    if "holds_permissions" in fields:
        own["holds_permissions"] = _YES_NO
    return _object(("type", "account", "why", "when", *fields), own, ("type",))
