"""Labeled images ready to be cut into training patches: decoded once, kept small.

A scene is an image at the resolution training needs, with its truth in scene pixels.
Scenes stay in memory up to a cap; beyond it the oldest are decoded again when needed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pitmark.core.inspector import InspectorSpec, load_pair
from pitmark.core.labels import ImageClass, Shape, shape_box, shape_mask
from pitmark.core.preprocess import check_pixels, check_reference, resize, scaled_size
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.settings import image_label, is_good

# Scenes are kept finer than the patches, so that zooming in finds detail.
_FINER = 1.5
_CACHE_BYTES = 768 * 2**20
# Share of a shrunk pixel that a defect must cover to own it; below a half, so that
# cracks of one pixel survive.
_COVER = 0.3


@dataclass(frozen=True, slots=True)
class Scene:
    """One image with its truth, in scene pixels.

    `pixels` is (h, w) or (h, w, 3), uint8 or uint16 over the full range of its type.
    `mask_hw` holds 0 for background and k + 1 for class k. `label` is -1 where the image
    as a whole has no class. A patch shows `patch_scale` pixels per scene pixel.
    `reference` is like `pixels`: the same part without defects, where there is such.
    """

    pixels: NDArray[Any]
    boxes_xyxy: NDArray[np.float32]
    box_classes: NDArray[np.int64]
    mask_hw: NDArray[np.uint8] | None
    label: int
    patch_scale: float
    reference: NDArray[Any] | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in scene pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def byte_count(self) -> int:
        """Memory taken by the arrays, in bytes."""
        arrays = (self.pixels, self.mask_hw, self.reference)
        return sum(a.nbytes for a in arrays if a is not None)


def usable(
    images: Sequence[LabeledImage], spec: InspectorSpec, good_names: Sequence[str] = ()
) -> list[LabeledImage]:
    """The images of split "train" from which a task can learn.

    Args:
        images: Any images.
        spec: What is to be learned.
        good_names: Classes that mean "no defect" beside the usual names.

    Returns:
        Labeled ones; for classification those whose class the spec has, for anomaly
        detection the good ones.
    """
    out = []
    for image in images:
        if image.split != "train" or image.shapes is None:
            continue
        if spec.task == "classification" and image_label(image.shapes) not in spec.classes:
            continue
        if spec.task == "anomaly" and not is_good(image.shapes, good_names):
            continue
        out.append(image)
    return out


class SceneCache:
    """Scenes by position, decoded on first use.

    Args:
        images: From `usable`.
        load: Gives pixels.
        spec: What is to be learned.
        cap_bytes: Memory for scenes.
    """

    def __init__(
        self,
        images: Sequence[LabeledImage],
        load: PixelLoader,
        spec: InspectorSpec,
        *,
        cap_bytes: int = _CACHE_BYTES,
    ) -> None:
        self.images = tuple(images)
        self._load = load
        self.spec = spec
        self._cap_bytes = cap_bytes
        self._kept: OrderedDict[int, Scene] = OrderedDict()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, position: int) -> Scene:
        if position in self._kept:
            self._kept.move_to_end(position)
            return self._kept[position]
        item = self.images[position]
        pixels, reference = load_pair(item.image, self._load, self.spec)
        scene = make_scene(pixels, item.shapes or (), self.spec, reference=reference)
        self._kept[position] = scene
        self._kept_bytes += scene.byte_count
        while self._kept_bytes > self._cap_bytes and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].byte_count
        return scene


def make_scene(
    image: NDArray[Any],
    shapes: Sequence[Shape],
    spec: InspectorSpec,
    *,
    reference: NDArray[Any] | None = None,
) -> Scene:
    """One image at training resolution, with its truth.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.
        shapes: What is true of it.
        spec: What is to be learned.
        reference: The same part without defects, aligned, of the same size and depth.

    Returns:
        The scene.

    Raises:
        InvalidInputError: Not an image array, or a reference that does not fit.
    """
    check_pixels(image)
    if reference is not None:
        check_reference(image, reference)
    image_wh = (image.shape[1], image.shape[0])
    shown = scaled_size(image_wh, spec.preprocess)
    scale = shown[0] / image_wh[0] if shown[0] >= shown[1] else shown[1] / image_wh[1]
    kept = min(1.0, scale * _FINER)
    size_wh = (max(1, round(image_wh[0] * kept)), max(1, round(image_wh[1] * kept)))
    boxes, kinds = (
        _boxes(shapes, spec, image_wh, size_wh) if spec.task == "detection" else _no_boxes()
    )
    mask = _mask(shapes, spec, image_wh, size_wh) if spec.task == "segmentation" else None
    label = image_label(shapes)
    return Scene(
        pixels=_quantized(image, size_wh, spec),
        boxes_xyxy=boxes,
        box_classes=kinds,
        mask_hw=mask,
        label=spec.classes.index(label) if label in spec.classes else -1,
        patch_scale=scale / kept,
        reference=None if reference is None else _quantized(reference, size_wh, spec),
    )


def _quantized(
    image: NDArray[Any], size_wh: tuple[int, int], spec: InspectorSpec
) -> NDArray[Any]:
    """Resized, its value range spread over the whole of its type."""
    preprocess = spec.preprocess
    plain = (preprocess.low, preprocess.high) == (0, 255) and image.dtype == np.uint8
    if plain and size_wh == (image.shape[1], image.shape[0]):
        return np.ascontiguousarray(image)
    values = resize(image, size_wh)
    unit = np.clip((values - preprocess.low) / (preprocess.high - preprocess.low), 0, 1)
    top = np.iinfo(image.dtype).max
    return np.asarray(np.rint(unit * top).astype(image.dtype))


def _no_boxes() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.int64)


def _boxes(
    shapes: Sequence[Shape],
    spec: InspectorSpec,
    image_wh: tuple[int, int],
    size_wh: tuple[int, int],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    found, kinds = [], []
    for shape in shapes:
        box = shape_box(shape) if shape.label in spec.classes else None
        if box is None:
            continue
        x1, y1 = max(box[0], 0.0), max(box[1], 0.0)
        x2, y2 = min(box[2], image_wh[0]), min(box[3], image_wh[1])
        if x2 > x1 and y2 > y1:
            found.append((x1, y1, x2, y2))
            kinds.append(spec.classes.index(shape.label))
    if not found:
        return _no_boxes()
    factor = np.array([s / i for s, i in zip(size_wh, image_wh, strict=True)] * 2)
    return (np.array(found) * factor).astype(np.float32), np.array(kinds, dtype=np.int64)


def _mask(
    shapes: Sequence[Shape],
    spec: InspectorSpec,
    image_wh: tuple[int, int],
    size_wh: tuple[int, int],
) -> NDArray[np.uint8]:
    """Class numbers plus one; where defects overlap the smaller one is on top."""
    out = np.zeros((size_wh[1], size_wh[0]), dtype=np.uint8)
    planes = [
        (shape_mask(s, image_wh), spec.classes.index(s.label) + 1)
        for s in shapes
        if s.label in spec.classes and not isinstance(s, ImageClass)
    ]
    whole = (0.0, 0.0, float(image_wh[0]), float(image_wh[1]))
    for plane, number in sorted(planes, key=lambda p: -int(p[0].sum())):
        out[shrink_mask(plane, whole, size_wh)] = number
    return out


def shrink_mask(
    mask_hw: NDArray[np.bool_],
    window_xyxy: tuple[float, float, float, float],
    size_wh: tuple[int, int],
) -> NDArray[np.bool_]:
    """Part of a mask at another size, without losing thin lines.

    Args:
        mask_hw: (H, W) bool.
        window_xyxy: The part, in pixels of the mask, inside it.
        size_wh: Wanted width and height in pixels.

    Returns:
        (h, w) bool.
    """
    whole = window_xyxy == (0, 0, mask_hw.shape[1], mask_hw.shape[0])
    if whole and size_wh == (mask_hw.shape[1], mask_hw.shape[0]):
        return mask_hw
    plane = Image.fromarray(mask_hw.astype(np.uint8) * 255)
    shrunk = plane.resize(size_wh, Image.Resampling.BILINEAR, box=window_xyxy)
    covered: NDArray[np.bool_] = np.asarray(shrunk) >= 255 * _COVER
    return covered
