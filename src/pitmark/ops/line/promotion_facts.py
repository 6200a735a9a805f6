"""What both versions say: of images with known truth, and of the newest from the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pitmark.core.errors import NotFoundError, PitmarkError
from pitmark.core.inspector import InspectorSpec, decide, load_pair
from pitmark.core.label_book import LabelBook
from pitmark.core.predictions import Prediction
from pitmark.core.progress import Progress, Reporter
from pitmark.core.records import LabeledImage
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.runtime import EdgeInspector
from pitmark.formats.images import decode_image
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import PICKED
from pitmark.ops.images.truth import defective
from pitmark.ops.line.promotion_checks import SameImages
from pitmark.ops.line.promotion_line import Shadow
from pitmark.ops.models.training import held_out_predictions, load_model
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

# Metadata that tells how an image came here, and no camera or lot.
_NO_SLICE = {PICKED, "stands_for", "at", "verdict", "release", "split", "name", "golden"}
_MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class InUse:
    """The run in use, and its release where it has one."""

    run: RunRow
    version: int | None


def in_use(project: ProjectStore) -> InUse | None:
    """The champion: as promoted, or else the newest release.

    Args:
        project: The project.

    Returns:
        None before the first promotion and release.
    """
    alias = project.promotions.alias("champion")
    if alias is not None:
        return InUse(project.runs.get(alias.run_id), alias.version)
    try:
        release = project.releases.get()
    except NotFoundError:
        return None
    return InUse(project.runs.get(release.run_id), release.version)


class Judge:
    """One version of the project, asked about images.

    Held-out predictions of its run are taken as they are; for all else its bundle judges,
    or the trained model where there is none.

    Args:
        project: The project.
        run: Of the version.
        bundle: Its bundle; None where it has none.
    """

    def __init__(self, project: ProjectStore, run: RunRow, bundle: bytes | None) -> None:
        self._project, self._load = project, pixel_loader(project)
        self._held_out = held_out_predictions(project, run)
        self.learned = _learned_from(project, run)
        if bundle is None:
            model = load_model(project, run)
            self.spec: InspectorSpec = model.spec
            self._predict = model.predict
        else:
            inspector = EdgeInspector.open(read_bundle(bundle), precision="fp32", threads=1)
            self.spec, self._predict = inspector.spec, inspector.predict

    def of(self, image: LabeledImage) -> Prediction:
        """What it says of an image of the project.

        Args:
            image: The image.

        Returns:
            The prediction.
        """
        found = self._held_out.get(image.image.sha256)
        if found is not None:
            return found
        return self._predict(*load_pair(image.image, self._load, self.spec))

    def calls_ng(self, image: LabeledImage) -> bool:
        """Whether it calls an image of the project NG; an error counts as NG.

        Args:
            image: The image.

        Returns:
            The verdict.
        """
        return decide(self.of(image), self.spec).outcome != "OK"

    def verdict(self, data: bytes, name: str) -> tuple[Literal["OK", "NG", "error"], float]:
        """What it says of an image file.

        Args:
            data: Of the file.
            name: Of the image.

        Returns:
            Verdict and score.
        """
        try:
            said = decide(self._predict(decode_image(data, name=name).pixels, None), self.spec)
        except PitmarkError:
            return "error", 0.0
        return said.outcome, said.score


def _learned_from(project: ProjectStore, run: RunRow) -> frozenset[str]:
    """Images that a run learned from, or chose its limits on."""
    items = project.snapshots.get(run.snapshot_id).items
    return frozenset(i.sha256 for i in items if i.split != "test")


def same_images(
    project: ProjectStore, images: Sequence[LabeledImage], old: Judge, new: Judge
) -> SameImages:
    """Both versions on the test images that neither has learned from.

    Args:
        project: The project.
        images: Of the newest snapshot.
        old: The version in use.
        new: The one that would take its place.

    Returns:
        The verdicts of both.
    """
    known = old.learned | new.learned
    fair = [
        i
        for i in images
        if i.shapes is not None and i.split == "test" and i.image.sha256 not in known
    ]
    return SameImages(
        names=[i.image.name for i in fair],
        groups=[i.image.group_key for i in fair],
        bad=defective(fair, project.book.current()),
        old_ng=np.array([old.calls_ng(i) for i in fair], dtype=bool),
        new_ng=np.array([new.calls_ng(i) for i in fair], dtype=bool),
        columns=_columns(fair),
        from_line=sum(PICKED in i.image.metadata for i in fair),
    )


def _columns(images: Sequence[LabeledImage]) -> Mapping[str, list[str | None]]:
    names = {k for i in images for k in i.image.metadata} - _NO_SLICE
    out: dict[str, list[str | None]] = {}
    for name in sorted(names):
        said = [i.image.metadata.get(name) for i in images]
        values = [None if v is None else str(v) for v in said]
        if 1 < len(set(values)) <= _MOST_VALUES:
            out[name] = values
    return out


def to_be_caught(images: Sequence[LabeledImage], book: LabelBook) -> list[LabeledImage]:
    """Images of parts that must be caught: of such a class, or golden by their metadata.

    Args:
        images: Of a snapshot.
        book: The label book.

    Returns:
        Held-out images of such a class, and all defective ones whose metadata has a true
        `golden`.
    """
    must = {c.name for c in book.classes if c.must_catch}
    out = []
    for image in images:
        shapes = image.shapes or ()
        named = image.split != "train" and bool({s.label for s in shapes} & must)
        golden = str(image.image.metadata.get("golden", "")).lower() in ("true", "1", "yes")
        if named or (golden and book.is_defect(shapes)):
            out.append(image)
    return out


def shadow(
    project: ProjectStore, old: Judge, new: Judge, count: int, report: Reporter
) -> list[Shadow]:
    """The newest images from the line as both versions judge them.

    Args:
        project: The project.
        old: The version in use.
        new: The one that would take its place.
        count: How many images at most.
        report: Told of the progress.

    Returns:
        The images, the newest first; none for versions that compare with references.
    """
    if old.spec.reference or new.spec.reference or not count:
        return []
    rows = project.events.with_images(limit=count)
    out = []
    for done, row in enumerate(rows):
        report(Progress("side by side", done, len(rows)))
        sha = str(row.sha256)
        data = project.blobs.read(sha)
        (was, was_score), (is_, is_score) = (j.verdict(data, row.name) for j in (old, new))
        out.append(Shadow(row.name or row.key, sha, row.device, was, is_, was_score, is_score))
    return out
