"""Golden inputs: images with the answers of the trained model, replayed on every device."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.bundle import GOLDEN_NAME
from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.core.inspector import InspectorSpec, decide
from pitmark.core.predictions import (
    Prediction,
    predictions_from_bytes,
    predictions_to_bytes,
)
from pitmark.core.preprocess import Pixels, check_pixels, check_reference
from pitmark.edge.array_file import check_arrays, read_arrays
from pitmark.edge.difference import Difference, compare


@dataclass(frozen=True, slots=True)
class Golden:
    """Images and, in the same order, what the trained model said about them.

    `references` belong to the images one by one; there are none for a model that compares
    with nothing.
    """

    images: tuple[Pixels, ...]
    predictions: tuple[Prediction, ...]
    references: tuple[Pixels, ...] = ()

    def pair(self, position: int) -> tuple[Pixels, Pixels | None]:
        """One of the images, and its reference where it has one."""
        beside = self.references[position] if self.references else None
        return self.images[position], beside


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """How far a device is from the trained model on the golden inputs.

    `largest` is the largest difference of a score found on any image and `tolerance`
    the one allowed; `worst` gives the largest by output; `flipped` are the positions of
    the images whose verdict changed.
    """

    images: int
    tolerance: float
    worst: Difference
    flipped: tuple[int, ...]

    @property
    def largest(self) -> float:
        """The largest difference of a score."""
        return self.worst.largest

    @property
    def same_verdicts(self) -> bool:
        """Whether every image got the verdict it got in training."""
        return not self.flipped

    @property
    def ok(self) -> bool:
        """Whether the device may be trusted with this model."""
        return self.same_verdicts and self.largest <= self.tolerance

    def sentence(self) -> str:
        """The report in words."""
        return (
            f"{self.images} golden images: largest difference {self.largest:.2g}"
            f" (allowed {self.tolerance:.2g}), {len(self.flipped)} other verdicts"
        )

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "ok": self.ok,
            "images": self.images,
            "tolerance": self.tolerance,
            "largest": self.largest,
            "worst": self.worst.to_json(),
            "flipped": list(self.flipped),
        }


def make_golden(
    images: Sequence[Pixels],
    predictions: Sequence[Prediction],
    spec: InspectorSpec,
    *,
    references: Sequence[Pixels] = (),
) -> bytes:
    """The file of golden inputs and expected outputs.

    Args:
        images: (H, W) or (H, W, 3), uint8 or uint16.
        predictions: Of the trained model, one per image.
        spec: Of the model.
        references: One per image for a model that compares with references.

    Returns:
        The bytes of an npz file.

    Raises:
        InvalidInputError: No image at all, a reference too few or too many, or a
            prediction that does not belong to its image or to a model with these classes.
    """
    if not images or len(images) != len(predictions):
        raise InvalidInputError(
            f"golden inputs need one prediction per image and at least one,"
            f" found {len(images)} images and {len(predictions)} predictions"
        )
    _check_references(images, references, spec)
    arrays: dict[str, NDArray[Any]] = {}
    for position, (image, prediction) in enumerate(zip(images, predictions, strict=True)):
        check_pixels(image)
        _check_belongs(prediction, (image.shape[1], image.shape[0]), spec)
        arrays[f"image{position}"] = image
    arrays |= {f"reference{i}": reference for i, reference in enumerate(references)}
    packed = predictions_to_bytes({str(i): p for i, p in enumerate(predictions)})
    arrays["predictions"] = np.frombuffer(packed, dtype=np.uint8)
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def golden_from_bytes(data: bytes, spec: InspectorSpec) -> Golden:
    """The golden inputs that `make_golden` wrote.

    Args:
        data: The file's bytes.
        spec: Of the model in the same bundle.

    Returns:
        Images, predictions and references.

    Raises:
        BundleError: Damaged, or not golden inputs of such a model.
    """
    arrays = read_arrays(data, name=GOLDEN_NAME)
    try:
        packed = arrays.pop("predictions").tobytes()
        check_arrays(packed, name=f"{GOLDEN_NAME}: predictions")
        by_position = predictions_from_bytes(packed)
        images = tuple(arrays.pop(f"image{i}") for i in range(len(by_position)))
        predictions = tuple(by_position[str(i)] for i in range(len(by_position)))
        count = len(images) if spec.reference else 0
        references = tuple(arrays.pop(f"reference{i}") for i in range(count))
        if arrays or not images:
            raise BundleError(f"{GOLDEN_NAME} holds {sorted(arrays) or 'no image'}")
        for image, prediction in zip(images, predictions, strict=True):
            check_pixels(image)
            _check_belongs(prediction, (image.shape[1], image.shape[0]), spec)
        _check_references(images, references, spec)
    except (KeyError, IndexError, TypeError, ValueError) as exc:
        raise BundleError(f"{GOLDEN_NAME} does not hold golden inputs: {exc!r}") from exc
    except InvalidInputError as exc:
        raise BundleError(f"{GOLDEN_NAME} does not hold golden inputs: {exc}") from exc
    return Golden(images, predictions, references)


def replay(
    golden: Golden,
    predict: Callable[[Pixels, Pixels | None], Prediction],
    spec: InspectorSpec,
    *,
    tolerance: float,
) -> GoldenReport:
    """Run the golden inputs and compare with what the trained model said.

    Args:
        golden: Images and expected predictions.
        predict: The runtime to be judged: image and reference, if any, to prediction.
        spec: Of the model; its thresholds give the verdicts.
        tolerance: Largest difference of a score allowed, in [0, 1].

    Returns:
        The report.
    """
    floor = min(spec.box_thresholds, default=spec.threshold)
    worst = Difference()
    flipped = []
    for position, expected in enumerate(golden.predictions):
        found = predict(*golden.pair(position))
        worst = worst.joined(compare(expected, found, box_floor=floor))
        if decide(expected, spec).outcome != decide(found, spec).outcome:
            flipped.append(position)
    return GoldenReport(len(golden.images), tolerance, worst, tuple(flipped))


def _check_references(
    images: Sequence[Pixels], references: Sequence[Pixels], spec: InspectorSpec
) -> None:
    wanted = len(images) if spec.reference else 0
    if len(references) != wanted:
        raise InvalidInputError(
            f"golden inputs need {wanted} references, found {len(references)}"
        )
    for image, reference in zip(images, references, strict=False):
        check_reference(image, reference)


def _check_belongs(
    prediction: Prediction, image_wh: tuple[int, int], spec: InspectorSpec
) -> None:
    if prediction.size_wh != image_wh:
        raise InvalidInputError(
            f"a prediction for {prediction.size_wh} pixels goes with an image of {image_wh}"
        )
    has_probs, has_maps = prediction.class_probs is not None, prediction.maps_khw is not None
    expected = (spec.task == "classification", spec.task in ("segmentation", "anomaly"))
    boxes = len(prediction.box_scores)
    if (has_probs, has_maps) != expected or (boxes and spec.task != "detection"):
        raise InvalidInputError(f"a prediction is not that of a {spec.task} model")
    if boxes and not 0 <= prediction.box_classes.min() <= prediction.box_classes.max() < len(
        spec.classes
    ):
        raise InvalidInputError(f"a box has a class beyond the {len(spec.classes)} there are")
