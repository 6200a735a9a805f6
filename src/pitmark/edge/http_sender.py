"""Sends records to a Pitmark server over HTTP, with the standard library alone.

POST {server}/api/devices/{device}/events
Authorization: Bearer KEY      Idempotency-Key: the record's key
"""

from __future__ import annotations

import base64
import http.client
import json
from urllib.parse import quote, urlsplit

from pitmark.core.errors import InvalidInputError
from pitmark.edge.delivery import Reply
from pitmark.edge.outbox_entry import Record

_TIMEOUT_S = 20.0
_TAKEN = frozenset({200, 201, 202, 204, 409})  # 409: the server has it already.
_REFUSED = frozenset({400, 413, 415, 422})


class HttpSender:
    """A `pitmark.edge.delivery.Send` over one connection that is kept open.

    Args:
        server: Such as https://pitmark.example.org; http only for a server in the plant.
        device: The device's id at the server.
        key: The device's key.

    Raises:
        InvalidInputError: The address is none, or holds a name and password.
    """

    def __init__(self, server: str, device: str, key: str) -> None:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InvalidInputError(
                f"{server!r} is no address of a server",
                hint="It reads https://HOST or https://HOST:PORT; the key is kept apart.",
            )
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = f"{parts.path.rstrip('/')}/api/devices/{quote(device, safe='')}/events"
        self._key = key
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self, record: Record, image: bytes | None) -> Reply:
        """Send one record.

        Args:
            record: From the outbox.
            image: Its image.

        Returns:
            What the server said; LATER whenever it did not say anything usable.
        """
        body = {
            **record.body,
            "key": record.key,
            "sequence": record.sequence,
            "priority": record.priority.name.lower(),
            "image_sha256": record.image_sha256 if image is not None else None,
            "image_base64": None if image is None else base64.b64encode(image).decode(),
        }
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": record.key,
        }
        try:
            if self._connection is None:
                self._connection = self._connected()
            self._connection.request("POST", self._path, json.dumps(body).encode(), headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return Reply.LATER
        if answer.status in _TAKEN:
            return Reply.TAKEN
        return Reply.REFUSED if answer.status in _REFUSED else Reply.LATER

    def close(self) -> None:
        """Close the connection; the next record opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=_TIMEOUT_S)
