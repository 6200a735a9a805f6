"""What a window shows of an image: the part at a given size, and under which light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pitmark.train.dataset import shrink_mask

Window = tuple[float, float, float, float]


def shown(
    pixels: NDArray[Any],
    window_xyxy: Window,
    size_wh: tuple[int, int],
    *,
    fill: float = 0.5,
    light: tuple[float, np.random.Generator] | None = None,
) -> NDArray[np.float32]:
    """Part of an image at a given size, as `render` shows it.

    Args:
        pixels: (h, w) or (h, w, 3), uint8 or uint16.
        window_xyxy: The part in its pixels; what lies outside becomes padding.
        size_wh: Width and height wanted in pixels.
        fill: Gray value of padding, in [0, 1].
        light: Strength and source of changes of light; None leaves it as it is.

    Returns:
        (height, width, 3) in [0, 1].
    """
    part, area, inner_wh = _inside((pixels.shape[1], pixels.shape[0]), window_xyxy, size_wh)
    inner = _resampled(pixels, part, inner_wh)
    if light is not None:
        inner = relight(inner, light[0], light[1])
    out = np.full((size_wh[1], size_wh[0], 3), fill, dtype=np.float32)
    out[area] = inner if inner.ndim == 3 else inner[..., None]
    return out


def shown_mask(
    mask_hw: NDArray[np.uint8], window_xyxy: Window, size_wh: tuple[int, int]
) -> NDArray[np.uint8]:
    """Part of a mask at a given size, without losing thin lines.

    Args:
        mask_hw: (h, w), 0 for background and k + 1 for class k.
        window_xyxy: The part in its pixels; outside there is background.
        size_wh: Width and height wanted in pixels.

    Returns:
        (height, width).
    """
    image_wh = (mask_hw.shape[1], mask_hw.shape[0])
    part, area, inner_wh = _inside(image_wh, window_xyxy, size_wh)
    out = np.zeros((size_wh[1], size_wh[0]), dtype=np.uint8)
    out[area] = _resampled_mask(mask_hw, part, inner_wh)
    return out


def relight(
    pixels: NDArray[np.float32], strength: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The same surface under other light, through another lens, with other noise.

    Args:
        pixels: (h, w) or (h, w, 3) in [0, 1].
        strength: 0 changes nothing, 1 is usual.
        rng: Source of all choices.

    Returns:
        The same shape, in [0, 1].
    """
    if strength <= 0:
        return pixels
    gamma = float(np.exp(rng.normal(0, 0.2) * strength))
    gain = float(np.exp(rng.normal(0, 0.12) * strength))
    shift = float(rng.normal(0, 0.04) * strength)
    out = np.clip(pixels, 1e-4, 1) ** np.float32(gamma)
    if out.ndim == 3 and rng.random() < 0.3:
        out *= np.exp(rng.normal(0, 0.05 * strength, size=3)).astype(np.float32)
    middle = np.float32(out.mean())
    out = (out - middle) * np.float32(gain) + middle + np.float32(shift)
    if rng.random() < 0.15 * strength:
        sigma = float(rng.uniform(0.4, 1.2))
        out = gaussian_filter(out, (sigma, sigma, 0) if out.ndim == 3 else sigma)
    if rng.random() < 0.3 * strength:
        sigma = float(rng.uniform(0.005, 0.03))
        out = out + np.float32(sigma) * rng.standard_normal(out.shape, dtype=np.float32)
    return np.asarray(np.clip(out, 0, 1), dtype=np.float32)


def _inside(
    image_wh: tuple[int, int],
    window_xyxy: Window,
    size_wh: tuple[int, int],
) -> tuple[tuple[float, ...], tuple[slice, slice], tuple[int, int]]:
    """The part of a window that shows the image, where it lies in a piece, and its size."""
    x1, y1, x2, y2 = window_xyxy
    scale = (size_wh[0] / (x2 - x1), size_wh[1] / (y2 - y1))
    low = (max(x1, 0.0), max(y1, 0.0))
    high = (min(x2, image_wh[0]), min(y2, image_wh[1]))
    start = [min(round((low[a] - (x1, y1)[a]) * scale[a]), size_wh[a] - 1) for a in (0, 1)]
    end = [
        int(np.clip(round((high[a] - (x1, y1)[a]) * scale[a]), start[a] + 1, size_wh[a]))
        for a in (0, 1)
    ]
    area = (slice(start[1], end[1]), slice(start[0], end[0]))
    return (*low, *high), area, (end[0] - start[0], end[1] - start[1])


def _resampled(
    pixels: NDArray[Any], part: tuple[float, ...], size_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Part of an image at a given size, in [0, 1]."""
    how = Image.Resampling.BILINEAR
    x1, y1, x2, y2 = part
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels).resize(size_wh, how, box=(x1, y1, x2, y2))
        return np.asarray(image, np.float32) * np.float32(1 / 255)
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    resized = [
        np.asarray(
            Image.fromarray(planes[..., c].astype(np.float32)).resize(
                size_wh, how, box=(x1, y1, x2, y2)
            )
        )
        for c in range(planes.shape[2])
    ]
    unit = np.stack(resized, axis=2) * np.float32(1 / 65535)
    return unit[..., 0] if pixels.ndim == 2 else unit


def _resampled_mask(
    mask_hw: NDArray[np.uint8], part: tuple[float, ...], size_wh: tuple[int, int]
) -> NDArray[np.uint8]:
    x1, y1, x2, y2 = part
    out = np.zeros((size_wh[1], size_wh[0]), dtype=np.uint8)
    seen = mask_hw[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
    for number in np.unique(seen):
        if number:
            out[shrink_mask(mask_hw == number, (x1, y1, x2, y2), size_wh)] = number
    return out
