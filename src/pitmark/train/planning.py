"""What is chosen from the data: how images are cut, and which classes there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Box, ImageClass, Task, shape_box
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.settings import PRESET_SIDE_PX, TrainSettings, image_label, is_good

# A defect with a shorter side than this is not shrunk any further.
_LEAST_DEFECT_PX = 6.0
_TILED_DEFECT_PX = 10.0
_LARGEST_UPSCALE = 1.5
# Images cut out of larger ones differ in shape, not only in size, and show the same things
# at the same size: where fitting each into one patch would scale them differently by this
# factor, all keep one scale.
_UNLIKE = 1.25
# Where the usual defect would be smaller, patches grow, but not beyond this factor.
_GOOD_DEFECT_PX = 24.0
_MOST_GROWTH = 1.6
# Detection that may take its time sees them larger, but no larger than they were photographed.
_FINE_DEFECT_PX = 40.0
# Anomaly detection remembers what good parts look like instead.
_COMPARING: tuple[Task, ...] = ("classification", "detection", "segmentation")


def plan_inspector(
    images: Sequence[LabeledImage],
    book: LabelBook,
    task: Task,
    settings: TrainSettings,
    *,
    load: PixelLoader | None = None,
) -> InspectorSpec:
    """What to train: classes and preprocessing, chosen from the data.

    Args:
        images: All images; only labeled ones of split "train" count.
        book: The label book.
        task: What the model shall do.
        settings: Choices that go before the automatic ones.
        load: Gives pixels; where it is given, the range of 16-bit values is measured on
            a few images, otherwise it is the full range.

    Returns:
        The spec with a threshold of 0.5.

    Raises:
        NotEnoughDataError: What is missing to learn this task.
        InvalidInputError: 8-bit and 16-bit images are mixed.
    """
    labeled = [i for i in images if i.split == "train" and i.shapes is not None]
    if not labeled:
        raise NotEnoughDataError(
            "there is no labeled image to learn from",
            hint="Label a few images, and see that some are in the split 'train'.",
        )
    classes = _classes(labeled, book, task, settings)
    good = tuple(
        n
        for n in classes
        if task == "classification" and n in book.names and book.entry(n).good
    )
    boxes = [] if task in ("classification", "anomaly") else _defect_boxes(labeled, classes)
    low, high = value_range(labeled, load)
    preprocess = _preprocess(labeled, boxes, task, settings, (low, high))
    reference = compares(labeled, task, settings)
    return InspectorSpec(task, classes, preprocess, good, reference=reference)


def compares(images: Sequence[LabeledImage], task: Task, settings: TrainSettings) -> bool:
    """Whether images are compared with their references.

    Args:
        images: To learn from.
        task: What is learned.
        settings: May ask for it, or forbid it.

    Returns:
        True where every image has a reference, unless the settings forbid it.

    Raises:
        InvalidInputError: It was asked for, and the task knows nothing of references.
        NotEnoughDataError: It was asked for, and images lack a reference.
    """
    if task not in _COMPARING or settings.reference is False:
        if settings.reference:
            raise InvalidInputError(
                f"{task} compares with no reference images",
                hint=f"These do: {', '.join(_COMPARING)}.",
            )
        return False
    lacking = [i.image.name for i in images if i.image.reference is None]
    if lacking and settings.reference:
        raise NotEnoughDataError(
            f"{len(lacking)} of {len(images)} training images have no reference image"
            f" (first: {lacking[0]})",
            hint="Import them again with --reference.",
        )
    return not lacking


def _classes(
    labeled: Sequence[LabeledImage], book: LabelBook, task: Task, settings: TrainSettings
) -> tuple[str, ...]:
    if task == "anomaly":
        good_names = {*settings.good_names, *(c.name for c in book.classes if c.good)}
        if not any(is_good(i.shapes or (), good_names) for i in labeled):
            raise NotEnoughDataError(
                "anomaly detection learns from good images, and none is labeled as good",
                hint="Mark images as good, or train detection on the defects.",
            )
        return ("anomaly",)
    if task == "classification":
        names = {image_label(i.shapes or ()) for i in labeled}
    else:
        names = {
            s.label
            for i in labeled
            for s in i.shapes or ()
            if not isinstance(s, ImageClass) and s.label not in _good_of(book)
        }
    names.discard(None)
    found = tuple(n for n in book.names if n in names)
    if task == "classification" and len(found) < 2:
        raise NotEnoughDataError(
            "classification needs images of at least two classes, found"
            f" {', '.join(found) or 'none'}",
            hint="Label images of another class, or use anomaly detection on good images.",
        )
    if not found:
        what = "box" if task == "detection" else "outlined defect"
        raise NotEnoughDataError(
            f"{task} needs at least one {what}, found none in {len(labeled)} labeled images",
            hint="Mark a defect, or use anomaly detection, which learns from good images.",
        )
    return found


def _good_of(book: LabelBook) -> set[str]:
    return {c.name for c in book.classes if c.good}


def _defect_boxes(labeled: Sequence[LabeledImage], classes: Collection[str]) -> list[Box]:
    found = (shape_box(s) for i in labeled for s in i.shapes or () if s.label in classes)
    return [box for box in found if box is not None]


def _preprocess(
    labeled: Sequence[LabeledImage],
    boxes: Sequence[Box],
    task: Task,
    settings: TrainSettings,
    low_high: tuple[float, float],
) -> PreprocessSpec:
    sizes_wh = [i.image.size_wh for i in labeled]
    width, height = np.median(sizes_wh, axis=0).tolist()
    sides = np.array([(x2 - x1, y2 - y1) for x1, y1, x2, y2 in boxes]).reshape(-1, 2)
    small_px = float(np.percentile(sides.min(axis=1), 10)) if len(sides) else 0.0
    fine = task == "detection" and settings.preset == "thorough"
    side_px = suitable_side(sizes_wh, sides, PRESET_SIDE_PX[settings.preset], fine=fine)
    input_wh = settings.input_wh or input_size(sizes_wh, side_px)
    scale = min(input_wh[0] / width, input_wh[1] / height)
    tiny = 0 < small_px * scale < _LEAST_DEFECT_PX and scale < 1
    tile = settings.tile
    if tile is None:
        tile = tiny or (len(sides) > 0 and are_cutouts(sizes_wh, input_wh))
    low, high = low_high
    if not tile or task == "classification":
        return PreprocessSpec(input_wh, low=low, high=high, overlap_px=0)
    native = 1.0
    if settings.tile is None:
        kept = _TILED_DEFECT_PX / small_px if tiny else side_px / float(np.sqrt(width * height))
        native = min(1.0, kept)
    if settings.input_wh is None:
        side = _rounded(side_px)
        input_wh = (min(side, _ceiled(width * native)), min(side, _ceiled(height * native)))
    typical_px = float(np.percentile(sides.max(axis=1), 75)) * native if len(sides) else 0.0
    overlap_px = int(np.clip(typical_px, min(input_wh) // 5, min(input_wh) // 2))
    return PreprocessSpec(
        input_wh, mode="tile", low=low, high=high, scale=native, overlap_px=overlap_px
    )


def are_cutouts(sizes_wh: Sequence[tuple[int, int]], input_wh: tuple[int, int]) -> bool:
    """Whether fitting every image into one patch would show the same thing at many sizes.

    Photographs of several resolutions share a shape and are better fitted; cut-outs do not.

    Args:
        sizes_wh: Widths and heights of the images in pixels, at least one.
        input_wh: Width and height of the patch in pixels.

    Returns:
        True where, over the middle 80 % of the images, both the aspect and the scale that
        fits them into the patch differ by a quarter or more.
    """
    sizes = np.asarray(sizes_wh, dtype=float)
    fitting = (np.asarray(input_wh, dtype=float) / sizes).min(axis=1)
    for values in (fitting, sizes[:, 0] / sizes[:, 1]):
        low, high = np.percentile(values, (10, 90))
        if high < _UNLIKE * low:
            return False
    return True


def suitable_side(
    sizes_wh: Sequence[tuple[int, int]],
    defects_wh: NDArray[np.float64],
    side_px: float,
    *,
    fine: bool = False,
) -> float:
    """A side of patches at which the usual defect is not too small to be told apart.

    Args:
        sizes_wh: Widths and heights of the images in pixels, at least one.
        defects_wh: (N, 2) widths and heights of defects in pixels; N may be 0.
        side_px: Side of a square of the area that the preset asks for.
        fine: Whether the median defect should be 40 px, as far as the images show it so.

    Returns:
        `side_px`, or up to 1.6 times as much where the median defect would be under 24 px;
        `fine`, also where it would be under 40 px, but then no larger than photographed.
    """
    if not len(defects_wh):
        return side_px
    image_px = float(np.sqrt(np.prod(np.median(np.asarray(sizes_wh, float), axis=0))))
    defect_px = float(np.median(np.sqrt(defects_wh.prod(axis=1))))
    seen_px = defect_px * min(side_px / image_px, _LARGEST_UPSCALE)
    good, better = (
        side_px * float(np.clip(wanted / max(seen_px, 1e-3), 1.0, _MOST_GROWTH))
        for wanted in (_GOOD_DEFECT_PX, _FINE_DEFECT_PX)
    )
    return max(good, min(better, image_px)) if fine else good


def input_size(sizes_wh: Sequence[tuple[int, int]], side_px: float) -> tuple[int, int]:
    """The size of a patch that suits images of some sizes.

    Args:
        sizes_wh: Widths and heights of the images in pixels, at least one.
        side_px: The patch has about the area of a square of this side, in pixels; less
            where the images are small.

    Returns:
        Width and height, multiples of 32, in the aspect of the median image.
    """
    width, height = np.median(np.asarray(sizes_wh, dtype=float), axis=0).tolist()
    side = min(side_px, _LARGEST_UPSCALE * (width * height) ** 0.5)
    aspect = float(np.clip(width / height, 1 / 3, 3)) ** 0.5
    return _rounded(side * aspect), _rounded(side / aspect)


def _rounded(side: float) -> int:
    return max(64, round(side / 32) * 32)


def _ceiled(side: float) -> int:
    return max(64, int(np.ceil(side / 32)) * 32)


def value_range(
    images: Sequence[LabeledImage], load: PixelLoader | None = None
) -> tuple[float, float]:
    """The stored values that shall become 0 and 1.

    Args:
        images: At least one.
        load: Gives pixels, to measure the range of 16-bit images; many cameras use 10
            or 12 of the 16 bits.

    Returns:
        (low, high): (0, 255) for 8-bit images; for 16-bit ones the middle 99.8 % of the
        values with a quarter of headroom, or the full range without `load`.

    Raises:
        InvalidInputError: 8-bit and 16-bit images are mixed.
    """
    deep = [i for i in images if i.image.mode.endswith("16")]
    if not deep:
        return 0.0, 255.0
    if len(deep) < len(images):
        raise InvalidInputError(
            f"{len(deep)} of {len(images)} images have 16 bits a channel, the others 8",
            hint="Train on images of one depth.",
        )
    if load is None:
        return 0.0, 65535.0
    chosen = deep[:: max(1, len(deep) // 16)][:16]
    limits = [np.percentile(load(i.image.sha256)[::4, ::4], (0.1, 99.9)) for i in chosen]
    low, high = float(min(p[0] for p in limits)), float(max(p[1] for p in limits))
    room = max(0.25 * (high - low), 8.0)
    return max(0.0, low - room), min(65535.0, high + room)
