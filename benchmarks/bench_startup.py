"""
Starting: what a command costs before it does anything, next to Python with click alone.

Each program runs many times in turn, so that all meet the same load; the least CPU time of user and system is
told, which other programs on the machine disturb least, and the median of the time that passes.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 15
XACCT = (sys.executable, "-c", "from xacct.cli import run; run()")
PROGRAMS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "python -c 'import click'": (sys.executable, "-c", "import click"),
    "xacct --help": (*XACCT, "--help"),
    "xacct plan GRANT --offline": (*XACCT, "plan", "examples/third-party.yaml", "--offline"),
    "xacct check GRANT": (*XACCT, "check", "examples/third-party.yaml"),
}


def run(command: tuple[str, ...], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of CPU and of the clock that one run takes."""
    before, began = cpu_of_children(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    return cpu_of_children() - before, time.perf_counter() - began


def cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XACCT_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for command in PROGRAMS.values():
        run(command, environment)  # writes the bytecode and warms the disk
    for _ in range(ROUNDS):
        for name, command in PROGRAMS.items():
            figures[name].append(run(command, environment))
    base = min(cpu for cpu, _ in figures["python -c 'import click'"])
    print(f"{'':28} {'CPU, least':>12} {'time, median':>14} {'against click':>14}")
    for name, taken in figures.items():
        cpu = min(cpu for cpu, _ in taken)
        passed = statistics.median(passed for _, passed in taken)
        print(f"{name:28} {cpu * 1000:9.0f} ms {passed * 1000:11.0f} ms {cpu / base:13.1f}×")


if __name__ == "__main__":
    main()
