"""The objects of an image, and what each labeler calls each of them, "nothing" included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import Box, Shape, shape_area_px, shape_box

NOTHING = "nothing marked"
_SAME_IOU = 0.3


@dataclass(frozen=True, slots=True)
class ObjectVotes:
    """One object: its box and area as labelers drew them on average, and their names for it.

    `said` maps each labeler of the image to a class, or to "nothing marked"; `shape_index`
    each who marked it to the position among their shapes. Nobody marked a candidate.
    """

    box_xyxy: Box
    area_px: float
    said: Mapping[str, str]
    shape_index: Mapping[str, int]


@dataclass(slots=True)
class _Cluster:
    boxes: list[Box] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    shape_index: dict[str, int] = field(default_factory=dict)

    @property
    def box(self) -> Box:
        x1, y1, x2, y2 = (float(v) for v in np.mean(self.boxes, axis=0))
        return x1, y1, x2, y2


def object_votes(
    by_labeler: Mapping[str, Sequence[Shape]], candidates: Sequence[Box] = ()
) -> list[ObjectVotes]:
    """Matches the shapes of all labelers of one image, one to one and labeler by labeler.

    Args:
        by_labeler: Labeler to all shapes that they drew; the class of an image is passed
            over, and so is an empty mask.
        candidates: Boxes of objects that a model sees; those that nobody marked are added.

    Returns:
        Every object that anybody marked, then the candidates that nobody did.
    """
    clusters: list[_Cluster] = []
    for labeler, shapes in by_labeler.items():
        drawn = [(n, s, box) for n, s in enumerate(shapes) if (box := shape_box(s))]
        places = _matched([c.box for c in clusters], [box for _, _, box in drawn])
        for (index, shape, box), place in zip(drawn, places, strict=True):
            if place is None:
                clusters.append(_Cluster())
            cluster = clusters[-1] if place is None else clusters[place]
            cluster.boxes.append(box)
            cluster.areas.append(shape_area_px(shape))
            cluster.said[labeler], cluster.shape_index[labeler] = shape.label, index
    known = [c.box for c in clusters]
    for box in candidates:
        if not known or iou_matrix([box], known).max() < _SAME_IOU:
            area = (box[2] - box[0]) * (box[3] - box[1])
            clusters.append(_Cluster([box], [area]))
    return [
        ObjectVotes(
            c.box,
            float(np.mean(c.areas)),
            {labeler: c.said.get(labeler, NOTHING) for labeler in by_labeler},
            c.shape_index,
        )
        for c in clusters
    ]


def _matched(known: Sequence[Box], drawn: Sequence[Box]) -> list[int | None]:
    """For each drawn box the known object that it shows, or None for a new one."""
    out: list[int | None] = [None] * len(drawn)
    if known and drawn:
        overlap = iou_matrix(drawn, known)
        for row, column in zip(*scipy.optimize.linear_sum_assignment(-overlap), strict=True):
            if overlap[row, column] >= _SAME_IOU:
                out[row] = int(column)
    return out
