"""The packaged data files beside this module."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["read_data"]


def read_data(name: str) -> Any:
    """The parsed JSON of a packaged file; works from a zip as well."""
    # importlib.resources draws in tempfile and zipfile, which costs every command some 14 ms.
    from pkgutil import get_data

    text = get_data(__package__, name)
    assert text is not None, f"{name} is missing from the installation"
    return json.loads(text)
