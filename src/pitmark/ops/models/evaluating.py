"""Judge a model on images it has not seen, and choose its thresholds by their cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec, counted_boxes
from pitmark.core.label_book import LabelBook
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage
from pitmark.metrics.anomaly import AnomalyMapTally
from pitmark.metrics.box_threshold import choose_box_thresholds
from pitmark.metrics.classification import classification_report
from pitmark.metrics.detection import box_confusion, coco_matches, detection_report
from pitmark.metrics.matching import match_image
from pitmark.metrics.ranking import ranking_report
from pitmark.metrics.segmentation import SegmentationTally, label_map
from pitmark.metrics.threshold import choose_threshold, operating_curve, outcome_at
from pitmark.ops.images.truth import (
    class_indices,
    defect_mask,
    defective,
    predicted_boxes,
    true_boxes,
    true_map,
)

Predictions = Mapping[str, Prediction]
# Maps are judged at this many pixels at most; larger images are judged shrunken.
_MAP_PIXELS = 4_000_000


@dataclass(frozen=True, slots=True)
class Costs:
    """What a missed defect and a false alarm cost, in any one unit.

    `false_alarm_rate` is the overkill accepted where only good images are at hand.
    """

    escape: float = 10.0
    overkill: float = 1.0
    false_alarm_rate: float = 0.01

    def to_json(self) -> dict[str, float]:
        """The costs as plain JSON types."""
        return {
            "escape": self.escape,
            "overkill": self.overkill,
            "false_alarm_rate": self.false_alarm_rate,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model does on some images.

    `metrics` are the headline figures under the names of the field; `details` holds what
    the task has beside: figures per class, confusion, curves, the choice of threshold.
    """

    task: str
    images: int
    metrics: Mapping[str, float | None]
    details: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The evaluation as plain JSON types."""
        return {
            "task": self.task,
            "images": self.images,
            "metrics": dict(self.metrics),
            **self.details,
        }


def choose_thresholds(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Predictions,
    *,
    book: LabelBook,
    costs: Costs,
) -> tuple[InspectorSpec, dict[str, Any]]:
    """Thresholds for image and boxes from validation images and the two costs.

    Args:
        spec: Of the model.
        images: The validation images, labeled.
        predictions: Of the model, by sha256.
        book: The label book.
        costs: Of an escape and of overkill.

    Returns:
        The spec with thresholds, and how they were chosen. Without validation images
        the thresholds stay as they are, and that is said.
    """
    seen = [i for i in images if i.shapes is not None and i.image.sha256 in predictions]
    if not seen:
        reason = "no validation images: the threshold is a default, not a choice"
        return spec, {"threshold": spec.threshold, "reason": reason, "costs": costs.to_json()}
    scores = np.array([predictions[i.image.sha256].score for i in seen])
    choice = choose_threshold(
        defective(seen, book),
        scores,
        cost_escape=costs.escape,
        cost_overkill=costs.overkill,
        false_alarm_rate=costs.false_alarm_rate,
    )
    boxes: tuple[float, ...] = ()
    if spec.task == "detection":
        matches = coco_matches(*_boxes(spec, seen, predictions), len(spec.classes))
        boxes = tuple(c.threshold for c in choose_box_thresholds(matches))
    told = {**choice.to_json(), "costs": costs.to_json(), "images": len(seen)}
    return spec.with_thresholds(choice.threshold, boxes), told


def evaluate_predictions(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Predictions,
    *,
    book: LabelBook,
) -> Evaluation:
    """All figures for some labeled images.

    Args:
        spec: Of the model, with its thresholds.
        images: Labeled images that the model has not seen.
        predictions: Of the model, by sha256.
        book: The label book.

    Returns:
        The evaluation.

    Raises:
        NotEnoughDataError: No image has both a label and a prediction.
    """
    seen = [i for i in images if i.shapes is not None and i.image.sha256 in predictions]
    if not seen:
        raise NotEnoughDataError(
            "there is no labeled image to evaluate on",
            hint="Take a snapshot whose test split holds images.",
        )
    metrics, details = _TASKS[spec.task](spec, seen, predictions, book)
    flags = defective(seen, book)
    scores = np.array([predictions[i.image.sha256].score for i in seen])
    outcome = outcome_at(flags, scores, spec.threshold)
    groups = [i.image.group_key for i in seen]
    ranking = ranking_report(flags, scores, groups=groups)
    metrics["AUROC"] = ranking.auroc.value
    metrics["AP"] = ranking.average_precision.value
    metrics["escape_rate"] = outcome.escapes.value
    metrics["overkill_rate"] = outcome.overkill.value
    details |= {
        "outcome": outcome.to_json(),
        "sentences": [
            outcome.escapes.sentence("defective images missed"),
            outcome.overkill.sentence("good images rejected"),
        ],
        "operating_curve": operating_curve(flags, scores).to_json(),
        "ranking": ranking.to_json(),
        "mistakes": _mistakes(spec, seen, predictions, flags),
    }
    return Evaluation(spec.task, len(seen), metrics, details)


def _classification(
    spec: InspectorSpec, seen: Sequence[LabeledImage], predictions: Predictions, book: LabelBook
) -> tuple[dict[str, float | None], dict[str, Any]]:
    truth = class_indices(seen, spec.classes)
    known = [n for n, t in enumerate(truth) if t >= 0]
    chances = np.stack([_probs(predictions[seen[n].image.sha256]) for n in known])
    report = classification_report(
        truth[known],
        chances.argmax(axis=1),
        len(spec.classes),
        probabilities=chances,
        groups=[seen[n].image.group_key for n in known],
    )
    metrics = {
        "accuracy": report.accuracy.value,
        "mean_recall": report.mean_recall.value,
        "mean_f1": report.mean_f1,
    }
    return metrics, {
        "classes": list(spec.classes),
        "report": report.to_json(),
        "unknown_class": len(seen) - len(known),
        "confusion": {
            "rows": list(spec.classes),
            "columns": list(spec.classes),
            "counts": [list(row) for row in report.confusion],
        },
    }


def _detection(
    spec: InspectorSpec, seen: Sequence[LabeledImage], predictions: Predictions, book: LabelBook
) -> tuple[dict[str, float | None], dict[str, Any]]:
    found, there = _boxes(spec, seen, predictions)
    matches = coco_matches(found, there, len(spec.classes))
    limits = spec.box_thresholds or (0.5,) * len(spec.classes)
    groups = [i.image.group_key for i in seen]
    report = detection_report(matches, thresholds=limits, groups=groups)
    pairs = [
        match_image(f, t, thresholds=np.asarray(limits))
        for f, t in zip(found, there, strict=True)
    ]
    table = box_confusion(pairs, found, there, len(spec.classes))
    metrics = {
        "mAP50": report.map50.value,
        "mAP": report.map,
        "recall": report.recall.value,
        "precision": report.precision.value,
    }
    return metrics, {
        "classes": list(spec.classes),
        "report": report.to_json(),
        "confusion": {
            "rows": [*spec.classes, "nothing there"],
            "columns": [*spec.classes, "not found"],
            "counts": table.tolist(),
        },
    }


def _segmentation(
    spec: InspectorSpec, seen: Sequence[LabeledImage], predictions: Predictions, book: LabelBook
) -> tuple[dict[str, float | None], dict[str, Any]]:
    tally = SegmentationTally(len(spec.classes) + 1)
    for item in seen:
        size = item.image.size_wh
        truth = true_map(item.shapes or (), size, spec.classes)
        called = label_map(predictions[item.image.sha256].maps_at(size))
        tally.add(truth, called, group=item.image.group_key)
    report = tally.report()
    metrics, details = _maps(seen, predictions, book)
    return (
        {"IoU": report.mean_iou.value, "Dice": report.mean_dice.value, **metrics},
        {"classes": list(spec.classes), "report": report.to_json(), **details},
    )


def _anomaly(
    spec: InspectorSpec, seen: Sequence[LabeledImage], predictions: Predictions, book: LabelBook
) -> tuple[dict[str, float | None], dict[str, Any]]:
    return _maps(seen, predictions, book)


def _maps(
    seen: Sequence[LabeledImage], predictions: Predictions, book: LabelBook
) -> tuple[dict[str, float | None], dict[str, Any]]:
    """AUPRO and pixel figures of the defect maps, where masks say what is true."""
    tally, judged = AnomalyMapTally(), 0
    for item in seen:
        size = item.image.size_wh
        if size[0] * size[1] > _MAP_PIXELS:
            continue
        mask = defect_mask(item.shapes or (), size, book)
        if mask is None:
            continue
        scores = predictions[item.image.sha256].maps_at(size).max(axis=0)
        tally.add(mask, np.clip(scores, 0, 1))
        judged += 1
    report = tally.report()
    metrics = {"AUPRO": report.aupro, "pixel_AUROC": report.pixel_auroc}
    return metrics, {"maps": {**report.to_json(), "judged": judged}}


_TASKS = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
    "anomaly": _anomaly,
}


def _boxes(
    spec: InspectorSpec, seen: Sequence[LabeledImage], predictions: Predictions
) -> tuple[list[Any], list[Any]]:
    found = [predicted_boxes(predictions[i.image.sha256]) for i in seen]
    there = [true_boxes(i.shapes or (), spec.classes) for i in seen]
    return found, there


def _probs(prediction: Prediction) -> NDArray[np.float64]:
    if prediction.class_probs is None:
        raise NotEnoughDataError("a prediction has no class probabilities")
    chances = prediction.class_probs.astype(np.float64)
    return np.asarray(chances / chances.sum())


def _mistakes(
    spec: InspectorSpec,
    seen: Sequence[LabeledImage],
    predictions: Predictions,
    flags: NDArray[np.bool_],
) -> list[dict[str, Any]]:
    """Images with the wrong verdict, worst first, and wrong classes after them."""
    out = []
    for item, bad in zip(seen, flags, strict=True):
        prediction = predictions[item.image.sha256]
        ng = prediction.score >= spec.threshold
        wrong_class = _wrong_class(spec, item, prediction)
        if ng == bad and not wrong_class:
            continue
        kind = "wrong class" if ng == bad else ("escape" if bad else "overkill")
        out.append(
            {
                "kind": kind,
                "image": item.image.name,
                "sha256": item.image.sha256,
                "score": round(prediction.score, 4),
                "truth": sorted({s.label for s in item.shapes or ()}),
                "predicted": _said(spec, prediction),
            }
        )
    order = {"escape": 0, "overkill": 1, "wrong class": 2}

    def rank(row: dict[str, Any]) -> tuple[int, float]:
        return order[row["kind"]], -abs(row["score"] - spec.threshold)

    return sorted(out, key=rank)


def _wrong_class(spec: InspectorSpec, item: LabeledImage, prediction: Prediction) -> bool:
    if spec.task != "classification":
        return False
    truth = int(class_indices([item], spec.classes)[0])
    return truth != int(np.argmax(_probs(prediction)))


def _said(spec: InspectorSpec, prediction: Prediction) -> list[str]:
    if spec.task == "classification":
        return [spec.classes[int(np.argmax(_probs(prediction)))]]
    classes = counted_boxes(prediction, spec).box_classes
    return sorted({spec.classes[int(c)] for c in classes})
