"""
The constraints of the service models: required members, lengths, ranges, patterns, enums.

The services check them before anything else and report all failures in one sentence; so does this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from xacct.sandbox.problems import AwsError
from xacct.sandbox.wire import Operation

__all__ = ["check_constraints", "check_types"]

_MAX_SHOWN = 200

# The models' patterns are Java's; these of its classes have no name in Python's re.
_JAVA_CLASSES = {
    r"\p{L}": r"^\W\d_",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{N}": r"\d",
}


def check_constraints(operation: Operation) -> None:
    """Raises AwsError with every member that fails its constraint."""
    shape = operation.model.input_shape
    if shape is None:
        return
    failures = list(_failures(shape, operation.params, ""))
    if not failures:
        return
    plural = "error" if len(failures) == 1 else "errors"
    code = "InvalidInputException" if operation.service == "lightsail" else "ValidationError"
    raise AwsError(code, f"{len(failures)} validation {plural} detected: {'; '.join(failures)}")


def check_types(operation: Operation) -> None:
    """Raises AwsError (SerializationException) when a member of a JSON request has another type."""
    shape = operation.model.input_shape
    wrong = next(_wrong_types(shape, operation.params, ""), None) if shape is not None else None
    if wrong is not None:
        raise AwsError("SerializationException", f"{wrong} is of the wrong type")


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}


def _wrong_types(shape: Any, value: Any, place: str) -> Iterator[str]:
    fitting = _TYPES.get(shape.type_name)
    if fitting is not None and (type(value) not in fitting):
        yield place or "the request"
    elif shape.type_name == "list":
        for item in value:
            yield from _wrong_types(shape.member, item, place)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _wrong_types(member, value[name], name)


def _failures(shape: Any, value: Any, place: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield from _structure_failures(shape, value, place)
        case "list":
            yield from _length_failures(shape, value, place)
            for index, item in enumerate(value, 1):
                yield from _failures(shape.member, item, f"{place}.{index}.member")
        case "string":
            yield from _length_failures(shape, value, place)
            yield from _text_failures(shape, value, place)
        case "integer" | "long":
            yield from _range_failures(shape, value, place)
        case _:
            return


def _structure_failures(shape: Any, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for name, member in shape.members.items():
        inner = f"{place}.{_lower_first(name)}" if place else _lower_first(name)
        if value.get(name) is not None:
            yield from _failures(member, value[name], inner)
        elif name in shape.required_members:
            yield f"Value null at '{inner}' failed to satisfy constraint: Member must not be null"


def _length_failures(shape: Any, value: Any, place: str) -> Iterator[str]:
    lowest, highest = shape.metadata.get("min"), shape.metadata.get("max")
    if highest is not None and len(value) > highest:
        yield _failure(value, place, f"Member must have length less than or equal to {highest}")
    if lowest is not None and len(value) < lowest:
        yield _failure(value, place, f"Member must have length greater than or equal to {lowest}")


def _range_failures(shape: Any, value: Any, place: str) -> Iterator[str]:
    lowest, highest = shape.metadata.get("min"), shape.metadata.get("max")
    if highest is not None and value > highest:
        yield _failure(value, place, f"Member must have value less than or equal to {highest}")
    if lowest is not None and value < lowest:
        yield _failure(value, place, f"Member must have value greater than or equal to {lowest}")


def _text_failures(shape: Any, value: Any, place: str) -> Iterator[str]:
    pattern, enum = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern is not None and not _compiled(pattern).fullmatch(value):
        yield _failure(value, place, f"Member must satisfy regular expression pattern: {pattern}")
    if enum and value not in enum:
        yield _failure(value, place, f"Member must satisfy enum value set: [{', '.join(enum)}]")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # \p{L} stands inside classes only, beside \p{N} and the underscore: together they are Python's \w.
    text = pattern.replace(r"\p{L}\p{Z}\p{N}_", r"\w" + _JAVA_CLASSES[r"\p{Z}"])
    for java, python in _JAVA_CLASSES.items():
        text = text.replace(java, python)
    # Java's \w and \d are ASCII.
    return re.compile(text, re.ASCII if r"\p{" not in pattern else 0)


def _failure(value: Any, place: str, constraint: str) -> str:
    shown = str(value)
    if len(shown) > _MAX_SHOWN:
        shown = shown[:_MAX_SHOWN] + "..."
    return f"Value '{shown}' at '{place}' failed to satisfy constraint: {constraint}"


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
