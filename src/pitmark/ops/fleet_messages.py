"""The fleet as the messages of the API, for the server and for Python alike."""

from __future__ import annotations

from dataclasses import asdict

from pitmark.ops.fleet import DeviceDetails, FleetPage, note_json
from pitmark.store.rollouts import RolloutRow
from pitmark.wire.devices import (
    DeviceNote,
    FleetDevice,
    FleetDeviceDetails,
    FleetList,
    RolloutLine,
)


def list_message(page: FleetPage) -> FleetList:
    """Some devices.

    Args:
        page: Of the fleet.

    Returns:
        The message.
    """
    items = [FleetDevice.model_validate(d.to_json()) for d in page.items]
    return FleetList(items=items, after=page.after)


def details_message(found: DeviceDetails) -> FleetDeviceDetails:
    """One device; its latest parts without the facts of each.

    Args:
        found: The device.

    Returns:
        The message.
    """
    return FleetDeviceDetails(
        device=FleetDevice.model_validate(found.shown.to_json()),
        notes=[DeviceNote.model_validate(note_json(n)) for n in found.notes],
        latest=[{k: v for k, v in asdict(e).items() if k != "facts"} for e in found.latest],
    )


def rollout_line(row: RolloutRow) -> RolloutLine:
    """A rollout in a list.

    Args:
        row: The rollout.

    Returns:
        The message.
    """
    return RolloutLine(**{name: getattr(row, name) for name in RolloutLine.model_fields})
