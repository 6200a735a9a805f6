"""The tables of the fleet: devices, what they told of releases, parts by hour, rollouts.

No secret stands in them: of a key and of a one-time code there is the sha256.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
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
    organisation = ForeignKey("organisations.organisation_id")
    return (
        Column("organisation_id", String(64), organisation, nullable=False),
        Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    )


def _number(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer, **{"nullable": False, **options})


def _time(name: str, **options: Any) -> Column[Any]:
    return Column(name, UtcTime, **{"nullable": False, **options})


# `release` is what runs there, `desired` what a rollout has offered it, `wave` its place in
# the newest rollout.
devices = Table(
    "devices",
    metadata,
    Column("id", Integer, primary_key=True),
    *_owner(),
    Column("name", String(64), nullable=False),
    Column("code_sha", String(64), unique=True),
    _time("code_expires", nullable=True),
    Column("key_sha", String(64), unique=True),
    _time("created"),
    _time("registered", nullable=True),
    _time("revoked", nullable=True),
    _time("last_seen", nullable=True),
    _number("release", nullable=True),
    _number("desired", nullable=True),
    _number("wave", nullable=True),
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
    Column("id", Integer, primary_key=True),
    *_owner(),
    Column("device_id", Integer, ForeignKey("devices.id"), nullable=False),
    Column("key", String(64), nullable=False),
    _time("at"),
    _number("version", nullable=True),
    Column("outcome", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("device_id", "key"),
    Index(None, "organisation_id", "project_id", "device_id", "id"),
    Index(None, "organisation_id", "project_id", "version", "device_id"),
    sqlite_autoincrement=True,
)

# Parts by device, hour and release: a fleet is asked of its days, not of its parts.
device_hours = Table(
    "device_hours",
    metadata,
    *_owner(),
    Column("device_id", Integer, ForeignKey("devices.id"), primary_key=True),
    _time("hour", primary_key=True),
    _number("release", primary_key=True, autoincrement=False),
    _number("ok"),
    _number("ng"),
    _number("error"),
    Index(None, "organisation_id", "project_id", "release", "device_id"),
    # The parts of some devices: without it all hours of the project would be read.
    Index(None, "organisation_id", "project_id", "device_id", "hour"),
)

# Apart from `devices`: a list of the fleet does not read it.
device_drift = Table(
    "device_drift",
    metadata,
    *_owner(),
    Column("device_id", Integer, ForeignKey("devices.id"), primary_key=True),
    _time("at"),
    Column("watches", JSON(none_as_null=True), nullable=False),
    Index(None, "organisation_id", "project_id", "device_id"),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("key", Integer, primary_key=True),
    *_owner(),
    _number("number"),
    _number("version"),
    Column("state", String(16), nullable=False),
    Column("plan", JSON(none_as_null=True), nullable=False),
    _number("wave"),
    _time("wave_since"),
    _time("created"),
    _time("finished", nullable=True),
    _time("checked"),
    Column("author", String(200), nullable=False),
    Column("why", Text, nullable=False),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

# The parts of the newest rollout by wave, of the devices that have judged by its release.
rollout_waves = Table(
    "rollout_waves",
    metadata,
    *_owner(),
    _number("wave"),
    *(
        _number(f"{when}_{what}")
        for when in ("before", "under")
        for what in ("ok", "ng", "error")
    ),
    UniqueConstraint("organisation_id", "project_id", "wave"),
)
