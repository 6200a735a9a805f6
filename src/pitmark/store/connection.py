"""One database: how it is opened, read and written, and how its failures are told.

A write takes the lock at its start (BEGIN IMMEDIATE), so that what it has checked still
holds when it writes. A write inside a write joins it as a savepoint: all or nothing
with the outer one, and by itself when its error is caught.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError, StatementError

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.store.plain_json import dump_json

BUSY_TIMEOUT_MS = 15_000
_WRITES = "pitmark_writes"
_FAILURES: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "is in use by another process that does not let go",
        "Wait for the other Pitmark to finish, or stop it, and try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "cannot be written",
        "Give your user write permission on the workspace folder and the files in it.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Check that the workspace folder exists and that your user may write in it.",
    ),
    sqlite3.SQLITE_PERM: ("cannot be accessed", "Check the permissions of the folder."),
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "Free some space and try again; nothing that was saved before is lost.",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk reports an error",
        "Check free space, quota and the health of the disk, and try again.",
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Restore it from a backup."),
    sqlite3.SQLITE_NOTADB: (
        "is not a database",
        "Name another workspace folder, or restore this one from a backup.",
    ),
}


class Database:
    """The database of a workspace, for many threads and processes at once.

    Args:
        path: The file; it is created on the first write when missing.
        busy_timeout_ms: How long to wait for another writer before giving up.
    """

    def __init__(self, path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        self.path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._held = threading.local()
        self.engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_timeout_ms / 1000, "check_same_thread": False},
            json_serializer=dump_json,
        )
        event.listen(self.engine, "connect", self._on_connect)
        event.listen(self.engine, "begin", _on_begin)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data.

        Yields:
            A connection; inside a write, that of the write.
        """
        held = self._connection()
        if held is not None:
            yield held
            return
        with self._told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any error.

        Yields:
            A connection that holds the write lock.

        Raises:
            StorageError: The database is locked, full, read-only or damaged.
        """
        held = self._connection()
        with self._told():
            if held is not None:
                with held.begin_nested():
                    yield held
                return
            with self.engine.connect() as connection:
                connection.execution_options(**{_WRITES: True})
                with connection.begin():
                    self._held.connection = connection
                    try:
                        yield connection
                    finally:
                        self._held.connection = None

    def problems(self) -> list[str]:
        """What the database itself finds wrong in its file; empty when all is well."""
        with self.read() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        out = [str(line) for line in found if line != "ok"]
        return out + [f"row {row[1]} of {row[0]} refers to nothing" for row in dangling]

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _connection(self) -> Connection | None:
        held: Connection | None = getattr(self._held, "connection", None)
        return held

    def _on_connect(self, dbapi_connection: sqlite3.Connection, _: object) -> None:
        # The driver must not begin transactions by itself: `_on_begin` does.
        dbapi_connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {int(self._busy_timeout_ms)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "recursive_triggers = ON",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn failures of the database into errors a person can act on."""
        try:
            yield
        except DBAPIError as exc:
            raise self._storage_error(exc.orig) from exc
        except sqlite3.Error as exc:
            raise self._storage_error(exc) from exc
        except (StatementError, UnicodeEncodeError, OverflowError) as exc:
            cause = exc.orig if isinstance(exc, StatementError) else exc
            raise InvalidInputError(f"a value cannot be stored: {cause}") from exc

    def _storage_error(self, cause: BaseException | None) -> StorageError:
        code = getattr(cause, "sqlite_errorcode", None)
        failure = _FAILURES.get(code & 0xFF) if isinstance(code, int) else None
        if failure is None:
            return StorageError(f"the database {self.path} refused: {cause}")
        return StorageError(f"the database {self.path} {failure[0]}", hint=failure[1])


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def finite(value: float, *, what: str) -> float:
    """A number, made sure that it is one.

    Args:
        value: Any float.
        what: Its name for the message.

    Returns:
        The same value as a plain float.

    Raises:
        InvalidInputError: It is NaN or infinite.
    """
    number = float(value)
    if not math.isfinite(number):
        raise InvalidInputError(f"{what} must be a finite number, found {number}")
    return number


def row_dict(row: Any) -> dict[str, Any]:
    """A row as a dict by column name.

    Args:
        row: A row of a result.

    Returns:
        A new dict.
    """
    return dict(row._mapping)
