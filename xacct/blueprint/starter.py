"""The text that a blueprint of one's own starts from: the commented starter, or a copy of another."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import get_data

from xacct.blueprint.blueprint_nodes import check_blueprint_name, parse_blueprint
from xacct.blueprint.load import read_text
from xacct.errors import InputError

__all__ = ["copied_blueprint", "starter_blueprint"]


def starter_blueprint(name: str) -> str:
    """Give the text of a new blueprint, with comments. Raises InputError for a name that is none."""
    text = get_data(__package__, "starter.yaml")
    assert text is not None, "starter.yaml is missing from the installation"
    return _renamed(text.decode(), check_blueprint_name(name))


def copied_blueprint(source: Path, name: str) -> str:
    """Give another blueprint's text, comments and all, under a new name. Raises InputError."""
    return _renamed(read_text(source), check_blueprint_name(name))


def _renamed(text: str, name: str) -> str:
    renamed = re.sub(r"(?m)^name:.*$", lambda _: f"name: {name}", text, count=1)
    if parse_blueprint(renamed, f"{name}.yaml").name != name:
        raise InputError("the blueprint to copy has no line `name:` of its own", code="blueprint-name")
    return renamed
