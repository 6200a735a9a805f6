"""The table of jobs: what is asked for, who works on it, and what came of it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from pitmark.store.schema import UtcTime, metadata

# `turn` is the place in the queue: jobs of one organisation have rising turns, so that
# those of all organisations take turns. `token` is that of the newest attempt.
# Among its options, where there are many files: the blob that lists them.
FILE_LIST = "file_list"
jobs = Table(
    "jobs",
    metadata,
    Column("key", Integer, primary_key=True),
    Column(
        "organisation_id",
        String(64),
        ForeignKey("organisations.organisation_id"),
        nullable=False,
    ),
    Column("project_id", Integer, ForeignKey("projects.id"), nullable=True),
    Column("number", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("options", JSON(none_as_null=True), nullable=False),
    Column("author", String(200), nullable=False),
    Column("request_key", String(100), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("started", UtcTime, nullable=True),
    Column("finished", UtcTime, nullable=True),
    Column("light", Boolean, nullable=False),
    Column("resources", JSON(none_as_null=True), nullable=False),
    Column("limit_s", Integer, nullable=True),
    Column("turn", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("token", String(32), nullable=False),
    Column("host", String(255), nullable=True),
    Column("pid", Integer, nullable=True),
    Column("seen", UtcTime, nullable=True),
    Column("deadline", UtcTime, nullable=True),
    Column("cancel", Boolean, nullable=False),
    Column("progress", JSON(none_as_null=True), nullable=True),
    Column("result", JSON(none_as_null=True), nullable=True),
    Column("problem", JSON(none_as_null=True), nullable=True),
    Column("blob_sha", String(64), nullable=True),
    UniqueConstraint("organisation_id", "number"),
    Index(None, "state", "light", "turn", "key"),
    Index(None, "organisation_id", "state", "turn"),
    Index(None, "organisation_id", "project_id", "kind", "state"),
    Index(None, "blob_sha"),
    sqlite_autoincrement=True,
)
