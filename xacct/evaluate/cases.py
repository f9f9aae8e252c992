"""
The interchange format: a case a line in, an answer a line out.

A line that is no valid case gets an answer that says what is wrong, and the stream goes on; no input raises.
Reading and writing lines is for others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, TypeAlias

from xacct.errors import InputError, XacctError
from xacct.evaluate.documents import CompiledDocument, Kind, compile_document
from xacct.evaluate.engine import TRUST_ACTIONS, CompiledPolicies
from xacct.evaluate.model import ContextValue
from xacct.evaluate.principals import parse_caller
from xacct.evaluate.statements import Subject

__all__ = ["MAX_LINE", "answer_line", "answer_lines"]

MAX_LINE = 4_000_000
"""Characters of one line. Ten managed policies, a full organization and a trust policy stay far below."""
MAX_CONTEXT_TEXT = 32_768
MAX_CONTEXT_VALUES = 200
"""Values of one multivalued key."""

Json: TypeAlias = Any

_FIELDS = (
    "id",
    "principal",
    "action",
    "resource",
    "resource_account",
    "context",
    "identity_policies",
    "resource_policy",
    "boundary",
    "scps",
    "session_policy",
)


def answer_lines(lines: Iterable[str]) -> Iterator[dict[str, Json]]:
    """Answer each line, in order; blank lines have no answer."""
    for line in lines:
        if line.strip():
            yield answer_line(line)


def answer_line(line: str) -> dict[str, Json]:
    """
    Answer one case: ``{"id", "decision", "why", "decided_by"}``, or ``{"id", "error"}``.

    ``error`` holds ``code``, ``message`` and ``fix``; ``id`` is left out where it could not be read.
    """
    case: Json = None
    try:
        case = _parse(line)
        _check_fields(case)
        policies = _policies(case)
        verdict = policies.verdict(_subject(case), _optional_text(case, "resource_account"))
    except XacctError as error:
        problem = error.problems[0]
        answer: dict[str, Json] = {}
        if isinstance(case, dict) and isinstance(case.get("id"), (str, int)):
            answer["id"] = case["id"]
        answer["error"] = {"code": problem.code, "message": problem.message, "fix": problem.fix}
        return answer
    return {
        "id": case["id"],
        "decision": verdict.outcome.value,
        "why": verdict.why,
        "decided_by": None if verdict.decided_by is None else verdict.decided_by.value,
    }


def _refuse(message: str, fix: str, code: str = "case") -> NoReturn:
    raise InputError(message, fix=fix, code=code)


class _RepeatedKeyError(ValueError):
    pass


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    out = dict(pairs)
    if len(out) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
    return out


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant).decode


def _parse(line: str) -> Json:
    if len(line) > MAX_LINE:
        _refuse(
            f"the line has {len(line):,} characters, more than the {MAX_LINE:,} that are read",
            "split the policies, or leave out what cannot matter",
            "too-large",
        )
    try:
        return _decode(line.removeprefix("\ufeff"))
    except _RepeatedKeyError as error:
        _refuse(f"the key {error.args[0][:60]!r} is twice in one object", "keep one of them", "duplicate-key")
    except RecursionError:
        _refuse("the line is nested too deeply", "a case has no more than ten levels", "nesting")
    except ValueError as error:
        _refuse(f"the line is not JSON: {str(error)[:200]}", "write one JSON object on each line", "not-json")


def _check_fields(case: Json) -> None:
    if not isinstance(case, dict):
        _refuse("the line is JSON, but no object", "write one JSON object on each line")
    missing = [name for name in _FIELDS if name not in case]
    if missing:
        _refuse(
            f"the case lacks {', '.join(missing)}",
            "give every field; null where a type of policy does not apply, [] for no identity policies",
            "missing-field",
        )


def _text(case: dict[str, Json], name: str) -> str:
    value = case[name]
    if not isinstance(value, str) or not value:
        _refuse(f"{name} is no text", f"write {name} as a text in quotes", "wrong-type")
    if len(value) > MAX_CONTEXT_TEXT:
        _refuse(f"{name} has more than {MAX_CONTEXT_TEXT:,} characters", "shorten it", "too-large")
    return value


def _optional_text(case: dict[str, Json], name: str) -> str | None:
    return None if case[name] is None else _text(case, name)


def _subject(case: dict[str, Json]) -> Subject:
    if not isinstance(case["id"], str):
        _refuse("id is no text", "write id as a text in quotes", "wrong-type")
    partial = case.get("partial", False)
    if not isinstance(partial, bool):
        _refuse("partial is neither true nor false", "write true or false", "wrong-type")
    action = _text(case, "action")
    service, _, name = action.partition(":")
    if not service or not name or "*" in action or "?" in action:
        _refuse(
            f"action {action[:100]!r} is not written service:Action", 'write, for example, "sts:AssumeRole"'
        )
    resource = _text(case, "resource")
    if resource != "*" and not (resource.startswith("arn:") and resource.count(":") >= 5):
        _refuse(f"resource {resource[:100]!r} is neither an ARN nor *", "write the resource's ARN, or *")
    return Subject(
        parse_caller(_text(case, "principal")), action, resource, _context(case["context"]), partial
    )


def _context(value: Json) -> dict[str, ContextValue]:
    if not isinstance(value, dict):
        _refuse("context is no object", 'write {"aws:SourceIp": "192.0.2.1"}, or {}', "wrong-type")
    context: dict[str, ContextValue] = {}
    for key, held in value.items():
        if isinstance(held, list):
            held = tuple(held)
            if len(held) > MAX_CONTEXT_VALUES:
                _refuse(
                    f"context key {key[:60]!r} has more than {MAX_CONTEXT_VALUES} values",
                    "shorten it",
                    "too-large",
                )
        for text in (held,) if isinstance(held, str) else held if isinstance(held, tuple) else (None,):
            if not isinstance(text, str):
                _refuse(
                    f"context key {key[:60]!r} holds something that is no text",
                    "write texts in quotes",
                    "wrong-type",
                )
            if len(text) > MAX_CONTEXT_TEXT:
                _refuse(f"context key {key[:60]!r} holds too long a text", "shorten it", "too-large")
        context[key.lower()] = held
    if len(context) != len(value):
        _refuse(
            "two context keys differ in case only", "keep one: keys are case-insensitive", "duplicate-key"
        )
    return context


def _policies(case: dict[str, Json]) -> CompiledPolicies:
    resource = case["resource_policy"]
    compiled = None if resource is None else compile_document(resource, Kind.RESOURCE, "resource_policy")
    if compiled is not None and compiled.has_resources and str(case["action"]).lower() in TRUST_ACTIONS:
        _refuse(
            "resource_policy: a trust policy has no Resource", "take Resource out; the role is the resource"
        )
    boundary = case["boundary"]
    session = case["session_policy"]
    return CompiledPolicies(
        identity=_documents(case["identity_policies"], Kind.IDENTITY, "identity_policies"),
        resource=compiled,
        boundary=None if boundary is None else _documents(boundary, Kind.IDENTITY, "boundary"),
        scps=_levels(case["scps"], Kind.IDENTITY, "scps"),
        rcps=_levels(case.get("rcps"), Kind.RESOURCE, "rcps"),
        session=None if session is None else (compile_document(session, Kind.IDENTITY, "session_policy"),),
    )


def _documents(value: Json, kind: Kind, where: str) -> tuple[CompiledDocument, ...]:
    if not isinstance(value, list):
        _refuse(f"{where} is no list of policies", f"write {where} as a list", "wrong-type")
    return tuple([compile_document(raw, kind, f"{where}[{index}]") for index, raw in enumerate(value)])


def _levels(value: Json, kind: Kind, where: str) -> tuple[tuple[CompiledDocument, ...], ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        _refuse(
            f"{where} is no list of levels", f"write {where} as a list of lists, root first", "wrong-type"
        )
    return tuple([_documents(level, kind, f"{where}[{index}]") for index, level in enumerate(value)])
