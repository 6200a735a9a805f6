"""Sends records to a Pitmark server over HTTP.

POST {server}/api/devices/{device}/events
Authorization: Bearer KEY      Idempotency-Key: the record's key
"""

from __future__ import annotations

import base64

from pitmark.edge.delivery import Reply
from pitmark.edge.outbox_entry import Record
from pitmark.edge.server_link import NoAnswerError, ServerLink

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
        self._link = ServerLink(server, device, key)

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
        headers = {"Idempotency-Key": record.key}
        try:
            answer = self._link.ask("POST", "events", body, headers)
        except NoAnswerError:
            return Reply.LATER
        if answer.status in _TAKEN:
            return Reply.TAKEN
        return Reply.REFUSED if answer.status in _REFUSED else Reply.LATER

    def close(self) -> None:
        """Close the connection; the next record opens another."""
        self._link.close()
