"""Boxes whose class, presence or outline is likely wrong, and objects without a box.

Judge only with out-of-fold predictions: of a model that never saw the labels. Scores lie in
[0, 1] and are the probability of a fault; higher means more likely wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import as_boxes, box_area
from pitmark.core.labels import Box, BoxShape, ImageClass, Shape, shape_box
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.box_evidence import BoxMeeting, meet, placebo_score
from pitmark.quality.faults.budget import within_budget
from pitmark.quality.faults.class_faults import Fault
from pitmark.quality.faults.object_doubts import Doubt, label_doubts, place_doubts
from pitmark.quality.faults.object_evidence import LabelRow, PlaceRow, weigh_objects


def detection_faults(
    images: Mapping[str, tuple[Shape, ...]],
    predictions: Mapping[str, Prediction],
    classes: Sequence[str],
    *,
    box_embeddings: Mapping[str, NDArray[np.floating]] | None = None,
) -> list[Fault]:
    """Boxes that are likely wrong, and places that likely lack one.

    No confidence is asked for: what a score means is measured on the same predictions and
    labels. A box of a class the model does not know is judged in all but its class.

    Args:
        images: Key to all shapes of the image (none: looked at, nothing there). Polygons
            and masks count as the box around them; the class of an image is passed over.
        predictions: Key to the out-of-fold prediction, with boxes of every class.
        classes: (K,) class names in the order of the model.
        box_embeddings: Key to (number of shapes, D) embeddings of one model for all
            images, or None.

    Returns:
        Faults, most likely first; at most one per shape and one per place without label.

    Raises:
        InvalidInputError: An image has no prediction, or its embeddings do not fit.
    """
    seen = _Seen(tuple(classes))
    vectors: list[NDArray[np.floating]] = []
    for key, shapes in images.items():
        if key not in predictions:
            raise InvalidInputError(f"image {key} has labels but no out-of-fold prediction")
        kept = seen.add(key, shapes, predictions[key])
        if box_embeddings is not None:
            vectors.append(_vectors(key, box_embeddings, len(shapes))[kept])
    vectors = [v for v in vectors if len(v)]
    evidence = weigh_objects(
        seen.labels,
        seen.places,
        np.array(seen.placebo, dtype=np.float64),
        class_count=len(classes),
        embeddings=np.concatenate(vectors) if vectors else None,
    )
    faults = [
        seen.label_fault(doubt, images[seen.labels[doubt.row].key])
        for doubt in label_doubts(seen.labels, evidence, classes)
    ]
    faults += [
        seen.place_fault(doubt, images[seen.places[doubt.row].key])
        for doubt in place_doubts(seen.places, evidence, classes)
    ]
    return within_budget(faults, len(seen.labels))


@dataclass(eq=False)
class _Seen:
    """Rows of all images so far, each with the box that the model would draw."""

    classes: tuple[str, ...]
    labels: list[LabelRow] = field(default_factory=list)
    drawn: list[Box | None] = field(default_factory=list)
    places: list[PlaceRow] = field(default_factory=list)
    leading: list[Box] = field(default_factory=list)
    placebo: list[float] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(
        self, key: str, shapes: tuple[Shape, ...], prediction: Prediction
    ) -> NDArray[np.int64]:
        """Adds an image; gives the shapes that were judged."""
        outlined = [(i, _box_of(s)) for i, s in enumerate(shapes)]
        boxes = as_boxes([box for _, box in outlined if box is not None])
        kept = [i for i, box in outlined if box is not None]
        known = {name: i for i, name in enumerate(self.classes)}
        names = [shapes[i].label for i in kept]
        positions = [known.get(name, len(known)) for name in names]
        clean = _usable(prediction, len(known))
        found = meet(boxes, np.array(positions, dtype=np.int64), clean, len(known))
        areas = box_area(boxes)
        for at, index in enumerate(kept):
            place, overlap = int(found.partner[at]), float(found.overlaps[at])
            self.labels.append(
                LabelRow(
                    key,
                    index,
                    names[at],
                    positions[at],
                    float(areas[at]),
                    found.scores[at],
                    overlap if place >= 0 else None,
                )
            )
            self.drawn.append(_box(clean, place) if place >= 0 else None)
        self._add_places(key, clean, found)
        for box in boxes:
            score = placebo_score(tuple(box[2:] - box[:2]), boxes, clean, self.rng)
            self.placebo += [] if score is None else [score]
        return np.array(kept, dtype=np.int64)

    def _add_places(self, key: str, prediction: Prediction, found: BoxMeeting) -> None:
        rows = zip(found.places, found.place_scores, found.labeled, strict=True)
        for at, score, labeled in rows:
            position = int(prediction.box_classes[at])
            self.places.append(PlaceRow(key, position, float(score), bool(labeled)))
            self.leading.append(_box(prediction, int(at)))

    def label_fault(self, doubt: Doubt, shapes: tuple[Shape, ...]) -> Fault:
        """The fault of a doubt about a label."""
        row = self.labels[doubt.row]
        before, after = shapes[: row.shape_index], shapes[row.shape_index + 1 :]
        now = shapes[row.shape_index]
        middle: tuple[Shape, ...] = ()
        if doubt.kind == "wrong_class":
            middle = (replace(now, label=doubt.label),)
        elif doubt.kind == "sloppy_outline":
            box = self.drawn[doubt.row]
            middle = (BoxShape(now.label, box) if box is not None else now,)
        return Fault(
            key=row.key,
            kind=doubt.kind,
            score=doubt.score,
            why=doubt.why,
            shape_index=row.shape_index,
            suggestion=(*before, *middle, *after),
            verdict=doubt.verdict,
        )

    def place_fault(self, doubt: Doubt, shapes: tuple[Shape, ...]) -> Fault:
        """The fault of a place without a label."""
        return Fault(
            key=self.places[doubt.row].key,
            kind=doubt.kind,
            score=doubt.score,
            why=doubt.why,
            shape_index=None,
            suggestion=(*shapes, BoxShape(doubt.label, self.leading[doubt.row])),
            verdict=doubt.verdict,
        )


def _box_of(shape: Shape) -> Box | None:
    return None if isinstance(shape, ImageClass) else shape_box(shape)


def _usable(prediction: Prediction, class_count: int) -> Prediction:
    """Without boxes that are no boxes: no number, no area, no class of the model."""
    boxes, scores = as_boxes(prediction.boxes_xyxy), prediction.box_scores
    good = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    good &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    good &= (prediction.box_classes >= 0) & (prediction.box_classes < class_count)
    return replace(
        prediction,
        boxes_xyxy=prediction.boxes_xyxy.reshape(-1, 4)[good],
        box_scores=scores[good],
        box_classes=prediction.box_classes[good],
    )


def _box(prediction: Prediction, at: int) -> Box:
    x1, y1, x2, y2 = (float(v) for v in prediction.boxes_xyxy[at])
    return x1, y1, x2, y2


def _vectors(
    key: str, given: Mapping[str, NDArray[np.floating]], count: int
) -> NDArray[np.floating]:
    if key not in given and count == 0:
        return np.zeros((0, 0))
    if key not in given or len(given[key]) != count:
        found = len(given[key]) if key in given else 0
        raise InvalidInputError(f"image {key} has {count} shapes but {found} embeddings")
    return given[key]
