"""From which score a predicted box is shown and counted, class by class.

A box counts when its score is at or above the threshold of its class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.classification import f1_score
from pitmark.metrics.intervals import Proportion, wilson
from pitmark.metrics.matching import BoxMatches
from pitmark.metrics.record import Record
from pitmark.metrics.threshold import candidate_thresholds

DEFAULT_THRESHOLD = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BoxThreshold(Record):
    """A class's threshold, what it does on the images it was chosen on, and why."""

    threshold: float
    recall: Proportion
    precision: Proportion
    f1: float | None
    reason: str


@dataclass(frozen=True)
class BoxCosts:
    """What a missed and a spurious box cost; at least 0, not both 0."""

    missed: float
    spurious: float

    def __post_init__(self) -> None:
        costs = (self.missed, self.spurious)
        if not all(math.isfinite(cost) and cost >= 0 for cost in costs) or not any(costs):
            raise InvalidInputError(
                "the costs of a missed and of a spurious box must be at least 0 and"
                f" not both 0, found {self.missed} and {self.spurious}"
            )


def choose_box_thresholds(
    matches: BoxMatches, *, costs: BoxCosts | None = None, iou: float = 0.5
) -> tuple[BoxThreshold, ...]:
    """Per class the threshold of highest F1, or of lowest cost when costs are given.

    It lies midway between two neighboring scores; of equally good ones the lowest is
    taken, which misses least. A class of which nothing is found, or which has no true
    boxes, gives no answer and gets 0.5.

    Args:
        matches: Matched boxes of validation images.
        costs: What a missed and a spurious box cost; None to maximize F1.
        iou: Overlap from which a prediction is right, one that was matched.

    Returns:
        One choice per class, in order.

    Raises:
        InvalidInputError: The overlap was not among those matched.
    """
    hit = matches.at(iou)
    support = matches.true_counts.sum(axis=0)
    return tuple(
        _choose(
            matches.scores[matches.of_class(index)],
            hit[matches.of_class(index)],
            int(support[index]),
            costs,
        )
        for index in range(matches.class_count)
    )


def _choose(
    scores: Floats, hit: NDArray[np.bool_], support: int, costs: BoxCosts | None
) -> BoxThreshold:
    if support == 0 or not hit.any():
        why = "no true boxes" if support == 0 else "nothing found"
        return _judge(scores, hit, support, DEFAULT_THRESHOLD, f"default: {why}")
    thresholds = candidate_thresholds(scores)
    called = scores.size - np.searchsorted(np.sort(scores), thresholds)
    hits = hit.sum() - np.searchsorted(np.sort(scores[hit]), thresholds)
    if costs is None:
        loss, aim = -2 * hits / (called + support), "highest F1"
    else:
        loss = costs.missed * (support - hits) + costs.spurious * (called - hits)
        aim = "lowest cost"
    best = int(np.flatnonzero(loss <= loss.min() + 1e-12)[0])
    return _judge(
        scores, hit, support, float(thresholds[best]), f"{aim} on {support} true boxes"
    )


def _judge(
    scores: Floats,
    hit: NDArray[np.bool_],
    support: int,
    threshold: float,
    reason: str,
) -> BoxThreshold:
    counted = scores >= threshold
    hits, called = int((counted & hit).sum()), int(counted.sum())
    return BoxThreshold(
        threshold=threshold,
        recall=wilson(hits, support),
        precision=wilson(hits, called),
        f1=f1_score(hits, called, support),
        reason=reason,
    )
