"""The generated pages of docs/ say what the program says."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


def load_generator() -> ModuleType:
    spec = spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES: dict[str, str] = load_generator().pages()


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_up_to_date(path: str) -> None:
    written = (ROOT / "docs" / path).read_text(encoding="utf-8")
    assert written == PAGES[path], f"docs/{path} is stale; run: make docs"


def test_every_generated_page_can_be_reached_from_the_map() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert not [path for path in PAGES if path != "index.md" and f"({path})" not in index]
