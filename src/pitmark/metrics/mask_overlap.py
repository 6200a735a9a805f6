"""How well two masks of the same image agree: overlap, and distance of their borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MaskOverlap:
    """Two masks of one image in pixels; distances are None unless both mark something.

    `border_mean_px` is the mean distance from the border of either mask to that of the
    other, `border_p95_px` what 95 % of these distances do not exceed.
    """

    both_px: int
    first_px: int
    second_px: int
    all_px: int
    border_mean_px: float | None
    border_p95_px: float | None

    @property
    def dice(self) -> float | None:
        """2 * both / (first + second) in [0, 1]; None where both are empty."""
        total = self.first_px + self.second_px
        return 2 * self.both_px / total if total else None


@dataclass(frozen=True, slots=True)
class Outlined:
    """A mask with what its comparisons need, worked out once."""

    mask_hw: Mask
    border_hw: Mask | None
    distance_hw: NDArray[np.float32] | None


def outlined(mask_hw: Mask, *, borders: bool = True) -> Outlined:
    """A mask with its border and the distance of every pixel from that border.

    Args:
        mask_hw: (H, W) bool.
        borders: Whether distances are wanted.

    Returns:
        The mask; without border where it is empty.
    """
    if not borders or not mask_hw.any():
        return Outlined(mask_hw, None, None)
    # Beyond the rim counts as outside, so that a mask along the rim has a border there.
    border = mask_hw & ~binary_erosion(mask_hw)
    distance = distance_transform_edt(~border).astype(np.float32)
    return Outlined(mask_hw, border, distance)


def compare_masks(
    first: Outlined, second: Outlined, *, all_px: int | None = None
) -> MaskOverlap:
    """Two masks of one image against each other.

    Args:
        first: One mask.
        second: The other, of the same shape.
        all_px: Pixels of the whole image where the masks are a part of it.

    Returns:
        Counts and distances.

    Source:
        The symmetric surface distance of Heimann et al. (2009), Comparison and evaluation
        of methods for liver segmentation from CT datasets.
    """
    mean = far = None
    if first.border_hw is not None and second.border_hw is not None:
        there = cast("NDArray[np.float32]", second.distance_hw)[first.border_hw]
        back = cast("NDArray[np.float32]", first.distance_hw)[second.border_hw]
        distances = np.concatenate([there, back])
        mean, far = float(distances.mean()), float(np.quantile(distances, 0.95))
    return MaskOverlap(
        both_px=int((first.mask_hw & second.mask_hw).sum()),
        first_px=int(first.mask_hw.sum()),
        second_px=int(second.mask_hw.sum()),
        all_px=first.mask_hw.size if all_px is None else all_px,
        border_mean_px=mean,
        border_p95_px=far,
    )


def shared_part(masks: list[Mask]) -> tuple[slice, slice]:
    """The part of an image that holds all that is marked, with one pixel around.

    Args:
        masks: Of one image, at least one.

    Returns:
        Rows and columns; a single pixel where nothing is marked.
    """
    height, width = masks[0].shape
    rows = np.zeros(height, dtype=bool)
    columns = np.zeros(width, dtype=bool)
    for mask in masks:
        rows |= mask.any(axis=1)
        columns |= mask.any(axis=0)
    if not rows.any():
        return slice(0, 1), slice(0, 1)
    spans = []
    for line, limit in ((rows, height), (columns, width)):
        marked = np.flatnonzero(line)
        spans.append(slice(max(0, int(marked[0]) - 1), min(limit, int(marked[-1]) + 2)))
    return spans[0], spans[1]
