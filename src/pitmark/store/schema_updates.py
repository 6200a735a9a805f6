"""The tables of updates: what was promoted and why, which run is in use, what is under way."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pitmark.store.schema import UtcTime, metadata


def _owner() -> tuple[Column[str], Column[int]]:
    return (
        Column(
            "organisation_id",
            String(64),
            ForeignKey("organisations.organisation_id"),
            nullable=False,
        ),
        Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    )


# What was decided about a run, with all that it rests on. Triggers refuse every change.
promotions = Table(
    "promotions",
    metadata,
    Column("key", Integer, primary_key=True),
    *_owner(),
    Column("number", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", String(200), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    Column("champion_key", Integer, ForeignKey("runs.key"), nullable=True),
    Column("version", Integer, nullable=True),
    Column("record", JSON(none_as_null=True), nullable=False),
    UniqueConstraint("organisation_id", "project_id", "number"),
    Index(None, "run_key"),
    Index(None, "champion_key"),
    sqlite_autoincrement=True,
)

# Names for runs that change their meaning: the champion is what devices should run.
aliases = Table(
    "aliases",
    metadata,
    *_owner(),
    Column("name", String(16), nullable=False),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    Column("version", Integer, nullable=True),
    Column("at", UtcTime, nullable=False),
    Column("who", String(200), nullable=False),
    UniqueConstraint("organisation_id", "project_id", "name"),
    Index(None, "run_key"),
)

# One row per update: `facts` has what its finished steps gave, so that another process
# can go on after a kill.
updates = Table(
    "updates",
    metadata,
    Column("key", Integer, primary_key=True),
    *_owner(),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", String(16), nullable=False),
    Column("who", String(200), nullable=False),
    Column("begun", UtcTime, nullable=False),
    Column("finished", UtcTime, nullable=True),
    Column("facts", JSON(none_as_null=True), nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

# What an admin settles for a project: limits, schedule.
project_settings = Table(
    "project_settings",
    metadata,
    *_owner(),
    Column("name", String(32), nullable=False),
    Column("value", JSON(none_as_null=True), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", String(200), nullable=False),
    UniqueConstraint("organisation_id", "project_id", "name"),
)
