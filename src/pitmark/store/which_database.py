"""Which database a workspace uses: a file in its folder, or what database.json names.

The choice belongs to the folder and not to the environment of a process: server, jobs and
command line open the same workspace and must not see two. A password may be left out of the
file and given to the driver instead (PGPASSWORD, or the password file of PostgreSQL).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from pitmark.core.errors import ConflictError, NotFoundError, StorageError
from pitmark.store.connection import Database, DatabaseKind
from pitmark.store.postgresql_server import PostgresqlServer, checked_url, plain_name
from pitmark.store.sqlite_file import SqliteFile

SQLITE_NAME = "pitmark.db"
SETTINGS_NAME = "database.json"
_HOW = 'It holds one object: {"url": "postgresql+psycopg://user:password@host:5432/name"}.'


def workspace_database(
    home: Path, *, create: bool, url: str | None, busy_timeout_ms: int
) -> Database:
    """The database of the workspace in a folder; it is not opened yet.

    Args:
        home: The folder.
        create: Whether the workspace may be a new one.
        url: PostgreSQL for a new workspace; None follows the folder, and SQLite.
        busy_timeout_ms: How long to wait for another writer.

    Returns:
        The database.

    Raises:
        NotFoundError: There is no workspace and `create` is off.
        ConflictError: The workspace uses another database than `url`, or names two.
        StorageError: The settings cannot be read.
        InvalidInputError: The URL is none of a PostgreSQL database.
    """
    file, kept = home / SQLITE_NAME, read_url(home)
    if file.exists() and kept is not None:
        raise ConflictError(
            f"the workspace {home} has both {SQLITE_NAME} and {SETTINGS_NAME}: two databases",
            hint="Move away the one that is not wanted.",
        )
    if url is not None and (file.exists() or kept not in (None, url)):
        used = SQLITE_NAME if kept is None else plain_name(kept)
        raise ConflictError(
            f"the workspace {home} keeps its data in {used}, not in {plain_name(url)}",
            hint=f"Leave the URL out, or edit {SETTINGS_NAME} after moving the data.",
        )
    wanted = url if kept is None else kept
    if not (create or file.is_file() or kept is not None):
        raise NotFoundError(
            f"there is no workspace in {home}",
            hint="Make one: run `pitmark new`, or name another folder with --home.",
        )
    kind: DatabaseKind = (
        SqliteFile(file, busy_timeout_ms=busy_timeout_ms)
        if wanted is None
        else PostgresqlServer(wanted, busy_timeout_ms=busy_timeout_ms)
    )
    return Database(kind)


def read_url(home: Path) -> str | None:
    """The URL that a workspace folder names.

    Args:
        home: The folder.

    Returns:
        The URL, or None where the workspace uses SQLite.

    Raises:
        StorageError: The file cannot be read, holds something else, or holds a password
            that other users of the machine may read.
        InvalidInputError: The URL is none of a PostgreSQL database.
    """
    path = home / SETTINGS_NAME
    try:
        text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise StorageError(f"{path} cannot be read: {exc}", hint=_HOW) from exc
    try:
        found = json.loads(text)
    except ValueError as exc:
        raise StorageError(f"{path} is no JSON: {exc}", hint=_HOW) from exc
    if (
        not isinstance(found, dict)
        or set(found) != {"url"}
        or not isinstance(found["url"], str)
    ):
        raise StorageError(f"{path} does not name a database", hint=_HOW)
    url: str = found["url"]
    if checked_url(url).password and mode & 0o077 and sys.platform != "win32":
        raise StorageError(
            f"{path} holds a password and may be read by other users", hint=f"chmod 600 {path}"
        )
    return url


def keep_url(home: Path, url: str) -> None:
    """Note in a workspace folder which database it uses; only its owner may read that.

    Args:
        home: The folder.
        url: As for `read_url`.

    Raises:
        StorageError: The file cannot be written.
    """
    path = home / SETTINGS_NAME
    try:
        # Made aside with mode 0600 and moved into place: never half, never readable by all.
        handle, aside = tempfile.mkstemp(prefix=".", suffix=".new", dir=home)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"url": url}, file)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        finally:
            Path(aside).unlink(missing_ok=True)
    except OSError as exc:
        raise StorageError(f"{path} cannot be written: {exc.strerror}") from exc
