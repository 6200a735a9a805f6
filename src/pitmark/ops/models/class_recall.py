"""Which labeled cases of each class a model finds, and how two models differ in that.

A case is a labeled box for detection (found: a counted box of its class overlaps it by a
half), an outlined defect for segmentation (found: the class is called on a quarter of its
pixels), and an image for classification (found: its class is the most likely one).
Recall is a share in [0, 1], higher is better; false alarms are a share of the good
images, lower is better. A difference is always second minus first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import shape_box, shape_mask
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage
from pitmark.metrics.intervals import Resampling, Statistic
from pitmark.metrics.matching import match_image
from pitmark.metrics.paired import PairedComparison, paired_difference
from pitmark.metrics.segmentation import label_map
from pitmark.ops.images.truth import class_indices, defective, predicted_boxes, true_boxes

Counts = NDArray[np.int64]

_CALLED_SHARE = 0.25
# Nine times out of ten a difference as large is no chance.
SURENESS = 0.8
# The ends of wider intervals take more draws: so many classes at once take the usual ones.
_CLASSES_OF_DRAWS = 10


@dataclass(frozen=True, slots=True)
class ClassCases:
    """Cases and findings of some images, class by class.

    Attributes:
        classes: K names.
        there: (N, K) labeled cases of each image.
        found: (N, K) those of them that the model finds.
        alarm: (N,) whether a good image is called NG; False on images with a defect.
        good: (N,) whether the image is good.
    """

    classes: tuple[str, ...]
    there: NDArray[np.int64]
    found: NDArray[np.int64]
    alarm: NDArray[np.bool_]
    good: NDArray[np.bool_]


def class_cases(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Mapping[str, Prediction],
    *,
    book: LabelBook,
) -> ClassCases:
    """What a model finds of each class.

    Args:
        spec: Of the model, with its thresholds.
        images: Labeled images that it has not seen.
        predictions: Of the model, by sha256.
        book: The label book.

    Returns:
        The cases, for the classes of the label book in its order.
    """
    names = book.names
    there = np.zeros((len(images), len(names)), np.int64)
    found = np.zeros_like(there)
    for row, item in enumerate(images):
        for label, hit in _judged(spec, item, predictions[item.image.sha256]):
            if label in names:
                there[row, names.index(label)] += 1
                found[row, names.index(label)] += hit
    good = ~defective(images, book)
    scores = np.array([predictions[i.image.sha256].score for i in images])
    return ClassCases(names, there, found, good & (scores >= spec.threshold), good)


def _judged(
    spec: InspectorSpec, item: LabeledImage, prediction: Prediction
) -> list[tuple[str, bool]]:
    """Label of every case of an image, and whether it is found."""
    shapes = item.shapes or ()
    if spec.task == "classification":
        truth = int(class_indices([item], spec.classes)[0])
        probs = prediction.class_probs
        label = spec.classes[truth] if truth >= 0 else ""
        return [(label, probs is not None and int(np.argmax(probs)) == truth)]
    placed = [s for s in shapes if shape_box(s) is not None]
    unknown = [(s.label, False) for s in placed if s.label not in spec.classes]
    if spec.task == "detection":
        truth_boxes = true_boxes(shapes, spec.classes)
        limits = np.asarray(spec.box_thresholds or (0.5,) * len(spec.classes))
        match = match_image(predicted_boxes(prediction), truth_boxes, thresholds=limits)
        missed = set(match.missed)
        kinds = truth_boxes.classes.tolist()
        return unknown + [(spec.classes[int(k)], n not in missed) for n, k in enumerate(kinds)]
    called = label_map(prediction.maps_at(item.image.size_wh))
    out = list(unknown)
    for shape in placed:
        if shape.label in spec.classes:
            mask = shape_mask(shape, item.image.size_wh)
            hits = called[mask] == spec.classes.index(shape.label) + 1
            out.append((shape.label, bool(hits.size) and bool(hits.mean() >= _CALLED_SHARE)))
    return out


@dataclass(frozen=True, slots=True)
class Change:
    """How one figure changes from one model to another, with its interval."""

    name: str
    cases: int
    comparison: PairedComparison

    @property
    def points(self) -> float | None:
        """The difference in points of a hundred."""
        value = self.comparison.difference.value
        return None if value is None else 100 * value

    def to_json(self) -> dict[str, Any]:
        """The change as plain JSON types."""
        return {"name": self.name, "cases": self.cases, **self.comparison.to_json()}


def recall_changes(
    first: ClassCases,
    second: ClassCases,
    images: Sequence[LabeledImage],
    *,
    at_once: int = 1,
    seed: int = 0,
) -> dict[str, Change]:
    """The change of recall of every class that has cases.

    Who asks whether any of several classes changed would find one by chance, the more of
    them the likelier: so intervals widen with the number asked about at once (Bonferroni).

    Args:
        first: One model.
        second: The other, on the same images.
        images: Those images; whole groups are resampled.
        at_once: How many changes share the 80 % within which all intervals hold.
        seed: Of the resampling.

    Returns:
        Class name to change.
    """
    out = {}
    for index, name in enumerate(first.classes):
        there = first.there[:, index]
        counts = (there, first.found[:, index], second.found[:, index])
        change = _change(name, counts, images, seed, at_once)
        if change is not None:
            out[name] = change
    return out


def pooled_change(
    first: ClassCases,
    second: ClassCases,
    images: Sequence[LabeledImage],
    *,
    without: str,
    seed: int = 0,
) -> Change | None:
    """The change of recall over all defects of the other classes.

    Args:
        first: One model.
        second: The other, on the same images.
        images: Those images.
        without: The class to leave out.
        seed: Of the resampling.

    Returns:
        The change, None where no other class has cases.
    """
    others = [k for k, name in enumerate(first.classes) if name != without]
    planes = (first.there, first.found, second.found)
    there, before, after = (p[:, others].sum(axis=1) for p in planes)
    return _change("all other classes", (there, before, after), images, seed)


def alarm_change(
    first: ClassCases, second: ClassCases, images: Sequence[LabeledImage], *, seed: int = 0
) -> Change | None:
    """The change of the share of good images that are called NG.

    Args:
        first: One model.
        second: The other, on the same images.
        images: Those images.
        seed: Of the resampling.

    Returns:
        The change, None where no image is good.
    """
    flags = (first.good, first.alarm, second.alarm)
    good, before, after = (f.astype(np.int64) for f in flags)
    return _change("Good images called NG", (good, before, after), images, seed)


def _change(
    name: str,
    counts: tuple[Counts, Counts, Counts],
    images: Sequence[LabeledImage],
    seed: int,
    at_once: int = 1,
) -> Change | None:
    """The change of a share: cases of each image, and those that either model calls."""
    there, before, after = counts
    if not there.sum():
        return None

    def share(called: Counts) -> Statistic:
        def of(drawn: NDArray[np.intp]) -> float | None:
            total = int(there[drawn].sum())
            return float(called[drawn].sum()) / total if total else None

        return of

    compared = paired_difference(
        share(before),
        share(after),
        len(images),
        groups=[i.image.group_key for i in images],
        resampling=Resampling(
            draws=max(1, at_once // _CLASSES_OF_DRAWS) * Resampling.draws,
            confidence=1 - (1 - SURENESS) / at_once,
            seed=seed,
        ),
    )
    return Change(name, int(there.sum()), compared)
