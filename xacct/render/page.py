"""
The frame of every HTML page: one self-contained file, readable by a screen reader, in dark mode and on paper.

Nothing is loaded from anywhere; a content security policy in the page says so to the browser. Text comes in
through ``text`` and ``tag`` only, which escape it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from xacct.render.style import clean

__all__ = ["Markup", "join", "page", "table", "tag", "text"]


class Markup(str):
    """HTML that is safe to insert as it is; everything else is escaped."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Any text as HTML: escaped, control characters shown."""
    return Markup(escape(clean(value), quote=True))


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """An element; plain strings among the children are escaped. ``class_`` stands for ``class``."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Markup:
    return Markup("".join(child if isinstance(child, Markup) else text(child) for child in children))


def table(head: Iterable[str], rows: Iterable[Iterable[str]], caption: str) -> Markup:
    """A table with its caption; it scrolls by itself on a narrow screen."""
    header = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    made = tag("table", tag("caption", caption), tag("thead", header), tag("tbody", *body))
    return tag("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)


_CSS = """
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--ground:#fff;--soft:#f3f5f7;--line:#c9d1d9;
--good:#116329;--bad:#a40e26;--warn:#7d4e00;--info:#0a4b78}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9da7b3;--ground:#0f1318;--soft:#1a2028;
--line:#3a434e;--good:#6fdd8b;--bad:#ff8f87;--warn:#e8b959;--info:#79c0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.25rem;background:var(--ground);color:var(--ink);
font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2}
h2{margin-top:2.2rem;border-bottom:1px solid var(--line);font-size:1.25rem}
h3{font-size:1.05rem;margin-bottom:.3rem}
code,pre{font:.875rem/1.5 ui-monospace,monospace}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.4rem;padding:.75rem;overflow-x:auto;
white-space:pre-wrap}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--dim);padding:.3rem 0}
th,td{border:1px solid var(--line);padding:.4rem .6rem;text-align:left;vertical-align:top}
th{background:var(--soft)}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.info{color:var(--info)}
.dim{color:var(--dim)}.banner{border-left:.35rem solid var(--line);background:var(--soft);padding:.6rem .9rem}
summary{cursor:pointer;padding:.25rem 0}details>*:not(summary){margin-left:1rem}
ul{padding-left:1.3rem}svg{max-width:100%;height:auto}
@page{margin:15mm}
@media print{html{font-size:10pt}body{max-width:none;padding:0}a{color:inherit}
h1,h2,h3,caption,summary{break-after:avoid}thead{display:table-header-group}
details::details-content{content-visibility:visible;display:block}summary{list-style:none}}
@media(max-width:40rem){body{padding:.75rem}th,td{padding:.3rem .4rem}}
"""


def page(title: str, *body: str, extra_css: str = "") -> str:
    """A whole page in English."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("title", title),
        Markup(f"<style>{_CSS}{extra_css}</style>"),
    )
    main = tag("main", *body)
    return f'<!DOCTYPE html>\n<html lang="en">{head}<body>{main}</body></html>\n'
