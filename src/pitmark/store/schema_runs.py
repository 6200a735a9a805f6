"""The tables of models: training runs, what came out of them, and releases."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    String,
    Table,
    UniqueConstraint,
)

from pitmark.store import schema_columns as column
from pitmark.store.schema_columns import metadata

runs = Table(
    "runs",
    metadata,
    column.key("key"),
    *column.owner(),
    column.number("number"),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    column.to("snapshot_key", "snapshots.key"),
    column.json("settings"),
    Column("seed", BigInteger, nullable=False),
    column.json("metrics"),
    column.json("inspector", nullable=True),
    column.time("created"),
    column.time("finished", nullable=True),
    column.text("error"),
    Column("owner_host", String(255), nullable=False),
    column.number("owner_pid"),
    Column("owner_token", String(32), nullable=False),
    column.time("seen"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

run_artifacts = Table(
    "run_artifacts",
    metadata,
    *column.owner(),
    column.to("run_key", "runs.key", primary_key=True),
    Column("name", String(200), primary_key=True),
    column.sha("blob_sha"),
    Index(None, "organisation_id", "project_id"),
)

run_predictions = Table(
    "run_predictions",
    metadata,
    *column.owner(),
    column.to("run_key", "runs.key", primary_key=True),
    Column("kind", String(32), primary_key=True),
    column.to("snapshot_key", "snapshots.key"),
    column.sha("blob_sha"),
    column.time("at"),
    Index(None, "organisation_id", "project_id"),
)

releases = Table(
    "releases",
    metadata,
    *column.owner(),
    column.number("version"),
    column.to("run_key", "runs.key"),
    column.sha("bundle_sha"),
    column.json("gate"),
    column.time("created"),
    UniqueConstraint("organisation_id", "project_id", "version"),
)
