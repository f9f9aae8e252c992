"""Where blueprints are found: the project's own, then the user's, then the shipped ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from xacct.blueprint.blueprint_nodes import parse_blueprint
from xacct.blueprint.load import read_text
from xacct.blueprint.model import Blueprint
from xacct.blueprint.reading import nearest
from xacct.blueprint.yaml_nodes import shorten
from xacct.errors import InputError, Problem

__all__ = ["blueprint_names", "list_blueprints", "load_blueprint", "shipped_folder"]


@cache
def shipped_folder() -> Path:
    """The folder of the shipped blueprints: in the installed package, or beside it in a working copy."""
    package = Path(__file__).resolve().parent.parent
    carried = package / "_blueprints"
    return carried if carried.is_dir() else package.parent / "blueprints"


def blueprint_names(search: Sequence[Path] = ()) -> dict[str, Path]:
    """Name -> file of every blueprint that is found; the first folder that has a name wins."""
    found: dict[str, Path] = {}
    for folder in (*search, shipped_folder()):
        try:
            files = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*.yml"))
        except OSError:
            continue
        for file in files:
            if not file.name.startswith("."):
                found.setdefault(file.stem, file)
    return found


def load_blueprint(name: str, search: Sequence[Path] = (), *, where: str = "") -> Blueprint:
    """
    Load a blueprint by its name from the folders of ``search``, in order, then from the shipped ones.

    ``where`` is the place that names it, for the error. Raises InputError for an unknown name, with the
    nearest, and for a file that is no blueprint.
    """
    # A name is no path: what could lead out of the folders is refused before any file is touched.
    file = None
    if re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name):
        for folder in (*search, shipped_folder()):
            file = next(
                (path for end in (".yaml", ".yml") if (path := folder / f"{name}{end}").is_file()), None
            )
            if file is not None:
                break
    if file is None:
        names = sorted(blueprint_names(search))
        near = nearest(name, names)
        raise InputError(
            f"there is no blueprint {shorten(name)!r}",
            fix=(f"did you mean {near!r}? " if near else "") + f"there are: {', '.join(names)}",
            where=where,
            code="unknown-blueprint",
        )
    return _load(file, name)


def list_blueprints(search: Sequence[Path] = ()) -> tuple[Blueprint, ...]:
    """
    Load every blueprint that one may choose, in the order of their names.

    One that takes a role's documents whole is left out: nobody is led to it by questions, `xacct adopt`
    writes it. Raises InputError with the problems of all that are none.
    """
    problems: list[Problem] = []
    out: list[Blueprint] = []
    for name, file in sorted(blueprint_names(search).items()):
        try:
            out.append(_load(file, name))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return tuple(one for one in out if one.given is None)


def _load(file: Path, name: str) -> Blueprint:
    shipped = file.parent == shipped_folder()
    if shipped:
        return _load_shipped(file, name)
    return _named(parse_blueprint(read_text(file), str(file)), name, str(file))


@cache
def _load_shipped(file: Path, name: str) -> Blueprint:
    return _named(parse_blueprint(read_text(file), file.name, "shipped"), name, str(file))


def _named(blueprint: Blueprint, name: str, file: str) -> Blueprint:
    if blueprint.name != name:
        raise InputError(
            f"the blueprint in {file} is named {blueprint.name!r}",
            where=file,
            fix=f"write `name: {name}`, or rename the file to {blueprint.name}.yaml",
            code="blueprint-name",
        )
    return blueprint
