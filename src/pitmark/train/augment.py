"""From scenes to varied training patches: where to look, how it is lit, what is added.

Every choice comes from the generator it is given, so the same seed gives the same
patches. Coordinates are scene pixels until a piece is rendered, patch pixels after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pitmark.train.dataset import Scene, shrink_mask

# A box of which less than this is in view is not shown to the network as a defect.
_VISIBLE_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training patches may stray from the images.

    `zoom` are the limits of the scale, 1 being what the finished model sees. `focus` is
    the share of patches placed on a defect. `mosaic`, `paste` and `paint` are shares of
    patches joined from four scenes, given a defect of another image, and given an
    invented anomaly.
    """

    flips: bool = True
    turns: bool = True
    zoom: tuple[float, float] = (0.6, 1.6)
    focus: float = 0.5
    light: float = 1.0
    mosaic: float = 0.0
    paste: float = 0.0
    paint: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A rendered part of a scene: (h, w, 3) float32 in [0, 1] with its truth."""

    pixels: NDArray[np.float32]
    boxes_xyxy: NDArray[np.float32]
    box_classes: NDArray[np.int64]
    mask_hw: NDArray[np.uint8]
    label: int


def blank(size_wh: tuple[int, int], *, fill: float = 0.5) -> Piece:
    """An empty piece: what padding looks like.

    Args:
        size_wh: Width and height in pixels.
        fill: Gray value in [0, 1]; the mean of the preprocessing becomes 0.

    Returns:
        A piece without any truth.
    """
    width, height = size_wh
    return Piece(
        np.full((height, width, 3), fill, dtype=np.float32),
        np.zeros((0, 4), dtype=np.float32),
        np.zeros(0, dtype=np.int64),
        np.zeros((height, width), dtype=np.uint8),
        -1,
    )


def random_piece(
    scene: Scene,
    size_wh: tuple[int, int],
    how: Augmentation,
    rng: np.random.Generator,
    *,
    fill: float = 0.5,
) -> Piece:
    """A random view of a scene: place, scale, orientation and light.

    Args:
        scene: The scene.
        size_wh: Width and height of the piece in pixels.
        how: The limits.
        rng: Source of all choices.
        fill: Gray value of padding, in [0, 1].

    Returns:
        The piece.
    """
    turned = how.turns and rng.random() < 0.5
    seen_wh = size_wh[::-1] if turned else size_wh
    window = random_window(scene, seen_wh, how, rng)
    piece = render(scene, window, seen_wh, fill=fill, light=(how.light, rng))
    if turned:
        piece = quarter_turn(piece)
    if how.flips and rng.random() < 0.5:
        piece = mirror(piece)
    if how.flips and rng.random() < 0.5:
        piece = quarter_turn(quarter_turn(mirror(piece)))
    return piece


def random_window(
    scene: Scene, size_wh: tuple[int, int], how: Augmentation, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Which part of a scene to show; it may reach over the rim where the scene is small.

    Args:
        scene: The scene.
        size_wh: Width and height of the piece in pixels.
        how: The limits.
        rng: Source of all choices.

    Returns:
        (x1, y1, x2, y2) in scene pixels.
    """
    zoom = float(np.exp(rng.uniform(*np.log(how.zoom))))
    stretch = float(np.exp(rng.uniform(-0.1, 0.1)))
    scale = scene.patch_scale * zoom
    sides = (size_wh[0] / (scale * stretch), size_wh[1] * stretch / scale)
    target = _focus_point(scene, rng) if rng.random() < how.focus else None
    corner = []
    for axis in (0, 1):
        slack = scene.size_wh[axis] - sides[axis]
        if slack <= 0:
            corner.append(rng.uniform(slack, 0))
        elif target is None:
            corner.append(rng.uniform(0, slack))
        else:
            start = target[axis] - sides[axis] * rng.uniform(0.2, 0.8)
            corner.append(float(np.clip(start, 0, slack)))
    return corner[0], corner[1], corner[0] + sides[0], corner[1] + sides[1]


def _focus_point(scene: Scene, rng: np.random.Generator) -> tuple[float, float] | None:
    """The middle of a random box, or a random defect pixel."""
    if len(scene.boxes_xyxy):
        x1, y1, x2, y2 = scene.boxes_xyxy[rng.integers(len(scene.boxes_xyxy))]
        return float(x1 + x2) / 2, float(y1 + y2) / 2
    if scene.mask_hw is not None:
        cells = np.flatnonzero(scene.mask_hw)
        if cells.size:
            row, column = divmod(int(cells[rng.integers(cells.size)]), scene.size_wh[0])
            return column + 0.5, row + 0.5
    return None


def render(
    scene: Scene,
    window_xyxy: tuple[float, float, float, float],
    size_wh: tuple[int, int],
    *,
    fill: float = 0.5,
    light: tuple[float, np.random.Generator] | None = None,
) -> Piece:
    """Part of a scene at a given size, with antialiasing.

    Args:
        scene: The scene.
        window_xyxy: The part in scene pixels; what lies outside becomes padding.
        size_wh: Width and height of the piece in pixels.
        fill: Gray value of padding, in [0, 1].
        light: Strength and source of changes of light; None leaves it as it is.

    Returns:
        The piece.
    """
    x1, y1, x2, y2 = window_xyxy
    scale = (size_wh[0] / (x2 - x1), size_wh[1] / (y2 - y1))
    low = (max(x1, 0.0), max(y1, 0.0))
    high = (min(x2, scene.size_wh[0]), min(y2, scene.size_wh[1]))
    start = [min(round((low[a] - (x1, y1)[a]) * scale[a]), size_wh[a] - 1) for a in (0, 1)]
    end = [
        int(np.clip(round((high[a] - (x1, y1)[a]) * scale[a]), start[a] + 1, size_wh[a]))
        for a in (0, 1)
    ]
    inner_wh = (end[0] - start[0], end[1] - start[1])
    part = (*low, *high)
    pixels = _resampled(scene.pixels, part, inner_wh)
    if light is not None:
        pixels = relight(pixels, light[0], light[1])
    out = blank(size_wh, fill=fill)
    area = np.s_[start[1] : end[1], start[0] : end[0]]
    out.pixels[area] = pixels if pixels.ndim == 3 else pixels[..., None]
    if scene.mask_hw is not None:
        out.mask_hw[area] = _resampled_mask(scene.mask_hw, part, inner_wh)
    moved = (scene.boxes_xyxy - np.array([x1, y1, x1, y1])) * np.array([*scale, *scale])
    boxes, kinds = visible_boxes(moved.astype(np.float32), scene.box_classes, size_wh)
    return replace(out, boxes_xyxy=boxes, box_classes=kinds, label=scene.label)


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


def visible_boxes(
    boxes_xyxy: NDArray[np.float32], classes: NDArray[np.int64], size_wh: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Boxes cut to the piece, without those that are hardly in view.

    Args:
        boxes_xyxy: (N, 4) in patch pixels.
        classes: (N,).
        size_wh: Width and height of the piece in pixels.

    Returns:
        The boxes that stay and their classes.
    """
    limit = np.array([*size_wh, *size_wh], dtype=np.float32)
    cut = np.clip(boxes_xyxy, 0, limit)
    whole = np.prod(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], axis=1)
    seen = np.prod(cut[:, 2:] - cut[:, :2], axis=1)
    keep = seen > np.maximum(whole * _VISIBLE_SHARE, 0)
    return cut[keep], classes[keep]


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


def mirror(piece: Piece) -> Piece:
    """The piece with left and right exchanged.

    Args:
        piece: Any piece.

    Returns:
        A new piece.
    """
    width = piece.pixels.shape[1]
    boxes = piece.boxes_xyxy.copy()
    boxes[:, [0, 2]] = width - piece.boxes_xyxy[:, [2, 0]]
    return replace(
        piece,
        pixels=piece.pixels[:, ::-1],
        mask_hw=piece.mask_hw[:, ::-1],
        boxes_xyxy=boxes,
    )


def quarter_turn(piece: Piece) -> Piece:
    """The piece turned by 90 degrees against the clock.

    Args:
        piece: Any piece.

    Returns:
        A new piece with width and height exchanged.
    """
    width = piece.pixels.shape[1]
    x1, y1, x2, y2 = piece.boxes_xyxy.T
    boxes = np.stack([y1, width - x2, y2, width - x1], axis=1)
    return replace(
        piece,
        pixels=np.rot90(piece.pixels),
        mask_hw=np.rot90(piece.mask_hw),
        boxes_xyxy=boxes,
    )
