"""Faults planted into clean labels: one shape of an image each, as people get them wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import (
    Box,
    BoxShape,
    ImageClass,
    MaskShape,
    PolygonShape,
    Shape,
    mask_shape,
    shape_box,
    shape_mask,
)
from pitmark.core.records import LabeledImage

KINDS = ("missed", "spurious", "class", "sloppy")
Shapes = tuple[Shape, ...]
Mask = NDArray[np.bool_]

_TRIES = 40
_EIGHT = np.ones((3, 3), dtype=bool)
# Sloppy: what is left of the overlap with what was there before.
_SLOPPY_IOU = (0.25, 0.6)


@dataclass(frozen=True)
class Planting:
    """Labels of a set of which some are wrong on purpose.

    Attributes:
        kind: Of KINDS, or "all" for a mixture.
        changed: sha256 to the shapes that replace the right ones.
        kinds: sha256 to what was done there.
        places: sha256 to the position of the shape that was changed, added or left out.
    """

    kind: str
    changed: Mapping[str, Shapes]
    kinds: Mapping[str, str]
    places: Mapping[str, int]


def plant(
    images: Sequence[LabeledImage], kind: str, share: float, rng: np.random.Generator
) -> Planting:
    """Faults of one kind, or of all kinds in turn, in a share of the images.

    Args:
        images: With clean labels.
        kind: Of KINDS, or "all".
        share: Of the images, in (0, 1); fewer where a kind finds no place.
        rng: For image, shape and extent.

    Returns:
        The planting.
    """
    stock = [s for i in images for s in i.shapes or () if not isinstance(s, ImageClass)]
    names = sorted({s.label for s in stock})
    planter = _Planter(stock, names, rng)
    wanted = max(1, round(share * len(images)))
    order = KINDS if kind == "all" else (kind,)
    changed: dict[str, Shapes] = {}
    kinds: dict[str, str] = {}
    places: dict[str, int] = {}
    waiting = {k: rng.permutation(len(images)).tolist() for k in order}
    turn = 0
    while len(changed) < wanted and any(waiting.values()):
        what = order[turn % len(order)]
        turn += 1
        while waiting[what]:
            image = images[waiting[what].pop()]
            sha = image.image.sha256
            made = None if sha in changed else planter.apply(what, image)
            if made is not None:
                (changed[sha], places[sha]), kinds[sha] = made, what
                break
    return Planting(kind, changed, kinds, places)


@dataclass
class _Planter:
    """Draws faults; `stock` are shapes to make spurious ones from."""

    stock: Sequence[Shape]
    names: Sequence[str]
    rng: np.random.Generator

    def apply(self, kind: str, image: LabeledImage) -> tuple[Shapes, int] | None:
        """The shapes with one fault, and its position; None where this kind has no place."""
        shapes = image.shapes or ()
        if kind == "spurious":
            more = self._with_stray(shapes, image.image.size_wh)
            return None if more is None else (more, len(shapes))
        outlined = [n for n, s in enumerate(shapes) if not isinstance(s, ImageClass)]
        if not outlined or (kind == "class" and len(self.names) < 2):
            return None
        at = int(self.rng.choice(outlined))
        ways: dict[str, Callable[[Shape, tuple[int, int]], Shape | None]] = {
            "class": self._renamed,
            "sloppy": self._blurred,
        }
        if kind == "missed":
            return (*shapes[:at], *shapes[at + 1 :]), at
        made = ways[kind](shapes[at], image.image.size_wh)
        return None if made is None else ((*shapes[:at], made, *shapes[at + 1 :]), at)

    def _renamed(self, shape: Shape, size_wh: tuple[int, int]) -> Shape:
        others = [n for n in self.names if n != shape.label]
        return replace(shape, label=str(self.rng.choice(others)))

    def _blurred(self, shape: Shape, size_wh: tuple[int, int]) -> Shape | None:
        if isinstance(shape, BoxShape):
            return self._moved(shape, size_wh)
        before = shape_mask(shape, size_wh)
        grow = bool(self.rng.random() < 0.5)
        change = ndimage.binary_dilation if grow else ndimage.binary_erosion
        after = before
        for _ in range(max(size_wh)):
            after = change(after, structure=_EIGHT)
            iou = (before & after).sum() / max((before | after).sum(), 1)
            if not grow and not after.any():
                # What is one or two pixels thin cannot shrink: it grows instead.
                grow, change, after = True, ndimage.binary_dilation, before
            elif iou <= _SLOPPY_IOU[1]:
                return mask_shape(shape.label, after)
        return None

    def _moved(self, shape: BoxShape, size_wh: tuple[int, int]) -> BoxShape | None:
        x1, y1, x2, y2 = shape.box_xyxy
        limit = np.array([*size_wh, *size_wh], dtype=np.float64)
        for _ in range(_TRIES):
            step = self.rng.uniform(-0.6, 0.6, 2) * (x2 - x1, y2 - y1)
            box = np.array([x1, y1, x2, y2]) + np.tile(step, 2)
            box = np.clip(box, 0, limit)
            iou = float(iou_matrix([box], [shape.box_xyxy])[0, 0])
            if _SLOPPY_IOU[0] <= iou <= _SLOPPY_IOU[1]:
                return BoxShape(shape.label, _as_box(box))
        return None

    def _with_stray(self, shapes: Shapes, size_wh: tuple[int, int]) -> Shapes | None:
        """One more shape, copied from anywhere in the set to where nothing is labeled."""
        boxes = [b for b in (shape_box(s) for s in shapes) if b is not None]
        for _ in range(_TRIES):
            model = self.stock[int(self.rng.integers(len(self.stock)))]
            box = shape_box(model)
            if box is None:
                continue
            side = np.array([box[2] - box[0], box[3] - box[1]])
            room = np.array(size_wh) - side
            if (room < 0).any():
                continue
            # Whole pixels, so that masks move without resampling.
            corner = np.floor(self.rng.uniform(0, 1, 2) * room)
            placed = _as_box(np.concatenate([corner, corner + side]))
            if iou_matrix([placed], boxes).max(initial=0.0) > 0:
                continue
            return (*shapes, _copied(model, placed, size_wh))
        return None


def _copied(model: Shape, box: Box, size_wh: tuple[int, int]) -> Shape:
    if not isinstance(model, MaskShape | PolygonShape):
        return BoxShape(model.label, box)
    around = shape_box(model)
    assert around is not None
    width, height = int(np.ceil(around[2] + 1)), int(np.ceil(around[3] + 1))
    size = model.size_wh if isinstance(model, MaskShape) else (width, height)
    left, top = int(around[0]), int(around[1])
    high, wide = int(np.ceil(around[3])) - top, int(np.ceil(around[2])) - left
    piece = shape_mask(model, size)[top : top + high, left : left + wide]
    mask = np.zeros((size_wh[1], size_wh[0]), dtype=bool)
    x, y = int(box[0]), int(box[1])
    room = mask[y : y + piece.shape[0], x : x + piece.shape[1]]
    room |= piece[: room.shape[0], : room.shape[1]]
    return mask_shape(model.label, mask)


def _as_box(box: NDArray[np.float64]) -> Box:
    x1, y1, x2, y2 = (float(v) for v in box)
    return x1, y1, x2, y2
