"""When to tell how far the work is, and how long the rest will take."""

from __future__ import annotations

import time

_EVERY_S = 0.25


class Pace:
    """Measures a piece of work of known length.

    Args:
        total: Steps in all.
        done: Steps done before the clock starts.
    """

    def __init__(self, total: int, *, done: int = 0) -> None:
        self._total = total
        self._first = done
        self._start_s = time.monotonic()
        self._told_s = 0.0

    def due(self, done: int) -> bool:
        """Whether it is time to report again; always at the end.

        Args:
            done: Steps done.

        Returns:
            True at most every quarter of a second.
        """
        now = time.monotonic()
        if done < self._total and now - self._told_s < _EVERY_S:
            return False
        self._told_s = now
        return True

    def eta_s(self, done: int) -> float | None:
        """Seconds left at the speed so far.

        Args:
            done: Steps done.

        Returns:
            Seconds, or None before the first step.
        """
        fresh = done - self._first
        if fresh <= 0:
            return None
        return (time.monotonic() - self._start_s) / fresh * (self._total - done)
