"""What synthesis may use of a snapshot: real training images, and the defects on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, Shape, mask_shape, shape_box, shape_mask
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.synth.arrays import bounds_xyxy
from pitmark.synth.cutout import Cutout, cut_box, cut_defect
from pitmark.synth.further_defects import ALL_KINDS
from pitmark.synth.membrane import smooth_fill
from pitmark.synth.photo import as_float_hwc
from pitmark.synth.surroundings import surroundings_of

# A defect that covers more of its image's side has no other place to be.
_MOST_OF_SIDE = 0.6
# Words in the names of classes, and the painted kind that looks like it.
_WORDS: Mapping[str, str] = {
    "scratch": "scratch",
    "dent": "dent",
    "pit": "pit mark",
    "discolor": "discoloration",
    "blemish": "blemish",
    "stain": "blemish",
    "spot": "blemish",
    "crack": "crack",
    "hole": "hole",
    "inclusion": "inclusion",
    "abras": "abrasion",
    "bubble": "bubble",
    "blister": "bubble",
    "chip": "chip",
    "flak": "flake",
    "peel": "flake",
    "corro": "corrosion",
    "rust": "corrosion",
    "pore": "pores",
    "poros": "pores",
}


@dataclass(frozen=True, slots=True)
class Donor:
    """A defect that was cut out of a training image, and what surrounds it there."""

    sha256: str
    cutout: Cutout
    surroundings: NDArray[np.float64]
    boxed: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a class's synthetic images are made of.

    `donors` are its defects, `bases` real training images to put them on, those without
    a defect first. `kind` is what is painted where there are too few donors, None for
    nothing. `left_out` says why defects could not be cut out.
    """

    label: str
    donors: tuple[Donor, ...]
    bases: tuple[LabeledImage, ...]
    per_image: tuple[int, ...]
    boxes: bool
    kind: str | None
    left_out: tuple[str, ...]


def painted_kind(label: str, wanted: str | None = None) -> str | None:
    """The kind of painted defect that stands for a class.

    Args:
        label: Name of the class.
        wanted: The kind that a person chose; None goes by the name of the class.

    Returns:
        One of `further_defects.ALL_KINDS`, or None where the name tells nothing.

    Raises:
        InvalidInputError: There is no such kind.
    """
    if wanted is not None:
        if wanted not in ALL_KINDS:
            raise InvalidInputError(
                f"no kind of painted defect is called {wanted!r}",
                hint=f"Kinds: {', '.join(ALL_KINDS)}.",
            )
        return wanted
    low = label.lower()
    return next((kind for word, kind in _WORDS.items() if word in low), None)


def matches(item: LabeledImage, where: Mapping[str, str]) -> bool:
    """Whether an image belongs to a slice.

    Args:
        item: The image.
        where: Metadata and the value it must have, as text; empty takes all images.

    Returns:
        True when all agree.
    """
    return all(str(item.image.metadata.get(k)) == v for k, v in where.items())


def collect_parts(
    images: Sequence[LabeledImage],
    load: PixelLoader,
    label: str,
    *,
    book: LabelBook,
    where: Mapping[str, str],
    kind: str | None = None,
) -> Parts:
    """The defects of a class, and the images they may be laid on.

    Args:
        images: Of a snapshot; only real, labeled training images are looked at.
        load: Gives pixels.
        label: The class.
        book: The label book.
        where: The slice whose images become the ground.
        kind: See `painted_kind`.

    Returns:
        The parts.

    Raises:
        NotEnoughDataError: There is no ground, or nothing to lay on it.
        InvalidInputError: No such kind of painted defect.
    """
    real = [
        i
        for i in images
        if i.split == "train" and i.shapes is not None and not i.image.synthetic
    ]
    shown = [i for i in real if any(s.label == label for s in i.shapes or ())]
    donors, left_out = [], []
    for item in shown:
        found, problems = _donors_of(item, load(item.image.sha256), label)
        donors += found
        left_out += problems
    chosen = painted_kind(label, kind)
    if not donors and chosen is None:
        raise _nothing_to_lay(label, len(shown), left_out)
    shapes = [s for i in shown for s in i.shapes or () if s.label == label]
    return Parts(
        label=label,
        donors=tuple(donors),
        bases=tuple(_ground(real, book, where)),
        per_image=tuple(sum(s.label == label for s in i.shapes or ()) for i in shown) or (1,),
        boxes=any(isinstance(s, BoxShape) for s in shapes),
        kind=chosen,
        left_out=tuple(left_out),
    )


# With fewer sound images, defect-free places of other images are used as well.
_ENOUGH_SOUND = 3


def _nothing_to_lay(label: str, shown: int, left_out: Sequence[str]) -> NotEnoughDataError:
    why = f" ({left_out[0]})" if left_out else ""
    return NotEnoughDataError(
        f"no defect of {label!r} can be cut out of the {shown} training images that show"
        f" it{why}",
        hint="Mark it with a box or an outline, or say which painted defect looks like it"
        f" with --kind: {', '.join(ALL_KINDS)}.",
    )


def _ground(
    real: Sequence[LabeledImage], book: LabelBook, where: Mapping[str, str]
) -> list[LabeledImage]:
    """What defects are laid on, those without a defect first."""
    ground = [i for i in real if matches(i, where)]
    sound = [i for i in ground if not book.is_defect(i.shapes or ())]
    ground = sound if len(sound) >= _ENOUGH_SOUND else [*sound, *_placed(ground, sound)]
    if not ground:
        named = ", ".join(f"{k} = {v}" for k, v in where.items())
        raise NotEnoughDataError(
            f"there is no training image {f'with {named} ' * bool(named)}to lay a defect on",
            hint="Label good images of these conditions, or leave out the condition.",
        )
    return ground


def _placed(
    ground: Sequence[LabeledImage], sound: Sequence[LabeledImage]
) -> list[LabeledImage]:
    """Images with defects of which it is known where they lie."""
    known = {i.image.sha256 for i in sound}
    return [
        i
        for i in ground
        if i.image.sha256 not in known and all(shape_box(s) for s in i.shapes or ())
    ]


def _donors_of(
    item: LabeledImage, pixels: NDArray[Any], label: str
) -> tuple[list[Donor], list[str]]:
    donors, problems = [], []
    size = item.image.size_wh
    placed = [s for s in item.shapes or () if shape_box(s) is not None]
    for shape in placed:
        if shape.label != label:
            continue
        others = taken_by([s for s in placed if s is not shape], size)
        try:
            cutout = _cut(pixels, shape, size, others)
        except InvalidInputError as exc:
            problems.append(f"{item.image.name}: {exc.message}")
            continue
        rows, columns = cutout.mask_hw.shape
        if columns > _MOST_OF_SIDE * size[0] or rows > _MOST_OF_SIDE * size[1]:
            problems.append(f"{item.image.name}: the defect is too large to be moved")
            continue
        mask = shape_mask(shape, size)
        floats = as_float_hwc(pixels)
        x0, y0, x1, y1 = bounds_xyxy(mask)
        rim = (columns - (x1 - x0)) // 2, (rows - (y1 - y0)) // 2
        box = (
            max(0, x0 - rim[0]),
            max(0, y0 - rim[1]),
            min(size[0], x1 + rim[0]),
            min(size[1], y1 + rim[1]),
        )
        filled = smooth_fill(floats, ~(mask | others))
        near = surroundings_of(filled, box)
        donors.append(Donor(item.image.sha256, cutout, near, isinstance(shape, BoxShape)))
    return donors, problems


def taken_by(shapes: Sequence[Shape], size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """Where labels lie.

    Args:
        shapes: Of one image; the class of a whole image lies nowhere.
        size_wh: Width and height of the image in pixels.

    Returns:
        (H, W) bool.
    """
    out = np.zeros((size_wh[1], size_wh[0]), dtype=bool)
    for shape in shapes:
        if shape_box(shape) is not None:
            out |= shape_mask(shape, size_wh)
    return out


def _cut(
    pixels: NDArray[Any], shape: Shape, size_wh: tuple[int, int], others: NDArray[np.bool_]
) -> Cutout:
    if isinstance(shape, BoxShape):
        return cut_box(pixels, shape.box_xyxy, others_hw=others)
    return cut_defect(pixels, shape_mask(shape, size_wh), others_hw=others)


def labeled_as(parts: Parts, mask: NDArray[np.bool_], *, margin: float) -> Shape:
    """The label of a defect in the form in which people label this class.

    Args:
        parts: Of the class.
        mask: (H, W) bool, the defect.
        margin: How much longer the side of a box is than the defect, as a share.

    Returns:
        A mask or a box.
    """
    if not parts.boxes:
        return mask_shape(parts.label, mask)
    x0, y0, x1, y1 = bounds_xyxy(mask)
    wide, high = (x1 - x0) * margin / 2, (y1 - y0) * margin / 2
    rows, columns = mask.shape
    box = (max(0.0, x0 - wide), max(0.0, y0 - high))
    end = (min(float(columns), x1 + wide), min(float(rows), y1 + high))
    return BoxShape(parts.label, (*box, *end))
