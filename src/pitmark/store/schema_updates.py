"""The tables of updates: what was promoted and why, which run is in use, what is under way."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    String,
    Table,
    UniqueConstraint,
)

from pitmark.store import schema_columns as column
from pitmark.store.schema_columns import metadata

# What was decided about a run, with all that it rests on. Triggers refuse every change.
promotions = Table(
    "promotions",
    metadata,
    column.key("key"),
    *column.owner(),
    column.number("number"),
    column.time("at"),
    Column("who", String(200), nullable=False),
    Column("decision", String(16), nullable=False),
    column.to("run_key", "runs.key"),
    column.to("champion_key", "runs.key", nullable=True),
    column.number("version", nullable=True),
    column.json("record"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    Index(None, "run_key"),
    Index(None, "champion_key"),
    sqlite_autoincrement=True,
)

# Names for runs that change their meaning: the champion is what devices should run.
aliases = Table(
    "aliases",
    metadata,
    *column.owner(),
    Column("name", String(16), nullable=False),
    column.to("run_key", "runs.key"),
    column.number("version", nullable=True),
    column.time("at"),
    Column("who", String(200), nullable=False),
    UniqueConstraint("organisation_id", "project_id", "name"),
    Index(None, "run_key"),
)

# One row per update: `facts` has what its finished steps gave, so that another process
# can go on after a kill.
updates = Table(
    "updates",
    metadata,
    column.key("key"),
    *column.owner(),
    column.number("number"),
    Column("state", String(16), nullable=False),
    Column("step", String(16), nullable=False),
    Column("who", String(200), nullable=False),
    column.time("begun"),
    column.time("finished", nullable=True),
    column.json("facts"),
    column.text("error"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

# What an admin settles for a project: limits, schedule.
project_settings = Table(
    "project_settings",
    metadata,
    *column.owner(),
    Column("name", String(32), nullable=False),
    column.json("value"),
    column.time("at"),
    Column("who", String(200), nullable=False),
    UniqueConstraint("organisation_id", "project_id", "name"),
)
