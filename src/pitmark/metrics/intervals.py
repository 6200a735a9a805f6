"""Figures with their uncertainty: no number leaves Pitmark without an interval.

Wilson's interval for a proportion, and the percentile bootstrap, resampled by part
where images of one part belong together, for every other statistic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.arrays import Groups, as_flags, group_numbers
from pitmark.metrics.record import Record

Statistic = Callable[[NDArray[np.intp]], float | None]
"""From indices of images (with repetitions) to a figure, or None if undefined."""


@dataclass(frozen=True)
class Interval(Record):
    """A figure and the range it may really have; None where it cannot be told."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Proportion(Record):
    """So many of so many, with the interval of the share."""

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share in [0, 1]; None when there was nothing to count."""
        return self.count / self.total if self.total else None

    def sentence(self, what: str) -> str:
        """The figure for a person: count, share and interval.

        Args:
            what: What was counted, such as "defects missed".

        Returns:
            For instance "3 of 212 defects missed (1.4 %, between 0.5 and 4.1 %)".
        """
        if self.value is None:
            return f"0 of 0 {what} (nothing to judge by)"
        return (
            f"{self.count} of {self.total} {what} ({percent(self.value)} %,"
            f" between {percent(self.low)} and {percent(self.high)} %)"
        )

    def to_json(self) -> dict[str, Any]:
        """The fields and the share as plain JSON types."""
        return {**super().to_json(), "value": self.value}


@dataclass(frozen=True)
class Resampling:
    """How a bootstrap draws.

    Attributes:
        draws: Number of resamples.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: The same seed gives the same interval.
    """

    draws: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise InvalidInputError(f"draws must be at least 1, found {self.draws}")
        _check_confidence(self.confidence)


def percent(share: float) -> str:
    """A share as a percentage with one decimal, two close to 0 and 100.

    Args:
        share: In [0, 1].

    Returns:
        Digits without the sign; only exactly 0 and 1 read "0" and "100".
    """
    value = 100 * share
    if value in (0.0, 100.0):
        return f"{value:.0f}"
    if 0.095 <= value <= 99.9:
        return f"{value:.1f}"
    return f"{min(max(value, 0.01), 99.99):.2f}"


def wilson(count: int, total: int, *, confidence: float = 0.95) -> Proportion:
    """A proportion with Wilson's score interval, sound for small counts.

    Args:
        count: Number of hits, 0..total.
        total: Number of cases; with 0 the interval is the whole of [0, 1].
        confidence: Probability that the interval holds, in (0, 1).

    Returns:
        The proportion; low and high in [0, 1] around its value.

    Raises:
        InvalidInputError: Count outside 0..total, or confidence outside (0, 1).

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical
        inference. Journal of the American Statistical Association 22.
    """
    _check_confidence(confidence)
    if not 0 <= count <= total:
        raise InvalidInputError(f"cannot count {count} of {total}")
    if total == 0:
        return Proportion(0, 0, 0.0, 1.0)
    return Proportion(int(count), int(total), *_score_range(count / total, total, confidence))


def clustered_proportion(
    hits: ArrayLike, clusters: ArrayLike, *, confidence: float = 0.95
) -> Proportion:
    """A proportion of cases that come in clusters, such as several looks at one image.

    Wilson's interval for as many independent cases as the clusters are worth: between the
    number of clusters that all answer alike within and the number of cases.

    Args:
        hits: (N,) bool, one per case.
        clusters: (N,) integers, the cluster of each case.
        confidence: Probability that the interval holds, in (0, 1).

    Returns:
        The proportion of hits; for shares of 0 and 1 clusters count as one case each.

    Raises:
        InvalidInputError: Unequal lengths, or confidence outside (0, 1).

    Source:
        The effective sample size of Korn and Graubard (1998), Confidence intervals for
        proportions with small expected number of positive counts estimated from survey
        data. Survey Methodology 24.
    """
    _check_confidence(confidence)
    flags = as_flags(hits, np.size(clusters), "hits")
    count, total = int(flags.sum()), flags.size
    if total == 0:
        return Proportion(0, 0, 0.0, 1.0)
    _, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    sizes = np.bincount(numbers)
    share, groups = count / total, sizes.size
    worth = float(groups)
    if 0 < count < total and groups > 1:
        gaps = np.bincount(numbers, weights=flags) - share * sizes
        variance = groups / (groups - 1) * float(gaps @ gaps) / total**2
        worth = share * (1 - share) / max(variance, share * (1 - share) / total)
    return Proportion(count, total, *_score_range(share, max(worth, 1.0), confidence))


def _score_range(share: float, total: float, confidence: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    scale = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / scale
    half = z / scale * ((share * (1 - share) + z * z / (4 * total)) / total) ** 0.5
    # At the ends the formula is exact but its rounding is not.
    low = 0.0 if share == 0 else max(0.0, middle - half)
    return low, 1.0 if share == 1 else min(1.0, middle + half)


def bootstrap_interval(
    statistic: Statistic,
    count: int,
    *,
    groups: Groups | None = None,
    resampling: Resampling | None = None,
    unit_support: int | None = None,
) -> Interval:
    """Any statistic with its percentile bootstrap interval.

    Whole groups are drawn with replacement, since images of one part are not
    independent. Resamples in which the statistic is undefined are left out.

    Args:
        statistic: Figure from (M,) indices into the images; see `Statistic`.
        count: Number of images.
        groups: Group key per image, such as its part; None where there is none.
        resampling: Draws, confidence and seed.
        unit_support: For a statistic in [0, 1]: the number of independent cases that
            stand behind it. A bootstrap of a perfect score has no width, which would
            promise too much; then Wilson's bound for so many cases is given.

    Returns:
        Value and interval. Low and high are None with fewer than two groups, or when
        more than half of the resamples are undefined.

    Raises:
        InvalidInputError: Another number of groups than of images.

    Source:
        Efron and Tibshirani (1993), An introduction to the bootstrap, chapter 13.
    """
    how = resampling or Resampling()
    numbers = group_numbers(groups, count)
    group_count = int(numbers.max()) + 1 if count else 0
    value = statistic(np.arange(count)) if count else None
    if value is None or group_count < 2:
        return Interval(value, None, None)
    results = np.array(_resample(statistic, numbers, group_count, how))
    if results.size * 2 < how.draws:
        return Interval(value, None, None)
    tail = (1 - how.confidence) / 2
    low, high = (float(x) for x in np.quantile(results, [tail, 1 - tail]))
    if unit_support is not None and low == high and value in (0.0, 1.0):
        cases = min(unit_support, group_count)
        bound = wilson(round(value) * cases, cases, confidence=how.confidence)
        low, high = bound.low, bound.high
    return Interval(value, low, high)


def _resample(
    statistic: Statistic,
    numbers: NDArray[np.intp],
    group_count: int,
    how: Resampling,
) -> list[float]:
    rng = np.random.default_rng(how.seed)
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers, minlength=group_count)
    starts = np.cumsum(sizes) - sizes
    results = []
    for _ in range(how.draws):
        drawn = rng.integers(group_count, size=group_count)
        length = sizes[drawn]
        # Members of the drawn groups, one run of positions after the other.
        offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        result = statistic(order[np.repeat(starts[drawn], length) + offset])
        if result is not None:
            results.append(result)
    return results


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InvalidInputError(f"confidence must lie between 0 and 1, found {confidence}")
