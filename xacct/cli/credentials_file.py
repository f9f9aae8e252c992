"""
One profile of AWS's shared credentials file, changed without touching any other line.

Whatever is not this profile's keys keeps its bytes. The file is replaced in one move, by one that only its
owner can read; a link stays a link.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from xacct.errors import InputError, XacctError
from xacct.keys import NewKey

__all__ = ["CredentialsFile", "default_path"]

_LONGEST = 4 * 1024 * 1024
_HEADER = re.compile(r"\[([^\]\r\n]*)\]")
_OPTION = re.compile(r"([A-Za-z_]+)[ \t]*[=:][ \t]*(.*)")
_ID, _SECRET = "aws_access_key_id", "aws_secret_access_key"
# Of temporary credentials; with a long-term key they would be refused.
_STALE = ("aws_session_token", "aws_security_token")


def default_path(environ: Mapping[str, str]) -> Path:
    """Where AWS's tools look: ``AWS_SHARED_CREDENTIALS_FILE``, else ``~/.aws/credentials``."""
    named = environ.get("AWS_SHARED_CREDENTIALS_FILE")
    return Path(named).expanduser() if named else Path.home() / ".aws" / "credentials"


class CredentialsFile:
    """
    The keys of one profile in a file.

    Raises InputError for a name that no profile can have, and for a file that is none or cannot be read.
    """

    keeps = True

    def __init__(self, path: Path, profile: str) -> None:
        if not re.fullmatch(r"[^\[\]\s\"'#;]{1,128}", profile):
            raise InputError(
                f"{profile!r} can be no profile's name",
                where="--profile-name",
                fix="use letters, digits, - and _",
            )
        self.path = path
        self.profile = profile

    def __str__(self) -> str:
        return f"profile {self.profile} in {self.path}"

    @property
    def identity(self) -> str:
        return f"profile {self.profile} in {os.path.realpath(self.path)}"

    def read(self) -> NewKey | None:
        """The long-term key that the profile holds, None when it holds none."""
        lines = self._lines()
        start, end = self._section(lines)
        found = {name: value for name, value in map(_option, lines[start:end]) if name}
        if _ID in found and _SECRET in found:
            return NewKey(id=found[_ID], secret=found[_SECRET])
        return None

    def store(self, key: NewKey) -> None:
        """Put a key into the profile. Raises XacctError when the file cannot be written."""
        lines = self._lines()
        start, end = self._section(lines)
        newline = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
        given = [f"{_ID} = {key.id}{newline}", f"{_SECRET} = {key.secret}{newline}"]
        if start == end == 0:
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += newline
            gap = [newline] if lines and lines[-1].strip() else []
            changed = [*lines, *gap, f"[{self.profile}]{newline}", *given]
        else:
            kept = [
                line for line in lines[start + 1 : end] if _option(line)[0] not in (_ID, _SECRET, *_STALE)
            ]
            header = lines[start] if lines[start].endswith("\n") else lines[start] + newline
            changed = [*lines[:start], header, *given, *kept, *lines[end:]]
        self._write("".join(changed))

    def _lines(self) -> list[str]:
        try:
            if not self.path.exists():
                return []
            if not self.path.is_file() or self.path.stat().st_size > _LONGEST:
                raise InputError(f"{self.path} is no credentials file", where=str(self.path), code="file")
            data = self.path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{self.path} can't be read: {error.strerror}", where=str(self.path), code="file"
            ) from None
        return data.decode("utf-8", "surrogateescape").splitlines(keepends=True)

    def _section(self, lines: list[str]) -> tuple[int, int]:
        """Where the profile begins and ends; 0 and 0 when it is not there."""
        headers = [
            (index, match[1].strip()) for index, line in enumerate(lines) if (match := _HEADER.match(line))
        ]
        own = [index for index, name in headers if name == self.profile]
        if not own:
            return 0, 0
        if len(own) > 1:
            raise InputError(
                f"{self.path} has the profile {self.profile} twice",
                where=f"{self.path}:{own[1] + 1}",
                fix="remove one of them",
                code="profile",
            )
        return own[0], next((index for index, _ in headers if index > own[0]), len(lines))

    def _write(self, text: str) -> None:
        target = Path(os.path.realpath(self.path))
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text.encode("utf-8", "surrogateescape"))
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise XacctError(
                f"{self.path} can't be written: {error.strerror}",
                where=str(self.path),
                fix="name a place that you may write to, and run the same again: the new key is "
                "discarded then",
                code="file",
            ) from None


def _option(line: str) -> tuple[str, str]:
    """Name and value of a line; empty where it is none (a continuation is indented, and none either)."""
    match = _OPTION.match(line)
    return (match[1].lower(), match[2].strip()) if match else ("", "")
