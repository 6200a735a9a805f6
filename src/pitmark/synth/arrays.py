"""Array types and the few image operations that every part of synth needs."""

from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Reals = NDArray[np.floating]
Mask = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Rgb = tuple[float, float, float]

_WIDE_SIGMA_PX = 2.5


def planar(shape_hw: tuple[int, int], channels: int) -> Floats:
    """An uninitialized (H, W, C) image whose channels are contiguous planes in memory.

    Arithmetic on whole planes is several times faster than on interleaved triples, and
    numpy keeps the layout through elementwise operations.

    Args:
        shape_hw: height and width in pixels.
        channels: number of channels.

    Returns:
        float32 (H, W, C).
    """
    return np.moveaxis(np.empty((channels, *shape_hw), np.float32), 0, -1)


def resize(plane_hw: Floats, size_wh: tuple[int, int], *, smooth: bool = True) -> Floats:
    """A plane at another size.

    Args:
        plane_hw: float32 (H, W).
        size_wh: wanted width and height in pixels.
        smooth: bicubic, for enlarging; else a triangle as wide as the step, for
            shrinking.

    Returns:
        float32 plane of the wanted size.
    """
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(plane_hw).resize(size_wh, how), np.float32)


def _three_taps(image: Floats, side: float, axis: int) -> Floats:
    swapped = np.moveaxis(image, axis, 0)
    out = swapped * np.float32(1.0 - 2.0 * side)
    scaled = swapped * np.float32(side)
    out[1:] += scaled[:-1]
    out[:-1] += scaled[1:]
    out[0] += scaled[0]
    out[-1] += scaled[-1]
    return np.moveaxis(out, 0, axis)


def blur(image: Floats, sigma_px: float) -> Floats:
    """A plane or image blurred by about a Gaussian, edges repeated.

    Args:
        image: float32 (H, W) or (H, W, C).
        sigma_px: standard deviation in pixels; 0 gives the input back.

    Returns:
        float32 of the same shape.
    """
    if sigma_px <= 0.0:
        return image
    if sigma_px > _WIDE_SIGMA_PX and min(image.shape[:2]) > 4 * sigma_px:
        return _wide_blur(image, sigma_px)
    passes = max(1, ceil(sigma_px**2 / 0.5))
    side = sigma_px**2 / passes / 2.0
    for _ in range(passes):
        image = _three_taps(_three_taps(image, side, 0), side, 1)
    return image


def _wide_blur(image: Floats, sigma_px: float) -> Floats:
    """Blur at reduced size: a wide blur leaves nothing that full size would keep."""
    if image.ndim == 3:
        planes = [_wide_blur(image[..., c], sigma_px) for c in range(image.shape[2])]
        return np.stack(planes, axis=-1)
    shrink = sigma_px / 1.5
    height, width = image.shape
    small_wh = (max(2, round(width / shrink)), max(2, round(height / shrink)))
    small = resize(np.ascontiguousarray(image), small_wh, smooth=False)
    return resize(blur(small, 1.4), (width, height))


def smoothstep(values: Reals, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, a smooth ramp between (works downhill too).

    Args:
        values: any floating array.
        low: where the ramp leaves 0.
        high: where the ramp reaches 1; below `low` for a falling ramp.

    Returns:
        float32 of the same shape, in [0, 1].
    """
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    ramp: Floats = (t * t * (3.0 - 2.0 * t)).astype(np.float32, copy=False)
    return ramp


def gradient(plane_hw: Floats) -> tuple[Floats, Floats]:
    """Slopes of a plane by central differences; 0 along an axis of one pixel.

    Args:
        plane_hw: float32 (H, W).

    Returns:
        The change per pixel along x and along y, float32 (H, W) each.
    """
    slopes = []
    for axis in (1, 0):
        if plane_hw.shape[axis] > 1:
            slopes.append(np.asarray(np.gradient(plane_hw, axis=axis), np.float32))
        else:
            slopes.append(np.zeros_like(plane_hw))
    return slopes[0], slopes[1]


def bounds_xyxy(mask_hw: Mask) -> tuple[int, int, int, int]:
    """The tight box around a mask, in pixel corners; (0, 0, 0, 0) for an empty one.

    Args:
        mask_hw: bool (H, W).

    Returns:
        x0, y0, x1, y1 with x1 and y1 exclusive, so that area is width times height.
    """
    columns = np.flatnonzero(mask_hw.any(axis=0))
    rows = np.flatnonzero(mask_hw.any(axis=1))
    if not len(columns):
        return (0, 0, 0, 0)
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def centered_grid(
    half_wh: tuple[int, int], center_xy: tuple[float, float] = (0.0, 0.0)
) -> tuple[Floats, Floats]:
    """Pixel-center coordinates of a patch, measured from a point near its middle.

    Args:
        half_wh: half width and half height; the patch has 2 * half + 1 pixels a side.
        center_xy: offset of the origin from the middle pixel's center, in pixels.

    Returns:
        x and y, float32 (2 * half_h + 1, 2 * half_w + 1).
    """
    half_w, half_h = half_wh
    x = np.arange(-half_w, half_w + 1, dtype=np.float32) - np.float32(center_xy[0])
    y = np.arange(-half_h, half_h + 1, dtype=np.float32) - np.float32(center_xy[1])
    return np.meshgrid(x, y, copy=True)
