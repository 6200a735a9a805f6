"""The fleet of a project: which device runs what, when it was heard of, how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import Proportion, wilson
from pitmark.store.db import ProjectStore
from pitmark.store.device_reports import Note
from pitmark.store.devices import DeviceRow
from pitmark.store.events import EventRow
from pitmark.store.fleet import FleetFilter, FleetState, FleetSummary
from pitmark.store.part_counts import PartCounts

# Devices report every minute.
SILENT_AFTER = timedelta(minutes=10)
MOST_HOURS = 24 * 90
MOST_DEVICES = 1000
_EVENTS = 20


@dataclass(frozen=True, slots=True)
class DeviceOfFleet:
    """A device as a person looks after it.

    `ng` is the share of NG among the parts it judged within the hours looked at; `note`
    what became last of a release on it.
    """

    device: DeviceRow
    state: FleetState
    parts: PartCounts
    note: Note | None

    @property
    def ng(self) -> Proportion:
        """The share of NG with its interval."""
        return wilson(self.parts.ng, self.parts.ok + self.parts.ng)

    def to_json(self) -> dict[str, Any]:
        """The device as plain JSON types."""
        row, ng = self.device, self.ng
        return {
            "name": row.name,
            "state": self.state,
            "release": row.release,
            "desired": row.desired,
            "on_trial": row.on_trial,
            "wave": None if row.wave is None else row.wave + 1,
            "created": _told(row.created),
            "registered": _told(row.registered),
            "last_seen": _told(row.last_seen),
            "parts": {"ok": self.parts.ok, "ng": self.parts.ng, "error": self.parts.error},
            "ng_rate": ng.value,
            "ng_low": ng.low,
            "ng_high": ng.high,
            "sentence": ng.sentence("parts NG"),
            "drift": row.drift,
            "note": None if self.note is None else note_json(self.note),
            "report": row.state,
        }


@dataclass(frozen=True, slots=True)
class FleetPage:
    """Some devices by name; `after` asks for the next page, None where this is the last."""

    items: tuple[DeviceOfFleet, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    """One device with what it told of releases, and its latest parts."""

    shown: DeviceOfFleet
    notes: tuple[Note, ...]
    latest: tuple[EventRow, ...]


def fleet_page(
    project: ProjectStore,
    asked: FleetFilter | None = None,
    *,
    after: str = "",
    limit: int = 100,
    hours: int = 24,
    now: datetime | None = None,
) -> FleetPage:
    """Devices in the order of their names.

    Args:
        project: The project.
        asked: Which ones; None for all.
        after: Only names behind this one.
        limit: How many at most, 1 to 1000.
        hours: Parts of so many hours are counted.
        now: The present moment; None takes the clock's.

    Returns:
        The page.

    Raises:
        InvalidInputError: Limit or hours out of range.
    """
    if not 1 <= limit <= MOST_DEVICES or not 1 <= hours <= MOST_HOURS:
        raise InvalidInputError(
            f"a page has 1 to {MOST_DEVICES} devices and 1 to {MOST_HOURS} hours,"
            f" found {limit} and {hours}"
        )
    moment = now or datetime.now(UTC)
    found = project.fleet.page(
        asked or FleetFilter(),
        silent_since=moment - SILENT_AFTER,
        parts_since=_since(moment, hours),
        after=after,
        limit=limit + 1,
    )
    items = [
        DeviceOfFleet(f.device, state_of(f.device, moment), f.parts, f.note)
        for f in found[:limit]
    ]
    more = items[-1].device.name if len(found) > limit else None
    return FleetPage(tuple(items), more)


def fleet_summary(project: ProjectStore, *, now: datetime | None = None) -> FleetSummary:
    """The fleet in counts.

    Args:
        project: The project.
        now: The present moment; None takes the clock's.

    Returns:
        The counts.
    """
    moment = now or datetime.now(UTC)
    return project.fleet.summary(silent_since=moment - SILENT_AFTER)


def device_details(
    project: ProjectStore, name: str, *, hours: int = 24, now: datetime | None = None
) -> DeviceDetails:
    """One device.

    Args:
        project: The project.
        name: Of the device.
        hours: Parts of so many hours are counted.
        now: The present moment; None takes the clock's.

    Returns:
        The device with all that is known of it.

    Raises:
        NotFoundError: No such device.
    """
    moment = now or datetime.now(UTC)
    row = project.devices.get(name)
    notes: Sequence[Note] = project.device_reports.notes(row.id)
    counts = project.device_reports.counts(row.id, _since(moment, hours))
    shown = DeviceOfFleet(row, state_of(row, moment), counts, notes[0] if notes else None)
    latest = project.events.of_device(name, limit=_EVENTS)
    return DeviceDetails(shown, tuple(notes), tuple(latest))


def state_of(row: DeviceRow, now: datetime) -> FleetState:
    """What may be expected of a device.

    Args:
        row: The device.
        now: The present moment.

    Returns:
        waiting for its code to be used, active, silent, or revoked.
    """
    if row.revoked is not None:
        return "revoked"
    if row.registered is None or row.last_seen is None:
        return "waiting"
    return "active" if row.last_seen >= now - SILENT_AFTER else "silent"


def note_json(note: Note) -> dict[str, Any]:
    """What became of a release, as plain JSON types.

    Args:
        note: Of a device.

    Returns:
        A dict.
    """
    return {
        "at": _told(note.at),
        "version": note.version,
        "outcome": note.outcome,
        "reason": note.reason,
    }


def _since(moment: datetime, hours: int) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole - timedelta(hours=hours - 1)


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
