"""The table of jobs: what is asked for, who works on it, and what came of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    String,
    Table,
    UniqueConstraint,
)

from pitmark.store import schema_columns as column
from pitmark.store.schema_columns import metadata

# `turn` is the place in the queue: jobs of one organisation have rising turns, so that
# those of all organisations take turns. `token` is that of the newest attempt.
# Among its options, where there are many files: the blob that lists them.
FILE_LIST = "file_list"
jobs = Table(
    "jobs",
    metadata,
    column.key("key"),
    column.organisation(),
    column.to("project_id", "projects.id", nullable=True),
    column.number("number"),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    column.json("options"),
    Column("author", String(200), nullable=False),
    Column("request_key", String(100), nullable=False),
    column.time("created"),
    column.time("started", nullable=True),
    column.time("finished", nullable=True),
    Column("light", Boolean, nullable=False),
    column.json("resources"),
    column.number("limit_s", nullable=True),
    Column("turn", BigInteger, nullable=False),
    column.number("attempt"),
    Column("token", String(32), nullable=False),
    Column("host", String(255), nullable=True),
    column.number("pid", nullable=True),
    column.time("seen", nullable=True),
    column.time("deadline", nullable=True),
    Column("cancel", Boolean, nullable=False),
    column.json("progress", nullable=True),
    column.json("result", nullable=True),
    column.json("problem", nullable=True),
    Column("blob_sha", String(64), nullable=True),
    UniqueConstraint("organisation_id", "number"),
    Index(None, "state", "light", "turn", "key"),
    Index(None, "organisation_id", "state", "turn"),
    Index(None, "organisation_id", "project_id", "kind", "state"),
    Index(None, "blob_sha"),
    sqlite_autoincrement=True,
)
