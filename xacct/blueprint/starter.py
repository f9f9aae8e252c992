"""A new blueprint to begin with: the commented starter, or a copy of one that is there."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from xacct.blueprint.blueprint_nodes import parse_blueprint
from xacct.errors import InputError

__all__ = ["copied_text", "starter_text"]


def starter_text(name: str) -> str:
    """The starter under a name. Raises InputError for a name that is none."""
    text = (files("xacct.blueprint") / "starter.yaml").read_text(encoding="utf-8")
    return _renamed(text, name)


def copied_text(source: Path, name: str) -> str:
    """Another blueprint's text, comments and all, under a new name. Raises InputError."""
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source} cannot be read: {error}", where=str(source), code="unreadable") from None
    return _renamed(text, name)


def _renamed(text: str, name: str) -> str:
    renamed = re.sub(r"(?m)^name:.*$", lambda _: f"name: {name}", text, count=1)
    # Read as it will be, so that a bad name is told before anything is written.
    if parse_blueprint(renamed, f"{name}.yaml").name != name:
        raise InputError("the blueprint to copy has no line `name:` of its own", code="blueprint-name")
    return renamed
