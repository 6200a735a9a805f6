"""How well scores put defective images before good ones, whatever the threshold.

A higher score means more likely defective. Equal scores are one step of a curve, so no
figure here depends on the order in which images come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.metrics.arrays import Groups, as_flags, as_scores
from pitmark.metrics.intervals import Interval, Resampling, bootstrap_interval
from pitmark.metrics.record import Record

Counts = NDArray[np.float64]
MAX_POINTS = 200


@dataclass(frozen=True)
class RocCurve(Record):
    """Share of defective images caught over share of good ones rejected.

    The points go from the highest threshold (infinite: nothing is caught) to the lowest.
    """

    thresholds: tuple[float, ...]
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]


@dataclass(frozen=True)
class PrecisionRecallCurve(Record):
    """Precision over recall, from the highest threshold to the lowest."""

    thresholds: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]


@dataclass(frozen=True)
class RankingReport(Record):
    """Threshold-free quality of image scores; None where one kind is absent."""

    positives: int
    negatives: int
    auroc: Interval
    average_precision: Interval
    roc: RocCurve | None
    precision_recall: PrecisionRecallCurve | None


def image_auroc(defective: ArrayLike, scores: ArrayLike) -> float | None:
    """Probability that a defective image scores above a good one, ties one half.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) finite; higher is more likely defective.

    Returns:
        In [0, 1], higher is better; None without defective or without good images.

    Raises:
        InvalidInputError: Shapes that do not fit, or scores that are not finite.
    """
    return auroc_of_counts(*_steps(defective, scores).counts())


def image_average_precision(defective: ArrayLike, scores: ArrayLike) -> float | None:
    """Mean precision over the recall steps, without interpolation.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) finite; higher is more likely defective.

    Returns:
        In [0, 1], higher is better; None without defective images.

    Raises:
        InvalidInputError: Shapes that do not fit, or scores that are not finite.
    """
    return average_precision_of_counts(*_steps(defective, scores).counts())


def roc_curve(
    defective: ArrayLike, scores: ArrayLike, *, max_points: int = MAX_POINTS
) -> RocCurve | None:
    """Points of the receiver operating characteristic, thinned along the curve.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) finite; higher is more likely defective.
        max_points: At most so many points, at least 2; the ends are always kept.

    Returns:
        The curve; None without defective or without good images.

    Raises:
        InvalidInputError: Shapes that do not fit, or scores that are not finite.
    """
    steps = _steps(defective, scores)
    hits, alarms = (np.cumsum(part) for part in steps.counts())
    if not hits.size or hits[-1] == 0 or alarms[-1] == 0:
        return None
    rise = np.concatenate(([0.0], hits / hits[-1]))
    run = np.concatenate(([0.0], alarms / alarms[-1]))
    thresholds = np.concatenate(([np.inf], steps.thresholds))
    kept = thin(run, rise, max_points)
    return RocCurve(_points(thresholds, kept), _points(run, kept), _points(rise, kept))


def precision_recall_curve(
    defective: ArrayLike, scores: ArrayLike, *, max_points: int = MAX_POINTS
) -> PrecisionRecallCurve | None:
    """Points of precision over recall, thinned along the curve.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) finite; higher is more likely defective.
        max_points: At most so many points, at least 2; the ends are always kept.

    Returns:
        The curve; None without defective images.

    Raises:
        InvalidInputError: Shapes that do not fit, or scores that are not finite.
    """
    steps = _steps(defective, scores)
    hits, alarms = (np.cumsum(part) for part in steps.counts())
    if not hits.size or hits[-1] == 0:
        return None
    recall, precision = hits / hits[-1], hits / (hits + alarms)
    kept = thin(recall, precision, max_points)
    return PrecisionRecallCurve(
        _points(steps.thresholds, kept), _points(recall, kept), _points(precision, kept)
    )


def ranking_report(
    defective: ArrayLike,
    scores: ArrayLike,
    *,
    groups: Groups | None = None,
    resampling: Resampling | None = None,
) -> RankingReport:
    """AUROC and average precision of image scores with intervals and curves.

    Args:
        defective: (N,) whether each image is defective.
        scores: (N,) finite; higher is more likely defective.
        groups: Group key per image, such as its part.
        resampling: Draws, confidence and seed of the intervals.

    Returns:
        The report.

    Raises:
        InvalidInputError: Shapes that do not fit, or scores that are not finite.
    """
    steps = _steps(defective, scores)
    count = steps.positive.size
    positives = int(steps.positive.sum())

    def interval(figure: Callable[[Counts, Counts], float | None]) -> Interval:
        return bootstrap_interval(
            lambda drawn: figure(*steps.counts(np.bincount(drawn, minlength=count))),
            count,
            groups=groups,
            resampling=resampling,
            unit_support=min(positives, count - positives),
        )

    return RankingReport(
        positives=positives,
        negatives=count - positives,
        auroc=interval(auroc_of_counts),
        average_precision=interval(average_precision_of_counts),
        roc=roc_curve(defective, scores),
        precision_recall=precision_recall_curve(defective, scores),
    )


def auroc_of_counts(positives: Counts, negatives: Counts) -> float | None:
    """AUROC from counts per distinct score.

    Args:
        positives: (K,) weight of the positives at each score, highest score first.
        negatives: (K,) weight of the negatives at the same scores.

    Returns:
        In [0, 1], higher is better; None when either weighs nothing.
    """
    total = positives.sum() * negatives.sum()
    if total == 0:
        return None
    above = np.cumsum(positives) - positives
    return float(np.dot(negatives, above + positives / 2) / total)


def average_precision_of_counts(positives: Counts, negatives: Counts) -> float | None:
    """Average precision from counts per distinct score.

    Args:
        positives: (K,) weight of the positives at each score, highest score first.
        negatives: (K,) weight of the negatives at the same scores.

    Returns:
        In [0, 1], higher is better; None when the positives weigh nothing.
    """
    total = positives.sum()
    if total == 0:
        return None
    hits = np.cumsum(positives)
    called = hits + np.cumsum(negatives)
    precision = np.divide(hits, called, out=np.zeros_like(called), where=called > 0)
    return float(np.dot(positives, precision) / total)


def thin(x: ArrayLike, y: ArrayLike, max_points: int) -> NDArray[np.intp]:
    """Which points of a curve to keep, evenly along its length.

    Args:
        x: (K,) coordinates.
        y: (K,) coordinates.
        max_points: At most so many, at least 2.

    Returns:
        Increasing indices; the first and the last point are among them.
    """
    points = np.stack([np.asarray(x, float), np.asarray(y, float)])
    count = points.shape[1]
    if count <= max_points:
        return np.arange(count)
    length = np.concatenate(([0.0], np.abs(np.diff(points)).sum(axis=0).cumsum()))
    wanted = np.linspace(0.0, length[-1], max_points - 1)
    kept = np.minimum(np.searchsorted(length, wanted), count - 1)
    return np.unique(np.concatenate((kept, [count - 1])))


@dataclass(frozen=True)
class _Steps:
    """Images sorted by falling score, with the last position of each distinct score."""

    order: NDArray[np.intp]
    positive: NDArray[np.bool_]
    ends: NDArray[np.intp]
    thresholds: NDArray[np.float64]

    def counts(self, weights: NDArray[np.intp] | None = None) -> tuple[Counts, Counts]:
        """Weight of positives and negatives per distinct score, highest first."""
        weight = np.ones(self.order.size) if weights is None else weights[self.order]
        sums = (
            np.cumsum(np.where(kind, weight, 0.0))[self.ends]
            for kind in (self.positive, ~self.positive)
        )
        positives, negatives = (np.diff(part, prepend=0.0) for part in sums)
        return positives, negatives


def _steps(defective: ArrayLike, scores: ArrayLike) -> _Steps:
    array = as_scores(scores)
    flags = as_flags(defective, array.size, "defective")
    order = np.argsort(-array, kind="stable")
    ranked = array[order]
    last = np.ones(array.size, dtype=bool)
    last[:-1] = ranked[1:] != ranked[:-1]
    ends = np.flatnonzero(last)
    return _Steps(order, flags[order], ends, ranked[ends])


def _points(values: NDArray[np.float64], kept: NDArray[np.intp]) -> tuple[float, ...]:
    return tuple(float(value) for value in values[kept])
