"""Two models on the same images: is one better, and by how much?

A difference is always second minus first. Both are judged on the same resamples, so
what is hard for both cancels out.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from pitmark.metrics.arrays import Groups, as_flags, group_numbers
from pitmark.metrics.intervals import (
    Interval,
    Resampling,
    Statistic,
    bootstrap_interval,
)
from pitmark.metrics.record import Record


@dataclass(frozen=True)
class PairedComparison(Record):
    """A figure of two models and its difference, second minus first, with interval."""

    first: float | None
    second: float | None
    difference: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the difference leaves zero out."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)

    def sentence(self, what: str) -> str:
        """The difference for a person, in points of a hundred.

        Args:
            what: The figure, such as "recall of pit marks".

        Returns:
            For instance "recall of pit marks: +2.1 points (between +0.8 and +3.4)".
        """
        value, low, high = (
            self.difference.value,
            self.difference.low,
            self.difference.high,
        )
        if value is None:
            return f"{what}: nothing to compare by"
        if low is None or high is None:
            return f"{what}: {100 * value:+.1f} points (too few images to be sure)"
        text = f"{what}: {100 * value:+.1f} points"
        span = f"(between {100 * low:+.1f} and {100 * high:+.1f})"
        return f"{text} {span}" if self.is_clear else f"{text} {span}, no clear difference"


@dataclass(frozen=True)
class McNemar(Record):
    """Who is right where, and how likely so lopsided a split is by chance.

    `p_value` is exact and two-sided; it takes images for independent, so with several
    images per part trust the interval that is grouped by part instead.
    """

    both_right: int
    only_first_right: int
    only_second_right: int
    both_wrong: int
    p_value: float


@dataclass(frozen=True)
class VerdictComparison(Record):
    """Share of images judged right by two models, and their disagreements."""

    shares: PairedComparison
    disagreements: McNemar


def paired_difference(
    first: Statistic,
    second: Statistic,
    count: int,
    *,
    groups: Groups | None = None,
    resampling: Resampling | None = None,
) -> PairedComparison:
    """Any figure of two models on the same images, with the interval of the difference.

    Args:
        first: Figure of the first model from (M,) indices into the images.
        second: The same figure of the second model.
        count: Number of images.
        groups: Group key per image, such as its part.
        resampling: Draws, confidence and seed.

    Returns:
        Both figures and second minus first.

    Raises:
        InvalidInputError: Another number of groups than of images.
    """

    def difference(drawn: NDArray[np.intp]) -> float | None:
        one, other = first(drawn), second(drawn)
        return None if one is None or other is None else other - one

    every = np.arange(count)
    return PairedComparison(
        first=first(every) if count else None,
        second=second(every) if count else None,
        difference=bootstrap_interval(difference, count, groups=groups, resampling=resampling),
    )


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Exact McNemar test of two models that judged the same images.

    Args:
        first_right: (N,) whether the first model is right.
        second_right: (N,) whether the second model is right.

    Returns:
        The four counts and the p-value; 1 when they never disagree.

    Raises:
        InvalidInputError: Unequal lengths.

    Source:
        McNemar (1947), Psychometrika 12; in the exact form with binomial tails.
    """
    first = as_flags(first_right, np.size(first_right), "first_right")
    second = as_flags(second_right, first.size, "second_right")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    fewer, both = min(only_first, only_second), only_first + only_second
    return McNemar(
        both_right=int((first & second).sum()),
        only_first_right=only_first,
        only_second_right=only_second,
        both_wrong=int((~first & ~second).sum()),
        p_value=min(1.0, 2 * float(scipy.stats.binom.cdf(fewer, both, 0.5))) if both else 1.0,
    )


def compare_verdicts(
    first_right: ArrayLike,
    second_right: ArrayLike,
    *,
    groups: Groups | None = None,
    resampling: Resampling | None = None,
) -> VerdictComparison:
    """Two models by the share of images that each judges right.

    Args:
        first_right: (N,) whether the first model is right.
        second_right: (N,) whether the second model is right.
        groups: Group key per image, such as its part.
        resampling: Draws, confidence and seed.

    Returns:
        Shares with the interval of their difference, and McNemar's test. Where no
        resample moves the difference, its interval is Agresti and Min's.

    Raises:
        InvalidInputError: Unequal lengths.

    Source:
        Agresti and Min (2005), Simple improved confidence intervals for comparing
        matched proportions. Statistics in Medicine 24.
    """
    disagreements = mcnemar(first_right, second_right)
    first = as_flags(first_right, np.size(first_right), "first_right")
    second = as_flags(second_right, first.size, "second_right")
    shares = paired_difference(
        lambda drawn: float(first[drawn].mean()),
        lambda drawn: float(second[drawn].mean()),
        first.size,
        groups=groups,
        resampling=resampling,
    )
    span = shares.difference
    if span.value is not None and span.low is not None and span.low == span.high:
        parts = int(group_numbers(groups, first.size).max()) + 1
        confidence = (resampling or Resampling()).confidence
        low, high = _agresti_min(disagreements, parts / first.size, confidence)
        span = Interval(span.value, min(low, span.value), max(high, span.value))
        shares = PairedComparison(shares.first, shares.second, span)
    return VerdictComparison(shares, disagreements)


def _agresti_min(counts: McNemar, scale: float, confidence: float) -> tuple[float, float]:
    """Interval of the difference with half an image added to each of the four cells."""
    cells = (counts.both_right, counts.both_wrong)
    lost = counts.only_first_right * scale + 0.5
    won = counts.only_second_right * scale + 0.5
    total = sum(cells) * scale + 1 + lost + won
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (won - lost) / total
    half = z * ((won + lost - (won - lost) ** 2 / total) ** 0.5) / total
    return max(-1.0, middle - half), min(1.0, middle + half)
