"""
JSON text with places: every value, key and repeated key by its path and line.

The standard parser forgets where things stood and silently keeps the last of two equal keys, which are just
the things a finding has to tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TypeAlias

from xacct.values import frozen

__all__ = ["Member", "Node", "Scalar", "TextError", "child_path", "node_of", "scan"]

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 64
"""A policy is five levels deep; what goes far beyond is no policy."""

Scalar: TypeAlias = str | int | float | bool | None


class TextError(Exception):
    """The text is no JSON. ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@frozen
class Member:
    """One ``key: value`` of an object."""

    key: str
    node: Node


@frozen
class Node:
    """
    One JSON value. Exactly one of ``members`` (object), ``items`` (list) and ``scalar`` is meant; the first
    two are None for what they are not.
    """

    path: str
    line: int
    scalar: Scalar = None
    items: tuple[Node, ...] | None = None
    members: tuple[Member, ...] | None = None

    @property
    def is_object(self) -> bool:
        return self.members is not None

    @property
    def is_list(self) -> bool:
        return self.items is not None

    @property
    def is_text(self) -> bool:
        return self.items is None and self.members is None and isinstance(self.scalar, str)

    @property
    def listed(self) -> tuple[Node, ...]:
        """The items of a list; a lone value counts as a list of one."""
        return (self,) if self.items is None else self.items

    @cached_property
    def folded(self) -> Mapping[str, Node]:
        """The members by their keys in lower case and without space around; the first of equal ones."""
        return {member.key.strip().lower(): member.node for member in reversed(self.members or ())}

    def get(self, key: str) -> Node | None:
        return next((member.node for member in self.members or () if member.key == key), None)

    def walk(self) -> Iterator[Node]:
        yield self
        for member in self.members or ():
            yield from member.node.walk()
        for item in self.items or ():
            yield from item.walk()


def child_path(path: str, key: str) -> str:
    """Write the path of an object's member: dotted where that reads well, in brackets otherwise."""
    if _is_plain(key):
        return f"{path}.{key}"
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


@lru_cache(maxsize=1024)
def _is_plain(key: str) -> bool:
    return re.fullmatch(r"[\w:/-]+", key, re.ASCII) is not None


def node_of(value: object, path: str = "$") -> Node:
    """The tree of a value that is no text of anybody's, and so has no lines: each is the first."""
    match value:
        case Mapping():
            members = [Member(key, node_of(inner, child_path(path, key))) for key, inner in value.items()]
            return Node(path, 1, members=tuple(members))
        case list() | tuple():
            items = [node_of(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
            return Node(path, 1, items=tuple(items))
        case str() | int() | float() | None:
            return Node(path, 1, value)
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON")


def scan(text: str) -> Node:
    """Read JSON text. Raises TextError at the first place where it is no JSON."""
    if len(text) > MAX_CHARACTERS:
        raise TextError(f"the text has {len(text)} characters; more than {MAX_CHARACTERS} are not read", 1)
    return _Scanner(text).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.line_at = 0
        self.decoder = json.JSONDecoder()

    def document(self) -> Node:
        node = self.value("$", 0)
        self.skip()
        if self.at < len(self.text):
            raise self.error("there is more after the end of the document")
        return node

    def error(self, message: str) -> TextError:
        line = self.line_of(self.at)
        column = self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        return TextError(message, line, column)

    def line_of(self, at: int) -> int:
        self.line += self.text.count("\n", self.line_at, at)
        self.line_at = at
        return self.line

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def peek(self) -> str:
        self.skip()
        return self.text[self.at : self.at + 1]

    def value(self, path: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.error(f"the document is nested more than {MAX_DEPTH} levels deep")
        match self.peek():
            case "{":
                return self.read_object(path, depth)
            case "[":
                return self.read_list(path, depth)
            case "":
                raise self.error("the document ends where a value belongs")
            case _:
                line = self.line_of(self.at)
                return Node(path, line, self.scalar())

    def scalar(self) -> Scalar:
        try:
            value, end = self.decoder.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            self.at = min(error.pos, len(self.text))
            raise self.error(_in_words(error.msg)) from None
        except ValueError:  # an integer of thousands of digits
            raise self.error("a number is too long") from None
        word = self.text[self.at : end]
        if word in ("NaN", "Infinity", "-Infinity"):
            raise self.error(f"{word} is no JSON value")
        self.at = end
        return value  # type: ignore[no-any-return]

    def read_object(self, path: str, depth: int) -> Node:
        line = self.line_of(self.at)
        self.at += 1
        members: list[Member] = []
        if self.peek() == "}":
            self.at += 1
            return Node(path, line, members=())
        while True:
            if self.peek() != '"':
                raise self.error("a key in double quotes belongs here" + self.comma_hint(members))
            key = str(self.scalar())
            if self.peek() != ":":
                raise self.error("a colon belongs here, after the key")
            self.at += 1
            members.append(Member(key, self.value(child_path(path, key), depth + 1)))
            if self.ends("}"):
                return Node(path, line, members=tuple(members))

    def read_list(self, path: str, depth: int) -> Node:
        line = self.line_of(self.at)
        self.at += 1
        items: list[Node] = []
        if self.peek() == "]":
            self.at += 1
            return Node(path, line, items=())
        while True:
            if self.peek() == "]":
                raise self.error("a value belongs here" + self.comma_hint(items))
            items.append(self.value(f"{path}[{len(items)}]", depth + 1))
            if self.ends("]"):
                return Node(path, line, items=tuple(items))

    def ends(self, bracket: str) -> bool:
        found = self.peek()
        if found not in (",", bracket):
            raise self.error(f"a comma or {bracket!r} belongs here")
        self.at += 1
        return found == bracket

    def comma_hint(self, before: object) -> str:
        return "; is there a comma too many before it?" if before and self.peek() in ("}", "]") else ""


def _in_words(message: str) -> str:
    known = {
        "Expecting value": "a value belongs here",
        "Invalid control character at": "a text holds a line break or another control character",
        "Unterminated string starting at": "a text has no closing quote",
    }
    return known.get(message, message[:1].lower() + message[1:])
