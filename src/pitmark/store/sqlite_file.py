"""SQLite: the database of a workspace as one file, and everything that is special to it.

A write begins with BEGIN IMMEDIATE: it holds the lock on the file from its first statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

from pitmark.store.connection import KEPT_CONNECTIONS, MOST_CONNECTIONS, Write
from pitmark.store.plain_json import dump_json

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


class SqliteFile:
    """A database file; it is created on the first write when missing.

    Args:
        path: The file.
        busy_timeout_ms: How long to wait for another writer before giving up.
    """

    def __init__(self, path: Path, *, busy_timeout_ms: int) -> None:
        self.name = str(path)
        self._busy_timeout_ms = busy_timeout_ms

    def engine(self) -> Engine:
        """Connections to the file, which begin no transaction by themselves."""
        engine = create_engine(
            URL.create("sqlite", database=self.name),
            connect_args={"timeout": self._busy_timeout_ms / 1000, "check_same_thread": False},
            json_serializer=dump_json,
            pool_size=KEPT_CONNECTIONS,
            max_overflow=MOST_CONNECTIONS - KEPT_CONNECTIONS,
        )
        event.listen(engine, "connect", self._on_connect)
        return engine

    def begin(self, connection: Connection, write: Write | None) -> None:
        """Start the transaction that the connection is in.

        Args:
            connection: At the beginning of a transaction.
            write: Whether to take the lock of writers, which is one for all owners.
        """
        connection.exec_driver_sql("BEGIN" if write is None else "BEGIN IMMEDIATE")

    def added(self, connection: Connection, rows: Mapping[str, int]) -> None:
        """Nothing to do: SQLite plans these queries well without statistics.

        Args:
            connection: Of a write.
            rows: Table to number of rows added.
        """

    def problems(self, connection: Connection) -> list[str]:
        """What SQLite finds wrong in its file.

        Args:
            connection: Of a read.

        Returns:
            One sentence per problem.
        """
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        out = [str(line) for line in found if line != "ok"]
        return out + [f"row {row[1]} of {row[0]} refers to nothing" for row in dangling]

    def explain(self, cause: BaseException) -> tuple[str, str] | None:
        """What a failure means.

        Args:
            cause: As SQLite raised it.

        Returns:
            What is wrong with the database and what to do; None where nothing is known.
        """
        code = getattr(cause, "sqlite_errorcode", None)
        return _FAILURES.get(code & 0xFF) if isinstance(code, int) else None

    def _on_connect(self, dbapi_connection: sqlite3.Connection, _: object) -> None:
        # The driver must not begin transactions by itself: `begin` does.
        dbapi_connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {int(self._busy_timeout_ms)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "recursive_triggers = ON",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()
