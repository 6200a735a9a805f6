"""Devices: who may tell of a line, by a key that a one-time code was exchanged for."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.store.schema import now, projects
from pitmark.store.schema_devices import devices
from pitmark.store.scope import Scope
from pitmark.store.secret import digest, new_secret

KEY_PREFIX = "pitmarkdevice_"
CODE_LIFE = timedelta(hours=1)
# Without the letters that are taken for digits: a code is typed by hand.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device of a project.

    `release` is the version that runs there and `desired` the one that a rollout has
    offered it, None where nothing is known or offered; `wave` is its place in the newest
    rollout. `code_expires` is set while a code waits to be used. `state` is what the
    device said last of itself.
    """

    id: int
    project: str
    project_id: int
    name: str
    created: datetime
    code_expires: datetime | None
    registered: datetime | None
    revoked: datetime | None
    last_seen: datetime | None
    release: int | None
    desired: int | None
    wave: int | None
    on_trial: bool
    drift: bool
    state: dict[str, Any] | None


class Devices:
    """The devices of an organisation or of one of its projects.

    Args:
        scope: Whose devices.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, name: str) -> tuple[DeviceRow, str]:
        """Add a device to the project.

        Args:
            name: Letters, digits, - and _; 1 to 64 of them.

        Returns:
            The device and its one-time code, which is kept nowhere.

        Raises:
            InvalidInputError: An impossible name.
            ConflictError: There is a device of this name.
        """
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"{name[:80]!r} cannot name a device",
                hint="Use letters, digits, - and _; at most 64.",
            )
        code, moment = _new_code(), now()
        with self._scope.write() as connection:
            if self.find(name) is not None:
                raise ConflictError(
                    f"there is a device {name!r} already",
                    hint=f"For a new code: pitmark devices renew {name}",
                )
            values = {
                "name": name,
                "code_sha": digest(plain_code(code)),
                "code_expires": moment + CODE_LIFE,
                "created": moment,
                "on_trial": False,
                "drift": False,
            }
            self._scope.insert(connection, devices, [values])
        return self.get(name), code

    def renew_code(self, name: str) -> str:
        """Give a device another code; its key works until the code is used.

        Args:
            name: Of the device; it may have been revoked.

        Returns:
            The code, which is kept nowhere.

        Raises:
            NotFoundError: No such device.
        """
        code = _new_code()
        values = {"code_sha": digest(plain_code(code)), "code_expires": now() + CODE_LIFE}
        self._change(self.get(name).id, values)
        return code

    def revoke(self, name: str) -> DeviceRow:
        """Let a device in no more; what it told stays.

        Args:
            name: Of the device.

        Returns:
            The device as it is now.

        Raises:
            NotFoundError: No such device.
        """
        gone = dict.fromkeys(("key_sha", "code_sha", "code_expires", "desired", "wave"))
        self._change(self.get(name).id, {**gone, "revoked": now()})
        return self.get(name)

    def exchange(self, code: str) -> tuple[DeviceRow, str] | None:
        """A key for a code, which is worth nothing from then on; so is an older key.

        Args:
            code: As typed; case, spaces and dashes do not matter.

        Returns:
            The device and its key, which is kept nowhere; None where the code is unknown,
            was used, or has run out.
        """
        key, moment = new_secret(KEY_PREFIX), now()
        wanted = (devices.c.code_sha == digest(plain_code(code))) & (
            devices.c.code_expires > moment
        )
        with self._scope.write():
            row = self._scope.first(self.query().where(wanted))
            if row is None:
                return None
            values = {
                "key_sha": digest(key),
                "code_sha": None,
                "code_expires": None,
                "registered": moment,
                "revoked": None,
                "last_seen": moment,
            }
            self._change(row.id, values)
        device = self.by_key(key)
        return None if device is None else (device, key)

    def by_key(self, key: str) -> DeviceRow | None:
        """The device that shows a key.

        Args:
            key: As the device sent it.

        Returns:
            The device, or None where the key is unknown or was revoked.
        """
        row = self._scope.first(self.query().where(devices.c.key_sha == digest(key)))
        return None if row is None else device_row(row)

    def find(self, name: str) -> DeviceRow | None:
        """A device of the project.

        Args:
            name: Of the device.

        Returns:
            The device, or None.
        """
        row = self._scope.first(self.query().where(devices.c.name == name))
        return None if row is None else device_row(row)

    def get(self, name: str) -> DeviceRow:
        """A device of the project.

        Args:
            name: Of the device.

        Returns:
            The device.

        Raises:
            NotFoundError: No such device.
        """
        found = self.find(name)
        if found is None:
            raise NotFoundError(
                f"there is no device {name!r}", hint="See all: pitmark devices list"
            )
        return found

    def query(self) -> Any:
        """All devices of the scope with the name of their project, to narrow down."""
        query = self._scope.select(devices, devices, projects.c.live_name)
        return query.join(projects, projects.c.id == devices.c.project_id).where(
            projects.c.deleted.is_(None)
        )

    def _change(self, device_id: int, values: dict[str, Any]) -> None:
        change = self._scope.update(devices).where(devices.c.id == device_id)
        with self._scope.write() as connection:
            connection.execute(change.values(**values))


def device_row(row: Any) -> DeviceRow:
    """A device from a row of `Devices.query`.

    Args:
        row: Of the result.

    Returns:
        The device.
    """
    same = (f for f in DeviceRow.__dataclass_fields__ if f != "project")
    return DeviceRow(project=row.live_name, **{name: getattr(row, name) for name in same})


def _new_code() -> str:
    """About 79 random bits: for an hour and few attempts more than enough."""
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)]
    return "-".join("".join(letters[n : n + _GROUP]) for n in range(0, len(letters), _GROUP))


def plain_code(code: str) -> str:
    """A one-time code as it counts.

    Args:
        code: As typed; case, spaces and dashes do not matter.

    Returns:
        Its letters and digits.
    """
    return "".join(c for c in code.upper() if c.isalnum())
