"""The parts of a rollout by wave, counted as they come in: a look at it reads a few rows.

Only devices that have judged a part by the release count: all their parts of other releases
since some days before the rollout, and all of the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func

from pitmark.store.part_counts import VERDICTS, PartCounts
from pitmark.store.schema_devices import device_hours, devices, rollout_waves, rollouts
from pitmark.store.scope import Scope

# The parts before a release are those of so many days before its rollout.
LOOKED_BACK = timedelta(days=7)
_FIGURES = tuple(f"{when}_{verdict}" for when in ("before", "under") for verdict in VERDICTS)
# By hour and release.
Counted = Mapping[tuple[datetime, int], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Place:
    """A device in the newest rollout; `reached` where it has judged by its release."""

    device_id: int
    wave: int
    version: int
    since: datetime
    reached: bool


class RolloutTotals:
    """The parts of the newest rollout of one project.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin(self) -> None:
        """Count anew, for a rollout whose devices were just given their waves."""
        newest = self._scope.select(rollouts).order_by(rollouts.c.number.desc()).limit(1)
        with self._scope.write() as connection:
            connection.execute(self._scope.delete(rollout_waves))
            row = self._scope.first(newest)
            if row is None:
                return
            query = self._sums(row.version, row.created - LOOKED_BACK, devices.c.wave)
            query = query.join(devices, devices.c.id == device_hours.c.device_id).where(
                devices.c.wave.is_not(None), device_hours.c.device_id.in_(self._judged(row))
            )
            for found in self._scope.rows(query.group_by(devices.c.wave)):
                self._add(found.wave, {n: int(getattr(found, n) or 0) for n in _FIGURES})

    def place(self, device_id: int) -> Place | None:
        """Where a device stands, before more of its parts are counted.

        Args:
            device_id: The device.

        Returns:
            Its place; None where there is no rollout, or it has none.
        """
        query = self._scope.select(rollouts, rollouts.c.version, rollouts.c.created)
        wave = self._scope.select(devices, devices.c.wave).where(devices.c.id == device_id)
        query = query.add_columns(wave.scalar_subquery().label("wave"))
        row = self._scope.first(query.order_by(rollouts.c.number.desc()).limit(1))
        if row is None or row.wave is None:
            return None
        judged = self._scope.select(device_hours, device_hours.c.device_id).where(
            device_hours.c.device_id == device_id, device_hours.c.release == row.version
        )
        reached = self._scope.first(judged.limit(1)) is not None
        return Place(device_id, row.wave, row.version, row.created - LOOKED_BACK, reached)

    def count(self, place: Place, parts: Counted) -> None:
        """Take more parts of a device into account; they stand in its hours already.

        Args:
            place: Where it stood before them.
            parts: The parts.
        """
        if place.reached:
            self._add(place.wave, _told(place, parts))
        elif any(release == place.version for _, release in parts):
            self.count_all(place)

    def count_all(self, place: Place) -> None:
        """Take all parts of a device into account that has just come to count.

        Args:
            place: Where it stands.
        """
        query = self._sums(place.version, place.since)
        row = self._scope.first(query.where(device_hours.c.device_id == place.device_id))
        self._add(place.wave, {n: int(getattr(row, n, None) or 0) for n in _FIGURES})

    def parts(self, wave: int) -> tuple[PartCounts, PartCounts]:
        """The parts of the devices of some waves.

        Args:
            wave: This one and those before it.

        Returns:
            Counts of other releases, and of that of the rollout.
        """
        sums = [func.sum(rollout_waves.c[n]).label(n) for n in _FIGURES]
        query = self._scope.select(rollout_waves, *sums).where(rollout_waves.c.wave <= wave)
        row = self._scope.first(query)
        found = [int(getattr(row, n, None) or 0) for n in _FIGURES]
        return PartCounts(*found[:3]), PartCounts(*found[3:])

    def _add(self, wave: int, more: Mapping[str, int]) -> None:
        change = self._scope.update(rollout_waves).where(rollout_waves.c.wave == wave)
        values = {name: rollout_waves.c[name] + n for name, n in more.items() if n}
        if not values:
            return
        with self._scope.write() as connection:
            if connection.execute(change.values(**values)).rowcount == 0:
                row = {"wave": wave, **dict.fromkeys(_FIGURES, 0), **more}
                self._scope.insert(connection, rollout_waves, [row])

    def _sums(self, version: int, since: datetime, *columns: Any) -> Any:
        under = device_hours.c.release == version
        before = ~under & (device_hours.c.hour >= since)
        sums = [
            func.sum(case((condition, device_hours.c[verdict]), else_=0)).label(
                f"{when}_{verdict}"
            )
            for when, condition in (("before", before), ("under", under))
            for verdict in VERDICTS
        ]
        return self._scope.select(device_hours, *columns, *sums).where(under | before)

    def _judged(self, row: Any) -> Any:
        """Keys of the devices that judged parts by the release of a rollout."""
        hour = device_hours.alias("hour")
        query = self._scope.select(hour, hour.c.device_id)
        return query.where(hour.c.release == row.version)


def _told(place: Place, parts: Counted) -> dict[str, int]:
    out = dict.fromkeys(_FIGURES, 0)
    for (hour, release), counts in parts.items():
        if release != place.version and hour < place.since:
            continue
        when = "under" if release == place.version else "before"
        for verdict, count in counts.items():
            out[f"{when}_{verdict}"] += count
    return out
