"""The JSON Schema of a plan, for those who read plans by machine."""

from __future__ import annotations

from typing import Any, TypeAlias

from xacct.iam.things import ThingType
from xacct.lint.model import Severity
from xacct.plan.file import FORMAT_VERSION
from xacct.plan.model import ChangeKind, Effect, Reason, Verdict

__all__ = ["plan_schema"]

Schema: TypeAlias = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def plan_schema() -> Schema:
    """
    The schema of ``xacct plan --format json`` and of a saved plan.

    Readers pass over keys they do not know: a minor version may add some, none is renamed or taken away.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xacct plan",
        "description": f"Format version {FORMAT_VERSION}",
        **_object(
            format_version={"type": "string", "pattern": r"^\d+\.\d+$"},
            xacct_version=_TEXT,
            created_at={"type": "string", "format": "date-time"},
            digest={"type": "string", "pattern": "^[0-9a-f]{64}$"},
            target={"type": "string", "description": "aws, sandbox, or the endpoint"},
            offline={"type": "boolean"},
            summary=_summary(),
            accounts={"type": "array", "items": _account()},
        ),
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _one_of(words: type[ChangeKind | Effect | Reason | Verdict | Severity | ThingType]) -> Schema:
    return {"enum": [word.value for word in words]}


def _summary() -> Schema:
    return _object(create=_COUNT, update=_COUNT, delete=_COUNT, none=_COUNT)


def _account() -> Schema:
    return _object(
        account={"type": "string", "pattern": r"^\d{12}$"},
        partition=_TEXT,
        summary=_summary(),
        grants={"type": "array", "items": _grant()},
        verdict=_one_of(Verdict),
        containment={
            "type": "object",
            "additionalProperties": _object(trust=_one_of(Verdict), permissions=_one_of(Verdict)),
        },
        sessions=_TEXTS,
        access_delta={"type": "array", "items": _row()},
        findings={"type": "array", "items": _finding()},
        changes={"type": "array", "items": _change()},
        required_permissions={"type": "array", "items": _object(action=_TEXT, resources=_TEXTS)},
    )


def _grant() -> Schema:
    return _object(name=_TEXT, blueprint=_TEXT, digest=_TEXT, file=_TEXT_OR_NULL, notes=_TEXTS)


def _row() -> Schema:
    return _object(
        effect=_one_of(Effect),
        principal=_TEXT,
        condition=_TEXT,
        actions=_TEXTS,
        resources=_TEXTS,
        witness={
            "anyOf": [
                {"type": "null"},
                _object(
                    principal=_TEXT,
                    action=_TEXT,
                    resource=_TEXT,
                    assume_action=_TEXT,
                    assume_context={"type": "object"},
                    context={"type": "object"},
                ),
            ]
        },
        grant=_TEXT_OR_NULL,
    )


def _finding() -> Schema:
    return _object(
        rule=_TEXT,
        severity=_one_of(Severity),
        grant=_TEXT_OR_NULL,
        path=_TEXT,
        file=_TEXT_OR_NULL,
        line={"type": ["integer", "null"]},
        message=_TEXT,
        fix=_TEXT,
        accepted=_TEXT_OR_NULL,
    )


def _change() -> Schema:
    thing: Schema = {"type": ["object", "null"]}
    return _object(
        kind=_one_of(ChangeKind),
        type=_one_of(ThingType),
        name=_TEXT,
        grant=_TEXT_OR_NULL,
        reason=_one_of(Reason),
        aspects=_TEXTS,
        note=_TEXT,
        before=thing,
        after=thing,
    )
