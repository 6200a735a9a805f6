"""How predicted boxes and labeled boxes of one image meet.

Predictions keep the boxes of every class, so one place may carry several; they are joined
to places whatever their class. A label and a place are paired where they overlap most, also
when the overlap is poor: then the outline is doubted, not the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.core.assemble import suppress
from pitmark.core.geometry import as_boxes, box_area, iou_matrix
from pitmark.core.predictions import Prediction

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAME_PLACE = 0.5
_SAME_OBJECT = 0.3
_POOR_OVERLAP = 0.1
_INSIDE = 0.7
_PLACEBO_TRIES = 10


@dataclass(frozen=True, eq=False)
class BoxMeeting:
    """The labels and places of one image.

    Attributes:
        scores: (N, K) best score per class at each label.
        overlaps: (N,) intersection over union with the place paired; 0 for none.
        partner: (N,) box of the prediction paired with each label; -1 for none.
        places: (P,) boxes of the prediction that lead a place.
        place_scores: (P,) score of any class being there.
        labeled: (P,) whether a label accounts for the place.
    """

    scores: Floats
    overlaps: Floats
    partner: Ints
    places: Ints
    place_scores: Floats
    labeled: NDArray[np.bool_]


def meet(
    labels_xyxy: Floats, positions: Ints, prediction: Prediction, class_count: int
) -> BoxMeeting:
    """How the labels of an image and a prediction meet.

    Args:
        labels_xyxy: (N, 4) in pixels.
        positions: (N,) class of each; K for an unknown one.
        prediction: Of a model that never saw these labels.
        class_count: K.

    Returns:
        The meeting.
    """
    boxes = as_boxes(prediction.boxes_xyxy)
    weights = np.nan_to_num(np.asarray(prediction.box_scores, dtype=np.float64))
    kinds = np.asarray(prediction.box_classes, dtype=np.int64)
    iou = iou_matrix(labels_xyxy, boxes)
    same = positions[:, None] == kinds[None, :]
    touches = (iou >= _SAME_OBJECT) | (same & (_inside(labels_xyxy, boxes) >= _INSIDE))
    scores = np.zeros((len(positions), class_count))
    for kind in range(class_count):
        seen = np.where(touches & (kinds == kind), weights, 0.0)
        scores[:, kind] = seen.max(axis=1, initial=0.0)
    everything = np.zeros(len(boxes), dtype=np.int64)
    leaders = suppress(
        prediction.boxes_xyxy, prediction.box_scores, everything, iou=_SAME_PLACE
    )
    overlaps, partner = _pair(iou[:, leaders], weights[leaders])
    # Of several boxes at one place the best fitting one tells whether a label is off.
    best = np.maximum(overlaps, iou.max(axis=1, initial=0.0))
    overlaps = np.where(partner >= 0, best, 0.0)
    labeled = touches[:, leaders].any(axis=0)
    labeled[partner[partner >= 0]] = True
    led = np.where(partner >= 0, leaders[partner] if len(leaders) else -1, -1)
    together = _any_class(boxes, (weights, kinds), leaders)
    return BoxMeeting(scores, overlaps, led, leaders, together, labeled)


def placebo_score(
    size_wh: tuple[float, float],
    labels_xyxy: Floats,
    prediction: Prediction,
    rng: np.random.Generator,
) -> float | None:
    """The best score at a box of some size put where nobody labeled anything.

    Args:
        size_wh: Of the box, in pixels.
        labels_xyxy: (N, 4) labels of the image.
        prediction: Of the image.
        rng: For the place.

    Returns:
        Score in [0, 1], 0 where nothing is predicted; None where there is no room.
    """
    room = np.array(prediction.size_wh, dtype=np.float64) - size_wh
    if (room < 0).any():
        return None
    corners = rng.uniform(size=(_PLACEBO_TRIES, 2)) * room
    boxes = np.hstack([corners, corners + size_wh])
    free = iou_matrix(boxes, labels_xyxy).max(axis=1, initial=0.0) < _POOR_OVERLAP
    if not free.any():
        return None
    box = boxes[[int(free.argmax())]]
    hit = iou_matrix(box, prediction.boxes_xyxy)[0] >= _SAME_OBJECT
    return float(np.nan_to_num(prediction.box_scores[hit]).max(initial=0.0))


def _inside(labels_xyxy: Floats, boxes_xyxy: Floats) -> Floats:
    """(N, M) share of the smaller of two boxes that lies in the other."""
    low = np.maximum(labels_xyxy[:, None, :2], boxes_xyxy[None, :, :2])
    high = np.minimum(labels_xyxy[:, None, 2:], boxes_xyxy[None, :, 2:])
    inter = np.prod(np.clip(high - low, 0, None), axis=2)
    smaller = np.minimum(box_area(labels_xyxy)[:, None], box_area(boxes_xyxy)[None, :])
    return np.asarray(inter / np.where(smaller > 0, smaller, 1))


def _any_class(boxes_xyxy: Floats, scored: tuple[Floats, Ints], leaders: Ints) -> Floats:
    """(P,) score of any class at each place, as if classes spoke independently."""
    weights, kinds = scored
    near = iou_matrix(boxes_xyxy[leaders], boxes_xyxy) >= _SAME_PLACE
    near[np.arange(len(leaders)), leaders] = True
    none = np.ones(len(leaders))
    for kind in np.unique(kinds):
        none *= 1 - np.where(near & (kinds == kind), weights, 0.0).max(axis=1, initial=0.0)
    return np.clip(1 - none, 0, 1)


def _pair(iou: Floats, weights: Floats) -> tuple[Floats, Ints]:
    """One place per label: the pairs with the most overlap times score in all."""
    overlaps, partner = np.zeros(len(iou)), np.full(len(iou), -1, dtype=np.int64)
    rows, columns = scipy.optimize.linear_sum_assignment(-iou * weights)
    close = iou[rows, columns] >= _POOR_OVERLAP
    partner[rows[close]] = columns[close]
    overlaps[rows[close]] = iou[rows[close], columns[close]]
    return overlaps, partner
