"""An explanation as one self-contained page: headings for a screen reader, a drawing, tables that scroll."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from xacct.explain.model import (
    Block,
    Code,
    Explanation,
    Grid,
    Point,
    Points,
    Row,
    Section,
    Statement,
    Step,
    Steps,
    Text,
    Tone,
)
from xacct.render.explain_svg import PICTURE_CSS, picture_svg
from xacct.render.page import Markup, page, tag

__all__ = ["explanation_html"]

_CLASSES = {Tone.GOOD: "good", Tone.BAD: "bad", Tone.WARN: "warn", Tone.DIM: "dim", Tone.PLAIN: "plain"}
_MARKS = {Tone.GOOD: "✓ ", Tone.BAD: "✗ ", Tone.WARN: "⚠ "}

_CSS = (
    PICTURE_CSS
    + """
nav ol{columns:2;padding-left:1.3rem}nav li{break-inside:avoid}
.steps{list-style:none;padding:0;counter-reset:step}
.steps>li{counter-increment:step;border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem;
margin:.8rem 0}
.steps h3{margin:.2rem 0 .5rem}.steps h3::before{content:counter(step) ". "}
dl.facts{display:grid;grid-template-columns:6rem 1fr;gap:.15rem .8rem;margin:.4rem 0}
dl.facts dt{color:var(--dim)}dl.facts dd{margin:0}
.cards{margin:.3rem 0;padding-left:1.3rem}
td:first-child,th[scope=row]{min-width:9rem}td{min-width:8rem}
th[scope=row]{font-weight:600;background:transparent}
sup.source{font-size:.7rem;color:var(--dim)}sup.source a{color:inherit}
a{color:var(--info)}
@media(max-width:40rem){nav ol{columns:1}dl.facts{grid-template-columns:1fr}dl.facts dt{margin-top:.3rem}
.grid,.grid tbody,.grid tr,.grid td,.grid th[scope=row],.grid caption{display:block;width:auto;min-width:0}
.grid thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.grid tr{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:.3rem .6rem}
.grid td,.grid th[scope=row]{border:0;padding:.2rem 0}
.grid td::before{content:attr(data-label);display:block;color:var(--dim);font-size:.85rem}}
@media print{nav{display:none}.steps>li,tr,figure{break-inside:avoid}.wide{overflow:visible}
td{min-width:6rem}td:first-child,th[scope=row]{min-width:7rem}}
"""
)


def explanation_html(explanation: Explanation) -> str:
    """The whole page; sources are numbered, each mark links to its page's name at the end."""
    numbers = {page: number for number, page in enumerate(explanation.sources(), start=1)}
    body: list[str] = [tag("h1", explanation.title), tag("p", explanation.lead, class_="banner")]
    if explanation.picture is not None:
        body.append(picture_svg(explanation.picture))
    if len(explanation.sections) > 2:
        body.append(_contents(explanation.sections))
    for section in explanation.sections:
        made = [made for block in section.blocks for made in _block(block, numbers)]
        body.append(tag("section", tag("h2", section.title, id=section.key), *made))
    if numbers:
        items = [tag("li", name, id=f"source-{number}") for name, number in numbers.items()]
        body.append(tag("section", tag("h2", "Sources", id="sources"), tag("ol", *items)))
    return page(explanation.title, *body, extra_css=_CSS)


def _contents(sections: tuple[Section, ...]) -> Markup:
    items = [tag("li", tag("a", section.title, href=f"#{section.key}")) for section in sections]
    return tag("nav", tag("ol", *items), aria_label="Contents")


def _block(block: Block, numbers: dict[str, int]) -> Iterator[Markup]:
    match block:
        case Text():
            marked = _MARKS.get(block.tone, "") + block.text
            yield tag("p", marked, _mark(block.source, numbers), class_=_CLASSES[block.tone])
        case Points():
            yield tag("ul", *(_point(item, numbers) for item in block.items))
        case Grid():
            yield _grid(block, numbers)
        case Code():
            shown = tag("pre", tag("code", block.text), tabindex="0")
            yield tag("figure", tag("figcaption", block.caption), shown, class_="code", style="margin:1rem 0")
        case Steps():
            yield tag("ol", *(_step(step) for step in block.steps), class_="steps")
        case _:
            assert_never(block)


def _mark(source: str, numbers: dict[str, int]) -> Markup:
    if not source:
        return Markup("")
    number = str(numbers[source])
    link = tag("a", number, href=f"#source-{number}", aria_label=f"source {number}: {source}")
    return tag("sup", link, class_="source")


def _point(item: Point, numbers: dict[str, int]) -> Markup:
    mark = _MARKS.get(item.tone, "")
    label = [tag("strong", f"{mark}{item.label}: ", class_=_CLASSES[item.tone])] if item.label else []
    body = item.text if item.label else mark + item.text
    return tag("li", *label, body, _mark(item.source, numbers))


def _grid(grid: Grid, numbers: dict[str, int]) -> Markup:
    """A table; on a narrow screen each row becomes a card. The roles keep it a table for a screen reader."""
    cells = [tag("th", cell, scope="col", role="columnheader") for cell in grid.head]
    header = tag("thead", tag("tr", *cells, role="row"), role="rowgroup")
    rows = [_row(row, grid.head[1:], numbers) for row in grid.rows]
    body = tag("tbody", *rows, role="rowgroup")
    made = tag("table", tag("caption", grid.caption), header, body, role="table", class_="grid")
    return tag("div", made, class_="wide", tabindex="0", role="region", aria_label=grid.caption)


def _row(row: Row, labels: tuple[str, ...], numbers: dict[str, int]) -> Markup:
    first, *rest = row.cells
    mark = _MARKS.get(row.tone, "")
    source = _mark(row.source, numbers)
    head = tag("th", mark, first, source, scope="row", role="rowheader", class_=_CLASSES[row.tone])
    cells = [tag("td", cell, role="cell", data_label=label) for label, cell in zip(labels, rest, strict=True)]
    return tag("tr", head, *cells, role="row")


def _step(step: Step) -> Markup:
    facts: list[Markup] = [
        _fact("Who", step.actor),
        _fact("With", step.credentials),
        _fact("In", step.account),
    ]
    if step.call is not None:
        facts.append(_fact("Calls", f"{step.call.action} on {step.call.resource}"))
        if step.call.context:
            held = [tag("li", tag("code", f"{key} = {value}")) for key, value in step.call.context]
            facts.append(_fact("Holding", tag("ul", *held, class_="cards")))
    if step.asked:
        facts.append(_fact("Asks", step.asked))
    if step.outcome:
        said = tag("strong", _MARKS.get(step.tone, "") + step.outcome, class_=_CLASSES[step.tone])
        facts.append(_fact("Says", said))
    facts.append(_fact("Why", step.why))
    body: list[Markup] = [tag("h3", step.title), tag("dl", *facts, class_="facts")]
    if step.statements:
        body.append(
            tag("details", tag("summary", "Statement by statement"), *map(_statement, step.statements))
        )
    return tag("li", *body)


def _fact(label: str, value: str) -> Markup:
    return Markup(tag("dt", label) + tag("dd", value))


def _statement(one: Statement) -> Markup:
    verb = "applies" if one.applies else "does not apply" if one.applies is False else "is open"
    return tag(
        "div", tag("p", f"{one.effect} {one.name} {verb}"), tag("ul", *(tag("li", said) for said in one.says))
    )
