"""Grant files that commands edit: one grant, its text, and putting a new text in its place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xacct.errors import InputError, XacctError
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.blueprint.model import Grant

__all__ = ["GrantFile", "write_text"]


@frozen
class GrantFile:
    """One grant with the text of its file, which may hold others too."""

    path: Path
    text: str
    grant: Grant

    @classmethod
    def read(cls, argument: str, name: str | None = None) -> GrantFile:
        """
        Read the grant that an argument names; ``name`` picks one of several in the file.

        Raises InputError when it is not exactly one, or no file.
        """
        from xacct.blueprint.load import parse_grant, read_text

        path = Path(argument)
        text = read_text(path)
        grants = [grant for grant in parse_grant(text, argument) if name in (None, grant.name)]
        if len(grants) != 1:
            raise InputError(
                f"{argument} holds {len(grants) or 'no'} grants{f' named {name!r}' if name else ''}",
                where=argument,
                fix="name one with --grant NAME",
                code="usage",
            )
        return cls(path, text, grants[0])

    def edited(self, text: str) -> Grant:
        """The grant as the edited text has it."""
        from xacct.blueprint.load import parse_grant

        return next(grant for grant in parse_grant(text, str(self.path)) if grant.name == self.grant.name)


def write_text(path: Path, text: str) -> None:
    """Replace a file's text in one move, its mode kept. Raises XacctError."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise XacctError(
            f"{path} can't be written: {error.strerror}",
            where=str(path),
            fix="make the file and its folder writable",
            code="file",
        ) from None
