"""Objects in maps of scores: connected regions that reach a limit, each as a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


@dataclass(frozen=True, slots=True)
class MaskObject:
    """A region: its class, its pixels in the image, and the mean score in it."""

    index: int
    mask_hw: NDArray[np.bool_]
    score: float


def objects_in_maps(
    maps_khw: NDArray[np.float32], *, limit: float, least_px: int = 9, most: int = 50
) -> list[MaskObject]:
    """The connected regions of each class, where it is the strongest and reaches a limit.

    Args:
        maps_khw: (K, H, W) scores in [0, 1].
        limit: The least score of a pixel, in [0, 1].
        least_px: Smaller regions are left out.
        most: How many regions at most; those with the highest sum of scores are kept.

    Returns:
        The regions, the one with the highest sum of scores first.
    """
    if not maps_khw.size:
        return []
    best = maps_khw.argmax(axis=0)
    found = []
    for index, scores in enumerate(maps_khw):
        numbered, count = ndimage.label((best == index) & (scores >= limit))
        sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
        sums = np.bincount(numbered.ravel(), weights=scores.ravel(), minlength=count + 1)[1:]
        found += [
            (float(sums[n]), index, numbered, n + 1, int(sizes[n]))
            for n in np.flatnonzero(sizes >= least_px).tolist()
        ]
    found.sort(key=lambda f: (-f[0], f[1], f[3]))
    return [
        MaskObject(index, numbered == number, total / size)
        for total, index, numbered, number, size in found[:most]
    ]
