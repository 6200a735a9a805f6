"""Which images of a project show the same thing, with the vectors that helped to find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import Shape
from pitmark.core.progress import Progress, Reporter
from pitmark.core.records import SPLITS, LabeledImage, Split
from pitmark.ops.images.embeddings import embed_all
from pitmark.ops.images.pixels import pixel_loader
from pitmark.quality.copies.duplicates import DuplicatePair, find_duplicates
from pitmark.quality.copies.fingerprints import fingerprint
from pitmark.quality.copies.registered import common_scale
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Images, the pairs of them that show the same thing, and (N, D) vectors or None."""

    images: tuple[LabeledImage, ...]
    pairs: tuple[DuplicatePair, ...]
    vectors: NDArray[np.float32] | None

    @property
    def place(self) -> dict[str, int]:
        """sha256 to the position of an image."""
        return {i.image.sha256: n for n, i in enumerate(self.images)}


def look_alike(
    project: ProjectStore,
    images: Sequence[LabeledImage],
    report: Reporter,
    *,
    embed: bool = False,
) -> Likeness:
    """Compare all images of a project with each other.

    Args:
        project: The project.
        images: The images.
        report: Told of the progress.
        embed: Also let the shipped backbone look; slower, and finds more crops.

    Returns:
        Pairs and vectors.
    """
    load = pixel_loader(project)
    scales = common_scale([i.image.size_wh for i in images])
    prints = []
    for position, (item, scale) in enumerate(zip(images, scales, strict=True), start=1):
        prints.append(fingerprint(load(item.image.sha256), px_per_cell=scale))
        report(Progress("duplicates", position, len(images)))
    vectors = None
    if embed and images:
        found = embed_all(project, images, report)
        vectors = np.stack([found[i.image.sha256] for i in images])
    shas = [i.image.sha256 for i in images]
    return Likeness(tuple(images), tuple(find_duplicates(shas, prints, vectors)), vectors)


def images_as_split(project: ProjectStore) -> list[LabeledImage]:
    """All images with the splits that hold: of the latest snapshot, else as they came.

    Args:
        project: The project.

    Returns:
        All images but synthetic ones, unlabeled ones too; those without any split are for
        training.
    """
    split: dict[str, Split] = {}
    if project.snapshots.list():
        _, frozen = project.snapshots.load("latest")
        split = {i.image.sha256: i.split for i in frozen}
    labels = project.annotations.consensus()
    given: dict[str, Split] = {str(s): s for s in SPLITS}
    out = []
    for record in project.images.iterate():
        if record.synthetic:
            # Its origin is known, and it is like what it was made from by intention.
            continue
        came = given.get(str(record.metadata.get("split", "")), "train")
        said = labels.get(record.sha256)
        shapes = None if said is None else said.shapes
        out.append(LabeledImage(record, shapes, split.get(record.sha256, came)))
    return out


def said(shapes: Sequence[Shape] | None) -> str:
    """The classes of an image in words, the same for the same classes.

    Args:
        shapes: Of the image.

    Returns:
        Such as "dent, scratch".
    """
    return ", ".join(sorted({s.label for s in shapes or ()})) or "nothing to mark"
