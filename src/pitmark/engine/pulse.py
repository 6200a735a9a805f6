"""How a working attempt tells of itself, and hears that it is to stop.

The work calls it as a reporter, as often as it likes: what it says is kept, and a thread
writes it down about twice a second, together with the sign of life. So the work never
waits for the table, and many steps cost no more than few.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from pitmark.core.errors import CancelledError, ConflictError, NotFoundError, StorageError
from pitmark.core.progress import Progress
from pitmark.core.work import Work
from pitmark.engine.protocol import JobQueue

TELL_EVERY_S = 0.5
BEAT_EVERY_S = 2.0


class Pulse:
    """The reporter of one attempt.

    Args:
        work: The attempt.
        queue: Where it tells.
    """

    def __init__(self, work: Work, queue: JobQueue) -> None:
        self._hold, self._queue = work.hold, queue
        self._ends = _seconds_left(work.deadline)
        self._news: Progress | None = None
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._reason: str | None = None
        self.replaced = self.overdue = False
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __call__(self, progress: Progress) -> None:
        """Take note of where the work stands.

        Args:
            progress: The present state.

        Raises:
            CancelledError: The work is to stop.
        """
        with self._guard:
            self._news = progress
        self.check()

    def check(self) -> None:
        """Stop here if the work is to stop.

        Raises:
            CancelledError: It is.
        """
        if self._reason is not None:
            raise CancelledError(self._reason)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        told = time.monotonic()
        while not self._over.wait(TELL_EVERY_S):
            with self._guard:
                news, self._news = self._news, None
            if self._ends is not None and time.monotonic() > self._ends:
                self._stop("its time is up")
                self.overdue = True
            if news is None and time.monotonic() - told < BEAT_EVERY_S:
                continue
            self._tell(news)
            told = time.monotonic()
        self._last_word()

    def _tell(self, news: Progress | None) -> None:
        try:
            if self._queue.tell(self._hold, news):
                self._stop("it was stopped on request")
        except (ConflictError, NotFoundError):
            self.replaced = True
            self._stop("another attempt has taken its place")
        except StorageError:
            # The table is busy for a moment; what was not told is told with the next.
            with self._guard:
                self._news = self._news or news

    def _last_word(self) -> None:
        with self._guard:
            news, self._news = self._news, None
        if news is not None and not self.replaced:
            self._tell(news)

    def _stop(self, reason: str) -> None:
        self._reason = self._reason or reason


def _seconds_left(deadline: datetime | None) -> float | None:
    """When the time is up, by a clock that nobody can set."""
    if deadline is None:
        return None
    return time.monotonic() + (deadline - datetime.now(UTC)).total_seconds()
