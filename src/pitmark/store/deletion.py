"""Removing a project: its rows, and the blobs that nothing else refers to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table

from pitmark.store.blobs import BlobStore
from pitmark.store.connection import Database
from pitmark.store.schema import events, images, projects, snapshot_items
from pitmark.store.schema_columns import metadata
from pitmark.store.schema_jobs import FILE_LIST, jobs
from pitmark.store.schema_runs import releases, run_artifacts, run_predictions
from pitmark.store.scope import CHUNK, Scope, chunks

_REFERENCES: tuple[tuple[Table, ColumnElement[Any]], ...] = (
    (images, images.c.sha256),
    (images, images.c.reference_sha),
    (snapshot_items, snapshot_items.c.reference_sha),
    (run_artifacts, run_artifacts.c.blob_sha),
    (run_predictions, run_predictions.c.blob_sha),
    (releases, releases.c.bundle_sha),
    (events, events.c.sha256),
    (jobs, jobs.c.blob_sha),
    (jobs, jobs.c.options[FILE_LIST].as_string()),
)


def referenced(scope: Scope) -> set[str]:
    """All blobs that the rows of a project refer to.

    Args:
        scope: The project.

    Returns:
        Their sha256.
    """
    out: set[str] = set()
    for table, column in _REFERENCES:
        query = scope.select(table, column).where(column.is_not(None))
        out |= {row[0] for row in scope.stream(query)}
    return out


def delete_rows(connection: Connection, scope: Scope) -> None:
    """Remove all rows of a project that is marked as deleted.

    Args:
        connection: Of a write.
        scope: The project.
    """
    for table in reversed(metadata.sorted_tables):
        if "project_id" in table.c:
            connection.execute(scope.delete(table))


def remove_unreferenced(database: Database, blobs: BlobStore, shas: Collection[str]) -> int:
    """Remove those of some blobs that no project of any organisation refers to.

    Each part is done under the write lock, under which references are added as well:
    whoever adds one either comes first or finds the blob missing and puts it again.

    Args:
        database: Of the workspace.
        blobs: Of the workspace.
        shas: Blobs that may have lost their last reference.

    Returns:
        How many were removed.
    """
    removed = 0
    for part in chunks(sorted(shas), CHUNK):
        with database.write():
            kept: set[str] = set()
            for scope in _all_scopes(database):
                for table, column in _REFERENCES:
                    query = scope.select(table, column).where(column.in_(part))
                    kept |= {row[0] for row in scope.rows(query)}
            removed += sum(blobs.remove(sha) for sha in part if sha not in kept)
    return removed


def _all_scopes(database: Database) -> list[Scope]:
    """Every living project of every organisation: blobs are shared by all of them."""
    out = []
    for name in Scope.organisations(database):
        scope = Scope(database, name)
        living = scope.select(projects, projects.c.id).where(projects.c.deleted.is_(None))
        out += [scope.of_project(row.id) for row in scope.rows(living)]
    return out
