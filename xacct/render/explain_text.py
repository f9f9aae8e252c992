"""An explanation for a terminal: wide tables become records, so that every width reads well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from xacct.explain.model import (
    Block,
    Code,
    Explanation,
    Grid,
    Picture,
    Points,
    Row,
    Step,
    Steps,
    Text,
    Tone,
)
from xacct.render.style import Style, clean, wrap

__all__ = ["explanation_text"]

_COLORS = {Tone.GOOD: "good", Tone.BAD: "bad", Tone.WARN: "warn", Tone.DIM: "dim"}


def explanation_text(explanation: Explanation, style: Style) -> str:
    """Title, lead, picture and sections; the sources at the end."""
    lines = [style("head", clean(explanation.title)), *wrap(explanation.lead, style.width)]
    if explanation.picture is not None:
        lines += ["", *_picture(explanation.picture, style)]
    for section in explanation.sections:
        lines += ["", style("bold", clean(section.title))]
        for block in section.blocks:
            lines += _block(block, style)
    pages = explanation.sources()
    if pages:
        lines += ["", style("bold", "Sources")]
        for page in pages:
            lines += wrap(page, style.width, first="  - ", rest="    ")
    return "\n".join(lines) + "\n"


def _block(block: Block, style: Style) -> Iterator[str]:
    match block:
        case Text():
            yield from _toned(wrap(block.text, style.width, first="  "), block.tone, style)
        case Points():
            for item in block.items:
                said = f"{item.label}: {item.text}" if item.label else item.text
                lines = wrap(said, style.width, first="  - ", rest="    ")
                yield from _toned(lines, item.tone, style)
        case Grid():
            yield from _grid(block, style)
        case Code():
            yield ""
            yield from wrap(f"{block.caption}:", style.width, first="  ")
            yield from (f"    {clean(line)}" for line in block.text.splitlines())
            yield ""
        case Steps():
            for number, step in enumerate(block.steps, start=1):
                yield from _step(number, step, style)
        case _:
            assert_never(block)


def _toned(lines: list[str], tone: Tone, style: Style) -> Iterator[str]:
    color = _COLORS.get(tone)
    yield from (style(color, line) if color else line for line in lines)


# -- tables --------------------------------------------------------------------------------------------------


def _grid(grid: Grid, style: Style) -> Iterator[str]:
    yield ""
    yield from wrap(grid.caption, style.width, first="  ")
    labels = grid.head[1:]
    width = max((len(label) for label in labels), default=0) + 2
    for row in grid.rows:
        yield from _record(row, labels, width, style)
    yield ""


def _record(row: Row, labels: tuple[str, ...], width: int, style: Style) -> Iterator[str]:
    first, *rest = row.cells
    head = wrap(first, style.width, first="  • ", rest="    ")
    color = _COLORS.get(row.tone)
    yield from (style(color, line) if color else line for line in head)
    for label, cell in zip(labels, rest, strict=True):
        if cell not in ("", "—"):
            yield from wrap(cell, style.width, first=f"      {label:<{width}}", rest=" " * (6 + width))


# -- steps ---------------------------------------------------------------------------------------------------


def _step(number: int, step: Step, style: Style) -> Iterator[str]:
    yield ""
    yield from (
        style("bold", line) for line in wrap(step.title, style.width, first=f"  {number}. ", rest="     ")
    )
    facts = [("who", step.actor), ("with", step.credentials), ("in", step.account)]
    if step.call is not None:
        facts.append(("calls", f"{step.call.action} on {step.call.resource}"))
        facts += [("", f"{key} = {value}") for key, value in step.call.context]
    if step.asked:
        facts.append(("asks", step.asked))
    for label, value in facts:
        yield from wrap(value, style.width, first=f"     {label:<7}", rest=" " * 12)
    if step.outcome:
        yield from _toned(wrap(step.outcome, style.width, first="     says   "), step.tone, style)
    yield from wrap(step.why, style.width, first="     why    ", rest=" " * 12)
    for one in step.statements:
        verb = "applies" if one.applies else "does not apply" if one.applies is False else "is open"
        yield from wrap(f"{one.effect} {one.name} {verb}", style.width, first="            ", rest=" " * 14)
        for said in one.says:
            yield from (style("dim", line) for line in wrap(said, style.width, first=" " * 14, rest=" " * 16))


# -- the picture ---------------------------------------------------------------------------------------------


def _picture(picture: Picture, style: Style) -> Iterator[str]:
    """Boxes by indentation, arrows by a line; the same that the drawing shows."""
    edges = {edge.source: edge for edge in picture.edges}
    for box in picture.boxes:
        yield from wrap(f"[{box.title}]", style.width, first="  ")
        for node in box.nodes:
            yield from wrap(node.title, style.width, first="    ■ ", rest="      ")
            for line in node.lines:
                yield from wrap(line, style.width, first="      ", rest="        ")
            edge = edges.get(node.key)
            if edge is not None:
                yield from wrap(edge.label, style.width, first="    │ ", rest="    │ ")
                for check in edge.checks:
                    yield from wrap(check, style.width, first="    │   ? ", rest="    │     ")
                yield "    ▼"
