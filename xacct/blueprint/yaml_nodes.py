"""
YAML as nodes that know their line, before anything is typed.

Every scalar stays text: what it means is for the schema to say, so an account ID keeps its leading zeros and
``no`` stays a word. What could surprise or harm is refused with its place: duplicate keys, anchors and
aliases, tags, deep nesting, binary content. Reading takes time in proportion to the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import attrs

from xacct.errors import InputError, Problem
from xacct.values import frozen

__all__ = ["MAX_BYTES", "MappingNode", "Node", "Scalar", "SequenceNode", "decode", "is_absent", "parse_yaml"]

MAX_BYTES = 1 << 20
"""The largest grant, blueprint or project file that is read."""
MAX_DEPTH = 40
MAX_NODES = 100_000
MAX_PROBLEMS = 200
"""How many things that are not taken are told of one file; reading ends there."""

Span: TypeAlias = tuple[int, int]
"""Where a node's text starts and ends, as indices into the document's text."""


@frozen
class Scalar:
    """A text. ``plain`` tells that it stood without quotes; ``place`` is ``file:line`` or an option."""

    text: str
    place: str
    plain: bool = True
    span: Span = (0, 0)

    @property
    def kind(self) -> str:
        return "nothing" if is_absent(self) else f"the text {shorten(self.text)!r}"


@frozen
class SequenceNode:
    items: tuple[Node, ...]
    place: str
    span: Span = (0, 0)
    flow: bool = False

    @property
    def kind(self) -> str:
        return "a list"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


@frozen
class MappingNode:
    """Keys with their values, in the order written. Keys are unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    place: str
    span: Span = (0, 0)
    flow: bool = False

    @property
    def kind(self) -> str:
        return "a mapping of keys to values"

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if name.text == key), None)

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.pairs)


Node: TypeAlias = Scalar | SequenceNode | MappingNode


def shorten(text: str, length: int = 60) -> str:
    """Cut a user's text for a message."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def is_absent(node: Node) -> bool:
    """Tell whether the node says nothing: empty without quotes, ``~`` or ``null``."""
    return isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null")


def decode(data: bytes, file: str) -> str:
    """
    Turn a file's bytes into text: UTF-8, a byte order mark is skipped.

    Raises InputError for what is too large, binary or in another encoding.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{file} is larger than {MAX_BYTES // 1024} KiB",
            where=file,
            fix="a grant or blueprint is a short YAML file; give the path of one",
            code="too-large",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file} is not UTF-8 text", where=f"{file}:{line}", fix="save it as UTF-8", code="not-text"
        ) from None
    if "\0" in text:
        raise InputError(f"{file} is a binary file", where=file, fix="give a YAML file", code="not-text")
    return text


def parse_yaml(text: str, file: str) -> tuple[Node, ...]:
    """
    Read all documents of a text, without the empty ones.

    Raises InputError with the place of what is not YAML, or not the plain YAML that is wanted here.
    """
    import yaml

    if len(text) > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES // 1024} KiB", where=file, code="too-large")
    builder = _Builder(file)
    try:
        # Only the parser is used, of libyaml where it is there: it makes events and constructs nothing.
        loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, text, file) from None
    except (yaml.YAMLError, ValueError, LookupError) as error:
        # The parser meets some malformed texts with errors of other classes than its own.
        raise InputError(
            f"{file} is not YAML: {shorten(_first_line(str(error)), 160)}",
            where=file,
            fix="check quotes, brackets and indentation",
            code="not-yaml",
        ) from None
    if builder.problems:
        raise InputError(dict.fromkeys(builder.problems))
    return tuple(node for node in builder.documents if not is_absent(node))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _not_yaml(error: object, text: str, file: str) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else 1
    lines = text.splitlines()
    at_fault = lines[line - 1] if 0 < line <= len(lines) else ""
    reason = _first_line(str(getattr(error, "problem", None) or "it cannot be read"))
    if "\t" in at_fault:
        fix = "indent with spaces: YAML takes no tabs there"
    elif "mapping values are not allowed" in reason or "alphabetic or numeric" in reason or "@" in at_fault:
        fix = "put quotes around a text that holds a colon and a space, or begins with * & @ or `"
    else:
        fix = "check quotes, brackets and indentation at that line"
    return InputError(
        f"{file} is not YAML: {shorten(reason, 160)}", where=f"{file}:{line}", fix=fix, code="not-yaml"
    )


@attrs.define
class _Open:
    """A collection whose end was not seen yet. ``items`` of a mapping are key, value, key, value, …"""

    mapping: bool
    line: int
    start: int
    flow: bool
    items: list[Node] = attrs.field(factory=list)


class _Builder:
    """Makes nodes of the parser's events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.documents: list[Node] = []
        self.open: list[_Open] = []
        self.count = 0

    def take(self, event: object) -> None:
        name = type(event).__name__
        mark = event.start_mark  # type: ignore[attr-defined]
        line = mark.line + 1
        if name in ("AliasEvent", "ScalarEvent", "SequenceStartEvent", "MappingStartEvent"):
            self.check(event, line)
        match name:
            case "AliasEvent":
                self.add(Scalar("", self.place(line)))
            case "ScalarEvent":
                span = (mark.index, event.end_mark.index)  # type: ignore[attr-defined]
                plain = event.style is None or event.style == ""  # type: ignore[attr-defined]
                self.add(Scalar(str(event.value), self.place(line), plain, span))  # type: ignore[attr-defined]
            case "SequenceStartEvent" | "MappingStartEvent":
                flow = bool(event.flow_style)  # type: ignore[attr-defined]
                self.open.append(_Open(name == "MappingStartEvent", line, mark.index, flow))
            case "SequenceEndEvent" | "MappingEndEvent":
                self.close(event.end_mark.index)  # type: ignore[attr-defined]

    def place(self, line: int) -> str:
        return f"{self.file}:{line}"

    def problem(self, line: int, message: str, fix: str, code: str) -> None:
        self.problems.append(Problem(message, self.place(line), fix, code))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InputError(dict.fromkeys(self.problems))

    def check(self, event: object, line: int) -> None:
        """Refuse what this kind of file has no use for. Raises at once where reading on would cost much."""
        self.count += 1
        if self.count > MAX_NODES or len(self.open) >= MAX_DEPTH:
            what = (
                f"nested deeper than {MAX_DEPTH} levels" if self.count <= MAX_NODES else "too long a document"
            )
            raise InputError(
                [*self.problems, Problem(f"{self.file} is {what}", self.place(line), code="too-large")]
            )
        if type(event).__name__ == "AliasEvent":
            self.problem(line, "an alias (`*name`) is not taken here", "write the value out", "yaml-alias")
        elif getattr(event, "anchor", None):
            self.problem(line, "an anchor (`&name`) is not taken here", "remove it", "yaml-anchor")
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) != "!":
            self.problem(
                line, f"the tag {shorten(str(tag))!r} is not taken here", "write the plain value", "yaml-tag"
            )

    def close(self, end: int) -> None:
        done = self.open.pop()
        place, span = self.place(done.line), (done.start, end)
        if not done.mapping:
            self.add(SequenceNode(tuple(done.items), place, span, done.flow))
            return
        pairs: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(done.items[::2], done.items[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.problems.append(
                    Problem(f"a key is {key.kind}", key.place, "a key is a plain word", "yaml-key")
                )
            elif key.text in pairs:
                first = pairs[key.text][0].place
                self.problems.append(
                    Problem(
                        f"the key {shorten(key.text)!r} is there twice, first at {first}",
                        key.place,
                        "keep one of them",
                        "duplicate-key",
                    )
                )
            else:
                pairs[key.text] = (key, value)
        self.add(MappingNode(tuple(pairs.values()), place, span, done.flow))

    def add(self, node: Node) -> None:
        (self.open[-1].items if self.open else self.documents).append(node)
