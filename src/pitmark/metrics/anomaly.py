"""How well a map of scores points at the defects: AUPRO, pixel AUROC, pixel AP.

A higher score means more likely defective. Scores lie in [0, 1] and are counted in bins
that grow finer toward both ends: two scores are told apart when they differ by more than
1/512 of their distance to the nearer end. So memory is fixed (about 3 MB), however many
images come, and scores crowded at 0 or 1 are still ranked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.ranking import auroc_of_counts, average_precision_of_counts
from pitmark.metrics.record import Record

MAX_FALSE_POSITIVE_RATE = 0.3
_DROPPED_BITS = 14
_HALF = int(np.float32(0.5).view(np.uint32)) >> _DROPPED_BITS
_BINS = 2 * _HALF + 1


@dataclass(frozen=True)
class AnomalyReport(Record):
    """Pixel figures over all images; None where one kind of pixel is absent."""

    images: int
    regions: int
    aupro: float | None
    pixel_auroc: float | None
    pixel_average_precision: float | None


def score_bins(scores: ArrayLike) -> NDArray[np.intp]:
    """The bin of each score; equal or higher scores never get a lower bin.

    The leading bits of a positive float are in order, and finer the smaller it is;
    above one half the distance to 1 is used, mirrored.

    Args:
        scores: Any shape, in [0, 1].

    Returns:
        The same shape, integers.

    Raises:
        InvalidInputError: A score outside [0, 1] or not a number.
    """
    array = np.asarray(scores, dtype=np.float32)
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise InvalidInputError(
            f"scores must be between 0 and 1, found {array.min()} to {array.max()}"
        )
    upper = array > 0.5
    near = np.where(upper, np.float32(1) - array, array)
    # Minus zero has a sign bit that would make it the largest of all.
    bits = (np.abs(near).view(np.uint32) >> _DROPPED_BITS).astype(np.intp)
    return np.where(upper, _BINS - 1 - bits, bits)


class AnomalyMapTally:
    """Counts of pixel scores inside and outside defects, one image after the other."""

    def __init__(self) -> None:
        self._good = np.zeros(_BINS)
        self._bad = np.zeros(_BINS)
        self._regions = np.zeros(_BINS)
        self._region_count = 0
        self._images = 0

    def add(self, defect_hw: ArrayLike, scores_hw: ArrayLike) -> None:
        """Counts one image.

        Args:
            defect_hw: (H, W) bool, or integers where anything above 0 is a defect.
            scores_hw: (H, W) in [0, 1].

        Raises:
            InvalidInputError: Unequal shapes, or a score outside [0, 1].
        """
        defect = np.asarray(defect_hw) > 0
        if defect.ndim != 2 or defect.shape != np.shape(scores_hw):
            raise InvalidInputError(
                f"mask and scores must both be (H, W), found {defect.shape}"
                f" and {np.shape(scores_hw)}"
            )
        bins = score_bins(scores_hw)
        self._good += np.bincount(bins[~defect], minlength=_BINS)
        self._images += 1
        if not defect.any():
            return
        inside = bins[defect]
        self._bad += np.bincount(inside, minlength=_BINS)
        # Pixels that touch at a corner belong to one region, as in the reference.
        labels, count = ndimage.label(defect, structure=np.ones((3, 3)))
        mine = labels[defect]
        weight = 1.0 / np.bincount(mine)[mine]
        self._regions += np.bincount(inside, weights=weight, minlength=_BINS)
        self._region_count += int(count)

    def report(
        self, *, max_false_positive_rate: float = MAX_FALSE_POSITIVE_RATE
    ) -> AnomalyReport:
        """The figures over all images added so far.

        Args:
            max_false_positive_rate: Where the integral of AUPRO ends, in (0, 1].

        Returns:
            The report.

        Raises:
            InvalidInputError: The limit lies outside (0, 1].
        """
        bad, good = self._bad[::-1], self._good[::-1]
        return AnomalyReport(
            images=self._images,
            regions=self._region_count,
            aupro=aupro_of_counts(
                self._regions[::-1],
                good,
                max_false_positive_rate=max_false_positive_rate,
            ),
            pixel_auroc=auroc_of_counts(bad, good),
            pixel_average_precision=average_precision_of_counts(bad, good),
        )


def aupro_of_counts(
    regions: NDArray[np.float64],
    negatives: NDArray[np.float64],
    *,
    max_false_positive_rate: float = MAX_FALSE_POSITIVE_RATE,
) -> float | None:
    """Area under the per-region overlap up to a false positive rate, scaled to [0, 1].

    Args:
        regions: (K,) covered share of the regions, summed over them, that each score
            adds; highest score first.
        negatives: (K,) defect-free pixels at the same scores.
        max_false_positive_rate: Where the integral ends, in (0, 1].

    Returns:
        In [0, 1], higher is better; None without regions or without defect-free pixels.

    Raises:
        InvalidInputError: The limit lies outside (0, 1].

    Source:
        Bergmann et al. (2020), Uninformed students, CVPR.
    """
    limit = max_false_positive_rate
    if not 0 < limit <= 1:
        raise InvalidInputError(
            f"the largest false positive rate must lie in (0, 1], found {limit}"
        )
    if regions.sum() == 0 or negatives.sum() == 0:
        return None
    run = np.concatenate(([0.0], np.cumsum(negatives) / negatives.sum()))
    rise = np.concatenate(([0.0], np.cumsum(regions) / regions.sum()))
    inside = run <= limit
    edge = np.interp(limit, run, rise)
    x = np.concatenate((run[inside], [limit]))
    y = np.concatenate((rise[inside], [edge]))
    return float(np.trapezoid(y, x) / limit)
