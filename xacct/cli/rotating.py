"""What a rotation uses besides IAM: places for the secret, and the note between runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import attrs

from xacct.cli.credentials_file import CredentialsFile, default_path
from xacct.cli.plans import write_private
from xacct.errors import InputError
from xacct.keys import NewKey, Note

__all__ = ["NoteFile", "Screen", "place_of"]


@attrs.define
class Screen:
    """Shows the secret, once."""

    write: Callable[[str], None]
    keeps: bool = attrs.field(default=False, init=False)

    def __str__(self) -> str:
        return "the screen"

    @property
    def identity(self) -> str:
        return "the screen"

    def read(self) -> NewKey | None:
        return None

    def store(self, key: NewKey) -> None:
        self.write(f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}")


def place_of(
    profile: str | None, file: str | None, show: bool, write: Callable[[str], None]
) -> CredentialsFile | Screen:
    """The one place that was named. Raises InputError for none, or for several."""
    named = [
        option
        for option, given in (("--profile-name", profile), ("--to-file", file), ("--show-secret", show))
        if given
    ]
    if named == ["--profile-name", "--to-file"] or len(named) == 1:
        if show:
            return Screen(write)
        return CredentialsFile(Path(file) if file else default_path(os.environ), profile or "default")
    raise InputError(
        "the new secret needs one place"
        if not named
        else f"the new secret goes to one place, not to {', '.join(named)}",
        where="--profile-name, --to-file, --show-secret",
        fix="--profile-name NAME keeps it in your AWS credentials file, --to-file FILE in another one, "
        "--show-secret prints it, once",
        code="usage",
    )


class NoteFile:
    """Notes in the state folder, one file a user and account; they hold key IDs and no secrets."""

    def __init__(self, folder: Path, account: str) -> None:
        self._folder = folder
        self._account = account

    def _path(self, user: str) -> Path:
        return self._folder / f"{self._account}-{user.lower()}.json"

    def load(self, user: str) -> Note | None:
        try:
            found = json.loads(self._path(user).read_text(encoding="utf-8"))
            return Note(
                user=found["user"],
                before=tuple(found["before"]),
                started=datetime.fromisoformat(found["started"]),
                place=found["place"],
                made=found["made"],
                shown=found["shown"],
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                "the note of an earlier rotation can't be read",
                where=str(self._path(user)),
                fix="look at the user's keys (xacct keys list), then delete that file",
                code="note",
            ) from None

    def save(self, note: Note) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        value = {**attrs.asdict(note), "started": note.started.isoformat()}
        write_private(self._path(note.user), json.dumps(value) + "\n")

    def clear(self, user: str) -> None:
        self._path(user).unlink(missing_ok=True)
