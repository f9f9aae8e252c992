"""
The state between commands: one SQLite file of JSON rows, shared by every process that uses the sandbox.

Each request runs in a transaction: what other processes wrote is read first, what the request changed is
written at its end, or nothing of it. A row is ``kind, scope, key, value``; its number rises with every
write, so only what moved is read again, and a row without a value stands for something removed.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xacct.errors import InputError, XacctError
from xacct.sandbox.codec import StateError, entity_from_text, entity_to_text
from xacct.sandbox.world import World

__all__ = ["FILE_NAME", "FORMAT_VERSION", "Store"]

FILE_NAME = "state.sqlite3"
FORMAT_VERSION = 1
_BUSY_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT,
    UNIQUE (kind, scope, key)
)
"""


class Store:
    """
    Opens its file on first use, creates it private (0600, its folder 0700), and may be shared by threads.

    Raises InputError, which names the file, when it cannot be read as a sandbox's state, and XacctError when
    the disk is full or the folder cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._let_go: Callable[[], object] = _nothing
        self._inode = -1
        self._seen = 0
        self._world = World()

    @contextmanager
    def transaction(self) -> Iterator[World]:
        """Give the world as it stands now; keep what was changed in it when the block ends well."""
        with self._lock:
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    self._refresh(connection)
                    yield self._world
                    self._write(connection)
                    connection.execute("COMMIT")
                    self._world.settle()
                except BaseException:
                    self._world.roll_back()
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, StateError, OSError) as error:
                self.close()
                raise self._unusable(error) from None

    def reset(self) -> None:
        """Forget everything, whatever state the file is in. Other processes see it at their next request."""
        with self._lock:
            self.close()
            for suffix in ("", "-journal", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            self._let_go()
            self._connection = None
            self._seen = 0
            self._world.clear()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._inode == self._inode_now():
            return self._connection
        self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection = connection
        # Closed with the store at the latest; a connection that is only forgotten is warned of.
        self._let_go = weakref.finalize(self, _closed, connection)
        self._inode = self._inode_now()
        connection.execute("PRAGMA synchronous = OFF")  # a sandbox need not outlive a power cut
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION:d}")
        connection.execute("COMMIT")
        if version not in (0, FORMAT_VERSION):
            raise StateError(f"it has format {version}, this xacct reads format {FORMAT_VERSION}")
        return connection

    def _inode_now(self) -> int:
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return -1

    def _refresh(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            "SELECT number, kind, scope, key, value FROM things WHERE number > ? ORDER BY number",
            (self._seen,),
        )
        for number, kind, scope, key, value in rows:
            entity = None if value is None else entity_from_text(kind, value)
            self._world.load((kind, scope, key), entity)
            self._seen = number

    def _write(self, connection: sqlite3.Connection) -> None:
        for (kind, scope, key), entity in self._world.changes.items():
            value = None if entity is None else entity_to_text(entity)
            cursor = connection.execute(
                "INSERT OR REPLACE INTO things (kind, scope, key, value) VALUES (?, ?, ?, ?)",
                (kind, scope, key, value),
            )
            self._seen = cursor.lastrowid or self._seen

    def _unusable(self, error: Exception) -> XacctError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            return XacctError(
                f"the sandbox's state was held by another process for {_BUSY_SECONDS:.0f} seconds",
                where=str(self.path),
                fix="end the other xacct or xacct sandbox serve that hangs, then run this again",
                code="sandbox-busy",
            )
        if isinstance(error, OSError) or _of_the_disk(error):
            return XacctError(
                f"the sandbox's state cannot be kept: {getattr(error, 'strerror', None) or error}",
                where=str(self.path),
                fix="make room, or make that folder writable; or choose another with XDG_STATE_HOME",
                code="sandbox-state",
            )
        return InputError(
            f"the sandbox's state cannot be used: {error}",
            where=str(self.path),
            fix="start over with `xacct sandbox reset`; everything in the sandbox is then forgotten",
            code="sandbox-state",
        )


def _nothing() -> None:
    """There is no connection to close."""


def _closed(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()


def _of_the_disk(error: Exception) -> bool:
    """Whether SQLite failed because of the disk or the folder's rights, and not of what it read."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    )
