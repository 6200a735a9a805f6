"""Sends what the outbox holds, whenever there is a server to take it.

Without one it waits longer and longer, up to minutes; nothing is ever given up for lack of a
network.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pitmark.core.errors import StorageError
from pitmark.edge.outbox import Outbox
from pitmark.edge.outbox_entry import Record

_BATCH = 64
# Of images in one request; one that is larger travels by itself.
_MOST_BYTES = 4_000_000


class Reply(StrEnum):
    """What the server said to a record: taken, refused for good, or not just now."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


Send = Callable[[Record, bytes | None], Reply]


class SendMany(Protocol):
    """Sends several records in one request, where the server takes them so."""

    @property
    def at_once(self) -> int:
        """How many records one request may bring, as of now; 1 for one by one."""
        ...

    def many(self, records: Sequence[tuple[Record, bytes | None]]) -> list[Reply]:
        """Send records with their images; gives the replies to the first of them, or all."""
        ...


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
        together: Sends several in one request; None sends one by one.
        backoff: How long to wait after a failure.
        idle_s: Seconds between two looks into an empty outbox.
    """

    def __init__(
        self,
        outbox: Outbox,
        send: Send,
        *,
        together: SendMany | None = None,
        backoff: Backoff | None = None,
        idle_s: float = 1.0,
    ) -> None:
        self._outbox, self._send, self._together = outbox, send, together
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
            stop: Set it to end within one request.
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
            stop: Set it to end within one request.

        Returns:
            How many the server has taken or refused for good.

        Raises:
            StorageError: The outbox cannot be read or written.
        """
        done, waiting = 0, list(self._outbox.next(_BATCH))
        while waiting and not (stop is not None and stop.is_set()):
            replies = self._sent(waiting)
            done += self._settle(waiting, replies)
            if Reply.LATER in replies:
                self.failures += 1
                break
            self.failures = 0
            waiting = waiting[len(replies) :]
        return done

    def _sent(self, waiting: Sequence[Record]) -> Sequence[Reply]:
        """The replies to the first of some records, at least to one."""
        most = 1 if self._together is None else self._together.at_once
        packed, size = [(waiting[0], self._outbox.image(waiting[0]))], 0
        for record in waiting[1:most]:
            size += len(packed[-1][1] or b"")
            image = self._outbox.image(record)
            if size + len(image or b"") > _MOST_BYTES:
                break
            packed.append((record, image))
        if self._together is None or len(packed) == 1:
            return [self._send(*packed[0])]
        return self._together.many(packed)

    def _settle(self, records: Sequence[Record], replies: Sequence[Reply]) -> int:
        """Let go of what was taken, put aside what was refused; gives how many these are."""
        told = list(zip(records, replies, strict=False))
        taken = [record for record, reply in told if reply == Reply.TAKEN]
        refused = [record for record, reply in told if reply == Reply.REFUSED]
        if taken:
            self._outbox.acknowledge(taken)
            self.sent += len(taken)
        for record in refused:
            self._outbox.set_aside(record, "refused by the server")
        return len(taken) + len(refused)
