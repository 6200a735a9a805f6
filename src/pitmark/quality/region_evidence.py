"""How the labeled and predicted regions of one image meet, on the grid of the maps.

Everything happens at the resolution of the maps, one image at a time; only numbers are kept
from one image to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pitmark.core.predictions import Prediction
from pitmark.quality.class_evidence import log_odds
from pitmark.quality.region_grid import LabeledRegion

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BINS = 64
_EIGHT = np.ones((3, 3), dtype=int)
_ACCOUNTED = 0.25
_PLACEBO_TRIES = 10
# A sloppy outline reaches over the rim: the better half of a region speaks for it.
_SPEAKING_PART = 75
_OWN_RIM = 10
_RIM_AROUND = 75
_FLOOR = 1e-3


class MapHistogram:
    """Where the map of each class parts its labeled cells from all others.

    Args:
        class_count: K.
    """

    def __init__(self, class_count: int) -> None:
        self._inside = np.zeros((class_count, _BINS))
        self._all = np.zeros((class_count, _BINS))

    def add(
        self, maps_khw: Floats, regions: Sequence[LabeledRegion], classes: Sequence[str]
    ) -> None:
        """Counts the cells of one image.

        Args:
            maps_khw: (K, h, w) in [0, 1].
            regions: Of the image.
            classes: (K,) class names.
        """
        for position, name in enumerate(classes):
            bins = np.minimum((maps_khw[position] * _BINS).astype(np.int64), _BINS - 1)
            truth = np.zeros(bins.shape, dtype=bool)
            for region in regions:
                truth |= region.cells if region.label == name else False
            self._all[position] += np.bincount(bins.ravel(), minlength=_BINS)
            self._inside[position] += np.bincount(bins[truth], minlength=_BINS)

    def limits(self) -> Floats:
        """(K,) the map value with the best overlap (Dice) with the labels; 0.5 unlabeled."""
        above = np.cumsum(self._all[:, ::-1], axis=1)[:, ::-1]
        hit = np.cumsum(self._inside[:, ::-1], axis=1)[:, ::-1]
        dice = 2 * hit / np.maximum(above + hit[:, :1], 1)
        best = dice[:, 1:].argmax(axis=1) + 1
        return np.where(hit[:, 0] > 0, best / _BINS, 0.5)


@dataclass(frozen=True, eq=False)
class RegionMeeting:
    """The labels and predicted parts of one image.

    Attributes:
        margin: (h, w) how far the best class lies above its limit.
        parts: (h, w) number of the predicted part of each cell, from 1; 0 for none.
        scores: (N, K) score per class at each labeled region.
        overlaps: (N,) intersection over union with the predicted parts it touches.
        rims: (N, 2) how far the value falls from the region to its own rim, and to the
            rim around it, in log odds; NaN where there is no such rim.
        place_classes: (P,) class of each predicted part.
        place_scores: (P,) its score.
        labeled: (P,) whether a label accounts for it.
    """

    margin: Floats
    parts: NDArray[np.int32]
    scores: Floats
    overlaps: Floats
    rims: Floats
    place_classes: NDArray[np.int64]
    place_scores: Floats
    labeled: Mask


def clean_maps(prediction: Prediction) -> Floats:
    """The maps of a prediction as finite numbers.

    Args:
        prediction: With maps.

    Returns:
        (K, h, w) in [0, 1].
    """
    maps = np.zeros((0, 1, 1)) if prediction.maps_khw is None else prediction.maps_khw
    return np.clip(np.nan_to_num(np.asarray(maps, dtype=np.float64)), 0, 1)


def meet_regions(
    maps_khw: Floats, regions: Sequence[LabeledRegion], limits: Floats
) -> RegionMeeting:
    """How the regions of an image and its maps meet.

    Args:
        maps_khw: (K, h, w) in [0, 1], K at least 1.
        regions: Labeled regions on the same grid.
        limits: (K,) map value from which a class counts as seen.

    Returns:
        The meeting.
    """
    margin = (maps_khw - limits[:, None, None]).max(axis=0)
    parts, count = ndimage.label(margin >= 0, structure=_EIGHT)
    scores = np.zeros((len(regions), len(maps_khw)))
    overlaps = np.zeros(len(regions))
    covered = np.zeros(margin.shape, dtype=int)
    for region in regions:
        covered += region.cells
    labeled = np.zeros(count, dtype=bool)
    for at, region in enumerate(regions):
        scores[at] = np.percentile(maps_khw[:, region.cells], _SPEAKING_PART, axis=1)
        shared = np.bincount(parts[region.cells], minlength=count + 1)[1:]
        labeled |= shared >= _ACCOUNTED * region.cells.sum()
        seen = touching(parts, region.cells) & ~((covered > 0) & ~region.cells)
        joint = (seen & region.cells).sum()
        overlaps[at] = joint / (seen | region.cells).sum()
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    shared = np.bincount(parts[covered > 0], minlength=count + 1)[1:]
    labeled |= shared >= _ACCOUNTED * sizes
    means = _part_means(maps_khw, parts, count)
    classes = means.argmax(axis=0).astype(np.int64)
    best = means.max(axis=0, initial=0.0)
    rims = _rims(maps_khw, regions, covered > 0)
    return RegionMeeting(margin, parts, scores, overlaps, rims, classes, best, labeled)


def touching(parts: NDArray[np.int32], cells: Mask) -> Mask:
    """The predicted parts that a region touches.

    Args:
        parts: (h, w) number of the part of each cell; 0 for none.
        cells: (h, w) the region.

    Returns:
        (h, w) bool.
    """
    numbers = np.unique(parts[cells])
    return np.isin(parts, numbers[numbers > 0])


def placebo_region_score(
    maps_khw: Floats,
    region: LabeledRegion,
    labeled: Mask,
    rng: np.random.Generator,
) -> float | None:
    """The best score at a region moved to where nobody labeled anything.

    Args:
        maps_khw: (K, h, w) in [0, 1].
        region: Of the same image.
        labeled: (h, w) all labeled cells of the image.
        rng: For the place.

    Returns:
        Score in [0, 1]; None where there is no room.
    """
    rows, columns = np.nonzero(region.cells)
    rows, columns = rows - rows.min(), columns - columns.min()
    height, width = labeled.shape
    for _ in range(_PLACEBO_TRIES):
        down = rows + rng.integers(height - rows.max())
        right = columns + rng.integers(width - columns.max())
        if not labeled[down, right].any():
            values = np.percentile(maps_khw[:, down, right], _SPEAKING_PART, axis=1)
            return float(values.max(initial=0.0))
    return None


def _rims(maps_khw: Floats, regions: Sequence[LabeledRegion], covered: Mask) -> Floats:
    """(N, 2) falls of the value of any class, in log odds.

    Drawn too wide, a region falls off within itself; too narrow, hardly beyond itself.
    """
    value = log_odds(maps_khw.max(axis=0), _FLOOR)
    rims = np.full((len(regions), 2), np.nan)
    for at, region in enumerate(regions):
        near = np.nonzero(region.cells)
        reach = max(1, round(np.sqrt(len(near[0])) / 4))
        window = tuple(slice(max(n.min() - reach, 0), n.max() + reach + 1) for n in near)
        cells, values = region.cells[window], value[window]
        around = ndimage.binary_dilation(cells, structure=_EIGHT, iterations=reach)
        around &= ~covered[window]
        peak, own = np.percentile(values[cells], (_SPEAKING_PART, _OWN_RIM))
        rims[at, 0] = peak - own
        if around.any():
            rims[at, 1] = peak - np.percentile(values[around], _RIM_AROUND)
    return rims


def _part_means(maps_khw: Floats, parts: NDArray[np.int32], count: int) -> Floats:
    """(K, P) mean of each map over each part."""
    sizes = np.maximum(np.bincount(parts.ravel(), minlength=count + 1)[1:], 1)
    sums = [
        np.bincount(parts.ravel(), weights=m.ravel(), minlength=count + 1)[1:] for m in maps_khw
    ]
    return np.stack(sums) / sizes
