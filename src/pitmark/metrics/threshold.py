"""The threshold as a business choice: what escapes, what is thrown away, what it costs.

Scores lie in [0, 1], higher means more likely defective, and a score at or above the
threshold means NG. An escape is a defective image that passes, overkill is a good
image that is rejected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.metrics.arrays import as_flags, as_scores
from pitmark.metrics.intervals import Proportion, percent, wilson
from pitmark.metrics.ranking import MAX_POINTS, thin
from pitmark.metrics.record import Record

Floats = NDArray[np.float64]

# The next number above one that a 32-bit float can hold: no score ever reaches it.
NOTHING_REACHES = float(np.nextafter(np.float32(1), np.float32(2)))
# Part of the way from the highest good score to 1 by which a threshold stays clear of
# it, so that the small differences between two runtimes reject no known good image.
_CLEARANCE = 0.01


@dataclass(frozen=True)
class ThresholdOutcome(Record):
    """What happens at one threshold; the totals are the defective and the good images."""

    threshold: float
    escapes: Proportion
    overkill: Proportion


@dataclass(frozen=True)
class OperatingCurve(Record):
    """Escapes and overkill from the lowest useful threshold to the highest."""

    defective: int
    good: int
    points: tuple[ThresholdOutcome, ...]


@dataclass(frozen=True)
class ThresholdChoice(Record):
    """A threshold, what it does on the images it was chosen on, and why it was chosen.

    `expected_cost` is per inspected image, in the unit of the two costs; None when
    only good or only defective images were there. The counts flatter: the threshold
    was chosen on the same images.
    """

    threshold: float
    escapes: Proportion
    overkill: Proportion
    expected_cost: float | None
    cost_escape: float
    cost_overkill: float
    reason: str


def outcome_at(defective: ArrayLike, scores: ArrayLike, threshold: float) -> ThresholdOutcome:
    """Escapes and overkill at a threshold, with Wilson intervals.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) in [0, 1].
        threshold: Score from which an image is NG.

    Returns:
        Counts and intervals.

    Raises:
        InvalidInputError: Shapes that do not fit, or a score outside [0, 1].
    """
    bad, good = _split(defective, scores)
    return _outcome(bad, good, threshold)


def operating_curve(
    defective: ArrayLike, scores: ArrayLike, *, max_points: int = MAX_POINTS
) -> OperatingCurve:
    """Every trade between escapes and overkill that these scores allow.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) in [0, 1].
        max_points: At most so many points, at least 2, evenly along the curve.

    Returns:
        Points by rising threshold: from everything NG to everything OK; none without
        images.

    Raises:
        InvalidInputError: Shapes that do not fit, or a score outside [0, 1].
    """
    bad, good = _split(defective, scores)
    if bad.size + good.size == 0:
        return OperatingCurve(0, 0, ())
    thresholds = candidate_thresholds(np.concatenate((bad, good)))
    escapes, overkill = _counts(bad, good, thresholds)
    kept = thin(escapes / max(bad.size, 1), overkill / max(good.size, 1), max_points)
    return OperatingCurve(
        defective=bad.size,
        good=good.size,
        points=tuple(_outcome(bad, good, float(thresholds[index])) for index in kept),
    )


def choose_threshold(
    defective: ArrayLike,
    scores: ArrayLike,
    *,
    cost_escape: float,
    cost_overkill: float,
    defect_rate: float | None = None,
    false_alarm_rate: float = 0.01,
) -> ThresholdChoice:
    """The threshold with the lowest expected cost on validation images.

    It lies midway between two neighboring scores. Of equal costs the one with fewer
    escapes is taken, then the one with less overkill. With good images only, it is set
    so that a good image is rejected at most at `false_alarm_rate`; with defective images
    only, below the lowest of their scores.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) in [0, 1].
        cost_escape: Cost of passing a defective image, at least 0.
        cost_overkill: Cost of rejecting a good image, at least 0, not both 0.
        defect_rate: Share of defective parts on the line, in [0, 1]; None to take that
            of the images, which usually hold more defects than the line.
        false_alarm_rate: Accepted overkill when there are only good images, in (0, 1).

    Returns:
        The choice.

    Raises:
        InvalidInputError: Shapes, scores, costs or rates that are not allowed.
        NotEnoughDataError: There is no image at all.
    """
    _check_costs(cost_escape, cost_overkill)
    _check_rates(defect_rate, false_alarm_rate)
    bad, good = _split(defective, scores)
    if bad.size + good.size == 0:
        raise NotEnoughDataError(
            "there is no image to choose the threshold on",
            hint="Put at least one labeled image into the validation split.",
        )
    cost = None
    if bad.size == 0:
        threshold, reason = _above_good(good, false_alarm_rate)
    elif good.size == 0:
        threshold = float(candidate_thresholds(bad)[0])
        reason = (
            f"set below the lowest score of {bad.size} defective images; without good"
            " images the overkill is unknown"
        )
    else:
        share = bad.size / (bad.size + good.size) if defect_rate is None else defect_rate
        weights = (share * cost_escape / bad.size, (1 - share) * cost_overkill / good.size)
        threshold, cost = _cheapest(bad, good, weights)
        reason = _cheapest_reason(bad, good, threshold, cost)
    outcome = _outcome(bad, good, threshold)
    return ThresholdChoice(
        threshold=threshold,
        escapes=outcome.escapes,
        overkill=outcome.overkill,
        expected_cost=cost,
        cost_escape=float(cost_escape),
        cost_overkill=float(cost_overkill),
        reason=reason,
    )


def candidate_thresholds(scores: Floats) -> Floats:
    """One threshold for every way to part the scores.

    Args:
        scores: (N,) in [0, 1], N at least 1.

    Returns:
        (K + 1,) rising, for K distinct scores: below all of them, midway between
        neighbors, above all of them (beyond 1 only if a score is 1).
    """
    levels = np.unique(scores)
    middle = (levels[:-1] + levels[1:]) / 2
    # Between adjacent floats the middle rounds to one of them; it must not be the lower.
    middle = np.where(middle > levels[:-1], middle, levels[1:])
    top = (levels[-1] + 1) / 2 if levels[-1] < 1 else NOTHING_REACHES
    return np.concatenate(([levels[0] / 2], middle, [top]))


def _cheapest(bad: Floats, good: Floats, weights: tuple[float, float]) -> tuple[float, float]:
    """Threshold and expected cost per image, given the cost of one escape and overkill."""
    thresholds = candidate_thresholds(np.concatenate((bad, good)))
    escapes, overkill = _counts(bad, good, thresholds)
    costs = weights[0] * escapes + weights[1] * overkill
    tied = np.flatnonzero(costs <= costs.min() + 1e-12 * sum(weights))
    best = tied[np.lexsort((overkill[tied], escapes[tied]))[0]]
    return float(thresholds[best]), float(costs[best])


def _cheapest_reason(bad: Floats, good: Floats, threshold: float, cost: float) -> str:
    reason = (
        f"the lowest expected cost, {cost:.3g} per image, on {bad.size} defective and"
        f" {good.size} good images"
    )
    if (good >= threshold).all() and (bad >= threshold).all():
        return f"{reason}; it rejects everything, no higher threshold pays"
    if (good < threshold).all() and (bad < threshold).all():
        return f"{reason}; it passes everything, no lower threshold pays"
    return reason


def _above_good(good: Floats, rate: float) -> tuple[float, str]:
    """A threshold that a new good image reaches at most at the given rate.

    Of n + 1 exchangeable scores the last is above the k-th of the n others with
    probability at most 1 - k / (n + 1). Fewer images than that takes cannot show the
    rate; then the tail above the median is taken for exponential. Its mean is only
    known from m scores, so that a new score exceeds x with (1 + x / sum)^-m.
    """
    ranked, count = np.sort(good), good.size
    rank = math.ceil((count + 1) * (1 - rate) - 1e-9)
    if rank <= count:
        level = ranked[rank - 1]
        above = ranked[ranked > level]
        threshold = _middle(level, above[0]) if above.size else _clear_of(level)
        return threshold, (
            f"at most {percent(rate)} % of good images are expected at or above it,"
            f" from {count} good images; without defective images escapes are unknown"
        )
    middle = float(ranked[(count - 1) // 2])
    excess = ranked[ranked > middle] - middle
    reach = middle if count > 1 else 1.0  # one score says nothing about the spread
    if excess.size:
        rarer = (excess.size + 1) / ((count + 1) * rate)
        reach += float(excess.sum()) * (rarer ** (1 / excess.size) - 1)
    highest = float(ranked[-1])
    threshold = max(_clear_of(highest), min(reach, (highest + 1) / 2))
    return threshold, (
        f"above all {count} good images, prolonged to a false alarm in"
        f" {percent(rate)} % of them; showing that rate takes at least"
        f" {math.ceil(1 / rate - 1 - 1e-9)} good images; escapes are unknown"
    )


def _middle(low: float, high: float) -> float:
    middle = (low + high) / 2
    return float(middle if middle > low else high)


def _clear_of(score: float) -> float:
    clear = float(score + _CLEARANCE * (1 - score))
    return clear if clear > score else NOTHING_REACHES


def _outcome(bad: Floats, good: Floats, threshold: float) -> ThresholdOutcome:
    return ThresholdOutcome(
        threshold=float(threshold),
        escapes=wilson(int((bad < threshold).sum()), bad.size),
        overkill=wilson(int((good >= threshold).sum()), good.size),
    )


def _counts(bad: Floats, good: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    escapes = np.searchsorted(np.sort(bad), thresholds, side="left")
    passed = np.searchsorted(np.sort(good), thresholds, side="left")
    return escapes.astype(np.float64), (good.size - passed).astype(np.float64)


def _split(defective: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    array = as_scores(scores, unit_range=True)
    flags = as_flags(defective, array.size, "defective")
    return array[flags], array[~flags]


def _check_costs(cost_escape: float, cost_overkill: float) -> None:
    costs = (cost_escape, cost_overkill)
    if not all(math.isfinite(cost) and cost >= 0 for cost in costs) or not any(costs):
        raise InvalidInputError(
            "the costs of an escape and of overkill must be at least 0 and not both 0,"
            f" found {cost_escape} and {cost_overkill}",
            hint="Only their ratio matters: 20 and 1 if an escape costs twenty times.",
        )


def _check_rates(defect_rate: float | None, false_alarm_rate: float) -> None:
    if defect_rate is not None and not 0 <= defect_rate <= 1:
        raise InvalidInputError(
            f"the defect rate must lie between 0 and 1, found {defect_rate}"
        )
    if not 0 < false_alarm_rate < 1:
        raise InvalidInputError(
            f"the false-alarm rate must lie between 0 and 1, found {false_alarm_rate}"
        )
