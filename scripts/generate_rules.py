"""Write docs/rules.md from the rules themselves."""

from __future__ import annotations

from pathlib import Path

from xacct.lint.reference import rules_to_markdown

if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
    target.write_text(rules_to_markdown(), encoding="utf-8")
    print(f"{target.name} written")
