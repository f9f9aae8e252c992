"""The picture of the trust as inline SVG: one column from the caller down, which reads on a phone as well."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

import attrs

from xacct.explain.model import Box, Edge, Node, Picture
from xacct.render.page import Markup, tag
from xacct.render.style import clean

__all__ = ["PICTURE_CSS", "picture_svg"]

_WIDTH = 460
_LINE = 19
_PAD = 12
_CHARS = 52
"""Characters of a line within a box; the longest glyphs of common fonts still fit."""

PICTURE_CSS = """
.picture{margin:1.5rem 0}.picture svg{display:block;width:100%;max-width:34rem;font:14px system-ui,sans-serif}
.picture text{fill:var(--ink)}.picture .title{font-weight:600}.picture .small{fill:var(--dim);font-size:13px}
.picture .account{fill:var(--soft);stroke:var(--line)}.picture .own{stroke:var(--info);stroke-width:2}
.picture .node{fill:var(--ground);stroke:var(--dim)}.picture .role{stroke:var(--good);stroke-width:2}
.picture .arrow{stroke:var(--dim);stroke-width:2;fill:none}.picture .head{fill:var(--dim)}
.picture .check{fill:var(--warn);font-size:13px}
"""


@attrs.define
class _Pen:
    """Draws downwards; ``y`` is where the next thing begins."""

    y: int = 8
    shapes: list[Markup] = attrs.field(factory=list)

    def text(self, words: str, x: int, class_: str) -> None:
        self.shapes.append(tag("text", words, x=str(x), y=str(self.y + 14), class_=class_))
        self.y += _LINE


def picture_svg(picture: Picture) -> Markup:
    """A figure with the drawing; it says the same in words to those who cannot see it."""
    pen = _Pen()
    edges = {edge.source: edge for edge in picture.edges}
    for box in picture.boxes:
        _box(pen, box, edges)
    svg = tag(
        "svg",
        tag("title", "Who reaches what, and which policies are asked on the way"),
        tag("desc", picture.alt),
        *pen.shapes,
        viewBox=f"0 0 {_WIDTH} {pen.y + 4}",
        role="img",
        aria_label=picture.alt,
        xmlns="http://www.w3.org/2000/svg",
    )
    return tag("figure", svg, class_="picture")


def _box(pen: _Pen, box: Box, edges: dict[str, Edge]) -> None:
    """An account with its nodes; an arrow that leaves the account is drawn below its frame."""
    inner = _Pen(y=pen.y + _PAD - 4)
    for line in _lines([box.title], _CHARS):
        inner.text(line, 16, "title")
    keys = {node.key for node in box.nodes}
    leaving: list[Edge] = []
    for node in box.nodes:
        inner.y += 6
        _node(inner, node)
        edge = edges.get(node.key)
        if edge is not None and edge.target in keys:
            _arrow(inner, edge)
        elif edge is not None:
            leaving.append(edge)
    inner.y += _PAD
    height = inner.y - pen.y
    frame = "account own" if box.own else "account"
    pen.shapes.append(_rect(4, pen.y, _WIDTH - 8, height, frame))
    pen.shapes += inner.shapes
    pen.y = inner.y
    for edge in leaving:
        _arrow(pen, edge)
    pen.y += 4


def _node(pen: _Pen, node: Node) -> None:
    top = pen.y
    inner = _Pen(y=top + 7)
    for line in _lines([node.title], _CHARS - 4):
        inner.text(line, 32, "title")
    for line in _lines(node.lines, _CHARS - 2):
        inner.text(line, 32, "small")
    inner.y += 7
    kind = "node role" if node.shape == "role" else "node"
    pen.shapes.append(_rect(20, top, _WIDTH - 40, inner.y - top, kind))
    pen.shapes += inner.shapes
    pen.y = inner.y


def _arrow(pen: _Pen, edge: Edge) -> None:
    top = pen.y
    inner = _Pen(y=top + 8)
    for line in _lines([edge.label], _CHARS - 6):
        inner.text(line, 64, "title")
    for check in edge.checks:
        first, *rest = _lines([check], _CHARS - 8)
        inner.text(f"• {first}", 64, "check")
        for line in rest:
            inner.text(f"   {line}", 64, "check")
    bottom = inner.y + 14
    pen.shapes.append(tag("path", d=f"M44 {top} V{bottom - 8}", class_="arrow"))
    pen.shapes.append(tag("path", d=f"M37 {bottom - 10} L51 {bottom - 10} L44 {bottom} Z", class_="head"))
    pen.shapes += inner.shapes
    pen.y = bottom


def _rect(x: int, y: int, width: int, height: int, class_: str) -> Markup:
    return tag("rect", x=str(x), y=str(y), width=str(width), height=str(height), rx="8", class_=class_)


def _lines(texts: Iterable[str], width: int) -> Iterator[str]:
    """Fold to lines; an ARN, which has no spaces, breaks after a colon or slash where it can."""
    for text in texts:
        words = clean(text).replace("\n", " ").split(" ")
        pieces = " ".join(piece for word in words for piece in _pieces(word, width))
        yield from textwrap.wrap(pieces, width, break_on_hyphens=False) or [""]


def _pieces(word: str, width: int) -> Iterator[str]:
    """The word in pieces of which no two that are neighbours fit on one line."""
    while len(word) > width:
        cut = max(word.rfind(mark, 0, width) for mark in ":/") + 1
        cut = cut if cut > width // 2 else width
        yield word[:cut]
        word = word[cut:]
    yield word
