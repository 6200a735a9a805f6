"""The one place where statements are made: each is bound to an organisation.

Nothing else in the store calls `select`, `insert`, `update` or `delete`; so no query can
forget whose data it may see. A scope of a project is bound to that project as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Row,
    Select,
    Table,
    Update,
    and_,
    delete,
    insert,
    select,
    update,
)

from pitmark.store.connection import NOBODY, Database
from pitmark.store.schema import organisations

# Below the limit on variables of every database that can be met.
CHUNK = 500
_PAGE = 5000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """An organisation, and one project of it where `project_id` is given."""

    database: Database
    organisation: str
    project_id: int | None = None

    @staticmethod
    def organisations(database: Database) -> list[str]:
        """All organisations of a workspace: the one question that belongs to none.

        Args:
            database: Of the workspace.

        Returns:
            Their ids.
        """
        with database.read() as connection:
            return list(connection.execute(select(organisations.c.organisation_id)).scalars())

    @staticmethod
    def across(table: FromClause, *columns: Any) -> Select[Any]:
        """A query over the rows of all organisations, for what is not asked in one's name.

        What it gives never reaches a person: only the queue of jobs, counts without names
        and the question whose a secret is ask so, which a test sees to.

        Args:
            table: Where the rows are.
            columns: What to select; all columns of the table when none is given.

        Returns:
            A statement to narrow down further.
        """
        return select(*(columns or (table,))).select_from(table)

    def of_project(self, project_id: int) -> Scope:
        """The scope of one project of the same organisation.

        Args:
            project_id: The project.

        Returns:
            A new scope.
        """
        return replace(self, project_id=project_id)

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view of the data."""
        return self.database.read()

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction of this organisation; joins the one that this thread is in."""
        return self.database.write(self.organisation)

    def owned(self, table: FromClause) -> ColumnElement[bool]:
        """The condition that a row belongs to this scope.

        Args:
            table: Any table with an organisation.

        Returns:
            The condition.
        """
        mine = table.c.organisation_id == self.organisation
        if self.project_id is None or "project_id" not in table.c:
            return mine
        return and_(mine, table.c.project_id == self.project_id)

    def select(self, table: FromClause, *columns: Any) -> Select[Any]:
        """A query over the rows of this scope.

        Args:
            table: Where the rows are.
            columns: What to select; all columns of the table when none is given.

        Returns:
            A statement to narrow down further.
        """
        return select(*(columns or (table,))).select_from(table).where(self.owned(table))

    def update(self, table: Table) -> Update:
        """A change of rows of this scope.

        Args:
            table: Where the rows are.

        Returns:
            A statement to narrow down further.
        """
        return update(table).where(self.owned(table))

    def delete(self, table: Table) -> Delete:
        """A removal of rows of this scope.

        Args:
            table: Where the rows are.

        Returns:
            A statement to narrow down further.
        """
        return delete(table).where(self.owned(table))

    def insert(
        self, connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add rows that belong to this scope.

        Args:
            connection: Of a write.
            table: Where to.
            values: One mapping per row, without the columns of the scope.
        """
        if values:
            connection.execute(insert(table), [self._stamped(table, v) for v in values])
            self.database.note_added(table.name, len(values))

    def insert_returning(
        self, connection: Connection, column: Any, values: Sequence[Mapping[str, Any]]
    ) -> list[Any]:
        """Add rows that belong to this scope and tell one column of each.

        Args:
            connection: Of a write.
            column: A column of the table to add to, such as its key.
            values: One mapping per row, without the columns of the scope.

        Returns:
            The column of each row, in the order of `values`.
        """
        if not values:
            return []
        statement = insert(column.table).returning(column, sort_by_parameter_order=True)
        stamped = [self._stamped(column.table, v) for v in values]
        out = list(connection.execute(statement, stamped).scalars())
        self.database.note_added(column.table.name, len(values))
        return out

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """All rows of a query.

        Args:
            statement: Made by `select`.

        Returns:
            The rows in the order asked for.
        """
        with self.read() as connection:
            return connection.execute(statement).all()

    def stream(self, statement: Select[Any]) -> Iterator[Row[Any]]:
        """All rows of a query, few in memory at a time.

        Args:
            statement: Made by `select`.

        Yields:
            The rows in the order asked for, all of one consistent view.
        """
        with self.read() as connection:
            page = {"yield_per": _PAGE}
            yield from connection.execute(statement, execution_options=page)

    def batches(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        """All rows of a query some thousand at a time: several times as fast as `stream`.

        Args:
            statement: Made by `select`.

        Yields:
            Rows in the order asked for, all of one consistent view.
        """
        with self.read() as connection:
            page = {"yield_per": _PAGE}
            yield from connection.execute(statement, execution_options=page).partitions()

    def first(self, statement: Select[Any]) -> Row[Any] | None:
        """The first row of a query, if any.

        Args:
            statement: Made by `select`.

        Returns:
            The row or None.
        """
        with self.read() as connection:
            return connection.execute(statement.limit(1)).first()

    def value(self, statement: Select[Any]) -> Any:
        """The first column of the first row of a query, or None.

        Args:
            statement: Made by `select`.

        Returns:
            The value.
        """
        with self.read() as connection:
            return connection.execute(statement).scalar()

    def _stamped(self, table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
        stamped = {**values, "organisation_id": self.organisation}
        if self.project_id is not None and "project_id" in table.c:
            stamped["project_id"] = self.project_id
        return stamped


@dataclass(frozen=True, slots=True)
class Unowned:
    """Rows that belong to no organisation: persons and their sessions, nothing else.

    A table with an organisation is refused: its rows are asked for through a Scope.
    """

    database: Database

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view of the data."""
        return self.database.read()

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction; joins the one that this thread is in."""
        return self.database.write(NOBODY)

    def select(self, table: Table, *columns: Any) -> Select[Any]:
        """A query over all rows of a table.

        Args:
            table: Where the rows are.
            columns: What to select; all columns of the table when none is given.

        Returns:
            A statement to narrow down.
        """
        return select(*(columns or (table,))).select_from(_unowned(table))

    def update(self, table: Table) -> Update:
        """A change of rows.

        Args:
            table: Where the rows are.

        Returns:
            A statement to narrow down.
        """
        return update(_unowned(table))

    def delete(self, table: Table) -> Delete:
        """A removal of rows.

        Args:
            table: Where the rows are.

        Returns:
            A statement to narrow down.
        """
        return delete(_unowned(table))

    def insert(self, connection: Connection, table: Table, values: Mapping[str, Any]) -> Any:
        """Add a row.

        Args:
            connection: Of a write.
            table: Where to.
            values: Of the row.

        Returns:
            The first column of its key.
        """
        key = next(iter(_unowned(table).primary_key))
        return connection.execute(insert(table).values(values).returning(key)).scalar_one()

    def first(self, statement: Select[Any]) -> Row[Any] | None:
        """The first row of a query, if any.

        Args:
            statement: Made by `select`.

        Returns:
            The row or None.
        """
        with self.read() as connection:
            return connection.execute(statement.limit(1)).first()


def _unowned(table: Table) -> Table:
    if "organisation_id" in table.c:
        raise TypeError(f"rows of {table.name} belong to an organisation: ask through a Scope")
    return table


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Items in runs of a bounded length.

    Args:
        items: Any sequence.
        size: The longest run.

    Yields:
        Consecutive parts of it.
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]
