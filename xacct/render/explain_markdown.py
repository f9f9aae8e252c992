"""An explanation as Markdown for a wiki or a pull request, with the picture as a Mermaid diagram."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from xacct.explain.model import Block, Code, Explanation, Grid, Picture, Points, Step, Steps, Text, Tone
from xacct.render.style import clean

__all__ = ["explanation_markdown", "mermaid"]

_MARKS = {Tone.GOOD: "✓ ", Tone.BAD: "✗ ", Tone.WARN: "⚠ "}


def explanation_markdown(explanation: Explanation) -> str:
    """GitHub-flavoured Markdown; sources are footnotes at the end of each section's table."""
    lines = [f"# {_text(explanation.title)}", "", _text(explanation.lead), ""]
    if explanation.picture is not None:
        picture = explanation.picture
        lines += ["```mermaid", mermaid(picture), "```", "", f"*{_text(picture.alt)}*", ""]
    for section in explanation.sections:
        lines += [f"## {_text(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    pages = explanation.sources()
    if pages:
        lines += ["## Sources", "", *(f"- {_text(page)}" for page in pages), ""]
    return "\n".join(lines)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text():
            yield _MARKS.get(block.tone, "") + _text(block.text)
        case Points():
            for item in block.items:
                label = f"**{_text(item.label)}**: " if item.label else ""
                yield f"- {_MARKS.get(item.tone, '')}{label}{_text(item.text)}"
        case Grid():
            yield from _grid(block)
        case Code():
            yield f"{_text(block.caption)}:"
            yield ""
            fence = _fence(block.text)
            yield f"{fence}{block.language}"
            yield from (clean(line) for line in block.text.splitlines())
            yield fence
        case Steps():
            for number, step in enumerate(block.steps, start=1):
                yield from _step(number, step)
        case _:
            assert_never(block)


def _grid(grid: Grid) -> Iterator[str]:
    yield f"**{_text(grid.caption)}**"
    yield ""
    yield f"| {' | '.join(_text(cell) for cell in grid.head)} |"
    yield f"| {' | '.join('---' for _ in grid.head)} |"
    for row in grid.rows:
        first, *rest = (_text(cell) for cell in row.cells)
        yield f"| {' | '.join([_MARKS.get(row.tone, '') + first, *rest])} |"


def _step(number: int, step: Step) -> Iterator[str]:
    yield f"{number}. **{_text(step.title)}**"
    yield f"   - who: {_code(step.actor)}, with {_text(step.credentials)}"
    yield f"   - in: {_text(step.account)}"
    if step.call is not None:
        yield f"   - calls: {_code(step.call.action)} on {_code(step.call.resource)}"
        for key, value in step.call.context:
            yield f"     - {_code(f'{key} = {value}')}"
    if step.asked:
        yield f"   - asks: {_text(step.asked)}"
    if step.outcome:
        yield f"   - says: **{_MARKS.get(step.tone, '')}{_text(step.outcome)}**"
    yield f"   - why: {_text(step.why)}"
    for one in step.statements:
        verb = "applies" if one.applies else "does not apply" if one.applies is False else "is open"
        yield f"     - {_text(one.effect)} {_code(one.name)} {verb}: {_text('; '.join(one.says))}"


_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~$"})


def _text(value: str) -> str:
    """Plain text that no renderer takes for markup, on one line."""
    flat = " ".join(clean(value).split())
    shown = flat.replace("&", "&amp;").translate(_SPECIAL)
    # A bare address or @name would become a link or a mention.
    return shown.replace("://", ":\u200b//").replace("@", "@\u200b")


def _code(value: str) -> str:
    flat = " ".join(clean(value).split())
    ticks = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def _longest_run(value: str) -> int:
    longest = run = 0
    for char in value:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest


def _fence(text: str) -> str:
    return "`" * max(3, _longest_run(text) + 1)


# -- Mermaid -------------------------------------------------------------------------------------------------


def mermaid(picture: Picture) -> str:
    """The picture as a flow chart. Texts are quoted, and what Mermaid reads as markup is written as codes."""
    lines = ["flowchart TD"]
    for number, box in enumerate(picture.boxes):
        lines.append(f'  subgraph box{number}["{_label(box.title)}"]')
        for node in box.nodes:
            words = "<br/>".join(_label(line) for line in (node.title, *node.lines))
            lines.append(f'    {node.key}["{words}"]')
        lines.append("  end")
    for edge in picture.edges:
        words = "<br/>".join(_label(line) for line in (edge.label, *edge.checks))
        lines.append(f'  {edge.source} -->|"{words}"| {edge.target}')
    return "\n".join(lines)


def _label(value: str) -> str:
    """Letters, digits and harmless signs as they are; everything else as Mermaid's ``#code;``."""
    flat = " ".join(clean(value).split())
    return "".join(char if char.isalnum() or char in " .,:/-_+=()…'?" else f"#{ord(char)};" for char in flat)
