"""Slows down who tries passwords: so many wrong ones in a while, then a pause.

An attempt counts from its beginning, so that many at once are no way around the limit.
"""

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

    def begin(self, key: str) -> float:
        """Begin an attempt, which counts as failed until it is taken back.

        Args:
            key: What the attempts have in common.

        Returns:
            The moment, to take it back with.

        Raises:
            TooManyError: Too many failed before it; with the time to wait.
        """
        with self._lock:
            failed, moment = self._recent(key), self._clock()
            if len(failed) < self._most:
                failed.append(moment)
                self._failed.move_to_end(key)
                while len(self._failed) > _MOST_KEYS:
                    self._failed.popitem(last=False)
                return moment
            wait_s = failed[0] + self._within_s - moment
        raise TooManyError(
            "too many attempts to sign in",
            hint=f"Wait for {max(1, round(wait_s / 60))} min and try again.",
        )

    def take_back(self, key: str, moment: float) -> None:
        """Let an attempt not count, for it did not fail by a wrong password.

        Args:
            key: What the attempts have in common.
            moment: When it began.
        """
        with self._lock:
            failed = self._recent(key)
            if moment in failed:
                failed.remove(moment)

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
