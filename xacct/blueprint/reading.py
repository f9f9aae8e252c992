"""What all readers of files share: collected problems with their places, nearest words, small values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import TypeVar

from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, SequenceNode, is_absent, shorten
from xacct.errors import InputError, Problem

__all__ = ["Reader", "nearest", "parse_bool", "parse_date", "parse_duration", "suggest"]

T = TypeVar("T")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that is most like this one, in any case; None when none is near."""
    from difflib import get_close_matches

    folded = {name.lower().replace("_", "-"): name for name in known}
    close = get_close_matches(word[:100].lower().replace("_", "-"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggest(word: str, known: Collection[str], otherwise: str = "") -> str:
    """Word the fix for an unknown name: the nearest known one, or all of them."""
    near = nearest(word, known)
    if near is not None:
        return f"did you mean {near!r}?"
    return otherwise or (f"known are: {', '.join(known)}" if known else "")


def parse_duration(text: str) -> int:
    """
    Read a duration such as ``1h``, ``90m``, ``1h30m`` or ``3600`` (seconds) and return it in seconds.

    Raises InputError.
    """
    plain = text.strip().lower()
    if re.fullmatch(r"[0-9]{1,9}", plain):
        return int(plain)
    if plain and re.fullmatch(r"(?:[0-9]{1,6}\s*[smhd]\s*)+", plain):
        return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"([0-9]+)\s*([smhd])", plain))
    raise InputError(
        f"{shorten(text)!r} is no duration", fix="write it as 1h, 90m, 1h30m or in seconds", code="duration"
    )


def parse_date(text: str) -> date:
    """Read a day as ``YYYY-MM-DD``, one that has a day after it. Raises InputError."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        try:
            day = date.fromisoformat(text.strip())
        except ValueError:
            pass
        else:
            if day < date.max:
                return day
    raise InputError(
        f"{shorten(text)!r} is no date", fix="write a day of the calendar as YYYY-MM-DD", code="date"
    )


def parse_bool(text: str) -> bool:
    """Read yes or no in any of YAML's spellings. Raises InputError."""
    word = text.strip().lower()
    if word in ("true", "yes", "on"):
        return True
    if word in ("false", "no", "off"):
        return False
    raise InputError(f"{shorten(text)!r} is neither yes nor no", fix="write true or false", code="bool")


class Reader:
    """Reads nodes by a schema and collects every problem with its place."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[str, str] = {}

    def problem(self, node: Node, path: str, message: str, fix: str = "", code: str = "value") -> None:
        # The line of a key is where people look; the block that it holds may begin below it.
        place = self.places.get(path, node.place)
        self.problems.append(Problem(message, f"{place}: {path}" if path else place, fix, code))

    def finish(self) -> None:
        """Raise InputError with all problems, if there are any."""
        if self.problems:
            raise InputError(self.problems)

    def note(self, path: str, node: Node) -> None:
        """Remember where a path of the document stands."""
        self.places[path] = node.place

    def mapping(
        self, node: Node, path: str, keys: Collection[str] | None = None, what: str = "this"
    ) -> Mapping[str, Node]:
        """The keys with their values; keys without a value are left out. Unknown keys are problems."""
        if is_absent(node):
            return {}
        if not isinstance(node, MappingNode):
            self.problem(node, path, f"{what} is {node.kind}, not a mapping of keys to values", code="type")
            return {}
        out: dict[str, Node] = {}
        for key, value in node:
            inner = f"{path}.{key.text}" if path else key.text
            # The place of a key is that of its line, not of the block that may begin below it.
            self.places[inner] = key.place
            if keys is not None and key.text not in keys:
                fix = suggest(key.text, keys)
                self.problem(key, inner, f"{shorten(key.text)!r} is no key of {what}", fix, "unknown-key")
            elif not is_absent(value):
                out[key.text] = value
        return out

    def items(self, node: Node, path: str) -> list[tuple[str, Node]]:
        """The items of a list with their paths; a lone value is a list of one."""
        if is_absent(node):
            return []
        listed = node.items if isinstance(node, SequenceNode) else (node,)
        out = [(f"{path}.{index}", item) for index, item in enumerate(listed)]
        for inner, item in out:
            self.note(inner, item)
        return out

    def text(self, node: Node | None, path: str) -> str | None:
        """A text, or None with a problem when it is a list or a mapping. None stays None."""
        if node is None:
            return None
        if isinstance(node, Scalar):
            return node.text
        self.problem(node, path, f"{path} is {node.kind} where a single value belongs", code="type")
        return None

    def texts(self, node: Node | None, path: str) -> tuple[str, ...]:
        if node is None:
            return ()
        found = [self.text(item, inner) for inner, item in self.items(node, path)]
        return tuple(text for text in found if text is not None)

    def text_map(self, node: Node | None, path: str, what: str) -> dict[str, tuple[str, ...]]:
        """A mapping of texts to a text or a list of texts."""
        if node is None:
            return {}
        return {
            key: self.texts(value, f"{path}.{key}")
            for key, value in self.mapping(node, path, None, what).items()
        }

    def typed(self, node: Node | None, path: str, parse: Callable[[str], T]) -> T | None:
        """A text turned into a value; what ``parse`` raises becomes a problem with its place."""
        text = self.text(node, path)
        if node is None or text is None:
            return None
        try:
            return parse(text)
        except InputError as error:
            for problem in error.problems:
                self.problem(node, path, problem.message, problem.fix, problem.code)
            return None
