"""Patches joined from several scenes: mosaics, and defects pasted onto other images.

Sources: Bochkovskiy et al., "YOLOv4", 2020 (mosaic); Ghiasi et al., "Simple copy-paste
is a strong data augmentation method", 2021.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from pitmark.train.augment import Augmentation, Piece, blank, random_piece, visible_boxes
from pitmark.train.dataset import Scene

# Around a pasted defect this share of its size comes along, to blend.
_MARGIN = 0.25
_MAX_SHARE = 0.5


def mosaic(
    scenes: tuple[Scene, Scene, Scene, Scene],
    size_wh: tuple[int, int],
    how: Augmentation,
    rng: np.random.Generator,
    *,
    fill: float = 0.5,
) -> Piece:
    """Four views side by side, meeting at a random point.

    Args:
        scenes: Four scenes, the same one may occur twice.
        size_wh: Width and height of the piece in pixels.
        how: The limits for each view.
        rng: Source of all choices.
        fill: Gray value of padding, in [0, 1].

    Returns:
        The joined piece; it has no class as a whole.
    """
    width, height = size_wh
    across = int(width * rng.uniform(0.3, 0.7))
    down = int(height * rng.uniform(0.3, 0.7))
    out = blank(size_wh, fill=fill)
    reference = out.pixels.copy()
    boxes, kinds = [], []
    areas = (
        (0, 0, across, down),
        (across, 0, width, down),
        (0, down, across, height),
        (across, down, width, height),
    )
    for scene, (x1, y1, x2, y2) in zip(scenes, areas, strict=True):
        piece = random_piece(scene, (x2 - x1, y2 - y1), how, rng, fill=fill)
        out.pixels[y1:y2, x1:x2] = piece.pixels
        out.mask_hw[y1:y2, x1:x2] = piece.mask_hw
        if piece.reference is not None:
            reference[y1:y2, x1:x2] = piece.reference
        boxes.append(piece.boxes_xyxy + np.array([x1, y1, x1, y1], dtype=np.float32))
        kinds.append(piece.box_classes)
    return replace(
        out,
        boxes_xyxy=np.concatenate(boxes),
        box_classes=np.concatenate(kinds),
        reference=reference if scenes[0].reference is not None else None,
    )


def paste_defect(
    piece: Piece, donor: Piece, rng: np.random.Generator, *, fill: float = 0.5
) -> Piece:
    """One defect of a donor pasted somewhere onto a piece.

    Its surroundings are brought to the gray level of the place, and the seam is faded;
    the reference of the place stays without it.
    Nothing happens where the donor has no defect that fits, or the place has one already.

    Args:
        piece: Receives the defect.
        donor: Of the same size.
        rng: Source of all choices.
        fill: Gray value of padding, in [0, 1]; nothing is pasted onto it.

    Returns:
        A new piece, or the same.
    """
    found = _random_defect(donor, rng)
    if found is None:
        return piece
    box, kind, alpha, core = found
    x1, y1, x2, y2 = box
    high, wide = y2 - y1, x2 - x1
    rows, columns = piece.pixels.shape[:2]
    if high > rows * _MAX_SHARE or wide > columns * _MAX_SHARE:
        return piece
    top, left = int(rng.integers(rows - high + 1)), int(rng.integers(columns - wide + 1))
    place = np.s_[top : top + high, left : left + wide]
    taken = piece.mask_hw[place].any() or (piece.pixels[place] == fill).all(axis=2).any()
    if taken or _hits(piece.boxes_xyxy, (left, top, wide, high)):
        return piece
    source = donor.pixels[y1:y2, x1:x2]
    pixels = piece.pixels.copy()
    pixels[place] = _blended(pixels[place], source, alpha)
    mask = piece.mask_hw.copy()
    mask[place][core] = kind + 1
    new = donor.boxes_xyxy - np.array([x1 - left, y1 - top] * 2, dtype=np.float32)
    inside = (new[:, :2] >= (left, top)).all(1) & (new[:, 2:] <= (left + wide, top + high)).all(
        1
    )
    boxes, kinds = visible_boxes(new[inside], donor.box_classes[inside], (columns, rows))
    return replace(
        piece,
        pixels=pixels,
        mask_hw=mask,
        boxes_xyxy=np.concatenate([piece.boxes_xyxy, boxes]),
        box_classes=np.concatenate([piece.box_classes, kinds]),
    )


def _random_defect(
    donor: Piece, rng: np.random.Generator
) -> tuple[tuple[int, int, int, int], int, NDArray[np.float32], NDArray[np.bool_]] | None:
    """Region, class, opacity and pixels of one defect of a piece."""
    rows, columns = donor.pixels.shape[:2]
    if len(donor.boxes_xyxy):
        chosen = int(rng.integers(len(donor.boxes_xyxy)))
        x1, y1, x2, y2 = donor.boxes_xyxy[chosen]
        kind = int(donor.box_classes[chosen])
        core = np.zeros((rows, columns), dtype=np.float32)
        core[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = 1
    elif donor.mask_hw.any():
        parts, count = label(donor.mask_hw)
        core = (parts == rng.integers(1, count + 1)).astype(np.float32)
        ys, xs = np.nonzero(core)
        x1, y1, x2, y2 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        kind = int(donor.mask_hw[ys[0], xs[0]]) - 1
    else:
        return None
    room = 3 + _MARGIN * max(x2 - x1, y2 - y1) / 2
    left, top = max(0, int(x1 - room)), max(0, int(y1 - room))
    right, bottom = min(columns, int(x2 + room)), min(rows, int(y2 + room))
    part = core[top:bottom, left:right]
    soft = gaussian_filter(np.pad(part, 1), room / 3)[1:-1, 1:-1]
    alpha = np.maximum(part, np.clip(soft * 2, 0, 1))
    # The seam lies inside the region, never at its rim.
    fade = np.minimum.outer(_ramp(bottom - top), _ramp(right - left))
    opacity = np.asarray(alpha * fade, dtype=np.float32)
    return (left, top, right, bottom), kind, opacity, part > 0


def _ramp(length: int) -> NDArray[np.float32]:
    steps = np.arange(length, dtype=np.float32) + 0.5
    return np.asarray(np.minimum(np.minimum(steps, length - steps) / 2, 1), dtype=np.float32)


def _blended(
    under: NDArray[np.float32], over: NDArray[np.float32], alpha: NDArray[np.float32]
) -> NDArray[np.float32]:
    rim = alpha < 0.1
    if rim.any():
        over = over + (under[rim].mean(axis=0) - over[rim].mean(axis=0))
    mixed = alpha[..., None] * over + (1 - alpha[..., None]) * under
    return np.asarray(np.clip(mixed, 0, 1), dtype=np.float32)


def _hits(boxes_xyxy: NDArray[np.float32], place_xywh: tuple[int, int, int, int]) -> bool:
    x, y, wide, high = place_xywh
    apart = (
        (boxes_xyxy[:, 0] >= x + wide)
        | (boxes_xyxy[:, 2] <= x)
        | (boxes_xyxy[:, 1] >= y + high)
        | (boxes_xyxy[:, 3] <= y)
    )
    return bool((~apart).any())
