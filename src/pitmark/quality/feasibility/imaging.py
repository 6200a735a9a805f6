"""What the imaging of a part gives: light, focus and where defects stand out.

Levels are shares of full scale. An edge width is how many pixels a step of brightness
spreads over: 1 for a perfect one, about 2.5 times the standard deviation of a blur.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import Box

Floats = NDArray[np.float64]

_WINDOW_PX = 48
_WINDOWS = 10
_ACROSS_PX = 5
_CLEAR = 10.0
# Least slope per pixel and least rise of an edge: gray levels of 8 bits are coarse.
_LEAST_SLOPE, _LEAST_RISE = 1.5 / 255, 6 / 255
_FEWEST_EDGES = 3
_LEAST_EDGE_SHARE = 0.1
_EDGE_QUANTILE = 0.1
_SLOPE_ENDS = 0.1
_LOW, _HIGH = 0.02, 0.98
_EXTREME = 0.08
_THUMB = 32
_RING = 0.25
_RING_PX = 2.0
_PLACES = 24


@dataclass(frozen=True, slots=True)
class ImageFigures:
    """How one image was taken.

    Attributes:
        dark: Level that one pixel in two hundred stays below.
        mean: Mean level.
        bright: Level that one pixel in two hundred exceeds.
        clipped_low: Share of pixels at or near black.
        clipped_high: Share of pixels at or near full scale.
        two_levels: Share of pixels that are nearly black or nearly white.
        edge_px: Width of the sharper edges in pixels; nan where no edge is clear.
    """

    dark: float
    mean: float
    bright: float
    clipped_low: float
    clipped_high: float
    two_levels: float
    edge_px: float


def gray_levels(pixels: NDArray[np.generic]) -> Floats:
    """Brightness as a share of full scale.

    Args:
        pixels: (H, W) or (H, W, 3), uint8 or uint16.

    Returns:
        (H, W) in [0, 1].
    """
    full = 65535 if pixels.dtype == np.uint16 else 255
    gray = np.asarray(pixels, dtype=np.float64) / full
    return np.asarray(gray.mean(axis=2)) if gray.ndim == 3 else gray


def image_figures(gray_hw: Floats) -> ImageFigures:
    """How an image was taken.

    Args:
        gray_hw: (H, W) from `gray_levels`.

    Returns:
        The figures.
    """
    step = max(1, int(np.sqrt(gray_hw.size / 1e6)))
    some = gray_hw[::step, ::step]
    dark, bright = (float(v) for v in np.quantile(some, [0.005, 0.995]))
    ends = (some < _EXTREME) | (some > 1 - _EXTREME)
    return ImageFigures(
        dark,
        float(some.mean()),
        bright,
        float((some <= _LOW).mean()),
        float((some >= _HIGH).mean()),
        float(ends.mean()),
        edge_width(gray_hw),
    )


def edge_width(gray_hw: Floats) -> float:
    """Over how many pixels the sharper edges of an image spread.

    Args:
        gray_hw: (H, W) in [0, 1].

    Returns:
        In pixels, at least 1; nan where too few edges rise above the noise.
    """
    found = []
    places = len(_starts(gray_hw.shape[0])) * len(_starts(gray_hw.shape[1]))
    for top in _starts(gray_hw.shape[0]):
        for left in _starts(gray_hw.shape[1]):
            window = gray_hw[top : top + _WINDOW_PX, left : left + _WINDOW_PX]
            widths = [w for w in (_steepest(window), _steepest(window.T)) if w is not None]
            found += [min(widths)] if widths else []
    if len(found) < max(min(_FEWEST_EDGES, places), _LEAST_EDGE_SHARE * places):
        return float("nan")
    return float(np.quantile(found, _EDGE_QUANTILE))


def _starts(size: int) -> list[int]:
    count = max(1, min(_WINDOWS, size // _WINDOW_PX))
    last = max(0, size - _WINDOW_PX)
    return [round(x) for x in np.linspace(0, last, count).tolist()]


def _steepest(window: Floats) -> float | None:
    """Width of the steepest edge that crosses the rows of a window; None if unclear."""
    if min(window.shape) < 2 * _ACROSS_PX:
        return None
    # Means over a few lines along the edge: noise must not end its slope too early.
    sums = np.cumsum(np.vstack([np.zeros(window.shape[1]), window]), axis=0)
    lines = (sums[_ACROSS_PX:] - sums[:-_ACROSS_PX]) / _ACROSS_PX
    slopes = np.diff(lines, axis=1)
    row, column = np.unravel_index(int(np.abs(slopes).argmax()), slopes.shape)
    slope = slopes[row] * np.sign(slopes[row, column])
    peak = slope[column]
    noise = float(np.median(np.abs(np.diff(window, n=2, axis=1)))) / 1.65
    if peak <= max(_CLEAR * noise / np.sqrt(_ACROSS_PX), _LEAST_SLOPE):
        return None
    low = high = int(column)
    while low > 0 and slope[low - 1] > _SLOPE_ENDS * peak:
        low -= 1
    while high < len(slope) - 1 and slope[high + 1] > _SLOPE_ENDS * peak:
        high += 1
    rise = float(slope[low : high + 1].sum())
    return rise / float(peak) if rise >= _LEAST_RISE else None


def small_view(gray_hw: Floats) -> Floats:
    """An image as a few means without its brightness, to compare poses and backgrounds.

    Args:
        gray_hw: (H, W).

    Returns:
        (32 * 32,) of length 1, or zeros for an empty image.
    """
    height, width = (max(side, _THUMB) for side in gray_hw.shape)
    # Images smaller than the view repeat their pixels.
    gray = gray_hw[np.arange(height) * gray_hw.shape[0] // height]
    gray = gray[:, np.arange(width) * gray_hw.shape[1] // width]
    rows = np.linspace(0, height, _THUMB + 1).astype(int)
    columns = np.linspace(0, width, _THUMB + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(gray, rows[:-1], axis=0), columns[:-1], axis=1)
    view = sums / np.outer(np.diff(rows), np.diff(columns))
    view = (view - view.mean()).ravel()
    length = float(np.linalg.norm(view))
    return view / length if length > 1e-6 else np.zeros_like(view)


def likeness_of_views(views: Floats) -> float:
    """How much images share pose and background.

    Args:
        views: (N, 1024) from `small_view`, N at least 2.

    Returns:
        Mean correlation of two images, in [-1, 1]; 1 for a fixed pose.
    """
    count = len(views)
    total = float(np.square(views.sum(axis=0)).sum() - np.square(views).sum())
    return total / (count * (count - 1))


def contrast_to_noise(
    gray_hw: Floats, box_xyxy: Box, taken: NDArray[np.bool_], rng: np.random.Generator
) -> float:
    """How far a defect stands out from what else there is at its size in the same image.

    Args:
        gray_hw: (H, W) in [0, 1].
        box_xyxy: Around the defect, in pixels.
        taken: (H, W) pixels of all defects, where nothing is compared with.
        rng: Of the places to compare with.

    Returns:
        Its difference to its surroundings beyond the usual one of other places, in standard
        deviations of those; negative for less. nan where no other place is free.
    """
    height, width = gray_hw.shape
    x1, y1 = max(0, int(box_xyxy[0])), max(0, int(box_xyxy[1]))
    size_wh = max(1, int(np.ceil(box_xyxy[2])) - x1), max(1, int(np.ceil(box_xyxy[3])) - y1)
    if size_wh[0] >= width or size_wh[1] >= height:
        return float("nan")
    usual = []
    for _ in range(4 * _PLACES):
        left = int(rng.integers(0, width - size_wh[0]))
        top = int(rng.integers(0, height - size_wh[1]))
        if not taken[top : top + size_wh[1], left : left + size_wh[0]].any():
            usual.append(_difference(gray_hw, left, top, size_wh))
        if len(usual) == _PLACES:
            break
    if len(usual) < _PLACES // 3:
        return float("nan")
    middle = float(np.median(usual))
    spread = 1.4826 * float(np.median(np.abs(np.array(usual) - middle)))
    # Half a gray level of 8 bits is the least that a camera resolves.
    return (_difference(gray_hw, x1, y1, size_wh) - middle) / max(spread, 0.5 / 255)


def _difference(gray_hw: Floats, left: int, top: int, size_wh: tuple[int, int]) -> float:
    """The strongest quarter of a place against the ring around it."""
    reach = round(max(_RING * max(size_wh), _RING_PX))
    y0, x0 = max(0, top - reach), max(0, left - reach)
    part = gray_hw[y0 : top + size_wh[1] + reach, x0 : left + size_wh[0] + reach]
    inside = np.zeros(part.shape, dtype=bool)
    inside[top - y0 : top - y0 + size_wh[1], left - x0 : left - x0 + size_wh[0]] = True
    if inside.all() or not inside.any():
        return 0.0
    # A thin line fills little of its box.
    away = np.sort(np.abs(part[inside] - np.median(part[~inside])))
    return float(away[3 * len(away) // 4 :].mean())
