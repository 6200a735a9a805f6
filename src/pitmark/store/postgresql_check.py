"""What is wrong in a database on PostgreSQL, as far as the server can tell.

The server has nothing like SQLite's integrity check for all of a database. Looked at are:
every row once (a damaged page shows when it is read), rows that refer to nothing, indexes
and constraints that are not valid, and triggers that protect what was said but are off.
"""

from __future__ import annotations

from sqlalchemy import Connection, ForeignKeyConstraint
from sqlalchemy.exc import DBAPIError

from pitmark.store.schema_columns import metadata

_STATES = (
    (
        "index {} is not valid: REINDEX it",
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE NOT (i.indisvalid AND i.indisready)"
        " AND c.relnamespace = current_schema()::regnamespace ORDER BY 1",
    ),
    (
        "constraint {} was never checked on the rows before it",
        "SELECT conname FROM pg_constraint WHERE NOT convalidated"
        " AND connamespace = current_schema()::regnamespace ORDER BY 1",
    ),
    (
        "trigger {} is off: labels are not protected from changes",
        "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND t.tgenabled NOT IN ('O', 'A')"
        " AND c.relnamespace = current_schema()::regnamespace ORDER BY 1",
    ),
)


def find_problems(connection: Connection) -> list[str]:
    """What is wrong in the database.

    Args:
        connection: Of a read.

    Returns:
        One sentence per problem; empty when all is well.
    """
    out = []
    for sentence, query in _STATES:
        names = connection.exec_driver_sql(query).scalars()
        out += [sentence.format(name) for name in names]
    lost = {t.name: _unreadable(connection, t.name) for t in metadata.sorted_tables}
    if any(lost.values()):
        return out + [sentence for sentence in lost.values() if sentence]
    for table in metadata.sorted_tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda c: str(c.name)):
            out += _dangling(connection, constraint)
    return out


def _unreadable(connection: Connection, table: str) -> str:
    """Read every value of a table, those kept outside of its pages as well."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SELECT max(length(t::text)) FROM {table} t").all()
    except DBAPIError as exc:
        return f"table {table} cannot be read: {exc.orig}"
    return ""


def _dangling(connection: Connection, constraint: ForeignKeyConstraint) -> list[str]:
    child = constraint.table.name
    names = [(e.parent.name, e.column.name) for e in constraint.elements]
    same = " AND ".join(f"p.{theirs} = c.{own}" for own, theirs in names)
    given = " AND ".join(f"c.{own} IS NOT NULL" for own, _ in names)
    query = (
        f"SELECT count(*) FROM {child} c WHERE {given} AND NOT EXISTS"
        f" (SELECT 1 FROM {constraint.referred_table.name} p WHERE {same})"
    )
    lost = connection.exec_driver_sql(query).scalar_one()
    columns = ", ".join(own for own, _ in names)
    return [f"{lost} rows of {child} refer by {columns} to nothing"] if lost else []
