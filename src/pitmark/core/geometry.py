"""Boxes and polygons, and the one coordinate convention.

Coordinates are pixels of the stored image: x to the right, y down, (0, 0) the outer
corner of the first pixel. Pixel (row r, column c) covers [c, c + 1] x [r, r + 1], so a
box over the whole image is (0, 0, W, H) and has area W * H.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError

Point = tuple[float, float]


def as_boxes(boxes_xyxy: ArrayLike) -> NDArray[np.float64]:
    """Boxes as a float array, also when there are none.

    Args:
        boxes_xyxy: (N, 4) in pixels, or an empty sequence.

    Returns:
        (N, 4) float64.

    Raises:
        InvalidInputError: The last axis is not four wide.
    """
    boxes = np.asarray(boxes_xyxy, dtype=np.float64)
    if boxes.size == 0:
        return np.zeros((0, 4))
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InvalidInputError(f"boxes must have shape (N, 4), found {boxes.shape}")
    return boxes


def box_area(boxes_xyxy: ArrayLike) -> NDArray[np.float64]:
    """Area of each box in square pixels; 0 for an empty or inverted one.

    Args:
        boxes_xyxy: (N, 4) in pixels.

    Returns:
        (N,) areas >= 0.
    """
    boxes = as_boxes(boxes_xyxy)
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1])


def clip_boxes(boxes_xyxy: ArrayLike, size_wh: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes cut to the image.

    Args:
        boxes_xyxy: (N, 4) in pixels.
        size_wh: Width and height of the image in pixels.

    Returns:
        (N, 4); a box outside the image becomes empty.
    """
    limit = np.array([*size_wh, *size_wh], dtype=np.float64)
    return np.clip(as_boxes(boxes_xyxy), 0, limit)


def iou_matrix(first_xyxy: ArrayLike, second_xyxy: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of every pair of boxes.

    Args:
        first_xyxy: (N, 4) in pixels.
        second_xyxy: (M, 4) in pixels.

    Returns:
        (N, M) in [0, 1]; pairs of empty boxes give 0.
    """
    a, b = as_boxes(first_xyxy), as_boxes(second_xyxy)
    # One axis of the image at a time: numpy is slow along a last axis of two.
    sides = [
        np.minimum(a[:, None, k + 2], b[None, :, k + 2])
        - np.maximum(a[:, None, k], b[None, :, k])
        for k in (0, 1)
    ]
    inter = np.maximum(sides[0], 0) * np.maximum(sides[1], 0)
    union = box_area(a)[:, None] + box_area(b)[None, :] - inter
    return np.asarray(np.where(union > 0, inter / np.where(union > 0, union, 1), 0.0))


def polygon_area(points: Sequence[Point]) -> float:
    """Area inside a simple polygon in square pixels (shoelace formula).

    Args:
        points: Corners (x, y) in order; the last joins the first.

    Returns:
        Area >= 0; 0 for fewer than three corners.
    """
    if len(points) < 3:
        return 0.0
    x, y = np.asarray(points, dtype=np.float64).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def polygon_box(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """The smallest box (x1, y1, x2, y2) around a polygon.

    Args:
        points: At least one corner (x, y) in pixels.

    Returns:
        Box in pixels.
    """
    x, y = np.asarray(points, dtype=np.float64).T
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def polygon_mask(
    rings: Sequence[Sequence[Point]], size_wh: tuple[int, int]
) -> NDArray[np.bool_]:
    """The pixels inside a shape of one or more rings (even-odd rule).

    A pixel belongs to the mask when its center lies inside. A second ring inside the
    first is a hole; rings apart are two parts.

    Args:
        rings: Lists of corners (x, y) in pixels.
        size_wh: Width and height of the image in pixels.

    Returns:
        (H, W) bool.
    """
    width, height = size_wh
    total = np.zeros((height, width), dtype=bool)
    for ring in rings:
        if len(ring) >= 3:
            total ^= _ring_mask(np.asarray(ring, dtype=np.float64), width, height)
    return total


def _ring_mask(ring: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Scan lines through pixel centers: Pillow's own fill also paints the border."""
    mask = np.zeros((height, width), dtype=bool)
    nxt = np.roll(ring, -1, axis=0)
    first = max(0, int(np.floor(ring[:, 1].min() - 0.5)))
    last = min(height, int(np.ceil(ring[:, 1].max() + 0.5)))
    for row in range(first, last):
        y = row + 0.5
        crosses = (ring[:, 1] <= y) != (nxt[:, 1] <= y)
        if not crosses.any():
            continue
        a, b = ring[crosses], nxt[crosses]
        xs = np.sort(a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1]))
        starts = np.clip(np.ceil(xs[0::2] - 0.5), 0, width).astype(int)
        ends = np.clip(np.ceil(xs[1::2] - 0.5), 0, width).astype(int)
        for start, end in zip(starts, ends, strict=True):
            mask[row, start:end] ^= True
    return mask


def mask_box(mask_hw: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """The smallest box around the set pixels of a mask.

    Args:
        mask_hw: (H, W) bool.

    Returns:
        (x1, y1, x2, y2) in pixels; all zero for an empty mask.
    """
    rows, columns = np.flatnonzero(mask_hw.any(1)), np.flatnonzero(mask_hw.any(0))
    if rows.size == 0:
        return 0.0, 0.0, 0.0, 0.0
    return (
        float(columns[0]),
        float(rows[0]),
        float(columns[-1] + 1),
        float(rows[-1] + 1),
    )
