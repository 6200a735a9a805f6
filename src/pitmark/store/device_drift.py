"""The course of drift at devices, as they told it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.store.plain_json import plain
from pitmark.store.schema import now
from pitmark.store.schema_devices import device_drift, devices
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class DriftRow:
    """What a device told of its watches, and when; `watches` are plain JSON types."""

    device: str
    at: datetime
    watches: list[dict[str, Any]]


class DeviceDrift:
    """The courses of drift of one project, one row per device.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def set(self, device_id: int, watches: Sequence[Mapping[str, Any]]) -> None:
        """Keep what a device told, in the place of what it told before.

        Args:
            device_id: The device.
            watches: One per point and release.
        """
        values = {"at": now(), "watches": plain(list(watches))}
        change = self._scope.update(device_drift).where(device_drift.c.device_id == device_id)
        with self._scope.write() as connection:
            if connection.execute(change.values(**values)).rowcount == 0:
                row = {"device_id": device_id, **values}
                self._scope.insert(connection, device_drift, [row])

    def list(self, *, device: str | None = None, limit: int = 20) -> Sequence[DriftRow]:
        """The courses, those with an alarm first, then by name.

        Args:
            device: Only that of this name.
            limit: How many devices at most.

        Returns:
            The devices that told of any.
        """
        query = self._scope.select(device_drift, device_drift, devices.c.name)
        query = query.join(devices, devices.c.id == device_drift.c.device_id)
        if device is not None:
            query = query.where(devices.c.name == device)
        query = query.order_by(devices.c.drift.desc(), devices.c.name).limit(limit)
        return [DriftRow(r.name, r.at, list(r.watches)) for r in self._scope.rows(query)]
