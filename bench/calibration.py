"""How fast the machine is just now: a fixed amount of computing, timed beside a measurement.

On a machine that others use as well a clock time says little by itself. Its ratio to this
loop, timed right before and after it, stays about the same while the machine is shared by
more or by fewer; both are printed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
_TURNS = 7
_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A loop's milliseconds before and after something was measured."""

    before_ms: float
    after_ms: float

    @property
    def mean_ms(self) -> float:
        """Of both."""
        return (self.before_ms + self.after_ms) / 2

    def beside(self, value_ms: float) -> dict[str, Any]:
        """What is printed beside a time in milliseconds."""
        return {
            "calibration_ms": round(self.mean_ms, 2),
            "times_calibration": round(value_ms / self.mean_ms, 2),
        }


def loop_ms() -> float:
    """Milliseconds of the fixed loop as of now, the median of some turns."""
    return statistics.median(_turn_ms() for _ in range(_TURNS))


def calibrated(act: Callable[[], T]) -> tuple[T, Calibrated]:
    """Do something; gives what it gave, and how fast the machine was around it."""
    before = loop_ms()
    found = act()
    return found, Calibrated(before, loop_ms())


def _turn_ms() -> float:
    started = time.perf_counter()
    total = 0
    for number in range(_STEPS):
        total += number * number % 7
    assert total
    return 1000 * (time.perf_counter() - started)
