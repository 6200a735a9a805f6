"""The images behind the figures of a report: what is true of each, and what the run said.

Each image has pairs of truth and verdict: one of the words NG and OK, and one for every
class that is labeled or called there, as in the confusion matrix of the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pitmark.core.inspector import InspectorSpec, counted_boxes
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import image_class
from pitmark.core.predictions import Prediction
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.metrics.matching import match_image
from pitmark.metrics.threshold import operating_curve
from pitmark.ops.images.truth import predicted_boxes, true_boxes
from pitmark.ops.models.case_reasons import (
    NG,
    NOT_FOUND,
    NOTHING_THERE,
    OK,
    Pair,
    outlines_beside,
    reasons_of,
)
from pitmark.ops.models.training import held_out_predictions, in_split
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

__all__ = ["NG", "NOTHING_THERE", "NOT_FOUND", "OK"]
CURVE_POINTS = 400


@dataclass(frozen=True, slots=True)
class JudgedImage:
    """One held-out image and how a run did on it.

    Attributes:
        image: The image.
        labels: Classes that are labeled.
        called: Classes that the run called.
        score: Of the image, in [0, 1].
        pairs: Truth and what was said, NG or OK first, then by class.
        why: What is wrong, in words; empty where all is right.
    """

    image: ImageRecord
    labels: tuple[str, ...]
    called: tuple[str, ...]
    score: float
    pairs: tuple[Pair, ...]
    why: str

    @property
    def defective(self) -> bool:
        """Whether the image is NG by its labels."""
        return self.pairs[0][0] == NG

    @property
    def right(self) -> bool:
        """Whether verdict and classes are as labeled."""
        return all(truth == said for truth, said in self.pairs)


@dataclass(frozen=True, slots=True)
class CaseQuestion:
    """Which images of a report to show.

    Attributes:
        truth: NG, OK, a class or "nothing there"; None for any.
        said: NG, OK, a class or "not found"; None for any.
        wrong: Only where the run was wrong.
    """

    truth: str | None = None
    said: str | None = None
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class ReportCase:
    """An image behind a figure, with the truth and the word that were asked for."""

    judged: JudgedImage
    truth: str
    said: str


@dataclass(frozen=True, slots=True)
class JudgedImages:
    """All test images of a run, judged at its thresholds."""

    threshold: float
    images: tuple[JudgedImage, ...]

    def curve(self) -> list[list[float | None]]:
        """Threshold, share of escapes and share of overkill, by rising threshold.

        Returns:
            At most 400 points; a share is None where there is no such image.
        """
        flags = np.array([j.defective for j in self.images], dtype=bool)
        scores = np.array([j.score for j in self.images], dtype=np.float64)
        points = operating_curve(flags, scores, max_points=CURVE_POINTS).points
        return [[p.threshold, p.escapes.value, p.overkill.value] for p in points]

    def cases(self, question: CaseQuestion) -> list[ReportCase]:
        """The images behind a figure, the surest first.

        Args:
            question: Which ones.

        Returns:
            One case per image; sorted by how far its score is from the threshold.
        """
        found = [c for j in self.images if (c := _case(j, question)) is not None]
        return sorted(found, key=lambda c: -abs(c.judged.score - self.threshold))


def judged_images(project: ProjectStore, run: RunRow) -> JudgedImages:
    """What a run said of the test images, beside what is true of them.

    Args:
        project: The project.
        run: A finished training run.

    Returns:
        The images with labels and a prediction.

    Raises:
        NotEnoughDataError: The run has no predictions.
    """
    predictions = held_out_predictions(project, run)
    spec = InspectorSpec.from_json(run.inspector or {})
    _, images = project.snapshots.load(run.snapshot_id)
    book = project.book.current()
    seen = [
        i
        for i in in_split(images, "test")
        if i.shapes is not None and i.image.sha256 in predictions
    ]
    judged = tuple(_judged(spec, i, predictions[i.image.sha256], book) for i in seen)
    return JudgedImages(spec.threshold, judged)


def _judged(
    spec: InspectorSpec, item: LabeledImage, said: Prediction, book: LabelBook
) -> JudgedImage:
    shapes = item.shapes or ()
    verdict = (NG if book.is_defect(shapes) else OK, NG if said.score >= spec.threshold else OK)
    labels = tuple(sorted({s.label for s in shapes}))
    called, classes, beside = _TASKS[spec.task](spec, item, said)
    pairs = (verdict, *classes)
    why = reasons_of(pairs, beside)
    return JudgedImage(item.image, labels, called, float(said.score), pairs, why)


# Classes called, pairs by class, and words on outlines that lie beside their label.
Called = tuple[tuple[str, ...], tuple[Pair, ...], Sequence[Pair]]


def _classification(spec: InspectorSpec, item: LabeledImage, said: Prediction) -> Called:
    if said.class_probs is None:
        return (), (), ()
    called = spec.classes[int(np.argmax(said.class_probs))]
    truth = image_class(item.shapes or ())
    return (called,), ((truth or NOTHING_THERE, called),), ()


def _detection(spec: InspectorSpec, item: LabeledImage, said: Prediction) -> Called:
    names = spec.classes
    there = true_boxes(item.shapes or (), names)
    found = predicted_boxes(said)
    limits = np.asarray(spec.box_thresholds or (0.5,) * len(names))
    match = match_image(found, there, thresholds=limits)
    met = {pair.true for pair in match.confused}
    taken = {pair.predicted for pair in match.confused}
    pairs = [
        (names[there.classes[p.true]], names[found.classes[p.predicted]])
        for p in (*match.pairs, *match.confused)
    ]
    pairs += [(names[there.classes[n]], NOT_FOUND) for n in match.missed if n not in met]
    pairs += [
        (NOTHING_THERE, names[found.classes[n]]) for n in match.spurious if n not in taken
    ]
    beside = outlines_beside(found, there, match, names)
    return _called(spec, said), tuple(dict.fromkeys(pairs)), beside


def _segmentation(spec: InspectorSpec, item: LabeledImage, said: Prediction) -> Called:
    """By class: whether it is labeled anywhere in the image, and called anywhere."""
    called = _called(spec, said)
    labeled = {s.label for s in item.shapes or ()} & set(spec.classes)
    pairs = [(n, n if n in called else NOT_FOUND) for n in sorted(labeled)]
    pairs += [(NOTHING_THERE, n) for n in called if n not in labeled]
    return called, tuple(pairs), ()


def _anomaly(spec: InspectorSpec, item: LabeledImage, said: Prediction) -> Called:
    return (), (), ()


_TASKS = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
    "anomaly": _anomaly,
}


def _called(spec: InspectorSpec, said: Prediction) -> tuple[str, ...]:
    classes = counted_boxes(said, spec).box_classes
    return tuple(sorted({spec.classes[int(c)] for c in classes}))


def _case(judged: JudgedImage, question: CaseQuestion) -> ReportCase | None:
    fitting = [
        (truth, said)
        for truth, said in judged.pairs
        if question.truth in (None, truth)
        and question.said in (None, said)
        and not (question.wrong and truth == said)
    ]
    if not fitting:
        return None
    if question.truth is not None or question.said is not None:
        return ReportCase(judged, *fitting[0])
    return ReportCase(judged, _words(judged.labels), _words(judged.called, judged.pairs[0][1]))


def _words(names: Sequence[str], otherwise: str = OK) -> str:
    return ", ".join(names) or otherwise
