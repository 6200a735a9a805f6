"""The examples of a snapshot as a cheap learner takes them, with what the camera shows.

An example is a whole image, or a labeled object seen with its surroundings; places
without an object stand for the background, which objects are to be told from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import Box, ImageClass, image_class, shape_area_px, shape_box
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.ops.labels.asked import WHOLE_IMAGE_TASKS
from pitmark.quality.needs.visibility import gray_levels, sharpness
from pitmark.quality.rules.features import measure_image, measure_object

BACKGROUND = "(background)"
GOOD = "good"
# A learning system is as large as the square of its examples: more of them bring little.
MOST_UNITS = 700
_OBJECT_SIDE = 96
_IMAGE_SIDE = 192
_AROUND = 0.5
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Unit:
    """One example: of which image, where (None: all of it), and what it is said to be."""

    sha256: str
    group: str
    box_xyxy: Box | None
    label: str
    shape_index: int | None = None

    @property
    def key(self) -> str:
        """The same for the same place of the same image, whatever its label."""
        place = "" if self.box_xyxy is None else ",".join(f"{v:.1f}" for v in self.box_xyxy)
        return f"{self.sha256}#{place}"


@dataclass(frozen=True, eq=False)
class Described:
    """Examples with their vectors.

    `measures` name to (N,): contrast and sharpness. `counts` are of all examples of each
    class, also of those that were left out because they are too many.
    """

    units: tuple[Unit, ...]
    vectors: NDArray[np.float32]
    measures: Mapping[str, NDArray[np.float64]]
    counts: Mapping[str, int]


def units_of(images: Sequence[LabeledImage], task: str, *, seed: int = 0) -> list[Unit]:
    """The examples of labeled images.

    Args:
        images: Any images; unlabeled ones are passed over.
        task: Of the project.
        seed: Of places without an object.

    Returns:
        The examples, in the order of the images.
    """
    labeled = [i for i in images if i.shapes is not None and not i.image.synthetic]
    if task in WHOLE_IMAGE_TASKS:
        return [
            Unit(i.image.sha256, i.image.group_key, None, image_class(i.shapes or ()) or GOOD)
            for i in labeled
        ]
    objects = [u for i in labeled for u in _objects(i)]
    sizes = [(b[2] - b[0], b[3] - b[1]) for u in objects if (b := u.box_xyxy) is not None]
    backgrounds = (_background(i, sizes, seed) for i in labeled)
    return [*objects, *(u for u in backgrounds if u is not None)]


def describe(
    load: PixelLoader,
    units: Sequence[Unit],
    *,
    most: int = MOST_UNITS,
    report: Reporter = silent,
    seed: int = 0,
) -> Described:
    """Examples with their vectors, at most some hundreds, shared out over the classes.

    Args:
        load: Gives the pixels of images.
        units: From `units_of`.
        most: How many examples at most.
        report: Told of the progress.
        seed: Of the choice where there are too many.

    Returns:
        The examples.
    """
    from pitmark.train.describe import describe_places

    chosen = sorted(_some(units, most, seed), key=lambda u: u.key)
    held: dict[str, NDArray[Any]] = {}
    measured: dict[str, tuple[float, float]] = {}

    def show(number: str) -> NDArray[Any]:
        unit = chosen[int(number)]
        if unit.sha256 not in held:
            held.clear()
            held[unit.sha256] = load(unit.sha256)
        pixels = held[unit.sha256]
        part = pixels if unit.box_xyxy is None else _surroundings(pixels, unit.box_xyxy)
        measured[number] = _measured(unit, pixels, part)
        return part

    side = _IMAGE_SIDE if all(u.box_xyxy is None for u in chosen) else _OBJECT_SIDE
    keys = [str(n) for n in range(len(chosen))]
    vectors = describe_places(keys, show, side=side, report=report)
    light = np.array([measured[k] for k in keys]).reshape(-1, 2)
    return Described(
        tuple(chosen),
        vectors,
        {"contrast": light[:, 0], "sharpness": light[:, 1]},
        Counter(u.label for u in units),
    )


def _objects(item: LabeledImage) -> list[Unit]:
    return [
        Unit(item.image.sha256, item.image.group_key, box, shape.label, n)
        for n, shape in enumerate(item.shapes or ())
        if not isinstance(shape, ImageClass)
        and shape_area_px(shape) > 0
        and (box := shape_box(shape)) is not None
    ]


def _background(
    item: LabeledImage, sizes: Sequence[tuple[float, float]], seed: int
) -> Unit | None:
    """A place without an object, as large as objects are; the same for the same image."""
    if not sizes:
        return None
    rng = np.random.default_rng([seed, int(item.image.sha256[:12], 16)])
    taken = [b for s in item.shapes or () if (b := shape_box(s)) is not None]
    for _ in range(_TRIES):
        size = sizes[int(rng.integers(len(sizes)))]
        width, height = (min(v, s) for v, s in zip(size, item.image.size_wh, strict=True))
        x = float(rng.uniform(0, item.image.width - width))
        y = float(rng.uniform(0, item.image.height - height))
        box = (x, y, x + width, y + height)
        if not taken or iou_matrix(np.array([box]), np.array(taken)).max() < 0.05:
            return Unit(item.image.sha256, item.image.group_key, box, BACKGROUND)
    return None


def _some(units: Sequence[Unit], most: int, seed: int) -> list[Unit]:
    """At most so many, the scarce classes whole; which ones does not depend on the order."""
    rng = np.random.default_rng(seed)
    by_class: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda u: u.key):
        by_class.setdefault(unit.label, []).append(unit)
    left, out = most, []
    waiting = sorted(by_class.values(), key=len)
    for place, mine in enumerate(waiting):
        many = min(len(mine), left // (len(waiting) - place))
        out += [mine[n] for n in np.sort(rng.permutation(len(mine))[:many])]
        left -= many
    return out


def _surroundings(pixels: NDArray[Any], box: Box) -> NDArray[Any]:
    """A square around an object, with as much beside it as half its longer side."""
    x1, y1, x2, y2 = box
    half = max(max(x2 - x1, y2 - y1) * (0.5 + _AROUND), 8.0)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    rows = slice(max(0, int(y - half)), min(pixels.shape[0], int(np.ceil(y + half))))
    columns = slice(max(0, int(x - half)), min(pixels.shape[1], int(np.ceil(x + half))))
    return np.ascontiguousarray(pixels[rows, columns])


def _measured(unit: Unit, pixels: NDArray[Any], part: NDArray[Any]) -> tuple[float, float]:
    """Contrast and sharpness."""
    sharp = sharpness(gray_levels(part))
    if unit.box_xyxy is None:
        return measure_image(part)["contrast"], sharp
    size_wh = (pixels.shape[1], pixels.shape[0])
    return measure_object(unit.box_xyxy, 1.0, size_wh, pixels=pixels)["contrast"], sharp
