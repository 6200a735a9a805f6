"""Cuts a defect out of its photograph: what it does to the surface, apart from that surface.

A cutout holds no gray values but factors: by how much the defect changes what the sound
surface would show. So it can be laid on a darker or brighter place and keep its contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_fill_holes, gaussian_filter, label

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import Floats, Mask, bounds_xyxy
from pitmark.synth.membrane import smooth_fill
from pitmark.synth.paste import noise_level
from pitmark.synth.photo import Pixels, as_float_hwc

# Black reflects a little: factors on it stay finite.
BLACK = np.float32(0.03)
# Sound surface that comes along on every side, as a share of the defect's side.
_RIM_SHARE = 0.3
_LEAST_RIM_PX = 5
# The skin of a defect that no label covers.
_SKIN_PX = 2
# How many deviations of the surface's own grain a pixel of a defect differs at least.
_DEVIATIONS = 2.5
_LEAST_SHARE_OF_BOX = 0.03
# The faintest change of light (a logarithm) that counts as one.
_LEAST_CHANGE = 0.02


@dataclass(frozen=True)
class Cutout:
    """A defect apart from its surface; all arrays share one shape (h, w).

    Attributes:
        factor_hwc: float32 (h, w, C), above 0: what the defect makes of the surface's
            reflectance; 1 where it does nothing.
        mask_hw: bool, where a person says that the defect is.
        skin_hw: bool, the defect with its unlabeled rim; outside the factor is 1.
        grain: deviation of the pixel noise around it, for pixels in [0, 1].
        blur_px: how blurred its photograph is, as a Gaussian's deviation.
        sides: where its photograph ends at the defect: left, top, right, bottom.
        margin_share: how much longer the side of its labeled box is than the defect's.
    """

    factor_hwc: Floats
    mask_hw: Mask
    skin_hw: Mask
    grain: float
    blur_px: float
    sides: tuple[bool, bool, bool, bool] = (False, False, False, False)
    margin_share: float = 0.0

    @property
    def size_px(self) -> float:
        """Longer side of the defect."""
        x0, y0, x1, y1 = bounds_xyxy(self.mask_hw)
        return float(max(x1 - x0, y1 - y0))


def cut_defect(
    image: NDArray[Pixels], mask_hw: Mask, *, others_hw: Mask | None = None
) -> Cutout:
    """A defect cut out by its mask.

    Args:
        image: (H, W) or (H, W, C), uint8, uint16, or floating in [0, 1].
        mask_hw: bool (H, W), the defect.
        others_hw: bool (H, W), further defects, which tell nothing about the surface.

    Returns:
        The cutout.

    Raises:
        InvalidInputError: The mask is empty, of another size, or leaves no surface.
    """
    pixels = as_float_hwc(image)
    if mask_hw.shape != pixels.shape[:2] or not mask_hw.any():
        raise InvalidInputError(
            f"a mask {mask_hw.shape} with {int(mask_hw.sum())} pixels marks no defect on an"
            f" image {pixels.shape[:2]}"
        )
    window, sides = _window(mask_hw)
    part, mask = pixels[window], mask_hw[window]
    skin = binary_dilation(mask, iterations=_SKIN_PX)
    foreign = (
        binary_dilation(others_hw[window], iterations=_SKIN_PX) & ~mask
        if others_hw is not None
        else np.zeros_like(mask)
    )
    sound = ~(skin | foreign)
    if not sound.any():
        raise InvalidInputError(
            "a defect covers all of its surroundings: no surface is left to compare it with",
            hint="Such a defect cannot be moved; only its own images can teach it.",
        )
    ground = smooth_fill(part, sound)
    factor = (part + BLACK) / (ground + BLACK)
    factor = np.where((skin & ~foreign)[..., None], factor, np.float32(1.0))
    return Cutout(
        np.clip(factor, 0.05, 20.0).astype(np.float32),
        mask,
        skin,
        noise_level(part, sound),
        blur_of(pixels),
        sides,
    )


def cut_box(
    image: NDArray[Pixels],
    box_xyxy: tuple[float, float, float, float],
    *,
    others_hw: Mask | None = None,
) -> Cutout:
    """A defect cut out by its box: its pixels are those that differ from what is around.

    Args:
        image: (H, W) or (H, W, C), uint8, uint16, or floating in [0, 1].
        box_xyxy: The box in pixels.
        others_hw: bool (H, W), further defects.

    Returns:
        The cutout, with `margin_share` of the box.

    Raises:
        InvalidInputError: The box lies outside the image or fills it.
    """
    pixels = as_float_hwc(image)
    box_mask = np.zeros(pixels.shape[:2], np.bool_)
    x1, y1, x2, y2 = box_xyxy
    rows, columns = (
        slice(max(0, int(y1)), int(np.ceil(y2))),
        slice(max(0, int(x1)), int(np.ceil(x2))),
    )
    box_mask[rows, columns] = True
    rough = cut_defect(image, box_mask, others_hw=others_hw)
    window, _ = _window(box_mask)
    mask = np.zeros_like(box_mask)
    mask[window] = _differs(rough, pixels[window])
    found = cut_defect(image, mask, others_hw=others_hw)
    a, b, c, d = bounds_xyxy(mask)
    margin = max((x2 - x1) / (c - a), (y2 - y1) / (d - b)) - 1.0
    return Cutout(
        found.factor_hwc,
        found.mask_hw,
        found.skin_hw,
        found.grain,
        found.blur_px,
        found.sides,
        float(np.clip(margin, 0.0, 1.0)),
    )


def _differs(rough: Cutout, part_hwc: Floats) -> Mask:
    """Where in a box the surface looks other than around it; an ellipse if nowhere."""
    change = np.abs(np.log(rough.factor_hwc)).max(axis=-1)
    inside = rough.mask_hw
    level = float(part_hwc[~rough.skin_hw].mean()) if (~rough.skin_hw).any() else 0.5
    limit = _DEVIATIONS * rough.grain / (level + float(BLACK))
    soft = gaussian_filter(change, 0.7)
    # Half of the strongest change is where an edge is seen.
    limit = max(limit, _LEAST_CHANGE, 0.35 * float(np.percentile(soft[inside], 98)))
    found = binary_fill_holes((soft > limit) & inside)
    parts, count = label(found)
    if count:
        sizes = np.bincount(parts.ravel())[1:]
        found = np.isin(parts, 1 + np.flatnonzero(sizes >= 0.15 * sizes.max()))
    if found.sum() >= _LEAST_SHARE_OF_BOX * inside.sum():
        return np.asarray(found, np.bool_)
    x0, y0, x1, y1 = bounds_xyxy(inside)
    y, x = np.mgrid[: inside.shape[0], : inside.shape[1]] + 0.5
    round_ = ((2 * x - x0 - x1) / (x1 - x0)) ** 2 + ((2 * y - y0 - y1) / (y1 - y0)) ** 2
    return np.asarray(round_ <= 1.0, np.bool_)


def _window(mask_hw: Mask) -> tuple[tuple[slice, slice], tuple[bool, bool, bool, bool]]:
    """The defect with its rim, and at which sides the image ends there."""
    height, width = mask_hw.shape
    x0, y0, x1, y1 = bounds_xyxy(mask_hw)
    rim = max(_LEAST_RIM_PX, round(_RIM_SHARE * max(x1 - x0, y1 - y0)))
    window = (
        slice(max(0, y0 - rim), min(height, y1 + rim)),
        slice(max(0, x0 - rim), min(width, x1 + rim)),
    )
    return window, (x0 <= 1, y0 <= 1, x1 >= width - 1, y1 >= height - 1)


def blur_of(image_hwc: Floats) -> float:
    """How blurred a photograph is, from how much its sharpest edges lose by blurring.

    Args:
        image_hwc: float32 (H, W, C) in [0, 1].

    Returns:
        Deviation of the Gaussian that an ideal edge would have gone through, in pixels,
        at most 3.

    Source:
        Zhuo and Sim (2011), Defocus map estimation from a single image. Pattern
        Recognition 44.
    """
    gray = image_hwc.mean(axis=-1)
    if min(gray.shape) < 8:
        return 0.0
    again = 1.0
    slopes = []
    for plane in (gaussian_filter(gray, 0.5), gaussian_filter(gray, np.hypot(0.5, again))):
        dy, dx = np.gradient(plane)
        slopes.append(np.hypot(dx, dy))
    edges = slopes[0] >= np.percentile(slopes[0], 99)
    ratio = float(np.median(slopes[0][edges] / np.maximum(slopes[1][edges], 1e-6)))
    if ratio <= 1.05:
        return 3.0
    return float(np.clip(np.sqrt(max(0.0, again**2 / (ratio**2 - 1) - 0.25)), 0.0, 3.0))
