"""What a model says of an image, as shapes that a person could have drawn."""

from __future__ import annotations

import numpy as np

from pitmark.core.inspector import InspectorSpec, counted_boxes
from pitmark.core.labels import BoxShape, ImageClass, Shape, mask_shape
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.mask_objects import objects_in_maps

_HALF = 0.5


def predicted_shapes(prediction: Prediction, spec: InspectorSpec) -> list[tuple[Shape, float]]:
    """A prediction as shapes that a person could have drawn, each with its score.

    Args:
        prediction: What the model said.
        spec: Its classes and thresholds.

    Returns:
        The likeliest class, the boxes that count, or the connected regions of the maps.
        Scores are in [0, 1].
    """
    return _SHAPES[spec.task](prediction, spec)


def _class(prediction: Prediction, spec: InspectorSpec) -> list[tuple[Shape, float]]:
    if prediction.class_probs is None:
        return []
    best = int(np.argmax(prediction.class_probs))
    return [(ImageClass(spec.classes[best]), float(prediction.class_probs[best]))]


def _boxes(prediction: Prediction, spec: InspectorSpec) -> list[tuple[Shape, float]]:
    counted = counted_boxes(prediction, spec)
    width, height = prediction.size_wh
    boxes = np.clip(counted.boxes_xyxy, 0, [width, height, width, height])
    out: list[tuple[Shape, float]] = []
    rows = zip(boxes.tolist(), counted.box_scores, counted.box_classes, strict=True)
    for (x1, y1, x2, y2), score, index in rows:
        if x2 > x1 and y2 > y1:
            out.append((BoxShape(spec.classes[int(index)], (x1, y1, x2, y2)), float(score)))
    return out


def _masks(prediction: Prediction, spec: InspectorSpec) -> list[tuple[Shape, float]]:
    return _regions(prediction, spec, _HALF)


def _anomalies(prediction: Prediction, spec: InspectorSpec) -> list[tuple[Shape, float]]:
    if prediction.score < spec.threshold:
        return []
    return _regions(prediction, spec, spec.threshold)


def _regions(
    prediction: Prediction, spec: InspectorSpec, limit: float
) -> list[tuple[Shape, float]]:
    if prediction.maps_khw is None:
        return []
    found = objects_in_maps(prediction.maps_at(prediction.size_wh), limit=limit)
    return [
        (mask_shape(spec.classes[f.index], f.mask_hw), min(max(f.score, 0.0), 1.0))
        for f in found
        if f.index < len(spec.classes)
    ]


_SHAPES = {
    "classification": _class,
    "detection": _boxes,
    "segmentation": _masks,
    "anomaly": _anomalies,
}
