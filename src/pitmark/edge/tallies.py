"""Counts of a point for Prometheus: verdicts, times, what was missed."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from pitmark.edge.parts import PartResult

BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5, 1.0, 5.0)


@dataclass
class Tally:
    """What a point has done since the device started."""

    outcomes: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many parts."""
        return sum(self.outcomes.values())


class Tallies:
    """The tallies of all points, safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[str, Tally] = {}

    def note(self, result: PartResult) -> None:
        """Count one result.

        Args:
            result: Of any point.
        """
        outcome = "error" if result.answer.code else result.verdict.outcome
        seconds = result.latency_ms / 1000
        with self._lock:
            tally = self._points.setdefault(result.point, Tally())
            tally.outcomes[outcome] += 1
            if result.verdict.label is not None and outcome == "NG":
                tally.labels[result.verdict.label] += 1
            if result.answer.code:
                tally.codes[int(result.answer.code)] += 1
            tally.buckets[bisect_left(BUCKETS_S, seconds)] += 1
            tally.seconds += seconds

    def copy(self) -> dict[str, Tally]:
        """The tallies as they are now."""
        with self._lock:
            return {
                name: Tally(
                    Counter(t.outcomes),
                    Counter(t.labels),
                    Counter(t.codes),
                    list(t.buckets),
                    t.seconds,
                )
                for name, t in self._points.items()
            }
