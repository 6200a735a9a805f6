"""Bring the database of a workspace to the tables of this version, or refuse it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from pitmark.core.errors import NotFoundError, StorageError
from pitmark.store.connection import Database

# Every revision in order; a test holds them to the scripts in `migrations`.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
)


def migrate(database: Database, *, create: bool = True) -> None:
    """Create or update the tables; nothing is done when they are up to date.

    Args:
        database: Of a workspace, new or old.
        create: Make the tables where there are none.

    Raises:
        NotFoundError: There are none and `create` is off.
        StorageError: A newer Pitmark made it, or it is not one of Pitmark's.
    """
    with database.read() as connection:
        found = _revision(connection, database.name)
    if found == REVISIONS[-1]:
        return
    if found is None and not create:
        raise NotFoundError(
            f"there is no workspace in {database.name}",
            hint="Make one: run `pitmark new`, or name another database.",
        )
    with database.write() as connection:
        # Looked at again under the lock: another process may have done it meanwhile.
        if _revision(connection, database.name) != REVISIONS[-1]:
            _upgrade(connection)


def _revision(connection: Connection, name: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise StorageError(
                f"{name} is the database of another program: it has a table {tables[0]!r}",
                hint="Name another workspace folder or database.",
            )
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in REVISIONS:
        raise StorageError(
            f"the workspace in {name} was made by a newer Pitmark (schema {found}; this"
            f" one knows up to {REVISIONS[-1]})",
            hint="Update Pitmark; nothing was changed.",
        )
    return None if found is None else str(found)


def _upgrade(connection: Connection, to: str = "head") -> None:
    # Loading alembic takes a third of a second, which only a new or old workspace pays.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("path_separator", "os")
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
