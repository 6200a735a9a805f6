"""The devices of a project as Python sees them: who may send, what runs where."""

from __future__ import annotations

from typing import Unpack

from pitmark.ops.line.devices import add_device, renew_device, revoke_device
from pitmark.ops.line.fleet import device_details, fleet_page
from pitmark.ops.line.fleet_messages import details_message, list_message
from pitmark.store.db import ProjectStore
from pitmark.store.fleet import FleetFilter
from pitmark.wire.devices import DeviceCode, DevicesAsked, FleetDeviceDetails, FleetList


class Devices:
    """The devices of a project in a workspace folder.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self._store = store

    def list(
        self, *, after: str = "", limit: int = 100, **asked: Unpack[DevicesAsked]
    ) -> FleetList:
        """Devices in the order of their names, a page at a time.

        Args:
            after: Only names behind this one: `after` of the page before.
            limit: How many at most, 1 to 1000.
            **asked: name, state, release, behind and drift; see DevicesAsked.

        Returns:
            The page; `items` are the devices, `after` is None where it is the last.
        """
        found = fleet_page(self._store, FleetFilter(**asked), after=after, limit=limit)
        return list_message(found)

    def show(self, name: str, *, hours: int = 24) -> FleetDeviceDetails:
        """One device with what became of releases on it and its latest parts.

        Args:
            name: Of the device.
            hours: Parts of so many hours are counted.

        Returns:
            The device.

        Raises:
            NotFoundError: No such device.
        """
        return details_message(device_details(self._store, name, hours=hours))

    def add(self, name: str, *, by: str = "python") -> DeviceCode:
        """Make a device known.

        Args:
            name: Letters, digits, - and _; at most 64.
            by: Who does it.

        Returns:
            Its one-time `code`, good for an hour and told only now.

        Raises:
            InvalidInputError: An impossible name.
            ConflictError: There is a device of this name.
        """
        _, code = add_device(self._store, name, by=by)
        return self._code(name, code)

    def renew(self, name: str, *, by: str = "python") -> DeviceCode:
        """Give a device another code; its key works until the code is used.

        Args:
            name: Of the device; one that was revoked comes back with it.
            by: Who does it.

        Returns:
            Its one-time `code`.

        Raises:
            NotFoundError: No such device.
        """
        return self._code(name, renew_device(self._store, name, by=by))

    def revoke(self, name: str, *, by: str = "python") -> None:
        """Let a device in no more, from its next request on; what it told stays.

        Args:
            name: Of the device.
            by: Who does it.

        Raises:
            NotFoundError: No such device.
        """
        revoke_device(self._store, name, by=by)

    def _code(self, name: str, code: str) -> DeviceCode:
        expires = self._store.devices.get(name).code_expires
        return DeviceCode.model_validate({"name": name, "code": code, "expires": expires})
