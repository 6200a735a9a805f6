"""PostgreSQL: the database of a workspace on a server, and everything special to it.

Writers of one organisation queue for an advisory lock, taken before the first statement of
a write; those of different organisations do not wait for each other. PostgreSQL has no BEGIN
IMMEDIATE, and its own means do not serve as well: SERIALIZABLE lets a transaction fail at its
end, when what it told others is already believed, so that all code would have to be ready to
run twice; row locks do not protect what is not there yet ("no such name so far"). With the
lock, what was checked still holds when it is written, as on SQLite.

Beside it every writer shares a lock of the whole database, which who writes for all
organisations has alone: migrations, what makes or changes people, the engine when it takes a
job, and the removal of blobs, which organisations share: one is removed only while nobody can
begin to refer to it. A write is READ COMMITTED, so that it sees what was committed while it
waited: a snapshot of its first statement, which is the waiting, would show the data of
before. A read is REPEATABLE READ: one consistent view, never held up by a writer. The locks
end with the transaction or its process.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from pitmark.core.errors import InvalidInputError, MissingExtraError, StorageError
from pitmark.store.connection import KEPT_CONNECTIONS, MOST_CONNECTIONS, Write
from pitmark.store.plain_json import dump_json
from pitmark.store.postgresql_check import find_problems

if TYPE_CHECKING:
    from psycopg import Connection as DriverConnection

_DRIVER = "postgresql+psycopg"
_SCHEMES = (_DRIVER, "postgresql", "postgres")
_EXAMPLE = "postgresql+psycopg://user:password@host:5432/name"
_LOCK = int.from_bytes(b"pitmark", "big")
_AGAIN = "Try again; nothing that was saved before is lost."
_MANY_ROWS = 1000
# By the SQLSTATE of the error, the more particular first.
_FAILURES: Mapping[str, tuple[str, str]] = {
    "55P03": (
        "is in use by another process that does not let go",
        "Wait for the other Pitmark to finish, or stop it, and try again.",
    ),
    "25006": (
        "cannot be written: it is read-only",
        "Name the server that takes writes, not its replica, or ask who runs it.",
    ),
    "42501": (
        "does not let this user do that",
        "Make the user the owner of the database: ALTER DATABASE name OWNER TO user.",
    ),
    "53100": (
        "cannot grow: the disk of its server is full",
        "Free some space and try again; nothing that was saved before is lost.",
    ),
    "53300": (
        "takes no more connections",
        "Stop other programs that use the server, or raise its max_connections.",
    ),
    "28": (
        "does not let this user in: wrong user or password",
        "Correct user and password in database.json of the workspace folder.",
    ),
    "3D000": (
        "does not exist on its server",
        "Create it: CREATE DATABASE name OWNER user TEMPLATE template0"
        " ENCODING 'UTF8' LOCALE 'C'.",
    ),
    "40P01": ("ended two transactions that waited for each other", _AGAIN),
    "40": ("could not finish beside another transaction", _AGAIN),
    "57": ("ended the connection", "See whether the server is running, and try again."),
    "08": ("ended the connection", "See whether the server is running, and try again."),
    "58": (
        "cannot be read or written: the disk of its server reports an error",
        "Check free space and the health of the disk of the server, and try again.",
    ),
    "XX": ("is damaged", "See the log of the server; restore it from a backup."),
}


class PostgresqlServer:
    """A database on a PostgreSQL server.

    Args:
        url: As for `checked_url`.
        busy_timeout_ms: How long to wait for another writer, or for the server to
            answer, before giving up.

    Raises:
        InvalidInputError: It is no URL of a PostgreSQL database.
        MissingExtraError: The driver is not installed.
    """

    def __init__(self, url: str, *, busy_timeout_ms: int) -> None:
        self._url = checked_url(url)
        self.name = plain_name(url)
        self._busy_timeout_ms = busy_timeout_ms
        # Rows added since the statistics of a table were renewed, and when to do it again.
        self._added: Counter[str] = Counter()
        self._worth: defaultdict[str, int] = defaultdict(lambda: _MANY_ROWS)

    def engine(self) -> Engine:
        """Connections to the server; one that has gone stale is replaced before use."""
        # In whole seconds; the driver takes less than 2 for 2.
        arguments: dict[str, Any] = {"connect_timeout": max(2, self._busy_timeout_ms // 1000)}
        arguments = {k: v for k, v in arguments.items() if k not in self._url.query}
        try:
            engine = create_engine(
                self._url,
                connect_args={**arguments, "application_name": "pitmark"},
                json_serializer=dump_json,
                pool_pre_ping=True,
                pool_size=KEPT_CONNECTIONS,
                max_overflow=MOST_CONNECTIONS - KEPT_CONNECTIONS,
            )
        except ModuleNotFoundError as exc:
            raise MissingExtraError(
                f"the database {self.name} needs the driver psycopg, which is not installed",
                hint="pip install 'pitmark[postgres]'",
            ) from exc
        # Many rows in one statement: one by one they take ten times as long.
        engine.dialect.use_insertmanyvalues_wo_returning = True
        event.listen(engine, "connect", self._on_connect)
        return engine

    def begin(self, connection: Connection, write: Write | None) -> None:
        """Start the transaction that the connection is in.

        Args:
            connection: At the beginning of a transaction.
            write: Which lock of writers to take, if any; see the head of the module.
        """
        if write is None:
            connection.exec_driver_sql(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
            )
        elif write.owner is None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        else:
            connection.exec_driver_sql(
                f"SELECT pg_advisory_xact_lock_shared({_LOCK}),"
                f" pg_advisory_xact_lock({_lock_of(write.owner)})"
            )

    def added(self, connection: Connection, rows: Mapping[str, int]) -> None:
        """Renew what the planner knows of tables that have grown much.

        The server does so by itself only about a minute later; until then it takes every
        table for a small one, and a question over some thousand new images lasts minutes.

        Args:
            connection: Of a write.
            rows: Table to number of rows added.
        """
        # Always in the same order: two that wait for each other's table would not end.
        for table, number in sorted(rows.items()):
            self._added[table] += number
            if self._added[table] >= self._worth[table]:
                connection.exec_driver_sql(f"ANALYZE {table}")
                self._worth[table] += self._worth[table] // 2
                self._added[table] = 0

    def problems(self, connection: Connection) -> list[str]:
        """What is wrong in the database; see `find_problems`.

        Args:
            connection: Of a read.

        Returns:
            One sentence per problem.
        """
        return find_problems(connection)

    def explain(self, cause: BaseException) -> tuple[str, str] | None:
        """What a failure means.

        Args:
            cause: As the driver raised it.

        Returns:
            What is wrong with the database and what to do; None where nothing is known.
        """
        from psycopg import Error, OperationalError  # noqa: PLC0415 - SQLite works without

        if not isinstance(cause, Error):
            return None
        state = cause.sqlstate
        if state is None:
            return _unconnected(cause) if isinstance(cause, OperationalError) else None
        for known, failure in _FAILURES.items():
            if state.startswith(known):
                return failure
        return f"refused: {cause.diag.message_primary}", ""

    def _on_connect(self, connection: DriverConnection[Any], _: object) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StorageError(
                f"the database {self.name} keeps text as {encoding}, which cannot hold every"
                " name",
                hint=_FAILURES["3D000"][1],
            )
        # A limit of 0 would be none. Labels must be on the disk when they are acknowledged.
        connection.execute(
            "SELECT set_config('lock_timeout', %s, false),"
            " set_config('TimeZone', 'UTC', false),"
            " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
            " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)",
            [f"{max(1, self._busy_timeout_ms)}ms"],
        )
        connection.commit()


def checked_url(url: str) -> URL:
    """The URL of a PostgreSQL database, made sure that it is one.

    Args:
        url: Such as postgresql+psycopg://user:password@host:5432/name.

    Returns:
        The URL, for the driver that Pitmark uses.

    Raises:
        InvalidInputError: It is something else. The message holds no password.
    """
    hint = f"For example: {_EXAMPLE}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as exc:
        raise InvalidInputError("the URL of the database cannot be read", hint=hint) from exc
    if parsed.drivername not in _SCHEMES:
        raise InvalidInputError(
            f"a database cannot be given as {parsed.drivername}://: Pitmark keeps its data in"
            " SQLite, which needs no URL, or in PostgreSQL",
            hint=hint,
        )
    if not parsed.database:
        raise InvalidInputError("the URL of the database names no database", hint=hint)
    return parsed.set(drivername=_DRIVER)


def plain_name(url: str) -> str:
    """A database as messages name it.

    Args:
        url: As for `checked_url`.

    Returns:
        Its URL without password and options.
    """
    full = checked_url(url)
    host, port, name = full.host, full.port, full.database
    bare = URL.create("postgresql", full.username, host=host, port=port, database=name)
    return bare.render_as_string()


def _lock_of(owner: str) -> int:
    """The number of the lock of an owner; two with the same number would only wait."""
    digest = hashlib.sha256(b"pitmark writes of " + owner.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _unconnected(cause: BaseException) -> tuple[str, str]:
    """What a failure to connect means, for which the driver has no code."""
    said = " ".join(str(cause).split())
    asked = getattr(cause, "pgconn", None)
    if "password authentication failed" in said:
        return _FAILURES["28"]
    if "FATAL" in said and "does not exist" in said:
        return f"is not there: {said}", _FAILURES["3D000"][1]
    if asked is not None and asked.needs_password:
        return (
            "asks for a password, and none was given",
            "Put it into the URL in database.json of the workspace folder, or into the"
            " password file of PostgreSQL.",
        )
    return (
        f"cannot be reached: {said}",
        "See that the server is running, and check host and port in database.json of the"
        " workspace folder.",
    )
