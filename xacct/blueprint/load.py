"""Grants from files and folders, with the problems of all of them told at once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xacct.blueprint.grant_nodes import grant_from_node
from xacct.blueprint.model import Grant
from xacct.blueprint.yaml_nodes import MAX_BYTES, decode, parse_yaml
from xacct.errors import InputError, Problem

__all__ = ["PROJECT_FILE", "load_grants", "parse_grant", "read_text"]

PROJECT_FILE = "xacct.yaml"
_SUFFIXES = (".yaml", ".yml")
MAX_FILES = 5000
MAX_ENTRIES = 100_000
"""How many entries of a folder and those below it are looked at in search of grants."""


def read_text(path: Path, *, shown: str | None = None) -> str:
    """
    Read a small text file.

    Raises InputError for one that is missing, no ordinary file, too large, binary or not UTF-8. A large file
    is refused before it is read.
    """
    name = shown or str(path)
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise InputError(f"{name} is a folder", where=name, fix="give a file in it", code="not-a-file")
        if not stat.S_ISREG(info.st_mode):
            raise InputError(
                f"{name} is no ordinary file", where=name, fix="give a YAML file", code="not-a-file"
            )
        if info.st_size > MAX_BYTES:
            raise InputError(
                f"{name} has {info.st_size} bytes; at most {MAX_BYTES} are read",
                where=name,
                fix="a grant is a short YAML file; give the path of one",
                code="too-large",
            )
        with path.open("rb") as file:
            return decode(file.read(MAX_BYTES + 1), name)
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{name} cannot be read: {reason}", where=name, code="unreadable") from None
        raise InputError(
            f"there is no file {name}",
            where=name,
            fix="check the path; `xacct new -o FILE` writes a grant",
            code="missing-file",
        ) from None


def parse_grant(text: str, file: str) -> tuple[Grant, ...]:
    """
    Read the grants of one text; documents are divided by ``---``.

    Raises InputError with every problem of every document.
    """
    problems: list[Problem] = []
    grants: list[Grant] = []
    documents = parse_yaml(text, file)
    if not documents:
        raise InputError(
            f"{file} is empty", where=file, fix="`xacct new -o FILE` writes a grant", code="empty-file"
        )
    for node in documents:
        try:
            grants.append(grant_from_node(node, file))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return tuple(grants)


def load_grants(paths: Sequence[Path]) -> tuple[Grant, ...]:
    """
    Read the grants of files and folders.

    Folders are read with those below them, ``*.yaml`` and ``*.yml``, in the order of their names; hidden ones
    and the project file are passed over. A file that is named twice is read once. Raises InputError with the
    problems of all files, also when two grants of one account have the same name or role.
    """
    problems: list[Problem] = []
    grants: list[Grant] = []
    for path in _files(paths, problems):
        try:
            grants += parse_grant(read_text(path), str(path))
        except InputError as error:
            problems += error.problems
    problems += _twice(grants)
    if problems:
        raise InputError(problems)
    return tuple(grants)


def _files(paths: Sequence[Path], problems: list[Problem]) -> list[Path]:
    found: dict[Path, Path] = {}
    for path in paths:
        try:
            is_folder = path.is_dir()
        except (OSError, ValueError):
            is_folder = False
        if not is_folder:
            found.setdefault(_identity(path), path)
            continue
        try:
            inside = _inside(path)
        except InputError as error:
            problems += error.problems
            continue
        for file in inside:
            found.setdefault(_identity(file), file)
    return list(found.values())


def _identity(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path


def _inside(folder: Path) -> list[Path]:
    """The files of a folder that may be grants. Raises InputError: a part left out would look removed."""
    out: list[Path] = []
    for looked_at, (path, is_folder) in enumerate(_below(folder)):
        if len(out) > MAX_FILES or looked_at > MAX_ENTRIES:
            raise _folder_problem(folder, "holds too much to search for grants", "name a folder below it")
        if path.suffix in _SUFFIXES and path.name != PROJECT_FILE and not is_folder:
            out.append(path)
    if not out:
        raise _folder_problem(folder, "holds no grant", "grants are files *.yaml or *.yml")
    return sorted(out)


def _below(folder: Path) -> Iterator[tuple[Path, bool]]:
    """What is in a folder and those below it, hidden things passed over; with whether it is a folder."""
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as entries:
                # A linked folder may lead back up, so links are not followed.
                found = [(here / entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            reason = error.strerror or error
            raise _folder_problem(here, f"cannot be read: {reason}", "check its permissions") from None
        shown = [item for item in found if not item[0].name.startswith(".")]
        pending += [path for path, is_folder in shown if is_folder]
        yield from shown


def _folder_problem(folder: Path, what: str, fix: str) -> InputError:
    return InputError(f"{folder} {what}", where=str(folder), fix=fix, code="folder")


def _twice(grants: Iterable[Grant]) -> list[Problem]:
    """Grants of one account that share a name, or a role's name by IAM's rule, which ignores case."""
    out: list[Problem] = []
    names: dict[tuple[str | None, str], Grant] = {}
    roles: dict[tuple[str | None, str], Grant] = {}
    for grant in grants:
        first = names.setdefault((grant.account, grant.name), grant)
        if first is not grant:
            out.append(
                Problem(
                    f"two grants of one account are named {grant.name!r}, the first at {first.where('name')}",
                    grant.where("name"),
                    "rename one of them",
                    "duplicate-grant",
                )
            )
            continue
        holder = roles.setdefault((grant.account, grant.role.lower()), grant)
        if holder is not grant:
            out.append(
                Problem(
                    f"the grants {holder.name!r} and {grant.name!r} would both make the role {grant.role!r}; "
                    "IAM's names differ by more than case",
                    grant.where("role_name" if grant.role_name else "name"),
                    "give one of them another role_name",
                    "duplicate-role",
                )
            )
    return out
