"""From scenes to varied training patches: where to look, how it is lit, what is added.

Every choice comes from the generator it is given, so the same seed gives the same
patches. Coordinates are scene pixels until a piece is rendered, patch pixels after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.train.dataset import Scene
from pitmark.train.windows import shown, shown_mask

# A box of which less than this is in view is not shown to the network as a defect.
_VISIBLE_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training patches may stray from the images.

    `zoom` are the limits of the scale, 1 being what the finished model sees. `focus` is
    the share of patches placed on a defect. `mosaic`, `paste` and `paint` are shares of
    patches joined from four scenes, given a defect of another image, and given an
    invented anomaly. A reference is shown shifted by up to `jitter_px` in either
    direction, as parts never lie quite alike.
    """

    flips: bool = True
    turns: bool = True
    zoom: tuple[float, float] = (0.6, 1.6)
    focus: float = 0.5
    light: float = 1.0
    mosaic: float = 0.0
    paste: float = 0.0
    paint: float = 0.0
    jitter_px: float = 3.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A rendered part of a scene: (h, w, 3) float32 in [0, 1] with its truth.

    `reference` is the same part of the scene's reference, where it has one.
    """

    pixels: NDArray[np.float32]
    boxes_xyxy: NDArray[np.float32]
    box_classes: NDArray[np.int64]
    mask_hw: NDArray[np.uint8]
    label: int
    reference: NDArray[np.float32] | None = None


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

    Its reference is seen from the same place, scale and orientation, under light of its
    own.

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
    shift = (0.0, 0.0)
    if scene.reference is not None:
        x, y = rng.uniform(-how.jitter_px, how.jitter_px, size=2) / scene.patch_scale
        shift = (float(x), float(y))
    light = (how.light, rng)
    piece = render(scene, window, seen_wh, fill=fill, light=light, shift_xy=shift)
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
    if target is None and how.focus > 0:
        # Sound places are drawn as defects are. Windows drawn evenly would hardly ever show
        # the rim of an image but with a defect, and all rims would look like one.
        target = (rng.uniform(0, scene.size_wh[0]), rng.uniform(0, scene.size_wh[1]))
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
    shift_xy: tuple[float, float] = (0.0, 0.0),
) -> Piece:
    """Part of a scene at a given size, with antialiasing.

    Args:
        scene: The scene.
        window_xyxy: The part in scene pixels; what lies outside becomes padding.
        size_wh: Width and height of the piece in pixels.
        fill: Gray value of padding, in [0, 1].
        light: Strength and source of changes of light, drawn for the image and for its
            reference apart; None leaves both as they are.
        shift_xy: How far off the reference lies, in scene pixels.

    Returns:
        The piece.
    """
    pixels = shown(scene.pixels, window_xyxy, size_wh, fill=fill, light=light)
    mask = np.zeros((size_wh[1], size_wh[0]), dtype=np.uint8)
    if scene.mask_hw is not None:
        mask = shown_mask(scene.mask_hw, window_xyxy, size_wh)
    x1, y1, x2, y2 = window_xyxy
    scale = (size_wh[0] / (x2 - x1), size_wh[1] / (y2 - y1))
    moved = (scene.boxes_xyxy - np.array([x1, y1, x1, y1])) * np.array([*scale, *scale])
    boxes, kinds = visible_boxes(moved.astype(np.float32), scene.box_classes, size_wh)
    reference = None
    if scene.reference is not None:
        aside = (x1 + shift_xy[0], y1 + shift_xy[1], x2 + shift_xy[0], y2 + shift_xy[1])
        reference = shown(scene.reference, aside, size_wh, fill=fill, light=light)
    return Piece(pixels, boxes, kinds, mask, scene.label, reference)


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
        reference=None if piece.reference is None else piece.reference[:, ::-1],
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
        reference=None if piece.reference is None else np.rot90(piece.reference),
    )
