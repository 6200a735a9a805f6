"""Where on an image a defect may lie: at places that look like those where it occurs.

A place is told by what surrounds it: how bright it is within its image, how rough, and
how that changes across it. Where real defects lie on the part, the background, the rim of
the part and printing look other than their surroundings and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, uniform_filter

from pitmark.synth.arrays import Floats, Mask

Reals = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

# Brightness against the bright end of the image, which does not depend on its exposure or
# on how much of it the part fills; roughness; slope. All are logarithms of ratios.
_SCALES = np.array([0.3, 0.45, 0.45])
_DARK = 0.02
# A place may be so far from the nearest real one, in these scales.
_REACH = 1.6
_APART_PX = 2
_GRID = 48


@dataclass(frozen=True)
class Planes:
    """An image as seen by windows of one size: three planes (H, W) of features."""

    features_hwk: Reals
    half_wh: tuple[int, int]


def look(image_hwc: Floats, window_wh: tuple[int, int]) -> Planes:
    """What surrounds every pixel of an image.

    Args:
        image_hwc: float32 (H, W, C) in [0, 1].
        window_wh: Size of the surroundings in pixels.

    Returns:
        The features of the window around every pixel.
    """
    gray = image_hwc.mean(axis=-1).astype(np.float64)
    size = (max(3, window_wh[1]), max(3, window_wh[0]))
    bright = float(np.percentile(gray, 95))
    mean = uniform_filter(gray, size, mode="nearest")
    rough = np.sqrt(np.maximum(uniform_filter(gray**2, size, mode="nearest") - mean**2, 0))
    fine = uniform_filter(
        np.abs(np.diff(gray, axis=1, append=gray[:, -1:])), size, mode="nearest"
    )
    floor = 0.004
    features = np.stack(
        [
            np.log(np.maximum(mean, 0) + _DARK) - np.log(bright + _DARK),
            np.log(rough + floor) - np.log(np.median(rough) + floor),
            np.log(fine + floor) - np.log(np.median(fine) + floor),
        ],
        axis=-1,
    )
    return Planes(features, (size[1] // 2, size[0] // 2))


def surroundings_of(filled_hwc: Floats, box_xyxy: Sequence[int]) -> Reals:
    """What surrounds a real defect.

    Args:
        filled_hwc: float32 (H, W, C), the image with the defect taken away.
        box_xyxy: Of the defect with its rim, in pixels.

    Returns:
        (3,) features, comparable with those of `look` on any image.
    """
    x0, y0, x1, y1 = box_xyxy
    row = min(filled_hwc.shape[0] - 1, (y0 + y1) // 2)
    column = min(filled_hwc.shape[1] - 1, (x0 + x1) // 2)
    found: Reals = look(filled_hwc, (x1 - x0, y1 - y0)).features_hwk[row, column]
    return found


def find_place(
    planes: Planes,
    known: Reals,
    taken_hw: Mask,
    patch_wh: tuple[int, int],
    *,
    sides: tuple[bool, bool, bool, bool],
    rng: np.random.Generator,
) -> tuple[int, int] | None:
    """A free place whose surroundings look like known ones.

    Args:
        planes: Of the image.
        known: (N, 3) surroundings of real defects.
        taken_hw: bool (H, W), where labels lie already.
        patch_wh: Size of the cutout in pixels.
        sides: At which sides of the image it must end.
        rng: Source of randomness.

    Returns:
        The pixel for the cutout's upper left corner, or None where there is no such place.
    """
    height, width = taken_hw.shape
    if patch_wh[0] > width or patch_wh[1] > height:
        return None
    lefts = _starts(width - patch_wh[0], sides[0], sides[2])
    tops = _starts(height - patch_wh[1], sides[1], sides[3])
    if not (len(lefts) and len(tops)):
        return None
    rows = np.clip(tops + patch_wh[1] // 2, 0, height - 1)
    columns = np.clip(lefts + patch_wh[0] // 2, 0, width - 1)
    found = planes.features_hwk[np.ix_(rows, columns)]
    free = _free(taken_hw, tops, lefts, patch_wh)
    apart = np.abs(found[..., None, :] - known) / _SCALES
    distance = np.sqrt((apart**2).sum(axis=-1)).min(axis=-1)
    good = np.flatnonzero((free & (distance <= _REACH)).ravel())
    if not len(good):
        return None
    # Nearer places are likelier, but no single one is.
    chance = np.exp(-(distance.ravel()[good] ** 2))
    chosen = int(rng.choice(good, p=chance / chance.sum()))
    top, left = divmod(chosen, len(lefts))
    return int(lefts[left]), int(tops[top])


def _starts(
    room: int, at_start: bool, at_end: bool
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    if at_start and at_end:
        return np.arange(0, 1 if room == 0 else 0)
    if at_start or at_end:
        return np.array([0 if at_start else room])
    return np.unique(np.linspace(0, room, min(room + 1, _GRID)).astype(np.intp))


def _free(
    taken_hw: Mask,
    tops: np.ndarray[tuple[int], np.dtype[np.intp]],
    lefts: np.ndarray[tuple[int], np.dtype[np.intp]],
    patch_wh: tuple[int, int],
) -> Mask:
    """(tops, lefts) whether a patch there covers no label."""
    taken = binary_dilation(taken_hw, iterations=_APART_PX) if taken_hw.any() else taken_hw
    sums = np.pad(taken.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    y0, x0 = tops[:, None], lefts[None, :]
    y1, x1 = y0 + patch_wh[1], x0 + patch_wh[0]
    return np.asarray(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0] == 0)
