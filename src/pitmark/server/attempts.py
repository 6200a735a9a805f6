"""Slows down who tries passwords: so many wrong ones in a while, then a pause."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from pitmark.core.errors import TooManyError

_MOST_KEYS = 10_000


class Attempts:
    """Failures of the last while, by what they have in common; kept in memory only.

    Args:
        most: How many failures are let through.
        within_s: In which time.
        clock: Seconds that only grow.
    """

    def __init__(
        self, most: int, within_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._within_s, self._clock = most, within_s, clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def expect_few(self, key: str) -> None:
        """Refuse where there were too many failures.

        Args:
            key: What the attempts have in common.

        Raises:
            TooManyError: With the time to wait.
        """
        with self._lock:
            failed = self._recent(key)
            if len(failed) < self._most:
                return
            wait_s = failed[0] + self._within_s - self._clock()
        raise TooManyError(
            "too many attempts to sign in",
            hint=f"Wait for {max(1, round(wait_s / 60))} min and try again.",
        )

    def note_failure(self, key: str) -> None:
        """Count a failure.

        Args:
            key: What the attempts have in common.
        """
        with self._lock:
            self._recent(key).append(self._clock())
            self._failed.move_to_end(key)
            while len(self._failed) > _MOST_KEYS:
                self._failed.popitem(last=False)

    def forget(self, key: str) -> None:
        """Start anew after a success.

        Args:
            key: What the attempts have in common.
        """
        with self._lock:
            self._failed.pop(key, None)

    def _recent(self, key: str) -> deque[float]:
        failed = self._failed.setdefault(key, deque())
        while failed and failed[0] <= self._clock() - self._within_s:
            failed.popleft()
        return failed
