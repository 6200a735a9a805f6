"""One database: how it is opened, read and written, and how its failures are told.

A write takes the lock of writers at its start, so that what it has checked still holds
when it writes. It names whose rows it writes, and nobody else's: PostgreSQL lets writes of
different owners go on beside each other, SQLite has one writer at a time. A write inside a
write joins it as a savepoint: all or nothing with the outer one, and by itself when its
error is caught; it can be of no other owner, unless the outer one is of them all. What is
special to SQLite is in `sqlite_file`, what is special to PostgreSQL in `postgresql_server`.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pitmark.core.errors import InvalidInputError, StorageError

BUSY_TIMEOUT_MS = 15_000
# As many as a server has threads for requests; few of them are kept while nobody asks.
KEPT_CONNECTIONS, MOST_CONNECTIONS = 5, 40
_WRITES = "pitmark_writes"
# The owner of what belongs to no organisation: persons and their sessions.
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction that writes.

    `owner` is the organisation whose rows alone it writes, NOBODY for what belongs to
    none, and None for those of all.
    """

    owner: str | None


class DatabaseKind(Protocol):
    """What SQLite and PostgreSQL do differently.

    Attributes:
        name: The database as messages name it, without a password.
    """

    name: str

    def engine(self) -> Engine:
        """Connections to the database."""
        ...

    def begin(self, connection: Connection, write: Write | None) -> None:
        """Start the transaction that the connection is in; a write takes its lock."""
        ...

    def added(self, connection: Connection, rows: Mapping[str, int]) -> None:
        """Take note of how many rows a write has added to which tables, before its end."""
        ...

    def problems(self, connection: Connection) -> list[str]:
        """What the database itself finds wrong in its data."""
        ...

    def explain(self, cause: BaseException) -> tuple[str, str] | None:
        """What is wrong with the database, and what to do; None where nothing is known."""
        ...


class Database:
    """The database of a workspace, for many threads and processes at once.

    Args:
        kind: Where it is, and what is special to its engine.
    """

    def __init__(self, kind: DatabaseKind) -> None:
        self.name = kind.name
        self._kind = kind
        self._held = threading.local()
        self.engine = kind.engine()
        event.listen(self.engine, "begin", self._on_begin)

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
    def write(self, owner: str | None = None) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any error.

        Args:
            owner: The organisation whose rows alone it writes, or NOBODY; None may write
                everything and keeps all others waiting.

        Yields:
            A connection that holds the write lock.

        Raises:
            StorageError: The database is locked, full, read-only, damaged or out of reach.
        """
        held = self._connection()
        with self._told():
            if held is not None:
                _expect_within(self._held.write, owner)
                with held.begin_nested():
                    yield held
                return
            with self.engine.connect() as connection:
                write = Write(owner)
                connection.execution_options(**{_WRITES: write})
                with connection.begin():
                    self._held.connection, self._held.added = connection, Counter()
                    self._held.write = write
                    try:
                        yield connection
                        self._kind.added(connection, self._held.added)
                    finally:
                        self._held.connection = None

    def note_added(self, table: str, rows: int) -> None:
        """Take note of rows that the write of this thread has added.

        Args:
            table: Where to.
            rows: How many.
        """
        self._held.added[table] += rows

    def problems(self) -> list[str]:
        """What the database itself finds wrong in its data; empty when all is well."""
        with self.read() as connection:
            return self._kind.problems(connection)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _connection(self) -> Connection | None:
        held: Connection | None = getattr(self._held, "connection", None)
        return held

    def _on_begin(self, connection: Connection) -> None:
        self._kind.begin(connection, connection.get_execution_options().get(_WRITES))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn failures of the database into errors a person can act on."""
        try:
            yield
        except DataError as exc:
            raise InvalidInputError(f"a value cannot be stored: {exc.orig}") from exc
        except DBAPIError as exc:
            raise self._storage_error(exc.orig or exc) from exc
        except sqlite3.Error as exc:
            raise self._storage_error(exc) from exc
        except PoolTimeoutError as exc:
            raise StorageError(
                f"the database {self.name} has no free connection",
                hint="Too much is asked at once; try again in a moment.",
            ) from exc
        except (StatementError, UnicodeEncodeError, OverflowError) as exc:
            cause = exc.orig if isinstance(exc, StatementError) else exc
            raise InvalidInputError(f"a value cannot be stored: {cause}") from exc

    def _storage_error(self, cause: BaseException) -> StorageError:
        failure = self._kind.explain(cause)
        if failure is None:
            return StorageError(f"the database {self.name} refused: {cause}")
        return StorageError(f"the database {self.name} {failure[0]}", hint=failure[1])


def _expect_within(outer: Write, owner: str | None) -> None:
    """A write cannot be widened: two that wait for each other's lock would never end."""
    if outer.owner not in (None, owner):
        raise RuntimeError(f"a write of {owner!r} inside one that is of {outer.owner!r} alone")


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
