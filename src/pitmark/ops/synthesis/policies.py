"""Plain augmentation policies: copies of the images of a class, changed as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.geometry import Point
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, MaskShape, PolygonShape, Shape, mask_shape, shape_mask
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.ops.synthesis.images import MadeImage
from pitmark.ops.synthesis.parts import matches
from pitmark.synth.arrays import Floats
from pitmark.synth.photo import as_float_hwc, like

_Change = Callable[[Floats, np.random.Generator], Floats]


def _brightness(image: Floats, rng: np.random.Generator) -> Floats:
    gain, bend = np.exp(rng.uniform(-0.45, 0.45)), np.exp(rng.uniform(-0.25, 0.25))
    return np.asarray(np.clip(image * gain, 0, 1) ** bend, np.float32)


def _blur(image: Floats, rng: np.random.Generator) -> Floats:
    sigma = float(rng.uniform(0.5, 1.6))
    return np.asarray(gaussian_filter(image, (sigma, sigma, 0)), np.float32)


def _noise(image: Floats, rng: np.random.Generator) -> Floats:
    grain = rng.standard_normal(image.shape[:2])[..., None] * rng.uniform(0.01, 0.04)
    return np.asarray(image + grain, np.float32)


_LIGHT: Mapping[str, _Change] = {"brightness": _brightness, "blur": _blur, "noise": _noise}
# Copies as they are: the class is shown more often.
OVERSAMPLE = "oversample"
POLICIES = (OVERSAMPLE, "flips", "turns", *_LIGHT)


def policy_images(  # noqa: PLR0913 - all after the third are named
    images: Sequence[LabeledImage],
    count: int,
    load: PixelLoader,
    *,
    policy: str,
    label: str,
    where: Mapping[str, str],
    book: LabelBook,
    seed: int = 0,
) -> list[MadeImage]:
    """Changed copies of the training images that show a class.

    Args:
        images: Of a snapshot.
        count: How many copies.
        load: Gives pixels.
        policy: One of `POLICIES`.
        label: The class.
        where: Only images with this metadata.
        book: Must allow mirrored or turned images for these policies.
        seed: Of all choices.

    Returns:
        The copies.

    Raises:
        InvalidInputError: No such policy, or the label book rules it out.
        NotEnoughDataError: No training image shows the class.
    """
    check_policy(policy, book)
    shown = [
        i
        for i in images
        if i.split == "train"
        and not i.image.synthetic
        and matches(i, where)
        and any(s.label == label for s in i.shapes or ())
    ]
    if not shown:
        raise NotEnoughDataError(f"no training image shows {label!r}")
    out = []
    for number in range(count):
        rng = np.random.default_rng([seed, 3, number])
        item = shown[number % len(shown)]
        pixels, shapes = _changed(load(item.image.sha256), item.shapes or (), policy, rng)
        pixels = _marked(pixels, number)
        out.append(MadeImage(pixels, shapes, item.image, (item.image.sha256,), policy))
    return out


def check_policy(policy: str, book: LabelBook) -> None:
    """That a policy exists and suits the label book.

    Args:
        policy: Its name.
        book: Says whether mirrored and turned images are possible ones.

    Raises:
        InvalidInputError: No such policy, or the label book rules it out.
    """
    if policy not in POLICIES:
        raise InvalidInputError(
            f"there is no policy {policy!r}", hint=f"Policies: {', '.join(POLICIES)}."
        )
    if (policy == "flips" and not book.flips) or (policy == "turns" and not book.turns):
        raise InvalidInputError(
            f"the label book says that images cannot be changed by {policy!r}",
            hint="Choose another policy, or correct the label book.",
        )


def _changed(
    pixels: NDArray[Any], shapes: Sequence[Shape], policy: str, rng: np.random.Generator
) -> tuple[NDArray[Any], tuple[Shape, ...]]:
    if policy == OVERSAMPLE:
        return pixels, tuple(shapes)
    if policy in _LIGHT:
        changed = _LIGHT[policy](as_float_hwc(pixels), rng)
        return like(changed, pixels), tuple(shapes)
    size = (pixels.shape[1], pixels.shape[0])
    if policy == "turns":
        turns = int(rng.integers(1, 4))
        out = pixels
        for _ in range(turns):
            shapes = [_turned(s, size) for s in shapes]
            out, size = np.rot90(out), size[::-1]
        return np.ascontiguousarray(out), tuple(shapes)
    axis = int(rng.integers(2))
    mirrored = np.flip(pixels, axis=1 - axis)
    return np.ascontiguousarray(mirrored), tuple(_mirrored(s, size, axis) for s in shapes)


def _marked(pixels: NDArray[Any], number: int) -> NDArray[Any]:
    """One value changed by the least step: a project holds every image only once."""
    out = np.array(pixels, order="C")
    flat = out.reshape(-1)
    place = number % len(flat)
    flat[place] = flat[place] - 1 if flat[place] > 0 else 1
    return out


def _turned(shape: Shape, size_wh: tuple[int, int]) -> Shape:
    """A shape after a quarter turn against the clock: (x, y) goes to (y, width - x)."""
    width = size_wh[0]
    if isinstance(shape, BoxShape):
        x1, y1, x2, y2 = shape.box_xyxy
        return BoxShape(shape.label, (y1, width - x2, y2, width - x1))
    if isinstance(shape, PolygonShape):
        return _moved(shape, lambda p: (p[1], width - p[0]))
    if isinstance(shape, MaskShape):
        return mask_shape(shape.label, np.rot90(shape_mask(shape, size_wh)))
    return shape


def _mirrored(shape: Shape, size_wh: tuple[int, int], axis: int) -> Shape:
    """A shape with left and right (axis 0) or top and bottom (axis 1) exchanged."""
    length = size_wh[axis]
    if isinstance(shape, BoxShape):
        box = list(shape.box_xyxy)
        box[axis], box[axis + 2] = length - box[axis + 2], length - box[axis]
        return BoxShape(shape.label, (box[0], box[1], box[2], box[3]))
    if isinstance(shape, PolygonShape):
        if axis == 0:
            return _moved(shape, lambda p: (length - p[0], p[1]))
        return _moved(shape, lambda p: (p[0], length - p[1]))
    if isinstance(shape, MaskShape):
        flipped = np.flip(shape_mask(shape, size_wh), axis=1 - axis)
        return mask_shape(shape.label, np.ascontiguousarray(flipped))
    return shape


def _moved(shape: PolygonShape, to: Callable[[Point], Point]) -> PolygonShape:
    return PolygonShape(shape.label, tuple(tuple(to(p) for p in ring) for ring in shape.rings))
