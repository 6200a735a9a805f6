"""What can be measured on an object or an image, for a rule that people could follow.

Sizes are given in mm where the size of a pixel is known, else in pixels. Contrast and
brightness are in gray levels from 0 to 255, whatever the depth of the image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.label_book import Measure
from pitmark.core.labels import Box
from pitmark.quality.rules.search import Feature

# Metadata that say how large a pixel is on the part: name to mm from their value.
_SCALES: Mapping[str, Callable[[float], float]] = {
    "mm_per_px": lambda v: v,
    "mm_per_pixel": lambda v: v,
    "um_per_px": lambda v: v / 1000,
    "px_per_mm": lambda v: 1 / v,
    "pixels_per_mm": lambda v: 1 / v,
}
# Names in the label book and of what else is measured; sizes are compared by ratio.
_SIZES: Mapping[str, Measure] = {"length": "length", "short side": "short_side", "area": "area"}
_RATIOS = ("aspect",)
_RING = 0.25
_RING_PX = 2.0
_FEWEST_LEVELS = 12
_PASSED_OVER = frozenset({"split", *_SCALES})


def mm_per_px(metadata: Mapping[str, object], book_scale: float | None = None) -> float | None:
    """The size of a pixel on the part, from the metadata of an image or the label book.

    Args:
        metadata: Of the image; mm_per_px, um_per_px, px_per_mm and the like are known.
        book_scale: Of the label book, which comes second.

    Returns:
        In mm, above 0; None where nothing usable says so.
    """
    for name, convert in _SCALES.items():
        value = metadata.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            scale = float(convert(value))
            if np.isfinite(scale):
                return scale
    return book_scale


def measure_object(
    box_xyxy: Box,
    area_px: float,
    size_wh: tuple[int, int],
    *,
    scale: float | None = None,
    pixels: NDArray[np.generic] | None = None,
) -> dict[str, float]:
    """What is measured on one object.

    Args:
        box_xyxy: Around it, in pixels of the image.
        area_px: Its area in square pixels.
        size_wh: Width and height of the image in pixels.
        scale: Size of a pixel in mm; None gives sizes in pixels.
        pixels: (H, W) or (H, W, 3) of the image, or None to leave the light out.

    Returns:
        Name to value, the same names for all objects measured with the same arguments.
    """
    x1, y1, x2, y2 = box_xyxy
    unit = 1.0 if scale is None else scale
    sides = max(x2 - x1, y2 - y1), min(x2 - x1, y2 - y1)
    width, height = size_wh
    border = max(0.0, min(x1, y1, width - x2, height - y2))
    out = {
        "length": sides[0] * unit,
        "short side": sides[1] * unit,
        "area": area_px * unit**2,
        "aspect": sides[0] / sides[1],
        "distance to the border": border * unit,
        "position across": (x1 + x2) / 2 / width,
        "position down": (y1 + y2) / 2 / height,
    }
    return out if pixels is None else {**out, **_light(box_xyxy, pixels)}


def measure_image(pixels: NDArray[np.generic]) -> dict[str, float]:
    """What is measured on a whole image.

    Args:
        pixels: (H, W) or (H, W, 3).

    Returns:
        Name to value.
    """
    gray = _gray(pixels)
    return {"brightness": float(gray.mean()), "contrast": float(gray.std())}


def measured_features(
    rows: Sequence[Mapping[str, float]], unit: str, metadata: Sequence[Mapping[str, object]]
) -> list[Feature]:
    """The features of N answers, from measurements and metadata.

    Args:
        rows: (N,) from `measure_object` or `measure_image`.
        unit: px or mm, in which sizes were measured.
        metadata: (N,) of the images.

    Returns:
        Those that every answer has; texts may be missing and count as empty.
    """
    out = []
    for name in rows[0] if rows else ():
        values = np.array([row.get(name, np.nan) for row in rows], dtype=np.float64)
        measure = _SIZES.get(name)
        told = f"{unit}²" if measure == "area" else unit
        sized = measure is not None or name == "distance to the border"
        log = measure is not None or name in _RATIOS
        given = told if sized else ("gray levels" if name in ("contrast", "brightness") else "")
        out.append(Feature(name, values, given, log=log, measure=measure))
    return out + metadata_features(metadata)


def metadata_features(metadata: Sequence[Mapping[str, object]]) -> list[Feature]:
    """The features that metadata give, without splits and scales.

    Args:
        metadata: (N,) of the images.

    Returns:
        Numbers where every image has one and a dozen differ, else texts.
    """
    names = sorted({k for m in metadata for k in m} - _PASSED_OVER)
    return [_from_metadata(name, metadata) for name in names]


def _from_metadata(name: str, metadata: Sequence[Mapping[str, object]]) -> Feature:
    found = [m.get(name) for m in metadata]
    numbers = [v for v in found if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(found) and len(set(numbers)) >= _FEWEST_LEVELS:
        return Feature(name, np.array(numbers, dtype=np.float64))
    texts = np.array(["" if v is None else str(v) for v in found])
    return Feature(name, texts, choices=True)


def _light(box_xyxy: Box, pixels: NDArray[np.generic]) -> dict[str, float]:
    """How bright an object is, and by how much it differs from the ring around it."""
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = box_xyxy
    reach = max(_RING * max(x2 - x1, y2 - y1), _RING_PX)
    left, top = max(0, int(x1 - reach)), max(0, int(y1 - reach))
    right, bottom = min(width, int(np.ceil(x2 + reach))), min(height, int(np.ceil(y2 + reach)))
    gray = _gray(pixels[top:bottom, left:right])
    inside = np.zeros(gray.shape, dtype=bool)
    rows = slice(max(0, int(y1) - top), max(int(y1) + 1, int(np.ceil(y2))) - top)
    columns = slice(max(0, int(x1) - left), max(int(x1) + 1, int(np.ceil(x2))) - left)
    inside[rows, columns] = True
    if inside.all() or not inside.any():
        level = float(gray.mean()) if gray.size else 0.0
        return {"contrast": 0.0, "brightness": level}
    level = float(np.median(gray[~inside]))
    # A thin line fills little of its box: the strongest quarter of it is what people see.
    away = np.sort(np.abs(gray[inside] - level))
    return {"contrast": float(away[3 * len(away) // 4 :].mean()), "brightness": level}


def _gray(pixels: NDArray[np.generic]) -> NDArray[np.float64]:
    gray = np.asarray(pixels, dtype=np.float64)
    if pixels.dtype == np.uint16:
        gray = gray / 257
    return gray.mean(axis=2) if gray.ndim == 3 else gray
