"""What devices tell of themselves: parts by hour, what became of releases, their state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.core.inspector import Outcome
from pitmark.store.part_counts import PartCounts, part_counts, sums
from pitmark.store.plain_json import plain
from pitmark.store.rollout_totals import RolloutTotals
from pitmark.store.schema import now
from pitmark.store.schema_devices import device_hours, device_notes, devices
from pitmark.store.scope import Scope

_NO_RELEASE = 0
_COLUMN_OF: Mapping[Outcome, str] = {"OK": "ok", "NG": "ng", "error": "error"}


@dataclass(frozen=True, slots=True)
class Note:
    """What became of a release on a device: activated, kept, refused or taken back.

    `key` is the same whenever the device tells it again; `version` None where unknown.
    """

    key: str
    at: datetime
    version: int | None
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What a device says of itself; `facts` are plain JSON types."""

    release: int | None
    on_trial: bool
    drift: bool
    facts: Mapping[str, Any]


class DeviceReports:
    """What the devices of one project told.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def seen(self, device_id: int) -> None:
        """Note that a device was heard of just now.

        Args:
            device_id: The device.
        """
        self._change(device_id, {"last_seen": now()})

    def count_parts(
        self, device_id: int, parts: Iterable[tuple[datetime, int | None, Outcome]]
    ) -> None:
        """Count parts of a device.

        Args:
            device_id: The device.
            parts: When each was inspected, the version that judged it, and what came out.
        """
        found: dict[tuple[datetime, int], Counter[str]] = {}
        for at, release, verdict in parts:
            hour = at.replace(minute=0, second=0, microsecond=0)
            here = found.setdefault((hour, release or _NO_RELEASE), Counter())
            here[_COLUMN_OF[verdict]] += 1
        totals = RolloutTotals(self._scope)
        with self._scope.write() as connection:
            place = totals.place(device_id)
            for (hour, release), counts in found.items():
                where = {"device_id": device_id, "hour": hour, "release": release}
                change = self._scope.update(device_hours).where(
                    *(device_hours.c[name] == value for name, value in where.items())
                )
                more = {name: device_hours.c[name] + n for name, n in counts.items()}
                if connection.execute(change.values(**more)).rowcount == 0:
                    zero = dict.fromkeys(_COLUMN_OF.values(), 0)
                    self._scope.insert(connection, device_hours, [{**where, **zero, **counts}])
            if place is not None:
                totals.count(place, found)

    def add_note(self, device_id: int, note: Note) -> bool:
        """Add what became of a release; one that is known already changes nothing.

        Args:
            device_id: The device.
            note: What it told.

        Returns:
            Whether it was new.
        """
        known = self._scope.select(device_notes, device_notes.c.id).where(
            device_notes.c.device_id == device_id, device_notes.c.key == note.key
        )
        with self._scope.write() as connection:
            if self._scope.first(known) is not None:
                return False
            values = {name: getattr(note, name) for name in Note.__dataclass_fields__}
            self._scope.insert(connection, device_notes, [{"device_id": device_id, **values}])
        return True

    def set_release(self, device_id: int, release: int | None, *, on_trial: bool) -> None:
        """Keep which release runs on a device.

        Args:
            device_id: The device.
            release: The version.
            on_trial: Whether it must still prove itself.
        """
        self._change(device_id, {"release": release, "on_trial": on_trial})

    def set_state(self, device_id: int, state: DeviceState) -> None:
        """Keep what a device says of itself.

        Args:
            device_id: The device.
            state: The newest.
        """
        values = {
            "release": state.release,
            "on_trial": state.on_trial,
            "drift": state.drift,
            "state": plain(state.facts),
            "last_seen": now(),
        }
        self._change(device_id, values)

    def notes(self, device_id: int, limit: int = 20) -> Sequence[Note]:
        """What became of releases on a device, the newest first.

        Args:
            device_id: The device.
            limit: How many at most.

        Returns:
            The notes.
        """
        query = self._scope.select(device_notes).where(device_notes.c.device_id == device_id)
        query = query.order_by(device_notes.c.id.desc()).limit(limit)
        return [_note(row) for row in self._scope.rows(query)]

    def counts(self, device_id: int, since: datetime) -> PartCounts:
        """The parts of a device.

        Args:
            device_id: The device.
            since: From the hour of this moment on.

        Returns:
            The counts.
        """
        query = self._scope.select(device_hours, *sums()).where(
            device_hours.c.device_id == device_id, device_hours.c.hour >= since
        )
        return part_counts(self._scope.first(query))

    def _change(self, device_id: int, values: Mapping[str, Any]) -> None:
        change = self._scope.update(devices).where(devices.c.id == device_id)
        with self._scope.write() as connection:
            connection.execute(change.values(**values))


def _note(row: Any) -> Note:
    return Note(**{name: getattr(row, name) for name in Note.__dataclass_fields__})
