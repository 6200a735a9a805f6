"""Sends records to a Pitmark server over HTTP.

POST {server}/api/devices/{device}/events
Authorization: Bearer KEY      Idempotency-Key: the record's key

A server that takes several at once says so with its answer (Pitmark-Batch: how many); then
they go to .../events/batch, and it tells what became of each.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from pitmark.edge.delivery import Reply
from pitmark.edge.outbox_entry import Record
from pitmark.edge.server_link import NoAnswerError, ServerLink

_TAKEN = frozenset({200, 201, 202, 204, 409})  # 409: the server has it already.
_REFUSED = frozenset({400, 413, 415, 422})
_OK = 200
_NOT_SO = _REFUSED | {404, 405, 501}
_OUTCOMES = {"new": Reply.TAKEN, "known": Reply.TAKEN, "refused": Reply.REFUSED}


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
        self.at_once = 1
        self._one_by_one = False

    def __call__(self, record: Record, image: bytes | None) -> Reply:
        """Send one record.

        Args:
            record: From the outbox.
            image: Its image.

        Returns:
            What the server said; LATER whenever it did not say anything usable.
        """
        headers = {"Idempotency-Key": record.key}
        try:
            answer = self._link.ask("POST", "events", _body(record, image), headers)
        except NoAnswerError:
            return Reply.LATER
        if not self._one_by_one:
            self.at_once = max(1, answer.at_once)
        if answer.status in _TAKEN:
            return Reply.TAKEN
        return Reply.REFUSED if answer.status in _REFUSED else Reply.LATER

    def many(self, records: Sequence[tuple[Record, bytes | None]]) -> list[Reply]:
        """Send records in one request.

        Args:
            records: At most `at_once`, with their images.

        Returns:
            What the server said to the first of them, or to all; LATER for each that it did
            not tell of in a usable way.
        """
        body = {"records": [_body(record, image) for record, image in records]}
        try:
            answer = self._link.ask("POST", "events/batch", body)
            if answer.status == _OK:
                return _replies(records, answer.json().get("records"))
        except NoAnswerError:
            return [Reply.LATER] * len(records)
        if answer.status in _NOT_SO:
            # Something on the way does not let it through: one by one it did.
            self.at_once, self._one_by_one = 1, True
            return [self(*records[0])]
        return [Reply.LATER] * len(records)

    def close(self) -> None:
        """Close the connection; the next record opens another."""
        self._link.close()


def _body(record: Record, image: bytes | None) -> dict[str, Any]:
    return {
        **record.body,
        "key": record.key,
        "sequence": record.sequence,
        "priority": record.priority.name.lower(),
        "image_sha256": record.image_sha256 if image is not None else None,
        "image_base64": None if image is None else base64.b64encode(image).decode(),
    }


def _replies(records: Sequence[tuple[Record, bytes | None]], told: Any) -> list[Reply]:
    """By key: an answer that does not name a record says nothing of it."""
    found = {}
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict):
            found[str(one.get("key"))] = _OUTCOMES.get(str(one.get("outcome")), Reply.LATER)
    return [found.get(record.key, Reply.LATER) for record, _ in records]
