"""The few images that stand for all: to measure ranges for int8, and to replay on devices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import shape_box
from pitmark.core.preprocess import Patches, Placement, PreprocessSpec, cut
from pitmark.core.records import LabeledImage, PixelLoader

MOST_PATCHES = 64
_MOST_OF_AN_IMAGE = 4


def stratified(images: Sequence[LabeledImage], count: int) -> list[LabeledImage]:
    """Some images with every class among them, the rarest first; always the same ones.

    The classes take turns, and each gives the next image that shows it anywhere. Images
    without any shape take turns as a class of their own.

    Args:
        images: Labeled or not.
        count: How many at most.

    Returns:
        Images, each once.
    """
    by_class: dict[str, list[LabeledImage]] = {}
    for item in sorted(images, key=lambda i: i.image.sha256):
        for name in {s.label for s in item.shapes or ()} or {""}:
            by_class.setdefault(name, []).append(item)
    rarest_first = sorted(by_class, key=lambda name: (len(by_class[name]), name))
    queues = [iter(by_class[name]) for name in rarest_first]
    out: dict[str, LabeledImage] = {}
    while queues and len(out) < count:
        for queue in list(queues):
            found = next((i for i in queue if i.image.sha256 not in out), None)
            if found is None:
                queues.remove(queue)
            elif len(out) < count:
                out[found.image.sha256] = found
    return list(out.values())


def calibration_patches(
    spec: PreprocessSpec,
    images: Sequence[LabeledImage],
    load: PixelLoader,
    *,
    most: int = MOST_PATCHES,
) -> NDArray[np.float32]:
    """Training patches on which the ranges for int8 are measured, rare defects among them.

    Of an image that is cut into tiles, those that show a shape go before the others.

    Args:
        spec: How images are cut.
        images: Of a snapshot; real ones of split "train" are used, all real ones where
            there are none.
        load: Gives pixels.
        most: How many patches at most.

    Returns:
        (N, 3, H, W) float32.
    """
    real = [i for i in images if not i.image.synthetic]
    learned = [i for i in real if i.split == "train"] or real
    patches: list[NDArray[np.float32]] = []
    for item in stratified(learned, most):
        found = cut(load(item.image.sha256), spec)
        patches.extend(found[k : k + 1][0] for k in _telling(found, item))
        if len(patches) >= most:
            break
    return np.stack(patches[:most])


def _telling(patches: Patches, item: LabeledImage) -> list[int]:
    """A few patches of an image: one of each class, then evenly spread ones."""
    chosen: list[int] = []
    seen: set[str] = set()
    for shape in item.shapes or ():
        box = shape_box(shape)
        if box is None or shape.label in seen:
            continue
        seen.add(shape.label)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        chosen += [k for k, p in enumerate(patches.placements) if _shows(p, middle)][:1]
    step = max(1, len(patches) // _MOST_OF_AN_IMAGE)
    chosen += range(0, len(patches), step)
    return list(dict.fromkeys(chosen))[:_MOST_OF_AN_IMAGE]


def _shows(place: Placement, point_xy: tuple[float, float]) -> bool:
    """Whether a point of the image, in its pixels, lies in a patch."""
    return all(
        0 <= point_xy[k] * place.scale_xy[k] - place.offset_xy[k] < place.valid_wh[k]
        for k in (0, 1)
    )
