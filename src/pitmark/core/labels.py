"""What people say about an image: shapes with classes, and who said it when.

A shape is one of four: the class of the whole image, a box, a polygon, a mask. An
annotation is all that one labeler said about one image at one time. No shape at all
means "looked at, nothing to mark", which is not the same as no annotation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, InvalidLabelError
from pitmark.core.geometry import (
    Point,
    mask_box,
    polygon_area,
    polygon_box,
    polygon_mask,
)
from pitmark.core.rle import decode_mask, encode_mask

Task = Literal["classification", "detection", "segmentation", "anomaly"]
TASKS: tuple[Task, ...] = ("classification", "detection", "segmentation", "anomaly")
Box = tuple[float, float, float, float]


def task_named(name: str) -> Task:
    """A task by its name.

    Args:
        name: One of `TASKS`.

    Returns:
        The task.

    Raises:
        InvalidInputError: There is none of that name.
    """
    for task in TASKS:
        if task == name:
            return task
    raise InvalidInputError(f"unknown task {name!r}", hint=f"Tasks: {', '.join(TASKS)}.")


@dataclass(frozen=True, slots=True)
class ImageClass:
    """The class of a whole image."""

    label: str


@dataclass(frozen=True, slots=True)
class BoxShape:
    """A box around one object: (x1, y1, x2, y2) in pixels."""

    label: str
    box_xyxy: Box

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.box_xyxy
        if not (np.isfinite(self.box_xyxy).all() and x2 > x1 and y2 > y1):
            raise InvalidLabelError(
                f"box of {self.label!r} has no area: {tuple(self.box_xyxy)}",
                hint="A box needs x2 > x1 and y2 > y1, in pixels.",
            )


@dataclass(frozen=True, slots=True)
class PolygonShape:
    """The outline of one object: rings of corners (x, y) in pixels, even-odd filled."""

    label: str
    rings: tuple[tuple[Point, ...], ...]

    def __post_init__(self) -> None:
        if not any(len(ring) >= 3 for ring in self.rings):
            raise InvalidLabelError(f"polygon of {self.label!r} has fewer than three corners")


@dataclass(frozen=True, slots=True)
class MaskShape:
    """The pixels of one object or region, as run lengths over the whole image."""

    label: str
    size_wh: tuple[int, int]
    counts: tuple[int, ...]


Shape = ImageClass | BoxShape | PolygonShape | MaskShape


def mask_shape(label: str, mask_hw: NDArray[np.bool_]) -> MaskShape:
    """A mask as a shape.

    Args:
        label: Class name.
        mask_hw: (H, W) bool, as large as the image.

    Returns:
        The shape.
    """
    height, width = mask_hw.shape
    return MaskShape(label, (width, height), encode_mask(mask_hw))


def shape_box(shape: Shape) -> Box | None:
    """The box around a shape, or None for the class of a whole image or an empty mask.

    Args:
        shape: Any shape.

    Returns:
        (x1, y1, x2, y2) in pixels.
    """
    if isinstance(shape, BoxShape):
        return shape.box_xyxy
    if isinstance(shape, PolygonShape):
        return polygon_box([p for ring in shape.rings for p in ring])
    if isinstance(shape, MaskShape):
        box = mask_box(decode_mask(shape.counts, shape.size_wh))
        return box if box[2] > box[0] else None
    return None


def shape_mask(shape: Shape, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of a shape; a box is filled, an image class covers everything.

    Args:
        shape: Any shape.
        size_wh: Width and height of the image in pixels.

    Returns:
        (H, W) bool.
    """
    width, height = size_wh
    if isinstance(shape, MaskShape):
        if shape.size_wh != size_wh:
            raise InvalidLabelError(
                f"mask of {shape.label!r} is {shape.size_wh[0]}x{shape.size_wh[1]},"
                f" its image is {width}x{height}"
            )
        return decode_mask(shape.counts, size_wh)
    if isinstance(shape, PolygonShape):
        return polygon_mask(shape.rings, size_wh)
    if isinstance(shape, BoxShape):
        mask = np.zeros((height, width), dtype=bool)
        x1, y1, x2, y2 = shape.box_xyxy
        top, left = max(0, int(np.floor(y1))), max(0, int(np.floor(x1)))
        mask[top : int(np.ceil(y2)), left : int(np.ceil(x2))] = True
        return mask
    return np.ones((height, width), dtype=bool)


def shape_area_px(shape: Shape) -> float:
    """Area of a shape in square pixels; 0 for the class of a whole image.

    Args:
        shape: Any shape.

    Returns:
        Area >= 0.
    """
    if isinstance(shape, BoxShape):
        x1, y1, x2, y2 = shape.box_xyxy
        return (x2 - x1) * (y2 - y1)
    if isinstance(shape, PolygonShape):
        if len(shape.rings) == 1:
            return polygon_area(shape.rings[0])
        x2, y2 = polygon_box([p for ring in shape.rings for p in ring])[2:]
        size = (int(np.ceil(x2)) + 1, int(np.ceil(y2)) + 1)
        return float(polygon_mask(shape.rings, size).sum())
    if isinstance(shape, MaskShape):
        return float(sum(shape.counts[1::2]))
    return 0.0


def image_class(shapes: Sequence[Shape]) -> str | None:
    """The class of a whole image: its image class, else that of its first shape.

    Args:
        shapes: The shapes of one image.

    Returns:
        Class name, or None for no shape.
    """
    for shape in shapes:
        if isinstance(shape, ImageClass):
            return shape.label
    return shapes[0].label if shapes else None


def shape_to_json(shape: Shape) -> dict[str, Any]:
    """A shape as plain JSON types.

    Args:
        shape: Any shape.

    Returns:
        An object with `kind` and `label`.
    """
    if isinstance(shape, BoxShape):
        return {"kind": "box", "label": shape.label, "xyxy": list(shape.box_xyxy)}
    if isinstance(shape, PolygonShape):
        rings = [[list(p) for p in ring] for ring in shape.rings]
        return {"kind": "polygon", "label": shape.label, "rings": rings}
    if isinstance(shape, MaskShape):
        return {
            "kind": "mask",
            "label": shape.label,
            "size_wh": list(shape.size_wh),
            "counts": list(shape.counts),
        }
    return {"kind": "class", "label": shape.label}


def shape_from_json(data: Mapping[str, Any]) -> Shape:
    """The shape that `shape_to_json` wrote.

    Args:
        data: The JSON object.

    Returns:
        The shape.

    Raises:
        InvalidLabelError: Something is missing or of the wrong type.
    """
    try:
        kind, label = data["kind"], str(data["label"])
        if kind == "box":
            x1, y1, x2, y2 = (float(v) for v in data["xyxy"])
            return BoxShape(label, (x1, y1, x2, y2))
        if kind == "polygon":
            rings = tuple(
                tuple((float(x), float(y)) for x, y in ring) for ring in data["rings"]
            )
            return PolygonShape(label, rings)
        if kind == "mask":
            width, height = (int(v) for v in data["size_wh"])
            return MaskShape(label, (width, height), tuple(int(c) for c in data["counts"]))
        if kind == "class":
            return ImageClass(label)
    except (KeyError, TypeError, ValueError) as exc:
        raise InvalidLabelError(f"not a shape: {str(dict(data))[:120]}") from exc
    raise InvalidLabelError(f"unknown kind of shape: {kind!r}")


def shapes_hash(shapes: Sequence[Shape]) -> str:
    """A content hash of what was said about an image, whatever the order of shapes.

    Args:
        shapes: Shapes of one image.

    Returns:
        64 hexadecimal digits.
    """
    texts = sorted(
        json.dumps(shape_to_json(s), sort_keys=True, separators=(",", ":")) for s in shapes
    )
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
