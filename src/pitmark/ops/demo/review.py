"""The demo's person: looks at findings, knows the parts, and corrects what is wrong.

Only here does the demo look at the truth, as the person in front of the part would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import BoxShape, Shape, shape_box
from pitmark.ops.demo.factory import DemoFactory, Photo
from pitmark.ops.labels.labeling import settle
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

REVIEWER = "quality engineer"
_SAME_PLACE = 0.3


@dataclass(frozen=True, slots=True)
class Review:
    """What the person did: findings looked at, labels corrected, suggestions right."""

    looked_at: int
    corrected: int
    suggestion_right: int


def photos_by_sha(project: ProjectStore, factory: DemoFactory) -> dict[str, Photo]:
    """The photograph behind each image of the project.

    Args:
        project: The project.
        factory: The demo's factory.

    Returns:
        sha256 to photograph.
    """
    by_name = {p.name: p for p in factory.labeled}
    return {r.sha256: by_name[r.name] for r in project.images.iterate()}


def true_label(photo: Photo, shape: Shape) -> str | None:
    """What a labeled shape really is.

    Args:
        photo: The photograph.
        shape: A shape of its labels.

    Returns:
        The class of the true box at that place, None where there is nothing.
    """
    box = shape_box(shape)
    if box is None or not photo.truth:
        return None
    overlap = iou_matrix([box], [t.box_xyxy for t in photo.truth])[0]
    best = int(overlap.argmax())
    return photo.truth[best].label if overlap[best] >= _SAME_PLACE else None


def wrong_shape(
    finding: FindingRow, shapes: Sequence[Shape], photo: Photo
) -> tuple[int, str] | None:
    """Whether a finding points at a shape whose class is wrong.

    Args:
        finding: A finding on labels.
        shapes: The labels of its image.
        photo: The photograph.

    Returns:
        Position of the shape and its true class; None when its class is right.
    """
    index = finding.shape_index
    if index is None or index >= len(shapes):
        return None
    truth = true_label(photo, shapes[index])
    return None if truth in (None, shapes[index].label) else (index, str(truth))


def mislabeled(project: ProjectStore, photos: Mapping[str, Photo]) -> set[tuple[str, int]]:
    """All labels of the project whose class is wrong, as (sha256, position).

    Args:
        project: The project.
        photos: As `photos_by_sha` gives them.

    Returns:
        The planted faults that arrived in the project.
    """
    return {
        (sha, n)
        for sha, row in project.annotations.consensus().items()
        for n, shape in enumerate(row.shapes)
        if true_label(photos[sha], shape) not in (None, shape.label)
    }


def review(
    project: ProjectStore,
    findings: Sequence[FindingRow],
    photos: Mapping[str, Photo],
) -> Review:
    """Settle findings on labels one by one, as a person who knows the parts would.

    Args:
        project: The project.
        findings: In the order of the queue.
        photos: As `photos_by_sha` gives them.

    Returns:
        What was done.
    """
    corrected = right = 0
    for finding in findings:
        shapes = project.annotations.consensus([finding.sha256])[finding.sha256].shapes
        wrong = wrong_shape(finding, shapes, photos[finding.sha256])
        if wrong is None:
            settle(project, finding.id, "dismiss", by=REVIEWER, note="the label is right")
            continue
        index, truth = wrong
        fixed = _with_class(shapes, index, truth)
        right += _same_classes(finding.suggestion, fixed)
        settle(
            project, finding.id, "correct", by=REVIEWER, shapes=fixed, note=f"it is a {truth}"
        )
        corrected += 1
    return Review(len(findings), corrected, right)


def _with_class(shapes: Sequence[Shape], index: int, label: str) -> tuple[Shape, ...]:
    box = shape_box(shapes[index])
    if box is None:
        return tuple(shapes)
    fixed = BoxShape(label, box)
    return tuple(fixed if n == index else s for n, s in enumerate(shapes))


def _same_classes(suggested: Sequence[Shape] | None, fixed: Sequence[Shape]) -> bool:
    if suggested is None:
        return False
    return sorted(s.label for s in suggested) == sorted(s.label for s in fixed)
