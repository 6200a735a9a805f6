"""Devices with their keys, what they tell of releases and parts, and rollouts.

Revision 0009. It names the tables as they were then and is never changed.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SCOPE = ("organisation_id", "project_id")


def upgrade() -> None:
    """Make the tables."""
    _devices()
    _notes()
    _hours()
    _rollouts()
    _index("events", "device", "at")
    _index("events", "sha256")


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_owner("devices"),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("code_sha", sa.String(64), nullable=True),
        _time("code_expires", nullable=True),
        sa.Column("key_sha", sa.String(64), nullable=True),
        _time("created"),
        _time("registered", nullable=True),
        _time("revoked", nullable=True),
        _time("last_seen", nullable=True),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.Column("desired", sa.Integer(), nullable=True),
        sa.Column("wave", sa.Integer(), nullable=True),
        sa.Column("on_trial", sa.Boolean(), nullable=False),
        sa.Column("drift", sa.Boolean(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=True),
        sa.UniqueConstraint("code_sha", name="uq_devices_code_sha"),
        sa.UniqueConstraint("key_sha", name="uq_devices_key_sha"),
        _unique("devices", *_SCOPE, "name"),
        sqlite_autoincrement=True,
    )
    _index("devices", "wave")
    _index("devices", "desired")


def _notes() -> None:
    op.create_table(
        "device_notes",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_owner("device_notes"),
        _device("device_notes"),
        sa.Column("key", sa.String(64), nullable=False),
        _time("at"),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _unique("device_notes", "device_id", "key"),
        sqlite_autoincrement=True,
    )
    _index("device_notes", "device_id", "id")
    _index("device_notes", "version", "device_id")


def _hours() -> None:
    op.create_table(
        "device_hours",
        *_owner("device_hours"),
        _device("device_hours", primary_key=True),
        _time("hour", primary_key=True),
        sa.Column("release", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("ok", sa.Integer(), nullable=False),
        sa.Column("ng", sa.Integer(), nullable=False),
        sa.Column("error", sa.Integer(), nullable=False),
    )
    _index("device_hours", "release", "device_id")
    _index("device_hours", "device_id", "hour")


def _rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("key", sa.Integer(), primary_key=True),
        *_owner("rollouts"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        _time("wave_since"),
        _time("created"),
        _time("finished", nullable=True),
        _time("checked"),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        _unique("rollouts", *_SCOPE, "number"),
        sqlite_autoincrement=True,
    )


def _owner(table: str) -> tuple[sa.Column[str], sa.Column[int]]:
    organisation = sa.ForeignKey(
        "organisations.organisation_id", name=f"fk_{table}_organisation_id_organisations"
    )
    project = sa.ForeignKey("projects.id", name=f"fk_{table}_project_id_projects")
    return (
        sa.Column("organisation_id", sa.String(64), organisation, nullable=False),
        sa.Column("project_id", sa.Integer(), project, nullable=False),
    )


def _device(table: str, **options: Any) -> sa.Column[int]:
    target = sa.ForeignKey("devices.id", name=f"fk_{table}_device_id_devices")
    return sa.Column("device_id", sa.Integer(), target, nullable=False, **options)


def _time(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **options})


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _index(table: str, *columns: str) -> None:
    every = [*_SCOPE, *columns]
    op.create_index(f"ix_{table}_{'_'.join(every)}", table, every)
