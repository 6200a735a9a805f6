"""On which slices of the data a model fails, judged out of fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import image_class
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage
from pitmark.metrics.matching import match_image
from pitmark.ops.evaluating import Costs, choose_thresholds
from pitmark.ops.truth import class_indices, defective, predicted_boxes, true_boxes
from pitmark.quality.slices import Slice, weak_slices

Predictions = Mapping[str, Prediction]


def find_weak_slices(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Predictions,
    *,
    book: LabelBook,
) -> list[Slice]:
    """Slices by metadata and class on which more is missed or mistaken than elsewhere.

    A case is a labeled object for detection (failed: not found as its class) and an
    image for the other tasks (failed: wrong class, or wrong verdict).

    Args:
        spec: Of the models that made the predictions.
        images: Labeled images.
        predictions: Out of fold, by sha256.
        book: The label book.

    Returns:
        The weak slices, strongest evidence first.
    """
    seen = [i for i in images if i.shapes is not None and i.image.sha256 in predictions]
    if not seen:
        return []
    tuned, _ = choose_thresholds(spec, seen, predictions, book=book, costs=Costs(1, 1))
    if spec.task == "detection":
        return _object_slices(tuned, seen, predictions)
    if spec.task == "classification":
        chances = [predictions[i.image.sha256].class_probs for i in seen]
        found = np.array([-2 if c is None else int(np.argmax(c)) for c in chances])
        failed = found != class_indices(seen, spec.classes)
    else:
        scores = np.array([predictions[i.image.sha256].score for i in seen])
        failed = (scores >= tuned.threshold) != defective(seen, book)
    named = [{**i.image.metadata, "class": image_class(i.shapes or ()) or "good"} for i in seen]
    return weak_slices(np.asarray(failed), named)


def _object_slices(
    spec: InspectorSpec, seen: Sequence[LabeledImage], predictions: Predictions
) -> list[Slice]:
    failed: list[bool] = []
    metadata: list[Mapping[str, object]] = []
    for item in seen:
        there = true_boxes(item.shapes or (), spec.classes)
        found = predicted_boxes(predictions[item.image.sha256])
        match = match_image(found, there, thresholds=np.asarray(spec.box_thresholds))
        for index, label in enumerate(there.classes):
            failed.append(index in match.missed)
            metadata.append({**item.image.metadata, "class": spec.classes[int(label)]})
    return weak_slices(np.array(failed, dtype=bool), metadata)
