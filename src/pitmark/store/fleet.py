"""The fleet of a project, a page at a time: one statement whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, func, or_

from pitmark.store.device_reports import Note
from pitmark.store.devices import DeviceRow, device_row
from pitmark.store.part_counts import PartCounts, part_counts, sums
from pitmark.store.schema import projects
from pitmark.store.schema_devices import device_hours, device_notes, devices
from pitmark.store.scope import Scope

FleetState = Literal["active", "silent", "waiting", "revoked"]
FLEET_STATES: tuple[FleetState, ...] = ("active", "silent", "waiting", "revoked")


@dataclass(frozen=True, slots=True)
class FleetFilter:
    """Which devices: all that fulfill everything that is given.

    `name` is a part of the name; `behind` are those that run another release than the one
    offered to them; `drift` those whose watch has raised an alarm; `state` see `Fleet`.
    """

    name: str = ""
    state: FleetState | None = None
    release: int | None = None
    behind: bool = False
    drift: bool = False


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """A device with its parts of late, and what became last of a release on it."""

    device: DeviceRow
    parts: PartCounts
    note: Note | None


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """A fleet in counts: devices by state, by release, and those to look after."""

    states: dict[FleetState, int]
    releases: dict[int | None, int]
    behind: int
    drift: int


class Fleet:
    """The devices of one project as a list.

    A device is waiting until its code was used, then active, or silent where nothing was
    heard of it since a moment, or revoked.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def page(
        self,
        asked: FleetFilter,
        *,
        silent_since: datetime,
        parts_since: datetime,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[FleetDevice]:
        """Devices in the order of their names.

        Args:
            asked: Which ones.
            silent_since: Not heard of since then is silent.
            parts_since: Parts are counted from this hour on.
            after: Only names behind this one, to go on where a page ended.
            limit: How many at most.

        Returns:
            The devices.
        """
        chosen = self._scope.select(devices, devices).where(
            devices.c.name > after, *_conditions(asked, silent_since)
        )
        page = chosen.order_by(devices.c.name).limit(limit).subquery("page")
        ids = self._scope.select(page, page.c.id)
        parts = self._scope.select(device_hours, device_hours.c.device_id, *sums())
        parts = parts.where(
            device_hours.c.device_id.in_(ids), device_hours.c.hour >= parts_since
        )
        counted = parts.group_by(device_hours.c.device_id).subquery("counted")
        newest = self._scope.select(device_notes, func.max(device_notes.c.id).label("id"))
        newest = newest.where(device_notes.c.device_id.in_(ids))
        last = newest.group_by(device_notes.c.device_id).subquery("last")
        told = (
            self._scope.select(device_notes, device_notes)
            .join(last, last.c.id == device_notes.c.id)
            .subquery("told")
        )
        names = [told.c[n].label(f"note_{n}") for n in Note.__dataclass_fields__]
        figures = [counted.c.ok, counted.c.ng, counted.c.error]
        query = self._scope.select(page, page, projects.c.live_name, *figures, *names)
        query = (
            query.join(projects, projects.c.id == page.c.project_id)
            .outerjoin(counted, counted.c.device_id == page.c.id)
            .outerjoin(told, told.c.device_id == page.c.id)
        )
        return [_fleet_device(row) for row in self._scope.rows(query.order_by(page.c.name))]

    def summary(self, *, silent_since: datetime) -> FleetSummary:
        """The fleet in counts.

        Args:
            silent_since: Not heard of since then is silent.

        Returns:
            The counts as of now.
        """
        query = self._scope.select(devices, func.count())
        with self._scope.read():
            states = {
                state: int(self._scope.value(query.where(_in_state(state, silent_since))) or 0)
                for state in FLEET_STATES
            }
            by_release = self._scope.select(devices, devices.c.release, func.count().label("n"))
            known = devices.c.key_sha.is_not(None)
            rows = self._scope.rows(by_release.where(known).group_by(devices.c.release))
            behind = self._scope.value(query.where(known, _behind()))
            drift = self._scope.value(query.where(known, devices.c.drift))
        releases = {row.release: row.n for row in rows}
        return FleetSummary(states, releases, int(behind or 0), int(drift or 0))


def _conditions(asked: FleetFilter, silent_since: datetime) -> list[Any]:
    out: list[Any] = []
    if asked.name:
        out.append(devices.c.name.contains(asked.name, autoescape=True))
    if asked.state is not None:
        out.append(_in_state(asked.state, silent_since))
    if asked.release is not None:
        out.append(devices.c.release == asked.release)
    if asked.behind:
        out.append(_behind())
    if asked.drift:
        out.append(devices.c.drift)
    return out


def _in_state(state: FleetState, silent_since: datetime) -> Any:
    known = devices.c.key_sha.is_not(None)
    if state == "revoked":
        return and_(devices.c.key_sha.is_(None), devices.c.revoked.is_not(None))
    if state == "waiting":
        return and_(devices.c.key_sha.is_(None), devices.c.revoked.is_(None))
    heard = devices.c.last_seen >= silent_since
    return and_(known, heard if state == "active" else ~heard)


def _behind() -> Any:
    """Runs another release than the one offered, or none."""
    other = or_(devices.c.release.is_(None), devices.c.release != devices.c.desired)
    return and_(devices.c.desired.is_not(None), other)


def _fleet_device(row: Any) -> FleetDevice:
    fields = {n: getattr(row, f"note_{n}") for n in Note.__dataclass_fields__}
    note = None if fields["key"] is None else Note(**fields)
    return FleetDevice(device_row(row), part_counts(row), note)
