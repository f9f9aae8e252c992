"""
Changes to a grant's file that leave everything else as it was: comments, order, quotes, line ends.

The text is cut at the marks of its nodes and never written anew. Each edit is read back before it is given
out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from xacct.blueprint.write import quote, to_flow
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, SequenceNode, is_absent, parse_yaml
from xacct.errors import InputError

__all__ = ["NewValue", "append_item", "set_values"]

NewValue: TypeAlias = str | bool | int | Sequence[str] | Mapping[str, Any] | None


def set_values(
    text: str, values: Mapping[str, NewValue], *, grant: str | None = None, file: str = "grant.yaml"
) -> str:
    """
    Set what dotted paths name (``parameters.external_id``) and return the new text; None removes the key.

    A key that is not there is added at the end of what holds it. ``grant`` picks one of several grants in a
    text by its name. Raises InputError when the text is no YAML, or the edit cannot be made.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark) if mark else text
    for path, value in values.items():
        body = _set(body, path.split("."), value, grant, file)
    return mark + body


def append_item(
    text: str, path: str, value: NewValue, *, grant: str | None = None, file: str = "grant.yaml"
) -> str:
    """
    Add an item at the end of the list that a dotted path names, and return the new text.

    A list that is not there is made. Raises InputError as ``set_values`` does.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body, keys = text.removeprefix(mark) if mark else text, path.split(".")
    index, root = _document(body, grant, file)
    node: Node | None = root
    for key in keys:
        node = None if node is None else _child(node, key)
    if node is None or is_absent(node):
        return mark + _set(body, keys, [value], grant, file)  # type: ignore[list-item]
    if not isinstance(node, SequenceNode):
        raise _cannot(keys, file)
    edited = _append(body, node, value)
    expected = _with(_plain(root), keys, [*_plain(node), _plain_value(value)])
    _check(body, edited, index, expected, keys, file)
    return mark + edited


def _append(text: str, node: SequenceNode, value: NewValue) -> str:
    item = _new(value, "")
    if node.flow or not node.items:
        at = node.span[1] - 1
        inner = text[node.span[0] + 1 : at].rstrip()
        joint = "" if not inner or inner.endswith(",") else ", "
        return f"{text[:at].rstrip(' ')}{joint}{item}{text[at:]}"
    dash = text.rfind("-", 0, node.items[-1].span[0])
    indent = dash - (text.rfind("\n", 0, dash) + 1)
    end = _end(node)
    newline = "\r\n" if "\r\n" in text else "\n"
    stop = end if text[end - 1] == "\n" else text.find("\n", end) + 1
    head = text[:stop] if stop else f"{text}{newline}"
    return f"{head}{' ' * indent}- {item}{newline}{text[stop:] if stop else ''}"


def _set(text: str, path: list[str], value: NewValue, grant: str | None, file: str) -> str:
    index, root = _document(text, grant, file)
    edited = _splice(text, root, path, value, file)
    _check(text, edited, index, _with(_plain(root), path, _plain_value(value)), path, file)
    return edited


def _check(text: str, edited: str, index: int, expected: Any, path: list[str], file: str) -> None:
    """Read an edit back: what was meant is there, and nothing else moved. Raises InputError."""
    before, after = parse_yaml(text, file), parse_yaml(edited, file)
    others = [_plain(node) for position, node in enumerate(before) if position != index]
    still = [_plain(node) for position, node in enumerate(after) if position != index]
    if len(after) != len(before) or others != still or _tidy(_plain(after[index])) != _tidy(expected):
        raise _cannot(path, file)


def _cannot(path: list[str], file: str) -> InputError:
    return InputError(
        f"{'.'.join(path)} cannot be changed in {file} without changing more",
        where=file,
        fix="change that line by hand",
        code="edit",
    )


def _document(text: str, grant: str | None, file: str) -> tuple[int, Node]:
    documents = parse_yaml(text, file)
    for index, node in enumerate(documents):
        name = node.get("name") if isinstance(node, MappingNode) else None
        if grant is None or (isinstance(name, Scalar) and name.text == grant):
            return index, node
    raise InputError(
        f"{file} holds no grant {grant!r}" if grant else f"{file} is empty", where=file, code="missing-grant"
    )


def _splice(text: str, root: Node, path: list[str], value: NewValue, file: str) -> str:
    node, depth = root, 0
    while depth < len(path) - 1:
        child = _child(node, path[depth])
        if child is None or is_absent(child):
            break
        node, depth = child, depth + 1
    key, rest = path[depth], path[depth + 1 :]
    existing = _child(node, key)
    if value is None:
        return text if existing is None or rest else _remove(text, node, key, path, file)
    for name in reversed(rest):
        value = {name: value}
    if existing is not None:
        return _replace(text, existing, value)
    if not isinstance(node, MappingNode):
        raise _cannot(path, file)
    return _insert(text, node, key, value)


def _child(node: Node, key: str) -> Node | None:
    match node:
        case MappingNode():
            return node.get(key)
        case SequenceNode(items=items) if key.isdigit() and int(key) < len(items):
            return items[int(key)]
        case _:
            return None


def _end(node: Node) -> int:
    """Where a node's own text ends; the parser's mark of a block is at what comes after it."""
    match node:
        case MappingNode(pairs=pairs, flow=False) if pairs:
            return _end(pairs[-1][1]) or _end(pairs[-1][0])
        case SequenceNode(items=items, flow=False) if items:
            return _end(items[-1])
        case _:
            return node.span[1]


def _replace(text: str, node: Node, value: NewValue) -> str:
    start, end = node.span[0], _end(node)
    if is_absent(node) and start == end:
        # `key:` without a value; the mark is right after the colon or on a later line.
        colon = text.rfind(":", 0, start + 1)
        return f"{text[: colon + 1]} {_new(value, '')}{text[colon + 1 :]}"
    old = text[start:end]
    tail = "\n" if old.endswith("\n") else ""
    block = isinstance(node, (MappingNode, SequenceNode)) and not node.flow
    if block:
        # The block begins on a line of its own; the new value goes behind its key's colon.
        colon = text.rfind(":", 0, start)
        if text[colon + 1 : start].strip() in ("", "-") and "\n" in text[colon + 1 : start]:
            return f"{text[: colon + 1]} {_new(value, '')}{text[end:]}"
    return f"{text[:start]}{_new(value, old)}{tail}{text[end:]}"


def _new(value: NewValue, old: str) -> str:
    """Write a value, with the quotes of the one it replaces."""
    if isinstance(value, str):
        if old.startswith("'") and value.isprintable() and value.isascii():
            return "'" + value.replace("'", "''") + "'"
        if old.startswith('"') and quote(value) == value:
            return f'"{value}"'
        return quote(value)
    return to_flow(value)


def _insert(text: str, node: MappingNode, key: str, value: NewValue) -> str:
    entry = f"{quote(key)}: {_new(value, '')}"
    if node.flow or not node.pairs:
        at = node.span[1] - 1
        inner = text[node.span[0] + 1 : at]
        joint = "" if not inner.strip() or inner.rstrip().endswith(",") else ", "
        return f"{text[:at].rstrip(' ')}{joint}{entry}{text[at:]}"
    start = node.pairs[0][0].span[0]
    indent = start - (text.rfind("\n", 0, start) + 1)
    last = node.pairs[-1]
    end = max(_end(last[1]), last[0].span[1])
    newline = "\r\n" if "\r\n" in text else "\n"
    if end and text[end - 1] == "\n":
        return f"{text[:end]}{' ' * indent}{entry}{newline}{text[end:]}"
    stop = text.find("\n", end)
    if stop < 0:
        return f"{text}{newline}{' ' * indent}{entry}{newline}"
    return f"{text[: stop + 1]}{' ' * indent}{entry}{newline}{text[stop + 1 :]}"


def _remove(text: str, node: Node, key: str, path: list[str], file: str) -> str:
    if not isinstance(node, MappingNode):
        raise _cannot(path, file)
    index = next(position for position, (name, _) in enumerate(node.pairs) if name.text == key)
    name, value = node.pairs[index]
    start, end = name.span[0], max(_end(value), name.span[1])
    if node.flow:
        if index + 1 < len(node.pairs):
            return text[:start] + text[node.pairs[index + 1][0].span[0] :]
        if index:
            return text[: _end(node.pairs[index - 1][1])] + text[end:]
        return text[:start] + text[end:]
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        raise _cannot(path, file)
    if end and text[end - 1] == "\n":
        return text[:line] + text[end:]
    stop = text.find("\n", end)
    return text[:line] + (text[stop + 1 :] if stop >= 0 else "")


def _plain(node: Node) -> Any:
    match node:
        case Scalar(text=text):
            return None if is_absent(node) else text
        case SequenceNode(items=items):
            return [_plain(item) for item in items]
        case MappingNode(pairs=pairs):
            return {key.text: _plain(item) for key, item in pairs}


def _plain_value(value: Any) -> Any:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Mapping():
            return {str(key): _plain_value(item) for key, item in value.items()}
        case Sequence():
            return [_plain_value(item) for item in value]
        case _:
            return str(value)


def _with(tree: Any, path: list[str], value: Any) -> Any:
    """The plain tree after the edit, to compare with."""
    key, rest = path[0], path[1:]
    if isinstance(tree, list):
        if not key.isdigit() or int(key) >= len(tree):
            return object()
        out = list(tree)
        out[int(key)] = value if not rest else _with(out[int(key)] or {}, rest, value)
        return out
    if not isinstance(tree, dict):
        return object()
    new = dict(tree)
    if not rest:
        new[key] = value
    elif value is not None or key in new:
        new[key] = _with(new.get(key) or {}, rest, value)
    return new


def _tidy(tree: Any) -> Any:
    """Without keys that say nothing: a key without a value is as good as none."""
    match tree:
        case dict():
            kept = {key: _tidy(item) for key, item in tree.items()}
            return {key: item for key, item in kept.items() if item not in (None, {})}
        case list():
            return [_tidy(item) for item in tree]
        case _:
            return tree
