"""An explanation as JSON: the same sections, blocks and picture, each block with its kind."""

from __future__ import annotations

from typing import Any, assert_never

from xacct.explain.model import (
    Block,
    Code,
    Explanation,
    Grid,
    Picture,
    Points,
    Row,
    Section,
    Step,
    Steps,
    Text,
)

__all__ = ["explanation_to_json"]


def explanation_to_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "about": explanation.about,
        "name": explanation.name,
        "title": explanation.title,
        "lead": explanation.lead,
        "sections": [_section(section) for section in explanation.sections],
        "picture": None if explanation.picture is None else _picture(explanation.picture),
        "sources": list(explanation.sources()),
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "blocks": [_block(block) for block in section.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text():
            return {"kind": "text", "text": block.text, "tone": block.tone.value, "source": block.source}
        case Points():
            return {
                "kind": "points",
                "items": [
                    {"label": item.label, "text": item.text, "tone": item.tone.value, "source": item.source}
                    for item in block.items
                ],
            }
        case Grid():
            return {
                "kind": "table",
                "caption": block.caption,
                "head": list(block.head),
                "rows": [_row(row) for row in block.rows],
            }
        case Code():
            return {
                "kind": "code",
                "caption": block.caption,
                "language": block.language,
                "text": block.text,
            }
        case Steps():
            return {"kind": "steps", "steps": [_step(step) for step in block.steps]}
        case _:
            assert_never(block)


def _row(row: Row) -> dict[str, Any]:
    return {"cells": list(row.cells), "tone": row.tone.value, "source": row.source}


def _step(step: Step) -> dict[str, Any]:
    call = step.call
    return {
        "title": step.title,
        "actor": step.actor,
        "credentials": step.credentials,
        "account": step.account,
        "asked": step.asked,
        "outcome": step.outcome,
        "why": step.why,
        "call": None
        if call is None
        else {
            "principal": call.principal,
            "action": call.action,
            "resource": call.resource,
            "context": dict(call.context),
        },
        "statements": [
            {"name": one.name, "effect": one.effect, "applies": one.applies, "says": list(one.says)}
            for one in step.statements
        ],
    }


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "alt": picture.alt,
        "boxes": [
            {
                "title": box.title,
                "own": box.own,
                "nodes": [
                    {"key": node.key, "title": node.title, "lines": list(node.lines), "shape": node.shape}
                    for node in box.nodes
                ],
            }
            for box in picture.boxes
        ],
        "edges": [
            {"from": edge.source, "to": edge.target, "label": edge.label, "checks": list(edge.checks)}
            for edge in picture.edges
        ],
    }
