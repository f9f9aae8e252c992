"""
What an explanation is made of: sections of blocks, a picture, sources. All text, no markup.

Every sentence that tells something about AWS carries the page that says so; what was decided by the evaluator
carries ``computed`` instead. Renderers lay these values out and work nothing out.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from xacct.values import frozen

__all__ = [
    "Block",
    "Box",
    "Call",
    "Code",
    "Edge",
    "Explanation",
    "Grid",
    "Node",
    "Picture",
    "Point",
    "Points",
    "Row",
    "Section",
    "Statement",
    "Step",
    "Steps",
    "Text",
    "Tone",
]


class Tone(StrEnum):
    """How a line is meant; shown by a word or mark as well, never by colour alone."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    DIM = "dim"


@frozen
class Text:
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN
    source: str = ""


@frozen
class Point:
    """One item of a list; ``label`` leads it. ``source`` names the page that says so, if one does."""

    text: str
    label: str = ""
    tone: Tone = Tone.PLAIN
    source: str = ""


@frozen
class Points:
    items: tuple[Point, ...]


@frozen
class Row:
    """One row of a table, with the page that its claims rest on."""

    cells: tuple[str, ...]
    tone: Tone = Tone.PLAIN
    source: str = ""


@frozen
class Grid:
    """A table; the first column heads each row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]


@frozen
class Code:
    """A policy, a command or a piece of a grant, to be copied as it is."""

    caption: str
    text: str
    language: str = "json"


@frozen
class Call:
    """A request in the evaluator's terms, external IDs redacted unless they are to be shown."""

    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@frozen
class Statement:
    """How one statement met the request: ``says`` gives the reasons, or only what fails."""

    name: str
    effect: str
    applies: bool | None
    says: tuple[str, ...] = ()


@frozen(kw_only=True)
class Step:
    """
    One step of a request's path: who calls, with which credentials, in which account, which policy is asked,
    and what it says. ``outcome`` is the decision in words; "" where nothing is decided.
    """

    title: str
    actor: str
    credentials: str
    account: str
    asked: str = ""
    outcome: str = ""
    tone: Tone = Tone.PLAIN
    why: str = ""
    call: Call | None = None
    statements: tuple[Statement, ...] = ()


@frozen
class Steps:
    steps: tuple[Step, ...]


Block: TypeAlias = Text | Points | Grid | Code | Steps


@frozen
class Section:
    """``key`` is stable, for links and for JSON."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@frozen
class Node:
    """A principal, a role, or resources; ``shape`` is "person", "role" or "resource"."""

    key: str
    title: str
    lines: tuple[str, ...] = ()
    shape: str = "resource"


@frozen
class Box:
    """An account, or what lies outside AWS."""

    title: str
    nodes: tuple[Node, ...]
    own: bool = False


@frozen
class Edge:
    """From one node to another: the call, and the checks on the way."""

    source: str
    target: str
    label: str
    checks: tuple[str, ...] = ()


@frozen
class Picture:
    """A picture of the trust, from the caller down to the resources; ``alt`` says the same in a sentence."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    alt: str


@frozen(kw_only=True)
class Explanation:
    """``about`` tells what it explains: ``general``, ``blueprint``, ``grant``, ``service`` or ``action``."""

    about: str
    name: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    picture: Picture | None = None

    def sources(self) -> tuple[str, ...]:
        """Every page that is named, once, in the order of the alphabet."""
        return tuple(sorted({source for source in self._sources() if source}))

    def _sources(self) -> Iterator[str]:
        for section in self.sections:
            for block in section.blocks:
                match block:
                    case Text():
                        yield block.source
                    case Points():
                        yield from (item.source for item in block.items)
                    case Grid():
                        yield from (row.source for row in block.rows)
                    case _:
                        pass
