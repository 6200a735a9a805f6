"""Which predicted box stands for which true one.

The rule of the COCO benchmark: within one image and class, predictions choose in the
order of falling score; each takes the free true box that it overlaps most, if the
intersection over union reaches the limit. Of equal overlaps the later true box is
taken, and of equal scores the earlier prediction chooses first. A box without area
stands for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import iou_matrix
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.record import Record

MAX_BOXES_PER_CLASS = 100
_JUST_BELOW_ONE = 1 - 1e-10

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class BoxPair(Record):
    """A prediction and the true box it stands for, by position in their image."""

    predicted: int
    true: int
    iou: float


@dataclass(frozen=True)
class ImageMatch(Record):
    """What was found, missed and made up in one image.

    Every true box is either in `pairs` or `missed`, every prediction at or above its
    threshold in `pairs` or `spurious`. `confused` names those missed and spurious boxes
    that are the same place under two classes.
    """

    pairs: tuple[BoxPair, ...]
    missed: tuple[int, ...]
    spurious: tuple[int, ...]
    confused: tuple[BoxPair, ...]


@dataclass(frozen=True, eq=False)
class BoxMatches:
    """The matching of many images at many overlaps, as flat arrays.

    Attributes:
        ious: (T,) overlaps asked for.
        image: (D,) image of each prediction.
        classes: (D,) class of each prediction, rising; within a class scores fall.
        scores: (D,) in [0, 1].
        hit: (T, D) whether the prediction stands for a true box.
        true_counts: (I, C) number of true boxes per image and class.
    """

    ious: Floats
    image: Ints
    classes: Ints
    scores: Floats
    hit: NDArray[np.bool_]
    true_counts: Ints

    @property
    def image_count(self) -> int:
        """Number of images I."""
        return len(self.true_counts)

    @property
    def class_count(self) -> int:
        """Number of classes C."""
        return int(self.true_counts.shape[1])

    def of_class(self, index: int) -> slice:
        """Where the predictions of one class lie in the flat arrays.

        Args:
            index: The class.

        Returns:
            Their positions.
        """
        start, stop = np.searchsorted(self.classes, [index, index + 1])
        return slice(int(start), int(stop))

    def at(self, iou: float) -> NDArray[np.bool_]:
        """Whether each prediction stands for a true box at one overlap.

        Args:
            iou: One of the overlaps that were matched.

        Returns:
            (D,) bool.

        Raises:
            InvalidInputError: The overlap was not among those matched.
        """
        rows = np.flatnonzero(np.isclose(self.ious, iou, rtol=0, atol=1e-9))
        if rows.size == 0:
            known = ", ".join(f"{value:.2f}" for value in self.ious)
            raise InvalidInputError(f"boxes were not matched at IoU {iou:.2f}, only at {known}")
        return np.asarray(self.hit[rows[0]])


def match_boxes(
    predicted: Sequence[PredictedBoxes],
    true: Sequence[TrueBoxes],
    class_count: int,
    *,
    ious: ArrayLike,
    max_boxes: int = MAX_BOXES_PER_CLASS,
) -> BoxMatches:
    """Matches the boxes of many images at many overlaps.

    Args:
        predicted: Predictions per image.
        true: True boxes per image, in the same order.
        class_count: Number of classes C; every class index lies below it.
        ious: (T,) overlaps in (0, 1].
        max_boxes: Predictions considered per image and class, the best first.

    Returns:
        The matching, predictions sorted by class, then by falling score (stable).

    Raises:
        InvalidInputError: Unequal numbers of images, or a class outside the range.
    """
    _check_images(predicted, true, class_count)
    limits = np.minimum(np.atleast_1d(np.asarray(ious, np.float64)), _JUST_BELOW_ONE)
    images, classes, scores, hits = [], [], [], []
    for index, (found, there) in enumerate(zip(predicted, true, strict=True)):
        order, hit = _match_image(found, there, limits, max_boxes)
        images.append(np.full(order.size, index, dtype=np.intp))
        classes.append(found.classes[order])
        scores.append(found.scores[order])
        hits.append(hit)
    image = np.concatenate([*images, np.zeros(0, dtype=np.intp)])
    certainty = np.concatenate([*scores, np.zeros(0)])
    called = np.concatenate([*classes, np.zeros(0, dtype=np.intp)])
    ranked = np.lexsort((-certainty, called))
    return BoxMatches(
        ious=np.atleast_1d(np.asarray(ious, np.float64)),
        image=image[ranked],
        classes=called[ranked],
        scores=certainty[ranked],
        hit=np.concatenate([*hits, np.zeros((limits.size, 0), bool)], axis=1)[:, ranked],
        true_counts=_count_true(true, class_count),
    )


def match_image(
    predicted: PredictedBoxes,
    true: TrueBoxes,
    *,
    thresholds: ArrayLike = 0.0,
    iou: float = 0.5,
) -> ImageMatch:
    """What was found, missed, made up and confused in one image.

    Args:
        predicted: Predictions of the image.
        true: True boxes of the image.
        thresholds: Score from which a prediction counts: one number, or (C,) per class.
        iou: Least overlap of a pair, in (0, 1].

    Returns:
        The matching; positions refer to the boxes as they were given.

    Raises:
        InvalidInputError: Fewer thresholds than the predictions have classes.
    """
    counted = np.flatnonzero(_counts(predicted, thresholds))
    order = counted[np.argsort(-predicted.scores[counted], kind="stable")]
    overlap = iou_matrix(predicted.boxes_xyxy[order], true.boxes_xyxy)
    same = predicted.classes[order][:, None] == true.classes[None, :]
    taken = _greedy(np.where(same, overlap, -1.0), iou)
    rows, free = np.flatnonzero(taken < 0), np.ones(len(true.classes), bool)
    free[taken[taken >= 0]] = False
    columns = np.flatnonzero(free)
    other = _greedy(overlap[np.ix_(rows, columns)], iou)
    return ImageMatch(
        pairs=_pairs(order, taken, overlap),
        missed=tuple(int(column) for column in columns),
        spurious=tuple(int(index) for index in np.sort(order[rows])),
        confused=tuple(
            BoxPair(int(order[row]), int(columns[to]), float(overlap[row, columns[to]]))
            for row, to in zip(rows, other, strict=True)
            if to >= 0
        ),
    )


def _match_image(
    found: PredictedBoxes, there: TrueBoxes, limits: Floats, max_boxes: int
) -> tuple[Ints, NDArray[np.bool_]]:
    """Positions of the predictions considered, and (T, N) whether each is a hit."""
    orders, hits = [np.zeros(0, np.intp)], [np.zeros((limits.size, 0), bool)]
    for index in np.unique(found.classes):
        mine = np.flatnonzero(found.classes == index)
        mine = mine[np.argsort(-found.scores[mine], kind="stable")][:max_boxes]
        theirs = np.flatnonzero(there.classes == index)
        hit = np.zeros((limits.size, mine.size), bool)
        if theirs.size:
            overlap = iou_matrix(found.boxes_xyxy[mine], there.boxes_xyxy[theirs])
            hit = _hits(overlap, limits)
        orders.append(mine)
        hits.append(hit)
    return np.concatenate(orders), np.concatenate(hits, axis=1)


def _hits(overlap: Floats, limits: Floats) -> NDArray[np.bool_]:
    """(T, N) hits of N predictions, best first, on M true boxes at T limits."""
    hit = np.zeros((limits.size, len(overlap)), bool)
    free = np.ones((limits.size, overlap.shape[1]), bool)
    every = np.arange(limits.size)
    last = overlap.shape[1] - 1
    for row in np.flatnonzero(overlap.max(axis=1) >= limits.min()):
        reach = np.where(free & (overlap[row] >= limits[:, None]), overlap[row], -1.0)
        # The last of equal overlaps wins, so the search runs from the end.
        best = last - np.argmax(reach[:, ::-1], axis=1)
        ok = reach[every, best] >= 0
        hit[ok, row] = True
        free[every[ok], best[ok]] = False
    return hit


def _greedy(overlap: Floats, limit: float) -> Ints:
    """The true box that each prediction (best first) takes; -1 for none."""
    taken = np.full(len(overlap), -1, dtype=np.intp)
    if overlap.size == 0:
        return taken
    left = overlap.copy()
    last = overlap.shape[1] - 1
    for row in range(len(overlap)):
        best = last - int(np.argmax(left[row, ::-1]))
        if left[row, best] >= min(limit, _JUST_BELOW_ONE):
            taken[row] = best
            left[:, best] = -1.0
    return taken


def _pairs(order: Ints, taken: Ints, overlap: Floats) -> tuple[BoxPair, ...]:
    return tuple(
        BoxPair(int(order[row]), int(to), float(overlap[row, to]))
        for row, to in enumerate(taken)
        if to >= 0
    )


def _counts(predicted: PredictedBoxes, thresholds: ArrayLike) -> NDArray[np.bool_]:
    limit = np.asarray(thresholds, np.float64)
    if limit.ndim == 0:
        return np.asarray(predicted.scores >= limit)
    highest = int(predicted.classes.max(initial=-1))
    if highest >= limit.size:
        raise InvalidInputError(
            f"{limit.size} thresholds, but a prediction is of class {highest}"
        )
    return np.asarray(predicted.scores >= limit[predicted.classes])


def _count_true(true: Sequence[TrueBoxes], class_count: int) -> Ints:
    counts = np.zeros((len(true), class_count), dtype=np.intp)
    for index, there in enumerate(true):
        counts[index] = np.bincount(there.classes, minlength=class_count)
    return counts


def _check_images(
    predicted: Sequence[PredictedBoxes], true: Sequence[TrueBoxes], class_count: int
) -> None:
    if len(predicted) != len(true):
        raise InvalidInputError(
            f"predictions of {len(predicted)} images but truth of {len(true)}"
        )
    highest = [
        max(found.classes.max(initial=-1), there.classes.max(initial=-1))
        for found, there in zip(predicted, true, strict=True)
    ]
    for index, top in enumerate(highest):
        if top >= class_count:
            raise InvalidInputError(
                f"image {index} has a box of class {top},"
                f" but there are only {class_count} classes"
            )
