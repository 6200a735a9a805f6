"""Sends what the outbox holds, whenever there is a server to take it.

Without one it waits longer and longer, up to minutes; nothing is ever given up for lack of a
network.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pitmark.core.errors import StorageError
from pitmark.edge.outbox import Outbox
from pitmark.edge.outbox_entry import Record

_BATCH = 16


class Reply(StrEnum):
    """What the server said to a record: taken, refused for good, or not just now."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


Send = Callable[[Record, bytes | None], Reply]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait after a failure: doubling from `first_s` to `longest_s`."""

    first_s: float = 1.0
    longest_s: float = 300.0

    def wait_s(self, failures: int) -> float:
        """How long to wait, drawn from the upper half so that devices do not come at once.

        Args:
            failures: In a row, at least 1.

        Returns:
            Seconds.
        """
        full = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return full * random.uniform(0.5, 1.0)


class Delivery:
    """Empties an outbox in the background.

    Args:
        outbox: What is to be sent.
        send: Sends one record with its image and tells the reply.
        backoff: How long to wait after a failure.
        idle_s: Seconds between two looks into an empty outbox.
    """

    def __init__(
        self,
        outbox: Outbox,
        send: Send,
        *,
        backoff: Backoff | None = None,
        idle_s: float = 1.0,
    ) -> None:
        self._outbox, self._send = outbox, send
        self._backoff, self._idle_s = backoff or Backoff(), idle_s
        self.sent = 0
        self.failures = 0

    @property
    def connected(self) -> bool:
        """Whether the last attempt reached the server."""
        return self.failures == 0

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop.

        Args:
            stop: Set it to end within one record.
        """
        while not stop.is_set():
            try:
                went = self.send_some(stop)
            except StorageError:
                self.failures += 1
                went = 0
            if self.failures:
                stop.wait(self._backoff.wait_s(self.failures))
            elif not went:
                stop.wait(self._idle_s)

    def send_some(self, stop: threading.Event | None = None) -> int:
        """Send the most important records, until one does not get through.

        Args:
            stop: Set it to end within one record.

        Returns:
            How many the server has taken or refused for good.

        Raises:
            StorageError: The outbox cannot be read or written.
        """
        done = 0
        for record in self._outbox.next(_BATCH):
            if stop is not None and stop.is_set():
                break
            reply = self._send(record, self._outbox.image(record))
            if reply == Reply.LATER:
                self.failures += 1
                break
            self.failures = 0
            if reply == Reply.TAKEN:
                self._outbox.acknowledge([record])
                self.sent += 1
            else:
                self._outbox.set_aside(record, "refused by the server")
            done += 1
        return done
