"""What is installed is whole: blueprints, catalog, rules; and the program runs from the wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    code = (
        "import os, sys; from hatchling.build import build_wheel; os.chdir(sys.argv[1]); "
        "print(build_wheel(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(folder)], capture_output=True, text=True, check=True
    )
    return folder / done.stdout.split()[-1]


def test_the_wheel_carries_blueprints_and_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {f"xacct/_blueprints/{path.name}" for path in (ROOT / "blueprints").glob("*.yaml")}
    data = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "xacct").rglob("*")
        if path.suffix in (".json", ".yaml", ".typed")
    }
    assert shipped <= names
    assert data <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_program_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(place)
    environment = {**os.environ, "PYTHONPATH": str(place), "XDG_STATE_HOME": str(tmp_path / "state")}
    example = str(ROOT / "examples" / "third-party.yaml")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "xacct", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = subprocess.run(
        [sys.executable, "-c", "import xacct; print(xacct.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert where.stdout.startswith(str(place))
    assert "third-party" in run("blueprints", "list")
    assert "2 to create" in run("plan", "--offline", example)
    assert "XA101" in run("rule")
