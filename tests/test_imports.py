"""The picture of the house: who may import whom, and what a command may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "xacct"

# Each may import those before it, never those after it.
ORDER = [
    "values",
    "errors",
    "iam",
    "lightsail",
    "evaluate",
    "lint",
    "blueprint",
    "plan",
    "explain",
    "diagnose",
    "handoff",
    "export",
    "keys",
    "apply",
    "verify",
    "aws",
    "sandbox",
    "wizard",
    "render",
    "cli",
]
HEAVY = {
    "boto3": {"aws", "sandbox"},
    "botocore": {"aws", "sandbox"},
    "moto": {"sandbox"},
    "questionary": {"wizard"},
    "prompt_toolkit": {"wizard"},
    "click": {"cli"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            if node.module == "xacct":
                names.update(f"xacct.{alias.name}" for alias in node.names)
    return names


def test_imports_point_one_way() -> None:
    wrong = []
    for path in modules():
        own = part_of(path)
        if own in ("__init__", "__main__"):
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "xacct" or len(parts) < 2 or parts[1] == "__version__":
                continue
            if ORDER.index(parts[1]) > ORDER.index(own):
                wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not wrong


def test_only_the_edges_import_what_is_heavy() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in modules()
        for name in imported(path)
        if part_of(path) not in HEAVY.get(name.split(".")[0], {part_of(path)})
    ]
    assert not wrong


def test_no_two_modules_import_each_other() -> None:
    def name_of(path: Path) -> str:
        parts = ("xacct", *path.relative_to(PACKAGE).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    graph: dict[str, set[str]] = {}
    for path in modules():
        tree = ast.parse(path.read_text())
        top = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        graph[name_of(path)] = {node.module for node in top if node.module}
    wrong = [
        f"{one} and {other}"
        for one, others in graph.items()
        for other in others
        if one in graph.get(other, set()) and one < other
    ]
    assert not wrong


OFFLINE = {
    "--help": (),
    "permissions list": (),
    "blueprints list": (),
    "schema grant": (),
    "schema plan": (),
    "explain examples/third-party.yaml --format html": (),
    "diagnose AccessDenied": (),
    "plan examples/third-party.yaml --offline": (),
    "handoff examples/third-party.yaml": (),
    "new third-party --no-input --set trusted_account=444455556666 --set external_id=generate "
    "--set permissions=read-only --set account=111122223333": (),
}


@pytest.mark.parametrize("command", OFFLINE)
def test_offline_commands_load_neither_boto3_nor_moto(command: str) -> None:
    code = (
        "import sys; from xacct.cli.main import main; main(sys.argv[1:]); "
        "print('LOADED', sorted({m.split('.')[0] for m in sys.modules} & "
        "{'boto3', 'botocore', 'moto', 'questionary', 'prompt_toolkit', 'rich'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()],
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parent,
    )
    assert "LOADED []" in done.stderr, done.stderr
