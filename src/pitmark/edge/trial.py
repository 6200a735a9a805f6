"""Whether a new release proves itself on the line: it only counts and decides."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from pitmark.core.inspector import Outcome

ENOUGH_IMAGES = 20
_SLOW_IN_A_ROW = 5
# On a line with few parts a trial ends after this many times its seconds.
_PATIENCE = 120


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """When a new release is rolled back, and how long it is on trial.

    `seconds` and `images` must both be over before it is kept (on a line with few parts the
    time alone, a hundred and twenty times as long). `latency_ms` is the time per
    image, broken five times in a row. `ng_jump` is by how much the share of NG parts may
    rise above that of the release before, 0 to 1; 1 turns the check off.
    """

    seconds: float = 30.0
    images: int = ENOUGH_IMAGES
    latency_ms: float = 1000.0
    ng_jump: float = 0.5


class NgRate:
    """The share of NG parts among the latest ones.

    Args:
        window: How many parts are looked back on.
    """

    def __init__(self, window: int = 500) -> None:
        self._seen: deque[bool] = deque(maxlen=window)

    def note(self, outcome: Outcome) -> None:
        """Take one verdict into account.

        Args:
            outcome: Of a part; error counts as NG, as the line treats it.
        """
        self._seen.append(outcome != "OK")

    @property
    def count(self) -> int:
        """How many parts it is about."""
        return len(self._seen)

    @property
    def rate(self) -> float:
        """In [0, 1]; 0 before the first part."""
        return sum(self._seen) / len(self._seen) if self._seen else 0.0


class Trial:
    """One release on trial.

    Args:
        limits: See TrialLimits.
        before: The share of NG parts of the release before; None where nothing is known.
        start_s: When it began, on a clock that only rises.
    """

    def __init__(self, limits: TrialLimits, before: float | None, start_s: float) -> None:
        self._limits, self._before, self._start_s = limits, before, start_s
        self._rate = NgRate()
        self._images = 0
        self._slow = 0
        self._closed = False
        self._ending = threading.Lock()
        self.failure: str | None = None

    def note(self, outcome: Outcome, latency_ms: float) -> None:
        """Take one inspection into account.

        Args:
            outcome: What the new release said.
            latency_ms: How long it took.
        """
        self._images += 1
        self._rate.note(outcome)
        slow = latency_ms > self._limits.latency_ms
        self._slow = self._slow + 1 if slow else 0
        if self._slow >= _SLOW_IN_A_ROW:
            self.fail(
                f"{self._slow} images in a row took longer than"
                f" {self._limits.latency_ms:.0f} ms, the last one {latency_ms:.0f} ms"
            )
        if self._before is None or self._rate.count < ENOUGH_IMAGES:
            return
        if self._rate.rate - self._before > self._limits.ng_jump:
            self.fail(
                f"the share of NG parts rose from {self._before:.0%} to"
                f" {self._rate.rate:.0%} over {self._rate.count} parts"
            )

    def fail(self, reason: str) -> bool:
        """Say that the release failed; the first reason stands.

        Args:
            reason: In words.

        Returns:
            False where the trial was closed before: it is over.
        """
        with self._ending:
            if self._closed:
                return False
            self.failure = self.failure or reason
            return True

    def close(self) -> bool:
        """End the trial, unless the release has failed; nothing can fail it any more.

        Returns:
            Whether the release may stay.
        """
        with self._ending:
            self._closed = self.failure is None
            return self._closed

    def passed(self, now_s: float) -> bool:
        """Whether the release may stay.

        Args:
            now_s: On the clock of `start_s`.

        Returns:
            True when time and images are over without a failure.
        """
        seconds = self._limits.seconds
        elapsed = now_s - self._start_s
        seen = self._images >= self._limits.images or elapsed >= _PATIENCE * seconds
        return self.failure is None and elapsed >= seconds and seen
