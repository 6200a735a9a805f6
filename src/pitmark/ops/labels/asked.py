"""What people were asked about, thing by thing, and what each of them answered.

A thing is a whole image (classification, anomaly) or an object that somebody marked or a
model sees (detection, segmentation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import Box, Shape, image_class, shape_box
from pitmark.core.predictions import Prediction
from pitmark.core.records import ImageRecord
from pitmark.quality.agreement.object_votes import NOTHING, object_votes
from pitmark.store.annotation_rows import AnnotationRow
from pitmark.store.db import ProjectStore

WHOLE_IMAGE_TASKS = ("classification", "anomaly")
_SAME_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing and the answers about it.

    Attributes:
        image: Where it is.
        box_xyxy: In pixels of the image; None for the whole image.
        area_px: In square pixels; 0 for the whole image.
        said: Labeler to class, or to "nothing marked".
        shape_index: Labeler to the position among the shapes that they drew.
        rows: Labeler to all that they said about the image.
        settled: Whether a reviewer decided; then only the review speaks.
    """

    image: ImageRecord
    box_xyxy: Box | None
    area_px: float
    said: Mapping[str, str]
    shape_index: Mapping[str, int]
    rows: Mapping[str, AnnotationRow]
    settled: bool


def things_asked(
    project: ProjectStore, candidates: Mapping[str, Sequence[Box]] | None = None
) -> list[Asked]:
    """Everything that people answered about, image by image.

    Args:
        project: The project.
        candidates: sha256 to boxes that a model sees, for what nobody may have marked.

    Returns:
        The things in the order of images.
    """
    latest = project.annotations.all_latest()
    reviews = {s: r for s, r in project.annotations.consensus().items() if r.review}
    out = []
    for record in project.images.iterate():
        review = reviews.get(record.sha256)
        rows = {review.labeler: review} if review else latest.get(record.sha256, {})
        if not rows:
            continue
        if project.task in WHOLE_IMAGE_TASKS:
            said = {k: image_class(r.shapes) or NOTHING for k, r in rows.items()}
            out.append(Asked(record, None, 0.0, said, {}, rows, review is not None))
            continue
        drawn = {k: r.shapes for k, r in rows.items()}
        seen = (candidates or {}).get(record.sha256, ())
        out += [
            Asked(
                record, o.box_xyxy, o.area_px, o.said, o.shape_index, rows, review is not None
            )
            for o in object_votes(drawn, seen)
        ]
    return out


def things_in_study(project: ProjectStore, study: str) -> list[Asked]:
    """Everything that people answered about in a study, each trial for itself.

    Args:
        project: The project.
        study: The study.

    Returns:
        The things in the order of the answers; nobody settled any, and `rows` is empty.

    Raises:
        NotFoundError: No such study.
    """
    drawn: dict[tuple[str, int], dict[str, tuple[Shape, ...]]] = {}
    for row in project.studies.answers(study):
        drawn.setdefault((row.sha256, row.trial), {})[row.labeler] = row.shapes
    out = []
    for (sha, _), by in drawn.items():
        record = project.images.get(sha)
        if project.task in WHOLE_IMAGE_TASKS:
            said = {k: image_class(shapes) or NOTHING for k, shapes in by.items()}
            out.append(Asked(record, None, 0.0, said, {}, {}, settled=False))
            continue
        out += [
            Asked(record, o.box_xyxy, o.area_px, o.said, o.shape_index, {}, settled=False)
            for o in object_votes(by, ())
        ]
    return out


def unmarked_objects(
    labels: Mapping[str, Sequence[Shape]], predictions: Mapping[str, Prediction]
) -> dict[str, list[Box]]:
    """Places without a label that a detector takes for objects as surely as labeled ones.

    Args:
        labels: sha256 to the shapes held to be true.
        predictions: sha256 to the out-of-fold prediction.

    Returns:
        sha256 to boxes; the surest, and no more of them than there are labeled objects.
    """
    at_labels: list[float] = []
    free: list[tuple[float, str, Box]] = []
    for sha, shapes in labels.items():
        said = predictions.get(sha)
        if said is None or not len(said.boxes_xyxy):
            continue
        known = [box for s in shapes if (box := shape_box(s)) is not None]
        overlap = (
            iou_matrix(said.boxes_xyxy, known) if known else np.zeros((len(said.boxes_xyxy), 1))
        )
        at_labels += [
            float((said.box_scores * (o >= 0.5)).max()) for o in overlap.T[: len(known)]
        ]
        for row in np.flatnonzero(overlap.max(axis=1) < _SAME_IOU):
            x1, y1, x2, y2 = (float(v) for v in said.boxes_xyxy[row])
            if x2 > x1 and y2 > y1:
                free.append((float(said.box_scores[row]), sha, (x1, y1, x2, y2)))
    if not at_labels:
        return {}
    limit = max(float(np.quantile(at_labels, 0.25)), 1e-6)
    out: dict[str, list[Box]] = {}
    sure = sorted((f for f in free if f[0] >= limit), key=lambda f: -f[0])
    for _, sha, box in sure[: len(at_labels)]:
        mine = out.setdefault(sha, [])
        if not mine or iou_matrix([box], mine).max() < _SAME_IOU:
            mine.append(box)
    return out
