"""Rollouts: how a release reaches the devices of a project, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import case, func, or_

from pitmark.core.errors import NotFoundError
from pitmark.store.part_counts import PartCounts
from pitmark.store.plain_json import plain
from pitmark.store.rollout_totals import RolloutTotals
from pitmark.store.schema import now
from pitmark.store.schema_devices import device_notes, devices, rollouts
from pitmark.store.scope import Scope, chunks

RolloutState = Literal["running", "halted", "done", "superseded", "rolled back"]
OPEN: tuple[RolloutState, ...] = ("running", "halted")


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A rollout: `wave` is the newest that is open, from 0; `why` is the last word on it."""

    number: int
    version: int
    state: RolloutState
    plan: dict[str, Any]
    wave: int
    wave_since: datetime
    created: datetime
    finished: datetime | None
    checked: datetime
    author: str
    why: str

    @property
    def open(self) -> bool:
        """Whether it can still go on."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class WaveCounts:
    """One wave: its devices, and how many run the release, on trial or for good, or failed."""

    devices: int = 0
    running: int = 0
    on_trial: int = 0
    failed: int = 0


class Rollouts:
    """The rollouts of one project.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope, self._totals = scope, RolloutTotals(scope)

    def add(self, version: int, plan: Mapping[str, Any], *, by: str) -> RolloutRow:
        """Add a rollout; none of its waves is open yet. Open ones before it are superseded.

        Args:
            version: What is to be released.
            plan: Plain JSON types.
            by: Who begins it.

        Returns:
            The rollout.
        """
        moment = now()
        with self._scope.write() as connection:
            change = self._scope.update(rollouts).where(rollouts.c.state.in_(OPEN))
            told = f"release {version} followed"
            connection.execute(change.values(state="superseded", finished=moment, why=told))
            number = (
                self._scope.value(self._scope.select(rollouts, func.max(rollouts.c.number)))
                or 0
            ) + 1
            values = {
                "number": number,
                "version": version,
                "state": "running",
                "plan": plain(plan),
                "wave": 0,
                "wave_since": moment,
                "created": moment,
                "checked": moment,
                "author": by[:200],
                "why": "",
            }
            self._scope.insert(connection, rollouts, [values])
        return self.get(number)

    def get(self, number: int | Literal["latest"] = "latest") -> RolloutRow:
        """One rollout.

        Args:
            number: Its number, or "latest".

        Returns:
            The rollout.

        Raises:
            NotFoundError: None such.
        """
        found = self.find(number)
        if found is None:
            which = "no rollout yet" if number == "latest" else f"no rollout {number}"
            raise NotFoundError(
                f"the project has {which}", hint="Begin one: pitmark rollout VERSION"
            )
        return found

    def find(self, number: int | Literal["latest"] = "latest") -> RolloutRow | None:
        """One rollout, if there is one.

        Args:
            number: Its number, or "latest".

        Returns:
            The rollout or None.
        """
        query = self._scope.select(rollouts).order_by(rollouts.c.number.desc())
        if number != "latest":
            query = query.where(rollouts.c.number == int(number))
        row = self._scope.first(query)
        return None if row is None else _rollout(row)

    def list(self, limit: int = 100) -> Sequence[RolloutRow]:
        """Rollouts, the newest first.

        Args:
            limit: How many at most.

        Returns:
            The rollouts.
        """
        query = self._scope.select(rollouts).order_by(rollouts.c.number.desc()).limit(limit)
        return [_rollout(row) for row in self._scope.rows(query)]

    def change(self, number: int, **values: Any) -> None:
        """Change where a rollout stands.

        Args:
            number: Of the rollout.
            values: Columns: state, wave, wave_since, finished, checked, why, plan.
        """
        change = self._scope.update(rollouts).where(rollouts.c.number == number)
        with self._scope.write() as connection:
            connection.execute(change.values(**values))

    def place(self, waves: Sequence[Sequence[int]]) -> None:
        """Give devices their wave; all others have none.

        Args:
            waves: Keys of devices, wave by wave.
        """
        with self._scope.write() as connection:
            connection.execute(self._scope.update(devices).values(wave=None))
            for number, ids in enumerate(waves):
                for part in chunks(ids):
                    change = self._scope.update(devices).where(devices.c.id.in_(part))
                    connection.execute(change.values(wave=number))
            self._totals.begin()

    def place_one(self, device_id: int, *, wave: int | None, desired: int | None) -> None:
        """Give a device that came later its wave, and what it is offered.

        Args:
            device_id: The device.
            wave: Its wave.
            desired: The version.
        """
        change = self._scope.update(devices).where(devices.c.id == device_id)
        with self._scope.write() as connection:
            connection.execute(change.values(wave=wave, desired=desired))
            place = self._totals.place(device_id)
            if place is not None and place.reached:
                self._totals.count_all(place)

    def offer(self, wave: int, version: int) -> None:
        """Offer a version to the devices of a wave.

        Args:
            wave: Its number.
            version: What they should run.
        """
        change = self._scope.update(devices).where(devices.c.wave == wave)
        with self._scope.write() as connection:
            connection.execute(change.values(desired=version))

    def withdraw(self, version: int) -> None:
        """Offer a version no more to devices that do not run it.

        Args:
            version: Of a rollout that ends before its time.
        """
        other = or_(devices.c.release.is_(None), devices.c.release != version)
        change = self._scope.update(devices).where(devices.c.desired == version, other)
        with self._scope.write() as connection:
            connection.execute(change.values(desired=None))

    def candidates(self) -> Sequence[tuple[int, str]]:
        """Keys and names of all devices that have a key, by name."""
        query = self._scope.select(devices, devices.c.id, devices.c.name)
        query = query.where(devices.c.key_sha.is_not(None)).order_by(devices.c.name)
        return [(row.id, row.name) for row in self._scope.rows(query)]

    def offered(self, version: int) -> Sequence[str]:
        """Names of the devices that have a key and were offered a version."""
        query = self._scope.select(devices, devices.c.name).order_by(devices.c.name)
        query = query.where(devices.c.key_sha.is_not(None), devices.c.desired == version)
        return [row.name for row in self._scope.rows(query)]

    def waves(self, version: int) -> dict[int, WaveCounts]:
        """How far each wave has come; devices without a key do not count.

        Args:
            version: Of the newest rollout.

        Returns:
            Wave to counts.
        """
        failed = self._failed(version).subquery("failed")
        runs = devices.c.release == version
        query = self._scope.select(
            devices,
            devices.c.wave,
            func.count().label("devices"),
            _count(runs).label("running"),
            _count(runs & devices.c.on_trial).label("on_trial"),
            func.count(failed.c.device_id).label("failed"),
        )
        # One that runs it may have refused to take it a second time.
        elsewhere = or_(devices.c.release.is_(None), ~runs)
        query = query.outerjoin(failed, (failed.c.device_id == devices.c.id) & elsewhere)
        query = query.where(devices.c.key_sha.is_not(None), devices.c.wave.is_not(None))
        return {
            row.wave: WaveCounts(row.devices, row.running or 0, row.on_trial or 0, row.failed)
            for row in self._scope.rows(query.group_by(devices.c.wave))
        }

    def parts(self, wave: int) -> tuple[PartCounts, PartCounts]:
        """The parts of the devices that have judged by the release of the newest rollout.

        Args:
            wave: Of the devices of this wave and those before it.

        Returns:
            Counts of other releases from `LOOKED_BACK` before the rollout on, and of its own.
        """
        return self._totals.parts(wave)

    def _failed(self, version: int) -> Any:
        """Devices whose last word on a version is that they refused it or took it back."""
        told = self._scope.select(
            device_notes, device_notes.c.device_id, func.max(device_notes.c.id).label("id")
        )
        told = told.where(device_notes.c.version == version)
        last = told.group_by(device_notes.c.device_id).subquery("last")
        query = self._scope.select(device_notes, device_notes.c.device_id)
        query = query.join(last, last.c.id == device_notes.c.id)
        return query.where(device_notes.c.outcome.in_(("refused", "rolled back")))


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _rollout(row: Any) -> RolloutRow:
    return RolloutRow(**{n: getattr(row, n) for n in RolloutRow.__dataclass_fields__})
