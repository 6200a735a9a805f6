"""What a trained model needs beside its weights, and how its answer becomes a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import Task, task_named
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import Patches, Pixels, PreprocessSpec, check_reference, cut
from pitmark.core.records import ImageRecord, PixelLoader

Outcome = Literal["OK", "NG", "error"]


@dataclass(frozen=True, slots=True)
class InspectorSpec:
    """Everything about a model but its weights.

    `classes` are the classes it was trained for, in the order of its outputs; `good`
    names those among them that are no defect (classification only). An image whose
    score reaches `threshold` is NG. A box counts when its score reaches the threshold
    of its class in `box_thresholds` (one per class, detection only). `reference` says
    that every image is compared with a reference image, and cannot be judged without.
    """

    task: Task
    classes: tuple[str, ...]
    preprocess: PreprocessSpec
    good: tuple[str, ...] = ()
    threshold: float = 0.5
    box_thresholds: tuple[float, ...] = ()
    nms_iou: float = 0.5
    max_boxes: int = 100
    reference: bool = False

    def __post_init__(self) -> None:
        task_named(self.task)
        if len(set(self.classes)) != len(self.classes):
            raise InvalidInputError(f"a class occurs twice in {self.classes}")
        if not set(self.good) <= set(self.classes):
            raise InvalidInputError(f"good classes {self.good} are not all in {self.classes}")
        if not isinstance(self.reference, bool):
            raise InvalidInputError(f"reference is true or false, found {self.reference!r}")
        if self.box_thresholds and len(self.box_thresholds) != len(self.classes):
            raise InvalidInputError("box_thresholds needs one value per class")

    def with_thresholds(
        self, threshold: float, box_thresholds: tuple[float, ...] = ()
    ) -> InspectorSpec:
        """The same inspector with other thresholds.

        Args:
            threshold: For the score of an image.
            box_thresholds: For boxes, one per class; empty keeps those there are.

        Returns:
            A new spec.
        """
        return replace(
            self,
            threshold=threshold,
            box_thresholds=box_thresholds or self.box_thresholds,
        )

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON types."""
        return {
            "task": self.task,
            "classes": list(self.classes),
            "good": list(self.good),
            "preprocess": self.preprocess.to_json(),
            "threshold": self.threshold,
            "box_thresholds": list(self.box_thresholds),
            "nms_iou": self.nms_iou,
            "max_boxes": self.max_boxes,
            # Only where it says something: readers of format version 1 do not know it.
            **({"reference": True} if self.reference else {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> InspectorSpec:
        """The spec that `to_json` wrote.

        Args:
            data: The JSON object.

        Returns:
            The spec.

        Raises:
            InvalidInputError: A key is missing, unknown or of the wrong type.
        """
        try:
            return InspectorSpec(
                **{
                    **data,
                    "classes": tuple(str(c) for c in data["classes"]),
                    "good": tuple(str(c) for c in data["good"]),
                    "preprocess": PreprocessSpec.from_json(data["preprocess"]),
                    "box_thresholds": tuple(float(t) for t in data["box_thresholds"]),
                }
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise InvalidInputError(f"not an inspector spec: {exc}") from exc


def cut_pair(
    image: Pixels, reference: Pixels | None, spec: InspectorSpec
) -> tuple[Patches, Patches | None]:
    """An image, and its reference where the model compares with one, as patches.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.
        reference: Of the same size and depth; unused by a model that compares with nothing.
        spec: Of the model.

    Returns:
        The patches of both, which lie alike; None for a model that compares with nothing.

    Raises:
        InvalidInputError: Not an image array, no reference for a model that needs one, or
            one that does not fit.
    """
    if not spec.reference:
        return cut(image, spec.preprocess), None
    if reference is None:
        raise InvalidInputError(
            "the model compares with a reference image, and none was given",
            hint="Give the picture of the same part without defects.",
        )
    check_reference(image, reference)
    return cut(image, spec.preprocess), cut(reference, spec.preprocess)


def load_pair(
    record: ImageRecord, load: PixelLoader, spec: InspectorSpec
) -> tuple[Pixels, Pixels | None]:
    """An image and, for a model that compares, its reference.

    Args:
        record: The image.
        load: Gives pixels.
        spec: Of the model.

    Returns:
        Pixels of both; None for a model that compares with nothing.

    Raises:
        InvalidInputError: The model needs a reference and the image has none.
    """
    pixels = load(record.sha256)
    if not spec.reference:
        return pixels, None
    if record.reference is None:
        raise InvalidInputError(
            f"{record.name} has no reference image, and the model compares with one",
            hint="Import it again with --reference, or train with --no-reference.",
        )
    return pixels, load(record.reference)


@dataclass(frozen=True, slots=True)
class Verdict:
    """OK, NG or error, with the score of the image and the reason in words."""

    outcome: Outcome
    score: float
    label: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain JSON types."""
        return {
            "outcome": self.outcome,
            "score": round(self.score, 6),
            "label": self.label,
            "reason": self.reason,
        }


def counted_boxes(prediction: Prediction, spec: InspectorSpec) -> Prediction:
    """A prediction with only the boxes that reach the threshold of their class.

    Args:
        prediction: Of a detection model.
        spec: Of the same model.

    Returns:
        A new prediction, otherwise the same.
    """
    if not spec.box_thresholds:
        return prediction
    limits = np.asarray(spec.box_thresholds)[prediction.box_classes]
    keep = prediction.box_scores >= limits
    return replace(
        prediction,
        boxes_xyxy=prediction.boxes_xyxy[keep],
        box_scores=prediction.box_scores[keep],
        box_classes=prediction.box_classes[keep],
    )


def decide(prediction: Prediction, spec: InspectorSpec) -> Verdict:
    """The verdict on one image.

    Args:
        prediction: What the model says.
        spec: Of the same model.

    Returns:
        NG when the score reaches the threshold, OK below it, error when the score is
        no number (which the line must treat as NG).
    """
    score = float(prediction.score)
    if not np.isfinite(score):
        return Verdict("error", 0.0, None, "the model gave no number for this image")
    label = _leading_class(prediction, spec)
    if score >= spec.threshold:
        reason = f"{label or 'defect'}: score {score:.3f} reaches {spec.threshold:.3f}"
        return Verdict("NG", score, label, reason)
    reason = f"score {score:.3f} is below {spec.threshold:.3f}"
    good = label if spec.task == "classification" and label in spec.good else None
    return Verdict("OK", score, good, reason)


def _leading_class(prediction: Prediction, spec: InspectorSpec) -> str | None:
    """The class that speaks loudest: of the image, the best box, or the strongest map."""
    if prediction.class_probs is not None and len(prediction.class_probs):
        return spec.classes[int(np.argmax(prediction.class_probs))]
    if len(prediction.box_scores):
        return spec.classes[int(prediction.box_classes[np.argmax(prediction.box_scores)])]
    if prediction.maps_khw is not None and prediction.maps_khw.size:
        peaks = prediction.maps_khw.reshape(len(prediction.maps_khw), -1).max(axis=1)
        return spec.classes[int(np.argmax(peaks))]
    return None
