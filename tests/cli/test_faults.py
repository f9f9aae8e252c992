"""Whole runs through a line that fails: a sample of the faults that benchmarks/faults.py goes through."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "faults.py"


@pytest.fixture(scope="module")
def faults() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_of_faults", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("number", "after", "left"), [(1, True, 3), (4, False, 1)])
def test_a_run_that_was_killed_is_finished_by_the_next(
    faults: ModuleType, tmp_path: Path, number: int, after: bool, left: int
) -> None:
    result = faults.killing(faults.Place(tmp_path, 2), number, after=after)
    assert result.exit_codes == (-9,)
    assert result.half == 1
    assert (result.second, result.writes, result.empty, result.orphans) == (0, left, True, 0)


def test_a_run_whose_answers_get_lost_goes_on_to_the_end(faults: ModuleType, tmp_path: Path) -> None:
    losing = faults.at_random(0.3, faults.drop, seed=3)
    result = faults.tried(faults.Place(tmp_path, 3), losing)
    assert (result.exit_codes, result.whole, result.half) == ((0,), 3, 0)
    assert (result.second, result.writes, result.empty, result.orphans) == (0, 0, True, 0)


def test_of_two_runs_at_once_the_account_ends_as_the_grants_say(faults: ModuleType, tmp_path: Path) -> None:
    result = faults.tried(faults.Place(tmp_path, 3), faults.none, at_once=2)
    assert set(result.exit_codes) <= {0, 1, 3}
    assert (result.second, result.empty, result.orphans) == (0, True, 0)
