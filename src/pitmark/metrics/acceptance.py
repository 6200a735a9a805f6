"""The usual limits of attribute agreement analysis: what counts as acceptable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pitmark.metrics.intervals import wilson
from pitmark.metrics.record import Record

Grade = Literal["acceptable", "marginal", "not acceptable", "cannot be said"]


@dataclass(frozen=True)
class Limit(Record):
    """From where a figure is acceptable, and from where at least marginal."""

    figure: str
    acceptable: float
    marginal: float
    at_least: bool

    def grade(self, value: float | None) -> Grade:
        """How a figure stands.

        Args:
            value: The figure, or None where it cannot be told.

        Returns:
            Its grade.
        """
        if value is None:
            return "cannot be said"
        sign = 1 if self.at_least else -1
        if sign * (value - self.acceptable) >= -1e-9:
            return "acceptable"
        return "marginal" if sign * (value - self.marginal) >= -1e-9 else "not acceptable"

    def is_shown(self, low: float | None, high: float | None) -> bool:
        """Whether even the bad end of an interval is acceptable.

        Args:
            low: Lower end.
            high: Upper end.

        Returns:
            True when the study shows it, not only suggests it.
        """
        end = low if self.at_least else high
        return end is not None and self.grade(end) == "acceptable"

    def text(self) -> str:
        """The limit in words, such as "miss rate at most 2 %"."""
        how = "at least" if self.at_least else "at most"
        shown = f"{self.acceptable:g}" if self.figure == "kappa" else f"{self.acceptable:.0%}"
        return f"{self.figure} {how} {shown.replace('%', ' %')}"


# Kappa from .75 is called good and from .9 very good, below .4 poor; the others are the
# rows "acceptable" and "marginally acceptable" of the Measurement Systems Analysis manual
# (AIAG, 4th edition, attribute measurement systems study).
KAPPA = Limit("kappa", 0.75, 0.4, at_least=True)
KAPPA_VERY_GOOD = 0.9
EFFECTIVENESS = Limit("effectiveness", 0.9, 0.8, at_least=True)
MISS_RATE = Limit("miss rate", 0.02, 0.05, at_least=False)
FALSE_ALARM_RATE = Limit("false-alarm rate", 0.05, 0.1, at_least=False)
LIMITS = (KAPPA, EFFECTIVENESS, MISS_RATE, FALSE_ALARM_RATE)


def kappa_word(value: float | None) -> str:
    """A kappa or alpha in one word.

    Args:
        value: In [-1, 1], or None.

    Returns:
        very good, good, moderate, poor, or "cannot be said".
    """
    if value is None:
        return "cannot be said"
    if value >= KAPPA_VERY_GOOD - 1e-9:
        return "very good"
    words = {"acceptable": "good", "marginal": "moderate", "not acceptable": "poor"}
    return words[KAPPA.grade(value)]


def misses_needed(rate: float, *, confidence: float = 0.95) -> int:
    """How many cases without a single fault show that a rate is not exceeded.

    Args:
        rate: The limit, in (0, 1).
        confidence: Of the statement, in (0, 1).

    Returns:
        The least number of cases for which Wilson's upper bound keeps the limit.
    """
    cases = 1
    while wilson(0, cases, confidence=confidence).high > rate:
        cases += max(1, cases // 100)
    return cases
