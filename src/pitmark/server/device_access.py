"""Which device sends a request: by a key that opens these routes of one project alone."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from pitmark.core.errors import NotFoundError, NotSignedInError
from pitmark.store.db import ProjectStore
from pitmark.store.devices import KEY_PREFIX, DeviceRow
from pitmark.store.whose import organisation_of_key


@dataclass(frozen=True, slots=True)
class DeviceAccess:
    """A request of a device; `store` is its project."""

    store: ProjectStore
    device: DeviceRow


def device_access(request: Request, device: str) -> DeviceAccess:
    """A dependency: the device of the path, by its own key.

    Args:
        request: The request.
        device: Its name, as the path says.

    Returns:
        The device and its project.

    Raises:
        NotSignedInError: No key, or one that is unknown or was revoked.
        NotFoundError: The key is that of another device.
    """
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if kind.lower() == "bearer" and key.startswith(KEY_PREFIX):
        stores = request.app.state.stores
        owner = organisation_of_key(stores.local().database, key)
        found = None if owner is None else stores.of(owner).devices.by_key(key)
        if found is not None:
            if found.name != device:
                raise NotFoundError(f"there is no device {device!r} for this key")
            return DeviceAccess(stores.of(owner).project(found.project), found)
    raise NotSignedInError(
        "the key of the device is unknown or was revoked",
        hint="An admin makes a new code: pitmark devices renew NAME",
    )
