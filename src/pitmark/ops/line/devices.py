"""Devices of a project: made known by an admin, registered by themselves, revoked."""

from __future__ import annotations

from dataclasses import dataclass

from pitmark.core.errors import NotAllowedError
from pitmark.ops.line.rollout_device import join
from pitmark.store.db import ProjectStore, Store
from pitmark.store.devices import DeviceRow


@dataclass(frozen=True, slots=True)
class Registered:
    """A device that has just got its key, which is kept nowhere but on the device."""

    device: DeviceRow
    key: str


def add_device(project: ProjectStore, name: str, *, by: str) -> tuple[DeviceRow, str]:
    """Make a device known, and a code with which it registers within an hour.

    Args:
        project: The project.
        name: Letters, digits, - and _; at most 64.
        by: Who does it.

    Returns:
        The device and its one-time code.

    Raises:
        InvalidInputError: An impossible name.
        ConflictError: There is a device of this name.
    """
    with project.transaction():
        row, code = project.devices.add(name)
        project.audit.log(by, "add_device", f"device/{name}")
    return row, code


def renew_device(project: ProjectStore, name: str, *, by: str) -> str:
    """Give a device another code; its key works until the code is used.

    Args:
        project: The project.
        name: Of the device; one that was revoked comes back with it.
        by: Who does it.

    Returns:
        The one-time code.

    Raises:
        NotFoundError: No such device.
    """
    with project.transaction():
        code = project.devices.renew_code(name)
        project.audit.log(by, "renew_device", f"device/{name}")
    return code


def revoke_device(project: ProjectStore, name: str, *, by: str) -> DeviceRow:
    """Let a device in no more, from its next request on; what it told stays.

    Args:
        project: The project.
        name: Of the device.
        by: Who does it.

    Returns:
        The device as it is now.

    Raises:
        NotFoundError: No such device.
    """
    with project.transaction():
        row = project.devices.revoke(name)
        project.audit.log(by, "revoke_device", f"device/{name}")
    return row


def register_device(store: Store | None, code: str) -> Registered:
    """Exchange a one-time code for a key.

    Args:
        store: The organisation that knows the code; None where none does.
        code: As typed on the device.

    Returns:
        The device and its key.

    Raises:
        NotAllowedError: The code is unknown, was used, or has run out; which of them is
            not said.
    """
    if store is not None:
        with store.transaction():
            found = store.devices.exchange(code)
            if found is not None:
                device, key = found
                project = store.project(device.project)
                join(project, device)
                name = device.name
                project.audit.log(f"device {name}", "register_device", f"device/{name}")
                return Registered(device, key)
    raise NotAllowedError(
        "the code is unknown, was used already, or has run out",
        hint="An admin makes a new one: pitmark devices renew NAME",
    )
