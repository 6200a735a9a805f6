"""From the shapes of an image to cells of the maps, and from cells back to pixels.

A mask of several parts is taken apart, as one part may be right and another wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pitmark.core.geometry import Point, polygon_mask
from pitmark.core.labels import (
    ImageClass,
    MaskShape,
    PolygonShape,
    Shape,
    shape_box,
    shape_mask,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EIGHT = np.ones((3, 3), dtype=int)


@dataclass(frozen=True, eq=False)
class LabeledRegion:
    """A part of a shape on the (h, w) grid."""

    shape_index: int
    label: str
    cells: Mask


def labeled_regions(
    shapes: Sequence[Shape], size_wh: tuple[int, int], grid_hw: tuple[int, int]
) -> list[LabeledRegion]:
    """The parts of all shapes of an image, none smaller than a cell.

    Args:
        shapes: Of the image; the class of an image and empty masks give no region.
        size_wh: Of the image in pixels.
        grid_hw: Of the maps in cells.

    Returns:
        The regions, in the order of the shapes.
    """
    regions = []
    for index, shape in enumerate(shapes):
        if isinstance(shape, ImageClass):
            continue
        cells = _on_grid(shape, size_wh, grid_hw)
        if not cells.any():
            continue
        if not isinstance(shape, MaskShape):
            regions.append(LabeledRegion(index, shape.label, cells))
            continue
        numbered, count = ndimage.label(cells, structure=_EIGHT)
        regions += [
            LabeledRegion(index, shape.label, numbered == part) for part in range(1, count + 1)
        ]
    return regions


def at_full_size(cells: Mask, margin: Floats, size_wh: tuple[int, int]) -> Mask:
    """The pixels of predicted cells, with the outline where the margin passes 0.

    Args:
        cells: (h, w) bool.
        margin: (h, w) above 0 inside.
        size_wh: Of the image in pixels.

    Returns:
        (H, W) bool; never empty for cells that are not.
    """
    near = spread(ndimage.binary_dilation(cells, structure=_EIGHT), size_wh)
    plane = Image.fromarray(margin.astype(np.float32)).resize(
        size_wh, Image.Resampling.BILINEAR
    )
    pixels = near & (np.asarray(plane) >= 0)
    return pixels if pixels.any() else spread(cells, size_wh)


def spread(cells: Mask, size_wh: tuple[int, int]) -> Mask:
    """The pixels that cells cover.

    Args:
        cells: (h, w) bool.
        size_wh: Of the image in pixels.

    Returns:
        (H, W) bool.
    """
    plane = Image.fromarray(cells.astype(np.uint8)).resize(size_wh, Image.Resampling.NEAREST)
    return np.asarray(plane) > 0


def pixels_of(
    shape: Shape, region: LabeledRegion, parts_count: int, size_wh: tuple[int, int]
) -> tuple[Mask, Mask]:
    """The pixels of one part of a shape, and those of its other parts.

    Args:
        shape: The shape that the region is of.
        region: The part.
        parts_count: How many parts the shape has.
        size_wh: Of the image in pixels.

    Returns:
        Two (H, W) bool masks.
    """
    everything = shape_mask(shape, size_wh)
    if parts_count < 2:
        return everything, np.zeros_like(everything)
    near = spread(ndimage.binary_dilation(region.cells, structure=_EIGHT), size_wh)
    return everything & near, everything & ~near


def _on_grid(shape: Shape, size_wh: tuple[int, int], grid_hw: tuple[int, int]) -> Mask:
    """Cells that a shape covers to one half, or those it covers most."""
    height, width = grid_hw
    if isinstance(shape, MaskShape):
        cover = _block_means(shape_mask(shape, size_wh), grid_hw)
        return np.asarray((cover >= min(0.5, cover.max())) & (cover > 0))
    scale_x, scale_y = width / size_wh[0], height / size_wh[1]
    x1, y1, x2, y2 = shape_box(shape) or (0.0, 0.0, 0.0, 0.0)
    rings: Sequence[Sequence[Point]] = [[(x1, y1), (x2, y1), (x2, y2), (x1, y2)]]
    if isinstance(shape, PolygonShape):
        rings = shape.rings
    scaled = [[(x * scale_x, y * scale_y) for x, y in ring] for ring in rings]
    cells = polygon_mask(scaled, (width, height))
    if not cells.any():
        column = int(np.clip((x1 + x2) / 2 * scale_x, 0, width - 1))
        row = int(np.clip((y1 + y2) / 2 * scale_y, 0, height - 1))
        cells[row, column] = True
    return cells


def _block_means(mask_hw: Mask, grid_hw: tuple[int, int]) -> Floats:
    """(h, w) share of set pixels per cell."""
    rows = np.arange(grid_hw[0]) * mask_hw.shape[0] // grid_hw[0]
    columns = np.arange(grid_hw[1]) * mask_hw.shape[1] // grid_hw[1]
    down = np.add.reduceat(mask_hw, rows, axis=0, dtype=np.int64)
    total = np.add.reduceat(down, columns, axis=1)
    high = np.maximum(np.diff(rows, append=mask_hw.shape[0]), 1)
    wide = np.maximum(np.diff(columns, append=mask_hw.shape[1]), 1)
    return np.asarray(total / (high[:, None] * wide[None, :]))
