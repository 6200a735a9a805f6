"""How well areas are outlined: overlap of label maps, one image at a time.

Nothing of an image is kept but its counts, so memory does not grow with the number of
images. The intervals come from a bootstrap that runs along: every replicate counts every
image (or all images of one part) a Poisson(1) number of times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import Interval, Resampling
from pitmark.metrics.record import Record

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class AreaScore(Record):
    """One class over all images; IoU and Dice are None where it occurs nowhere."""

    true_px: int
    predicted_px: int
    iou: Interval
    dice: Interval


@dataclass(frozen=True)
class SegmentationReport(Record):
    """Overlap per class, and means over the classes that occur, background left out."""

    images: int
    pixel_accuracy: float | None
    mean_iou: Interval
    mean_dice: Interval
    per_class: tuple[AreaScore, ...]


def label_map(maps_khw: ArrayLike, thresholds: ArrayLike = 0.5) -> NDArray[np.intp]:
    """The class of each pixel from one score map per class.

    Args:
        maps_khw: (K, H, W) in [0, 1], background left out.
        thresholds: Score from which a pixel counts: one number, or (K,) per class.

    Returns:
        (H, W): 0 for background, k + 1 for class k; the strongest that counts wins.

    Raises:
        InvalidInputError: The maps are not three-dimensional.
    """
    maps = np.asarray(maps_khw)
    if maps.ndim != 3:
        raise InvalidInputError(f"maps must have shape (K, H, W), found {maps.shape}")
    if len(maps) == 0:
        return np.zeros(maps.shape[1:], dtype=np.intp)
    limits = np.broadcast_to(np.asarray(thresholds), len(maps))[:, None, None]
    counted = np.where(maps >= limits, maps, -1)
    best = np.argmax(counted, axis=0)
    return np.where(counted.max(axis=0) >= 0, best + 1, 0)


class SegmentationTally:
    """Counts of right and wrong pixels, fed with one image after the other.

    Args:
        class_count: Number of classes C, background among them.
        background: Its index, left out of the means; None if there is no such class.
        ignored: Value in the truth that marks pixels to leave out; None for none.
        resampling: Draws, confidence and seed of the intervals.
    """

    def __init__(
        self,
        class_count: int,
        *,
        background: int | None = 0,
        ignored: int | None = None,
        resampling: Resampling | None = None,
    ) -> None:
        self._class_count = class_count
        self._background = background
        self._ignored = ignored
        self._how = resampling or Resampling(draws=500)
        # Row 0 is the data as it is, every other row one replicate.
        shape = (1 + self._how.draws, 3, class_count)
        self._counts: Counts = np.zeros(shape, dtype=np.int64)
        self._first_group: bytes | None = None
        self._several_groups = False
        self._images = 0

    def add(
        self,
        truth_hw: ArrayLike,
        predicted_hw: ArrayLike,
        *,
        group: Hashable | None = None,
    ) -> None:
        """Counts one image.

        Args:
            truth_hw: (H, W) class index per pixel.
            predicted_hw: (H, W) class index per pixel.
            group: Key of the part; images of one part are resampled together.

        Raises:
            InvalidInputError: Unequal shapes, or a class outside the range.
        """
        counts = self._count_pixels(np.asarray(truth_hw), np.asarray(predicted_hw))
        weights = self._weights(("image", self._images) if group is None else group)
        self._counts += weights[:, None, None] * counts
        self._images += 1

    def report(self) -> SegmentationReport:
        """The figures over all images added so far.

        Returns:
            The report; intervals are None with fewer than two groups.
        """
        right, true, called = (self._counts[:, row].astype(float) for row in range(3))
        iou = _ratio(right, true + called - right)
        dice = _ratio(2 * right, true + called)
        kept = np.arange(self._class_count) != self._background
        pixels = int(self._counts[0, 1].sum())
        return SegmentationReport(
            images=self._images,
            pixel_accuracy=int(self._counts[0, 0].sum()) / pixels if pixels else None,
            mean_iou=self._interval(_mean_known(iou[:, kept])),
            mean_dice=self._interval(_mean_known(dice[:, kept])),
            per_class=tuple(
                AreaScore(
                    true_px=int(self._counts[0, 1, index]),
                    predicted_px=int(self._counts[0, 2, index]),
                    iou=self._interval(iou[:, index]),
                    dice=self._interval(dice[:, index]),
                )
                for index in range(self._class_count)
            ),
        )

    def _count_pixels(self, truth: NDArray[np.int64], called: NDArray[np.int64]) -> Counts:
        if truth.shape != called.shape or truth.ndim != 2:
            raise InvalidInputError(
                f"truth and prediction must both be (H, W), found {truth.shape}"
                f" and {called.shape}"
            )
        if self._ignored is not None:
            kept = truth != self._ignored
            truth, called = truth[kept], called[kept]
        for name, labels in (("truth", truth), ("prediction", called)):
            if labels.size and not 0 <= labels.min() <= labels.max() < self._class_count:
                raise InvalidInputError(
                    f"the {name} has class {labels.min()} to {labels.max()},"
                    f" allowed is 0..{self._class_count - 1}"
                )
        truth, called = truth.ravel(), called.ravel()
        return np.stack(
            [
                np.bincount(labels, minlength=self._class_count)
                for labels in (truth[truth == called], truth, called)
            ]
        )

    def _weights(self, key: Hashable) -> Counts:
        """How often each replicate counts this group: the same for all its images."""
        digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
        self._first_group = self._first_group or digest
        self._several_groups |= digest != self._first_group
        rng = np.random.default_rng([self._how.seed, int.from_bytes(digest)])
        return np.concatenate(([1], rng.poisson(1.0, self._how.draws)))

    def _interval(self, values: NDArray[np.float64]) -> Interval:
        value = None if np.isnan(values[0]) else float(values[0])
        drawn = values[1:][~np.isnan(values[1:])]
        enough = self._several_groups and drawn.size * 2 >= self._how.draws
        if value is None or not enough:
            return Interval(value, None, None)
        tail = (1 - self._how.confidence) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail])
        return Interval(value, float(low), float(high))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1) * 1.0)
