"""Golden files: rendered text as people see it; XACCT_GOLDEN=write writes them anew (make golden)."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Compare a text with the golden file of that name, or write it there."""
    path = GOLDEN / name
    if os.environ.get("XACCT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{name} is missing: make golden"
    assert text == path.read_text(), f"{name} differs: look at it, then make golden"
