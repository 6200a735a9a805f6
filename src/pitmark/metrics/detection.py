"""How well boxes are found: average precision as COCO defines it, recall, precision.

Average precision is the mean of the precision at 101 levels of recall, each the best
that is reached at that recall or a higher one. mAP50 asks for an overlap of 0.5, mAP
is the mean over 0.50, 0.55, ... 0.95. Means leave out classes without true boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.arrays import Groups
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.classification import f1_score
from pitmark.metrics.intervals import (
    Interval,
    Proportion,
    Resampling,
    bootstrap_interval,
    wilson,
)
from pitmark.metrics.matching import BoxMatches, ImageMatch, match_boxes
from pitmark.metrics.record import Record

# Exactly the grids of the reference: 0.60 must be the same float there and here.
COCO_IOUS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class BoxScore(Record):
    """One class: average precision, and what is found at a score threshold.

    `recall` counts true boxes found, `precision` counted predictions that are right,
    both at an overlap of 0.5. `ap50` and `ap` are None without true boxes.
    """

    support: int
    ap50: float | None
    ap: float | None
    threshold: float
    recall: Proportion
    precision: Proportion
    f1: float | None


@dataclass(frozen=True)
class DetectionReport(Record):
    """How well boxes are found; `map50` with interval over images or parts."""

    images: int
    map50: Interval
    map: float | None
    recall: Proportion
    precision: Proportion
    per_class: tuple[BoxScore, ...]


def coco_matches(
    predicted: Sequence[PredictedBoxes], true: Sequence[TrueBoxes], class_count: int
) -> BoxMatches:
    """Matches at the ten overlaps 0.50, 0.55, ... 0.95.

    Args:
        predicted: Predictions per image.
        true: True boxes per image, in the same order.
        class_count: Number of classes.

    Returns:
        The matching that all figures of this module are made of.

    Raises:
        InvalidInputError: Unequal numbers of images, or a class outside the range.
    """
    return match_boxes(predicted, true, class_count, ious=COCO_IOUS)


def average_precisions(
    matches: BoxMatches, *, iou: float | None = None, drawn: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Average precision of every class.

    Args:
        matches: Matched boxes.
        iou: Overlap to ask for; None for the mean over all that were matched.
        drawn: (M,) indices of images, with repetitions, for a bootstrap; None for all.

    Returns:
        (C,) in [0, 1], higher is better; NaN for a class without true boxes.

    Raises:
        InvalidInputError: The overlap was not among those matched.
    """
    hit = matches.hit if iou is None else matches.at(iou)[None, :]
    images = np.arange(matches.image_count) if drawn is None else np.asarray(drawn)
    weights = np.bincount(images, minlength=matches.image_count).astype(np.float64)
    there = weights @ matches.true_counts
    result = np.full(matches.class_count, np.nan)
    for index in np.flatnonzero(there > 0):
        mine = matches.of_class(int(index))
        weight = weights[matches.image[mine]]
        called = np.cumsum(weight)
        result[index] = np.mean(
            [_average_precision(row[mine], weight, called, there[index]) for row in hit]
        )
    return result


def mean_average_precision(
    matches: BoxMatches, *, iou: float | None = None, drawn: ArrayLike | None = None
) -> float | None:
    """Mean over the classes of their average precision.

    Args:
        matches: Matched boxes.
        iou: Overlap to ask for (0.5 for mAP50); None for the mean over all matched.
        drawn: (M,) indices of images, with repetitions, for a bootstrap; None for all.

    Returns:
        In [0, 1], higher is better; None when there are no true boxes.

    Raises:
        InvalidInputError: The overlap was not among those matched.
    """
    values = average_precisions(matches, iou=iou, drawn=drawn)
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else None


def detection_report(
    matches: BoxMatches,
    *,
    thresholds: ArrayLike = 0.5,
    groups: Groups | None = None,
    resampling: Resampling | None = None,
) -> DetectionReport:
    """Everything about predicted boxes in one record.

    Args:
        matches: Boxes matched with `coco_matches`.
        thresholds: Score from which a box counts: one number, or (C,) per class.
        groups: Group key per image, such as its part.
        resampling: Draws, confidence and seed of the interval of mAP50.

    Returns:
        The report.

    Raises:
        InvalidInputError: Another number of thresholds than of classes, or of groups
            than of images.
    """
    limits = _per_class(thresholds, matches.class_count)
    ap50, ap = average_precisions(matches, iou=0.5), average_precisions(matches)
    hit = matches.at(0.5)
    counted = matches.scores >= limits[matches.classes]
    support = matches.true_counts.sum(axis=0)
    called = np.bincount(matches.classes[counted], minlength=support.size)
    hits = np.bincount(matches.classes[counted & hit], minlength=support.size)
    return DetectionReport(
        images=matches.image_count,
        map50=bootstrap_interval(
            lambda drawn: mean_average_precision(matches, iou=0.5, drawn=drawn),
            matches.image_count,
            groups=groups,
            resampling=resampling,
            unit_support=int(np.count_nonzero(matches.true_counts.sum(axis=1))),
        ),
        map=mean_average_precision(matches),
        recall=wilson(int(hits.sum()), int(support.sum())),
        precision=wilson(int(hits.sum()), int(called.sum())),
        per_class=tuple(
            BoxScore(
                support=int(support[index]),
                ap50=_known(ap50[index]),
                ap=_known(ap[index]),
                threshold=float(limits[index]),
                recall=wilson(int(hits[index]), int(support[index])),
                precision=wilson(int(hits[index]), int(called[index])),
                f1=f1_score(int(hits[index]), int(called[index]), int(support[index])),
            )
            for index in range(support.size)
        ),
    )


def box_confusion(
    images: Sequence[ImageMatch],
    predicted: Sequence[PredictedBoxes],
    true: Sequence[TrueBoxes],
    class_count: int,
) -> NDArray[np.int64]:
    """Confusion matrix of boxes, with one more row and column for "nothing".

    Args:
        images: Matching of every image at the chosen thresholds.
        predicted: Predictions per image, as they were matched.
        true: True boxes per image, as they were matched.
        class_count: Number of classes C.

    Returns:
        (C + 1, C + 1); row = truth, column = prediction. Row C holds predictions where
        nothing is, column C true boxes that were not found at all.

    Raises:
        InvalidInputError: Unequal numbers of images.
    """
    if not len(images) == len(predicted) == len(true):
        raise InvalidInputError(
            f"{len(images)} matches, predictions of {len(predicted)} and truth of"
            f" {len(true)} images do not fit together"
        )
    cells = np.zeros((class_count + 1, class_count + 1), dtype=np.int64)
    for match, found, there in zip(images, predicted, true, strict=True):
        for pair in (*match.pairs, *match.confused):
            cells[there.classes[pair.true], found.classes[pair.predicted]] += 1
        renamed = {pair.true for pair in match.confused}
        misnamed = {pair.predicted for pair in match.confused}
        for index in set(match.missed) - renamed:
            cells[there.classes[index], class_count] += 1
        for index in set(match.spurious) - misnamed:
            cells[class_count, found.classes[index]] += 1
    return cells


def _average_precision(
    hit: NDArray[np.bool_],
    weight: NDArray[np.float64],
    called: NDArray[np.float64],
    there: float,
) -> float:
    """Interpolated precision of the predictions of one class, best score first.

    Recall only grows at hits, and precision is never higher than at one, so that hits
    are all that is looked at.
    """
    at = np.flatnonzero(hit & (weight > 0))
    right = np.cumsum(weight[at])
    best = np.maximum.accumulate((right / called[at])[::-1])[::-1]
    reached = np.searchsorted(right / there, _RECALLS, side="left")
    return float(np.concatenate((best, [0.0]))[reached].mean())


def _per_class(thresholds: ArrayLike, class_count: int) -> NDArray[np.float64]:
    limits = np.asarray(thresholds, dtype=np.float64)
    if limits.ndim == 0:
        return np.full(class_count, float(limits))
    if limits.shape != (class_count,):
        raise InvalidInputError(
            f"thresholds must be one number or {class_count}, found {limits.shape}"
        )
    return limits


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
