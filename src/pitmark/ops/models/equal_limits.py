"""Limits at which two detection models make as many mistakes on sound places.

Each model's own limits are chosen on a handful of validation images, so that one may find
more only because its limits came out lower. Where both draw as many false boxes, what one
of them finds more it knows better. How many are allowed is the mean of what both draw at
their own limits: counted at those of one alone, a chance of its limits would favor the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage
from pitmark.metrics.matching import match_boxes
from pitmark.ops.images.truth import defective, predicted_boxes, true_boxes

_IOU = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of images: its spec with limits, and predictions by sha256."""

    spec: InspectorSpec
    predictions: Mapping[str, Prediction]


def at_equal_limits(
    first: Judged, second: Judged, images: Sequence[LabeledImage], book: LabelBook
) -> tuple[InspectorSpec, InspectorSpec]:
    """Both specs, with limits that let as many mistakes through as both make on average.

    Every limit lies right above the strongest mistake that it keeps out: of each class
    a false box, and of images a good one. Other tasks than detection name classes without
    limits; their specs are returned as they are.

    Args:
        first: One model.
        second: The other, for the same classes; which is which makes no difference.
        images: Labeled images that neither has seen.
        book: Says which images are good.

    Returns:
        The two specs.
    """
    if first.spec.task != "detection":
        return first.spec, second.spec
    good = np.flatnonzero(~defective(images, book))
    pair = (first, second)
    calm = [_scores(j, images)[good] for j in pair]
    false = [_false_scores(j, images) for j in pair]
    alarms = [int((c >= j.spec.threshold).sum()) for c, j in zip(calm, pair, strict=True)]
    called = _mean(*alarms)
    drawn = [_drawn(j.spec, scores) for j, scores in zip(pair, false, strict=True)]
    allowed = {name: _mean(drawn[0][name], drawn[1][name]) for name in first.spec.classes}
    one, other = (
        judged.spec.with_thresholds(
            _limit(sound, called),
            tuple(_limit(scores[name], allowed[name]) for name in judged.spec.classes),
        )
        for judged, scores, sound in zip(pair, false, calm, strict=True)
    )
    return one, other


def _false_scores(judged: Judged, images: Sequence[LabeledImage]) -> dict[str, Floats]:
    """By class the scores of boxes that stand for nothing."""
    classes = judged.spec.classes
    found = match_boxes(
        [predicted_boxes(judged.predictions[i.image.sha256]) for i in images],
        [true_boxes(i.shapes or (), classes) for i in images],
        len(classes),
        ious=[_IOU],
    )
    wrong = ~found.at(_IOU)
    return {name: found.scores[wrong & (found.classes == k)] for k, name in enumerate(classes)}


def _mean(one: int, other: int) -> int:
    """Of two counts, rounded up."""
    return (one + other + 1) // 2


def _drawn(spec: InspectorSpec, false: Mapping[str, Floats]) -> dict[str, int]:
    """By class how many false boxes lie above the model's own limit."""
    own = spec.box_thresholds or (0.5,) * len(spec.classes)
    return {
        name: int((false[name] >= limit).sum())
        for name, limit in zip(spec.classes, own, strict=True)
    }


def _scores(judged: Judged, images: Sequence[LabeledImage]) -> Floats:
    return np.array([judged.predictions[i.image.sha256].score for i in images], np.float64)


def _limit(scores: Floats, allowed: int) -> float:
    """The lowest limit that no more than so many scores reach; in [0, 1]."""
    if len(scores) <= allowed:
        return 0.0
    strongest = float(np.sort(scores)[::-1][allowed])
    return min(1.0, float(np.nextafter(np.float32(strongest), np.float32(2.0))))
