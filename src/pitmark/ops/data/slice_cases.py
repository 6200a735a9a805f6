"""What a model did on each image or object, and what is known of it, as cases of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.geometry import iou_matrix
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, image_class, shape_box
from pitmark.core.predictions import Prediction
from pitmark.core.progress import Progress, Reporter
from pitmark.core.records import ImageRecord, LabeledImage, PixelLoader
from pitmark.metrics.matching import match_image
from pitmark.ops.images.truth import (
    class_indices,
    defect_mask,
    defective,
    predicted_boxes,
    true_boxes,
)
from pitmark.quality.drift.input_statistics import STATISTIC_NAMES, image_statistics
from pitmark.quality.rules.features import measure_object

Loss = Literal["failures", "graded"]
Predictions = Mapping[str, Prediction]
Values = Mapping[str, object]

_OF_IMAGES = ("brightness", "contrast", "sharpness", "noise")
_OF_OBJECTS = (
    "length",
    "aspect",
    "distance to the border",
    "position across",
    "position down",
    "contrast",
    "brightness",
)
# What says how the set was parted or measured, and nothing about the image.
_PASSED_OVER = frozenset(
    {"split", "mm_per_px", "mm_per_pixel", "um_per_px", "px_per_mm", "pixels_per_mm"}
)
_MOST_LOG_LOSS = 5.0


@dataclass(frozen=True, slots=True)
class Case:
    """One image, or one labeled object in it, and how bad the model was there.

    `shape` is the object; None where the image as a whole is the case.
    """

    image: ImageRecord
    shape: Shape | None
    index: int | None
    class_name: str
    loss: float


def cases_of(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Predictions,
    *,
    book: LabelBook,
    loss: Loss = "failures",
) -> list[Case]:
    """One case per labeled object for detection, per image for all other tasks.

    With `failures` a case fails (1) where the object was not found as its class, the image got
    the wrong class, or the wrong verdict. With `graded` it is a number: 1 less the score
    of the best box on the object; the surprise at the true class; 1 less the overlap (Dice)
    with the labeled area; the distance of the score to the right end of its scale.

    Args:
        spec: Of the models, with its thresholds.
        images: Labeled images.
        predictions: By models that had not seen them.
        book: The label book.
        loss: failures or graded.

    Returns:
        The cases of images that have both labels and a prediction.
    """
    seen = [i for i in images if i.shapes is not None and i.image.sha256 in predictions]
    if spec.task == "detection":
        return [c for i in seen for c in _objects(spec, i, predictions, loss)]
    losses = _image_losses(spec, seen, predictions, book, loss)
    return [
        Case(i.image, None, None, _kind(i.shapes or ()), float(value))
        for i, value in zip(seen, losses, strict=True)
    ]


def _kind(shapes: Sequence[Shape]) -> str:
    named = image_class(shapes)
    return named or (min(s.label for s in shapes) if shapes else "good")


def _objects(
    spec: InspectorSpec, item: LabeledImage, predictions: Predictions, loss: Loss
) -> list[Case]:
    shapes = item.shapes or ()
    there = true_boxes(shapes, spec.classes)
    found = predicted_boxes(predictions[item.image.sha256])
    limits = np.asarray(spec.box_thresholds or (0.5,) * len(spec.classes))
    missed = set(match_image(found, there, thresholds=limits).missed)
    overlap = iou_matrix(there.boxes_xyxy, found.boxes_xyxy) >= 0.5
    boxed = [n for n, s in enumerate(shapes) if s.label in spec.classes and shape_box(s)]
    out = []
    for place, index in enumerate(boxed):
        value = float(place in missed)
        if loss == "graded":
            right = overlap[place] & (found.classes == there.classes[place])
            value = 1.0 - float(found.scores[right].max(initial=0.0))
        out.append(Case(item.image, shapes[index], index, shapes[index].label, value))
    return out


def _image_losses(
    spec: InspectorSpec,
    seen: Sequence[LabeledImage],
    predictions: Predictions,
    book: LabelBook,
    loss: Loss,
) -> NDArray[np.float64]:
    said = [predictions[i.image.sha256] for i in seen]
    if spec.task == "classification":
        return _class_losses(spec, seen, said, loss)
    flags = defective(seen, book)
    scores = np.array([p.score for p in said])
    if loss == "failures":
        return np.asarray((scores >= spec.threshold) != flags, dtype=np.float64)
    if spec.task == "segmentation":
        overlaps = [_overlap(i, p, book) for i, p in zip(seen, said, strict=True)]
        return 1.0 - np.array(overlaps, dtype=np.float64)
    return np.asarray(np.abs(flags - scores), dtype=np.float64)


def _class_losses(
    spec: InspectorSpec, seen: Sequence[LabeledImage], said: Sequence[Prediction], loss: Loss
) -> NDArray[np.float64]:
    truth = class_indices(seen, spec.classes)
    chances = [np.zeros(len(spec.classes)) if p.class_probs is None else p.class_probs
               for p in said]  # fmt: skip
    if loss == "failures":
        found = np.array([int(np.argmax(c)) if c.any() else -2 for c in chances])
        return np.asarray(found != truth, dtype=np.float64)
    own = np.array([c[t] if t >= 0 else 0.0 for c, t in zip(chances, truth, strict=True)])
    return np.asarray(-np.log(np.maximum(own, np.exp(-_MOST_LOG_LOSS))), dtype=np.float64)


def _overlap(item: LabeledImage, said: Prediction, book: LabelBook) -> float:
    """Dice of all defect areas together; 1 where there is none and none was found."""
    truth = defect_mask(item.shapes or (), item.image.size_wh, book)
    if truth is None or said.maps_khw is None:
        return 0.0
    marked = said.maps_at(item.image.size_wh).max(axis=0, initial=0.0) >= 0.5
    total = int(truth.sum() + marked.sum())
    return 2 * int((truth & marked).sum()) / total if total else 1.0


def columns_of_cases(
    cases: Sequence[Case], load: PixelLoader | None, report: Reporter
) -> dict[str, list[object]]:
    """What is known of each case: metadata, times of day, class, and what is measured.

    Args:
        cases: From `cases_of`, those of one image together.
        load: Gives pixels; None leaves out what is measured on them.
        report: Told of the progress.

    Returns:
        Name to one value per case; a measure gives way to metadata of the same name.
    """
    rows: list[dict[str, object]] = []
    latest: tuple[str, Any, Values] = ("", None, {})
    for n, case in enumerate(cases, start=1):
        if latest[0] != case.image.sha256:
            pixels = None if load is None else load(case.image.sha256)
            told = {} if pixels is None or case.shape else _image_measures(pixels)
            latest = (case.image.sha256, pixels, told)
            if load is not None:
                report(Progress("measure", n, len(cases)))
        known = {k: v for k, v in case.image.metadata.items() if k not in _PASSED_OVER}
        measured = {**latest[2], **_shape_measures(case, latest[1])}
        rows.append({**measured, **known, **_times(known), "class": case.class_name})
    names = sorted({name for row in rows for name in row})
    return {name: [row.get(name) for row in rows] for name in names}


def _image_measures(pixels: NDArray[Any]) -> dict[str, object]:
    values = dict(zip(STATISTIC_NAMES, image_statistics(pixels).tolist(), strict=True))
    return {name: values[name] for name in _OF_IMAGES}


def _shape_measures(case: Case, pixels: NDArray[Any] | None) -> dict[str, object]:
    box = None if case.shape is None else shape_box(case.shape)
    if box is None or box[2] <= box[0] or box[3] <= box[1]:
        return {}
    area = (box[2] - box[0]) * (box[3] - box[1])
    told = measure_object(box, area, case.image.size_wh, pixels=pixels)
    return {name: told[name] for name in _OF_OBJECTS if name in told}


def _times(known: Values) -> dict[str, object]:
    """Hour and weekday of every date and time among the metadata."""
    out: dict[str, object] = {}
    for name, value in known.items():
        moment = _moment(value)
        if moment is not None:
            out[f"hour of {name}"] = moment.hour + moment.minute / 60
            out[f"weekday of {name}"] = moment.strftime("%A")
    return out


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) < len("2026-01-01T00:00"):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
