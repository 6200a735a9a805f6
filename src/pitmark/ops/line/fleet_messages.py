"""The fleet as the messages of the API, for the server and for Python alike."""

from __future__ import annotations

from dataclasses import asdict

from pitmark.ops.line.fleet import DeviceDetails, FleetPage, note_json
from pitmark.store.events import EventRow
from pitmark.store.rollouts import RolloutRow
from pitmark.wire.devices import (
    DeviceNote,
    FleetDevice,
    FleetDeviceDetails,
    FleetList,
    RolloutLine,
)
from pitmark.wire.line import Inspection


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
    """One device with its latest parts.

    Args:
        found: The device.

    Returns:
        The message.
    """
    return FleetDeviceDetails(
        device=FleetDevice.model_validate(found.shown.to_json()),
        notes=[DeviceNote.model_validate(note_json(n)) for n in found.notes],
        latest=[inspection_message(event) for event in found.latest],
    )


def inspection_message(row: EventRow) -> Inspection:
    """A part that was inspected, without the facts of its device.

    Args:
        row: As the store has it.

    Returns:
        The message.
    """
    told = asdict(row)
    del told["facts"]
    return Inspection(**told)


def rollout_line(row: RolloutRow) -> RolloutLine:
    """A rollout in a list.

    Args:
        row: The rollout.

    Returns:
        The message.
    """
    return RolloutLine(**{name: getattr(row, name) for name in RolloutLine.model_fields})
