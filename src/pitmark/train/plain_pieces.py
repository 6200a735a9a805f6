"""Images as the model will see them, nothing augmented, and what every cell should say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pitmark.core.inspector import InspectorSpec
from pitmark.train.augment import Piece, render
from pitmark.train.dataset import Scene
from pitmark.train.linear import CELL_STRIDE

# A cell answers for a box when its middle lies in the inner part of it.
_INNER = 0.6


def plain_pieces(scene: Scene, spec: InspectorSpec) -> list[Piece]:
    """A scene as the model will see it: whole, or in tiles without overlap.

    Args:
        scene: The scene.
        spec: What to learn.

    Returns:
        At least one piece.
    """
    width, height = spec.preprocess.input_wh
    wide, high = width / scene.patch_scale, height / scene.patch_scale
    columns = max(1, int(np.ceil(scene.size_wh[0] / wide - 1e-3)))
    lines = max(1, int(np.ceil(scene.size_wh[1] / high - 1e-3)))
    return [
        render(
            scene,
            (x * wide, y * high, (x + 1) * wide, (y + 1) * high),
            (width, height),
            fill=spec.preprocess.mean,
        )
        for y in range(lines)
        for x in range(columns)
    ]


def cell_truth(piece: Piece, spec: InspectorSpec) -> NDArray[np.float32]:
    """What every cell of stride 8 should say.

    Args:
        piece: A rendered piece.
        spec: Of detection or segmentation.

    Returns:
        (cells, K) of 0 and 1; detection adds four distances to the sides of the box in
        pixels, not a number where a cell answers for none.
    """
    count = len(spec.classes)
    rows, columns = (s // CELL_STRIDE for s in piece.pixels.shape[:2])
    if spec.task == "segmentation":
        cells = piece.mask_hw.reshape(rows, CELL_STRIDE, columns, CELL_STRIDE)
        shares = [(cells == k + 1).mean(axis=(1, 3)) >= 0.25 for k in range(count)]
        return np.stack(shares, axis=-1).reshape(-1, count).astype(np.float32)
    ys = np.repeat((np.arange(rows) + 0.5) * CELL_STRIDE, columns)
    xs = np.tile((np.arange(columns) + 0.5) * CELL_STRIDE, rows)
    truth = np.full((rows * columns, count + 4), np.nan, dtype=np.float32)
    truth[:, :count] = 0
    for (x1, y1, x2, y2), kind in zip(piece.boxes_xyxy, piece.box_classes, strict=True):
        off_x = np.abs(xs - (x1 + x2) / 2) / (max(x2 - x1, CELL_STRIDE / _INNER) / 2)
        off_y = np.abs(ys - (y1 + y2) / 2) / (max(y2 - y1, CELL_STRIDE / _INNER) / 2)
        inner = np.maximum(off_x, off_y) <= _INNER
        sides = np.stack([xs - x1, ys - y1, x2 - xs, y2 - ys], axis=1)
        truth[inner, kind] = 1
        truth[inner, count:] = sides[inner]
    return truth
