"""The page about the sandbox says what is so."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from xacct.sandbox.documents import SHARED_ISSUERS

_PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_the_example_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block = _PAGE.split("## From Python\n")[1].split("\nClients of")[0]
    names: dict[str, object] = {}
    exec(textwrap.dedent(block), names)
    sandbox = names["sandbox"]
    assert [call.operation for call in sandbox.calls] == ["GetCallerIdentity"]  # type: ignore[attr-defined]
    sandbox.close()  # type: ignore[attr-defined]


def test_as_many_shared_issuers_are_named_as_there_are() -> None:
    listed = _PAGE.split("shared OIDC issuers (")[1].split(")")[0]
    assert len(listed.replace("\n", " ").split(", ")) == len(SHARED_ISSUERS)
