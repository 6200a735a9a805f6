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
from pitmark.quality.faults.odds import log_odds
from pitmark.quality.faults.region_grid import LabeledRegion

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BINS = 64
_EIGHT = np.ones((3, 3), dtype=int)
_ACCOUNTED = 0.25
_PLACEBO_TRIES = 10
_PEAK = 90
_FLOOR = 1e-3


class Outlines:
    """What a model outlines at the labeled regions of one image, however weakly it sees it.

    Around a region the outline runs where the value of any class, in log odds, has fallen
    to half of its height over the background: a model that is half as sure of all it sees
    draws the same outline.

    Args:
        maps_khw: (K, h, w) in [0, 1], K at least 1.
        regions: All labeled regions on the same grid.
    """

    def __init__(self, maps_khw: Floats, regions: Sequence[LabeledRegion]) -> None:
        self._value = log_odds(maps_khw.max(axis=0), _FLOOR)
        self._covered = np.zeros(self._value.shape, dtype=bool)
        for region in regions:
            self._covered |= region.cells
        bare = self._value[~self._covered]
        self._background = float(np.median(bare if bare.size else self._value))

    def at(self, region: LabeledRegion) -> Mask:
        """(h, w) what stands out at the region, other regions left out; may be empty."""
        cells = region.cells
        high = self.above(region) >= 0
        numbered, _ = ndimage.label(high & (cells | ~self._covered), structure=_EIGHT)
        touched = np.unique(numbered[cells])
        return np.isin(numbered, touched[touched > 0])

    def above(self, region: LabeledRegion) -> Floats:
        """(h, w) how far the value lies above the outline at the region; below 0 outside."""
        peak = float(np.percentile(self._value[region.cells], _PEAK))
        if peak <= self._background:
            return np.full(self._value.shape, -1.0)
        return self._value - (peak + self._background) / 2

    def overlap(self, region: LabeledRegion) -> float:
        """Intersection over union of the region and what stands out there, in [0, 1]."""
        seen = self.at(region)
        return float((seen & region.cells).sum() / (seen | region.cells).sum())


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
        overlaps: (N,) intersection over union with what stands out at the region, down to
            half of its own height; 0 where nothing stands out.
        place_classes: (P,) class of each predicted part.
        place_scores: (P,) its score.
        labeled: (P,) whether a label accounts for it.
    """

    margin: Floats
    parts: NDArray[np.int32]
    scores: Floats
    overlaps: Floats
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
    outlines = Outlines(maps_khw, regions)
    covered = np.zeros(margin.shape, dtype=int)
    for region in regions:
        covered += region.cells
    labeled = np.zeros(count, dtype=bool)
    for at, region in enumerate(regions):
        scores[at] = _better_half(maps_khw[:, region.cells])
        shared = np.bincount(parts[region.cells], minlength=count + 1)[1:]
        labeled |= shared >= _ACCOUNTED * region.cells.sum()
    overlaps = np.array([outlines.overlap(region) for region in regions], dtype=np.float64)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    shared = np.bincount(parts[covered > 0], minlength=count + 1)[1:]
    labeled |= shared >= _ACCOUNTED * sizes
    means = _part_means(maps_khw, parts, count)
    classes = means.argmax(axis=0).astype(np.int64)
    best = means.max(axis=0, initial=0.0)
    return RegionMeeting(margin, parts, scores, overlaps, classes, best, labeled)


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
            return float(_better_half(maps_khw[:, down, right]).max(initial=0.0))
    return None


def _better_half(values: Floats) -> Floats:
    """(K,) mean of the higher half of (K, cells): a sloppy outline reaches over the rim."""
    kept = (values.shape[1] + 1) // 2
    return np.asarray(np.sort(values, axis=1)[:, -kept:].mean(axis=1))


def _part_means(maps_khw: Floats, parts: NDArray[np.int32], count: int) -> Floats:
    """(K, P) mean of each map over each part."""
    sizes = np.maximum(np.bincount(parts.ravel(), minlength=count + 1)[1:], 1)
    sums = [
        np.bincount(parts.ravel(), weights=m.ravel(), minlength=count + 1)[1:] for m in maps_khw
    ]
    return np.stack(sums) / sizes
