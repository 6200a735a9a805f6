"""Makes synthetic images of a class out of a snapshot's own training images.

Nothing is written here: images come with pixels, shapes and what they were made from.
`store_images` puts them into the project, on trial and marked synthetic for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import (
    ImageClass,
    Shape,
    Task,
)
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.provenance import MADE_BY, MADE_FROM, USE, Use
from pitmark.core.records import ImageRecord, LabeledImage, PixelLoader
from pitmark.formats.images import encode_png
from pitmark.ops.synthesis.parts import Donor, Parts, labeled_as, taken_by
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore
from pitmark.synth.blending import as_strong_as, blend_defect
from pitmark.synth.defect_patch import Shape as Drawn
from pitmark.synth.photo import as_float_hwc, drawn_shape, paint_on_photo
from pitmark.synth.surroundings import find_place, look
from pitmark.synth.variation import Limits, vary

LABELER = "synthesis"
# With fewer defects of its own, a class also gets painted ones, up to this share.
ENOUGH_DONORS = 5
_PAINTED_SHARE = 0.4
_MOST_PER_IMAGE = 3
_TRIES = 25
_LEAST_PX = 6


@dataclass(frozen=True, slots=True)
class MadeImage:
    """A synthetic image with its labels.

    `made_from` names all images of which it shows a part, the ground first; `made_by` is
    "pasted", "painted", or the name of an augmentation policy.
    """

    pixels: NDArray[Any]
    shapes: tuple[Shape, ...]
    base: ImageRecord
    made_from: tuple[str, ...]
    made_by: str


@dataclass(frozen=True, slots=True)
class _Laid:
    pixels: NDArray[Any]
    shape: Shape
    source: str | None


def make_images(  # noqa: PLR0913 - all after the third are named
    parts: Parts,
    count: int,
    load: PixelLoader,
    *,
    book: LabelBook,
    task: Task,
    seed: int = 0,
    report: Reporter = silent,
) -> list[MadeImage]:
    """Synthetic images: defects of one class, varied and laid on real training images.

    The same seed gives the same images, and the first ones of a longer list.

    Args:
        parts: From `collect_parts`.
        count: How many, at least 1.
        load: Gives pixels.
        book: Says whether mirrored and turned images are possible ones.
        task: Decides what a label looks like.
        seed: Of all choices.
        report: Told of the progress.

    Returns:
        At most `count`; fewer where hardly a place is fit for a defect.

    Raises:
        NotEnoughDataError: No place at all was found.
    """
    out: list[MadeImage] = []
    order = np.random.default_rng([seed, 1]).permutation(len(parts.bases))
    for number in range(2 * count):
        rng = np.random.default_rng([seed, 2, number])
        base = parts.bases[int(order[number % len(order)])]
        made = _one(parts, base, load(base.image.sha256), (book, task), rng)
        if made is not None:
            out.append(made)
            report(Progress("synthesize", len(out), count))
        if len(out) == count:
            break
    if not out:
        raise NotEnoughDataError(
            f"no place for {parts.label!r} was found on {len(parts.bases)} training images:"
            " none looks like the surroundings of the real ones",
            hint="Add good images of the parts on which it occurs.",
        )
    return out


def _one(
    parts: Parts,
    base: LabeledImage,
    pixels: NDArray[Any],
    means: tuple[LabelBook, Task],
    rng: np.random.Generator,
) -> MadeImage | None:
    book, task = means
    size = base.image.size_wh
    shapes: list[Shape] = [s for s in base.shapes or () if book.is_defect([s])]
    sources, ways = [base.image.sha256], []
    wanted = min(_MOST_PER_IMAGE, int(rng.choice(parts.per_image)) or 1)
    added: list[Shape] = []
    for _ in range(wanted):
        taken = taken_by([*shapes, *added], size)
        laid = _lay(parts, pixels, taken, (book, task), rng)
        # Made larger or smaller, a defect may leave the limits of its class.
        if laid is None or book.broken_rules(laid.shape):
            continue
        pixels = laid.pixels
        added.append(laid.shape)
        sources += [laid.source] if laid.source else []
        ways.append("pasted" if laid.source else "painted")
    if not added:
        return None
    kept: tuple[Shape, ...] = (*shapes, *added)
    if task == "classification":
        kept = (ImageClass(parts.label),)
    return MadeImage(
        pixels, kept, base.image, tuple(dict.fromkeys(sources)), " ".join(sorted(set(ways)))
    )


def _lay(
    parts: Parts,
    pixels: NDArray[Any],
    taken: NDArray[np.bool_],
    means: tuple[LabelBook, Task],
    rng: np.random.Generator,
) -> _Laid | None:
    few = len(parts.donors) < ENOUGH_DONORS and parts.kind is not None
    share = _PAINTED_SHARE if parts.donors else 1.0
    if few and rng.random() < share:
        return _paint(parts, pixels, taken, rng)
    return _paste(parts, pixels, taken, means[0], rng)


def _paste(
    parts: Parts,
    pixels: NDArray[Any],
    taken: NDArray[np.bool_],
    book: LabelBook,
    rng: np.random.Generator,
) -> _Laid | None:
    limits = Limits(turns=book.turns, flips=book.flips)
    floats = as_float_hwc(pixels)
    known = np.stack([d.surroundings for d in parts.donors])
    for _ in range(_TRIES // 5):
        donor: Donor = parts.donors[int(rng.integers(len(parts.donors)))]
        cutout = vary(donor.cutout, limits, rng)
        rows, columns = cutout.mask_hw.shape
        place = find_place(
            look(floats, (columns, rows)),
            known,
            taken,
            (columns, rows),
            sides=cutout.sides,
            rng=rng,
        )
        if place is None:
            continue
        laid, mask = blend_defect(pixels, cutout, at_xy=place, rng=rng)
        shape = labeled_as(parts, mask, margin=cutout.margin_share)
        return _Laid(laid, shape, donor.sha256)
    return None


def _paint(
    parts: Parts, pixels: NDArray[Any], taken: NDArray[np.bool_], rng: np.random.Generator
) -> _Laid | None:
    assert parts.kind is not None
    height, width = taken.shape
    drawn = drawn_shape(parts.kind, rng, (height, width))
    real = None
    if parts.donors:
        donor = parts.donors[int(rng.integers(len(parts.donors)))]
        real = vary(donor.cutout, Limits(), rng)
        size = donor.cutout.size_px * float(np.exp(rng.uniform(-0.35, 0.35)))
        drawn = Drawn(max(3.0, size), drawn.contrast, drawn.angle_rad)
    side = max(_LEAST_PX, int(drawn.size_px) + 4)
    known = [d.surroundings for d in parts.donors]
    # Without a real one, the usual roughness at a brightness well above black is the ground.
    place = find_place(
        look(as_float_hwc(pixels), (side, side)),
        np.stack(known) if known else np.array([[-0.4, 0.0, 0.0]]),
        taken,
        (side, side),
        sides=(False, False, False, False),
        rng=rng,
    )
    if place is None:
        return None
    at = (place[0] + side // 2, place[1] + side // 2)
    painted, mask = paint_on_photo(
        pixels, parts.kind, rng, shape=drawn, at_xy=at, allowed_hw=~taken
    )
    if not mask.any():
        return None
    if real is not None:
        painted = as_strong_as(painted, pixels, mask, real)
    return _Laid(painted, labeled_as(parts, mask, margin=0.1), None)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A synthetic image in the project: as training takes it, and its annotation."""

    item: LabeledImage
    annotation_id: int


def store_images(
    project: ProjectStore, made: Sequence[MadeImage], *, label: str, run: str, use: Use
) -> list[StoredImage]:
    """Put synthetic images into a project, with their labels.

    Args:
        project: The project.
        made: The images.
        label: The class for which they were made.
        run: The run that made them.
        use: Whether they are learned from.

    Returns:
        The images as training images.
    """
    revision = project.book.current().revision
    records = [
        _record(project, item, f"synthetic/{label}/{run}-{number:03d}.png", use)
        for number, item in enumerate(made)
    ]
    said = [
        NewAnnotation(r.sha256, m.shapes, LABELER, revision, reason=f"made by run {run}")
        for r, m in zip(records, made, strict=True)
    ]
    with project.transaction():
        project.images.add_many([(r, f"synthesis {run}") for r in records])
        rows = project.annotations.add_many(said)
    return [
        StoredImage(LabeledImage(record, tuple(row.shapes), "train"), row.id)
        for record, row in zip(records, rows, strict=True)
    ]


def _record(project: ProjectStore, item: MadeImage, name: str, use: Use) -> ImageRecord:
    base = item.base
    metadata = {k: v for k, v in base.metadata.items() if k != "split"}
    return ImageRecord(
        sha256=project.blobs.put(encode_png(item.pixels)),
        width=item.pixels.shape[1],
        height=item.pixels.shape[0],
        mode=base.mode,
        name=name,
        metadata={
            **metadata,
            MADE_FROM: " ".join(item.made_from),
            MADE_BY: item.made_by,
            USE: use,
        },
        group=base.group_key,
        synthetic=True,
        reference=base.reference if item.made_by in ("pasted", "painted") else None,
    )


def set_use(project: ProjectStore, images: Sequence[StoredImage], use: Use) -> None:
    """Take synthetic images into the data, or out of it; they are never deleted.

    Args:
        project: The project.
        images: Synthetic images.
        use: trial, kept or dropped.
    """
    with project.transaction():
        for item in images:
            project.images.set_metadata(item.item.image.sha256, {USE: use})
