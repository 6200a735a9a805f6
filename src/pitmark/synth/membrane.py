"""A smooth surface through known pixels: what would be there without the defect.

The unknown pixels solve Laplace's equation with the known ones around them as rim, as in
gradient-domain blending: taken as the ground under a defect, it leaves no seam.

Source: Perez, Gangnet and Blake (2003), Poisson image editing. ACM Transactions on
Graphics 22.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from pitmark.synth.arrays import Floats, Mask

_SWEEPS = 24
# The known pixels are averaged over their own noise before they set the rim.
_NOISE_PX = 1.0


def smooth_fill(image_hwc: Floats, known_hw: Mask) -> Floats:
    """An image whose unknown pixels continue the known ones smoothly.

    Args:
        image_hwc: float32 (H, W, C).
        known_hw: bool (H, W), at least one true; these pixels are given back unchanged.

    Returns:
        float32 (H, W, C).
    """
    weight = known_hw.astype(np.float32)[..., None]
    calm = _averaged(image_hwc, weight)
    filled = _relaxed(_pulled(calm * weight, weight), calm, known_hw)
    return np.where(known_hw[..., None], image_hwc, filled)


def _averaged(image_hwc: Floats, weight: Floats) -> Floats:
    """The known pixels, each averaged with its known neighbors."""
    size = (_NOISE_PX, _NOISE_PX, 0)
    total = gaussian_filter(image_hwc * weight, size)
    share = gaussian_filter(weight, size)
    return np.asarray(np.where(weight > 0, total / np.maximum(share, 1e-6), 0), np.float32)


def _pulled(sums: Floats, weight: Floats) -> Floats:
    """Every pixel as the mean of the known ones near it, from a pyramid of sums."""
    mean = np.asarray(sums / np.maximum(weight, 1e-6), np.float32)
    if (weight > 0).all() or max(weight.shape) == 1:
        return mean
    coarse = _pulled(*(_halved(a) for a in (sums, weight)))
    rows, columns = weight.shape[:2]
    grown = coarse.repeat(2, axis=0)[:rows].repeat(2, axis=1)[:, :columns]
    return np.asarray(np.where(weight > 0, mean, grown), np.float32)


def _halved(plane: Floats) -> Floats:
    rows, columns, channels = plane.shape
    padded = np.pad(plane, ((0, rows % 2), (0, columns % 2), (0, 0)))
    shape = (padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, channels)
    return np.asarray(padded.reshape(shape).sum(axis=(1, 3)), np.float32)


def _relaxed(start: Floats, rim: Floats, known_hw: Mask) -> Floats:
    """Some wide and many narrow sweeps towards the mean of the neighbors."""
    out, known = start, known_hw[..., None]
    side = max(known_hw.shape)
    for sigma in (side / 8, side / 16, side / 32, *([0.8] * _SWEEPS)):
        if sigma >= 0.5:
            out = gaussian_filter(np.where(known, rim, out), (sigma, sigma, 0), mode="nearest")
    return np.asarray(np.where(known, rim, out), np.float32)
