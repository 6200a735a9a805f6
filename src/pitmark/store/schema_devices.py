"""The tables of the fleet: devices, what they told of releases, parts by hour, rollouts.

No secret stands in them: of a key and of a one-time code there is the sha256.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from pitmark.store import schema_columns as column
from pitmark.store.schema_columns import metadata

# `release` is what runs there, `desired` what a rollout has offered it, `wave` its place in
# the newest rollout.
devices = Table(
    "devices",
    metadata,
    column.key(),
    *column.owner(),
    Column("name", String(64), nullable=False),
    Column("code_sha", String(64), unique=True),
    column.time("code_expires", nullable=True),
    Column("key_sha", String(64), unique=True),
    column.time("created"),
    column.time("registered", nullable=True),
    column.time("revoked", nullable=True),
    column.time("last_seen", nullable=True),
    column.number("release", nullable=True),
    column.number("desired", nullable=True),
    column.number("wave", nullable=True),
    Column("on_trial", Boolean, nullable=False),
    Column("drift", Boolean, nullable=False),
    Column("state", JSON(none_as_null=True)),
    UniqueConstraint("organisation_id", "project_id", "name"),
    # How far a rollout is, from the index alone.
    Index(
        "ix_devices_rollout",
        "organisation_id",
        "project_id",
        "wave",
        "release",
        "on_trial",
        "key_sha",
    ),
    Index(None, "organisation_id", "project_id", "desired"),
    sqlite_autoincrement=True,
)

# What became of a release on a device, only ever added to; the newest counts.
device_notes = Table(
    "device_notes",
    metadata,
    column.key(),
    *column.owner(),
    column.to("device_id", "devices.id"),
    Column("key", String(64), nullable=False),
    column.time("at"),
    column.number("version", nullable=True),
    Column("outcome", String(16), nullable=False),
    column.text("reason"),
    UniqueConstraint("device_id", "key"),
    Index(None, "organisation_id", "project_id", "device_id", "id"),
    Index(None, "organisation_id", "project_id", "version", "device_id"),
    sqlite_autoincrement=True,
)

# Parts by device, hour and release: a fleet is asked of its days, not of its parts.
device_hours = Table(
    "device_hours",
    metadata,
    *column.owner(),
    Column("device_id", Integer, ForeignKey("devices.id"), primary_key=True),
    column.time("hour", primary_key=True),
    column.number("release", primary_key=True, autoincrement=False),
    column.number("ok"),
    column.number("ng"),
    column.number("error"),
    Index(None, "organisation_id", "project_id", "release", "device_id"),
    # The parts of some devices: without it all hours of the project would be read.
    Index(None, "organisation_id", "project_id", "device_id", "hour"),
)

# Apart from `devices`: a list of the fleet does not read it.
device_drift = Table(
    "device_drift",
    metadata,
    *column.owner(),
    Column("device_id", Integer, ForeignKey("devices.id"), primary_key=True),
    column.time("at"),
    column.json("watches"),
    Index(None, "organisation_id", "project_id", "device_id"),
)

rollouts = Table(
    "rollouts",
    metadata,
    column.key("key"),
    *column.owner(),
    column.number("number"),
    column.number("version"),
    Column("state", String(16), nullable=False),
    column.json("plan"),
    column.number("wave"),
    column.time("wave_since"),
    column.time("created"),
    column.time("finished", nullable=True),
    column.time("checked"),
    Column("author", String(200), nullable=False),
    column.text("why"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

# The parts of the newest rollout by wave, of the devices that have judged by its release.
rollout_waves = Table(
    "rollout_waves",
    metadata,
    *column.owner(),
    column.number("wave"),
    *(
        column.number(f"{when}_{what}")
        for when in ("before", "under")
        for what in ("ok", "ng", "error")
    ),
    UniqueConstraint("organisation_id", "project_id", "wave"),
)
