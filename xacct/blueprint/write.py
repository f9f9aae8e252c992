"""A grant as YAML text, with a comment that says what each line is for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xacct.blueprint.model import Acceptance, Blueprint, Expectation, Grant, Parameter, ParameterType, Value
from xacct.iam.things import DEFAULT_MAX_SESSION

if TYPE_CHECKING:
    from xacct.lightsail.writing import PermissionEntry

__all__ = [
    "acceptance_map",
    "duration_text",
    "entry_map",
    "expectation_map",
    "grant_to_yaml",
    "quote",
    "to_flow",
]

WIDTH = 100

_PLAIN = r"[A-Za-z0-9_./@+=*-]+"
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})


def quote(text: str) -> str:
    """Write one text as a YAML scalar that every reader takes for that text, quoted only where needed."""
    plain = re.fullmatch(rf"{_PLAIN}(?::{_PLAIN})*", text) and text[0] not in "0123456789.@+=*-"
    if (plain and text.lower() not in _WORDS) or re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+[smhd]", text
    ):
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    # JSON's strings are YAML's double-quoted ones, but for signs that YAML wants escaped as well.
    return re.sub(
        "[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]",
        lambda found: f"\\u{ord(found.group()):04x}",
        json.dumps(text, ensure_ascii=False),
    )


def to_flow(value: Any) -> str:
    """Write a text, a list or a mapping on one line."""
    match value:
        case str():
            return quote(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Mapping():
            return "{" + ", ".join(f"{_key(key)}: {_inside(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_inside(item) for item in value) + "]"
        case _:
            return _quoted(str(value))


def _inside(value: Any) -> str:
    """Within brackets a colon or an asterisk is quoted, too."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_./@+=-]+", value):
        return _quoted(value)
    return to_flow(value)


def _key(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", text) and text.lower() not in _WORDS
    return text if plain else _quoted(text)


def duration_text(seconds: int) -> str:
    """Write seconds as people do: ``1h``, ``90m``, ``3601``."""
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    return f"{seconds // 60}m" if seconds and seconds % 60 == 0 else str(seconds)


def grant_to_yaml(grant: Grant, comments: bool = True, blueprint: Blueprint | None = None) -> str:
    """
    Write a grant; reading it again gives an equal grant.

    With ``blueprint``, each parameter has its question as the comment.
    """
    writer = _Writer(comments)
    writer.head(grant, blueprint)
    writer.parameters(grant, blueprint)
    writer.permissions(grant)
    writer.limits(grant)
    writer.expect(grant)
    writer.accept(grant)
    return "".join(f"{line}\n" for line in writer.lines)


class _Writer:
    def __init__(self, comments: bool) -> None:
        self.comments = comments
        self.lines: list[str] = []

    def line(self, text: str, comment: str = "", indent: str = "") -> None:
        """Add a line, its comment behind it where there is room, else above."""
        comment = " ".join(comment.split())
        if not self.comments or not comment:
            self.lines.append(f"{indent}{text}")
        elif len(indent) + len(text) + len(comment) + 4 <= WIDTH:
            self.lines.append(f"{indent}{text}  # {comment}")
        else:
            self.lines += [f"{indent}# {comment}", f"{indent}{text}"]

    def head(self, grant: Grant, blueprint: Blueprint | None) -> None:
        self.line(f"blueprint: {quote(grant.blueprint)}", blueprint.title if blueprint else "")
        self.line(f"name: {quote(grant.name)}", "" if grant.role_name else "the role's name")
        if grant.account is not None:
            self.line(f'account: "{grant.account}"', "owns the resources and the role")
        for key, text, comment in (
            ("role_name", grant.role_name, "the role's name"),
            ("path", grant.path, "where the role lives"),
            ("description", grant.description, "shown with the role"),
            ("permissions_boundary", grant.boundary, "the ceiling on what the role can do"),
        ):
            if text is not None:
                self.line(f"{key}: {quote(text)}", comment)
        if grant.tags:
            self.line(f"tags: {to_flow(grant.tags)}", "of the role")

    def parameters(self, grant: Grant, blueprint: Blueprint | None) -> None:
        if grant.parameters:
            self.line("parameters:")
        for name, value in grant.parameters.items():
            parameter = blueprint.parameters.get(name) if blueprint else None
            comment = parameter.prompt if parameter else ""
            if _holds_policy(value):
                self.policies(name, value, comment)
                continue
            self.line(f"{_key(name)}: {_value(value, parameter)}", comment, "  ")

    def policies(self, name: str, value: Value, comment: str) -> None:
        """Policy documents, a line for each statement."""
        self.line(f"{_key(name)}:", comment, "  ")
        if isinstance(value, str):
            self.document(value, "    ")
            return
        assert isinstance(value, Mapping)
        for key, texts in value.items():
            self.line(f"{_key(key)}:", "", "    ")
            self.document(texts[0], "      ")

    def document(self, text: str, indent: str) -> None:
        for key, value in json.loads(text).items():
            if key != "Statement":
                self.line(f"{key}: {to_flow(value)}", "", indent)
                continue
            self.line("Statement:", "", indent)
            for statement in value if isinstance(value, list) else [value]:
                self.line(f"- {to_flow(statement)}", "", f"{indent}  ")

    def permissions(self, grant: Grant) -> None:
        if grant.permissions:
            self.line("permissions:", "what may be done; `xacct permissions list` shows the sets")
        for entry in grant.permissions:
            first = "  - "
            for name, value in entry_map(entry).items():
                if name == "statements":
                    self.line(f"{first}statements:")
                    for statement in value:
                        self.line(f"      - {to_flow(statement)}")
                else:
                    self.line(f"{first}{name}: {to_flow(value)}")
                first = "    "

    def limits(self, grant: Grant) -> None:
        if self.comments or grant.max_session != DEFAULT_MAX_SESSION:
            self.line(f"max_session: {duration_text(grant.max_session)}", "the longest that a session lasts")
        if grant.expires is not None:
            self.line(f"expires: {grant.expires.isoformat()}", "the last day, in UTC")

    def expect(self, grant: Grant) -> None:
        sides = {"allow": grant.expect.allow, "deny": grant.expect.deny}
        if any(sides.values()):
            self.line("expect:", "checked on every plan")
        for side, lines in sides.items():
            if lines:
                self.line(f"  {side}:")
            for one in lines:
                self.line(f"    - {to_flow(expectation_map(one))}")

    def accept(self, grant: Grant) -> None:
        if grant.accept:
            self.line("accept:", "findings that this grant lives with")
        for one in grant.accept:
            self.line(f"  - {to_flow(acceptance_map(one))}")


def _value(value: Value, parameter: Parameter | None) -> str:
    # What is read is text all the same; without quotes it reads better.
    is_plain = parameter is not None and parameter.type is ParameterType.BOOL and value in ("true", "false")
    return str(value) if is_plain else to_flow(value)


def _holds_policy(value: Value) -> bool:
    """Whether a parameter's value is a policy document's JSON, or several by name."""
    if isinstance(value, str):
        return _is_policy(value)
    if isinstance(value, Mapping):
        return bool(value) and all(len(texts) == 1 and _is_policy(texts[0]) for texts in value.values())
    return False


def _is_policy(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        parsed = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(parsed, dict) and "Statement" in parsed


def entry_map(entry: PermissionEntry) -> dict[str, Any]:
    """A permissions entry as its keys in the file."""
    out: dict[str, Any] = {"set": entry.set} if entry.set is not None else {}
    for name in ("add", "remove", "resources", "regions"):
        if getattr(entry, name):
            out[name] = getattr(entry, name)
    if entry.tags:
        out["tags"] = {key: values[0] if len(values) == 1 else values for key, values in entry.tags.items()}
    if entry.unscoped:
        out["unscoped"] = "allow"
    if entry.statements:
        out["statements"] = [statement.to_json() for statement in entry.statements]
    return out


def expectation_map(one: Expectation) -> dict[str, Any]:
    """An expectation as its keys in the file."""
    out: dict[str, Any] = {"as": one.who, "action": one.action}
    if one.resource is not None:
        out["resource"] = one.resource
    if one.context:
        out["context"] = dict(one.context)
    if one.without is not None:
        out["without"] = one.without
    return out


def acceptance_map(one: Acceptance) -> dict[str, str]:
    """An accepted finding as its keys in the file."""
    until = {"until": one.until.isoformat()} if one.until else {}
    return {"rule": one.rule, "reason": one.reason, **until}
