"""The devices of a project on a server; see `pitmark.workspace.devices`."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from pitmark.sdk.connection import Connection, message, part
from pitmark.wire.devices import (
    DeviceCode,
    DevicesAsked,
    FleetDeviceDetails,
    FleetList,
    NewDevice,
)


class RemoteDevices:
    """The devices of a project on a server.

    Args:
        connection: To the server.
        path: Of the project.
    """

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection, self._path = connection, f"{path}/devices"

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
        unknown = asked.keys() - DevicesAsked.__annotations__
        if unknown:
            raise TypeError(f"devices cannot be asked for by {', '.join(sorted(unknown))}")
        question = {"after": after, "limit": limit, **asked}
        return self._connection.get(self._path, FleetList, **question)

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
        path = f"{self._path}/{part(name)}"
        return self._connection.get(path, FleetDeviceDetails, hours=hours)

    def add(self, name: str) -> DeviceCode:
        """Make a device known.

        Args:
            name: Letters, digits, - and _; at most 64.

        Returns:
            Its one-time `code`, good for an hour and told only now.

        Raises:
            InvalidInputError: An impossible name.
            ConflictError: There is a device of this name.
        """
        new = message(NewDevice, name=name)
        return self._connection.send("POST", self._path, new, DeviceCode)

    def renew(self, name: str) -> DeviceCode:
        """Give a device another code; its key works until the code is used.

        Args:
            name: Of the device; one that was revoked comes back with it.

        Returns:
            Its one-time `code`.

        Raises:
            NotFoundError: No such device.
        """
        path = f"{self._path}/{part(name)}/code"
        return self._connection.send("POST", path, None, DeviceCode)

    def revoke(self, name: str) -> None:
        """Let a device in no more, from its next request on; what it told stays.

        Args:
            name: Of the device.

        Raises:
            NotFoundError: No such device.
        """
        self._connection.send("DELETE", f"{self._path}/{part(name)}", None, NoneType)
