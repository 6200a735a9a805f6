"""How far two predictions for one image lie apart; 0 is the same, more is further."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pitmark.core.assemble import MIN_BOX_SCORE
from pitmark.core.geometry import iou_matrix
from pitmark.core.predictions import Prediction

_MIN_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """Differences between an expected and a found prediction, by output.

    `score`, `class_probs`, `box_scores`, `map_mean` (mean over the cells of the worst
    class) and `map_peak` (between the strongest cells) are in [0, 1] and subject to a
    bundle's tolerance. `box_shift` (1 - IoU of the worst matched box) and `embedding`
    (distance relative to the length expected) are told, not judged.
    """

    score: float = 0.0
    class_probs: float = 0.0
    box_scores: float = 0.0
    map_mean: float = 0.0
    map_peak: float = 0.0
    box_shift: float = 0.0
    embedding: float = 0.0

    @property
    def largest(self) -> float:
        """The largest difference of a score; no number where one of them is none."""
        return _worst(
            [self.score, self.class_probs, self.box_scores, self.map_mean, self.map_peak]
        )

    def joined(self, other: Difference) -> Difference:
        """The larger of two differences, output by output.

        Args:
            other: For another image.

        Returns:
            A new difference.
        """
        pairs = {f.name: [getattr(self, f.name), getattr(other, f.name)] for f in fields(self)}
        return Difference(**{name: _worst(values) for name, values in pairs.items()})

    def to_json(self) -> dict[str, float]:
        """Output name to difference."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def compare(
    expected: Prediction, found: Prediction, *, box_floor: float = MIN_BOX_SCORE
) -> Difference:
    """How far a found prediction lies from the expected one.

    Boxes are matched one to one within their class, best first, at an IoU of 0.5 or
    more. A pair differs by its scores, a box without partner by what its score exceeds
    the floor: below the floor boxes reach nobody, and a cut-off is no disagreement.

    Args:
        expected: Of the trained model.
        found: Of the runtime to be judged, for the same image.
        box_floor: Score in [0, 1] from which a box matters.

    Returns:
        The difference; 1 in an output that only one of the two has.
    """
    floor = max(box_floor, MIN_BOX_SCORE)
    box_scores, box_shift = _compare_boxes(expected, found, floor)
    map_mean, map_peak = _compare_maps(expected.maps_khw, found.maps_khw)
    return Difference(
        score=abs(float(expected.score) - float(found.score)),
        class_probs=_compare_probs(expected.class_probs, found.class_probs),
        box_scores=box_scores,
        map_mean=map_mean,
        map_peak=map_peak,
        box_shift=box_shift,
        embedding=_compare_embeddings(expected.embedding, found.embedding),
    )


def _worst(values: list[float]) -> float:
    return float(np.max(values))  # Keeps NaN, as max() would not.


def _compare_probs(
    expected: NDArray[np.float32] | None, found: NDArray[np.float32] | None
) -> float:
    if expected is None or found is None:
        return float((expected is None) != (found is None))
    if expected.shape != found.shape:
        return 1.0
    return float(np.abs(expected - found).max(initial=0.0))


def _compare_boxes(
    expected: Prediction, found: Prediction, floor: float
) -> tuple[float, float]:
    """Largest difference of scores, and of places among matched boxes."""
    pairs = _match(expected, found)
    scores = [0.0]
    shifts = [0.0]
    for first, second, overlap in pairs:
        one, other = float(expected.box_scores[first]), float(found.box_scores[second])
        if not max(one, other) < floor:
            scores.append(abs(one - other))
            shifts.append(1.0 - overlap)
    for prediction, used in (
        (expected, {p[0] for p in pairs}),
        (found, {p[1] for p in pairs}),
    ):
        alone = [s for i, s in enumerate(prediction.box_scores.tolist()) if i not in used]
        scores += [max(0.0, s - floor) for s in alone]
    return _worst(scores), _worst(shifts)


def _match(expected: Prediction, found: Prediction) -> list[tuple[int, int, float]]:
    if not len(expected.box_scores) or not len(found.box_scores):
        return []
    overlap = iou_matrix(expected.boxes_xyxy, found.boxes_xyxy)
    overlap[expected.box_classes[:, None] != found.box_classes[None, :]] = 0.0
    pairs = []
    for first in np.argsort(-expected.box_scores, kind="stable").tolist():
        second = int(np.argmax(overlap[first]))
        if overlap[first, second] >= _MIN_OVERLAP:
            pairs.append((first, second, float(overlap[first, second])))
            overlap[:, second] = 0.0
    return pairs


def _compare_maps(
    expected: NDArray[np.float16] | None, found: NDArray[np.float16] | None
) -> tuple[float, float]:
    if expected is None or found is None:
        missing = float((expected is None) != (found is None))
        return missing, missing
    if expected.shape != found.shape:
        return 1.0, 1.0
    one = expected.reshape(len(expected), -1).astype(np.float32)
    other = found.reshape(len(found), -1).astype(np.float32)
    if not one.size:
        return 0.0, 0.0
    mean = np.abs(one - other).mean(axis=1).max()
    peak = np.abs(one.max(axis=1) - other.max(axis=1)).max()
    return float(mean), float(peak)


def _compare_embeddings(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    if expected.shape != found.shape:
        return 1.0
    length = float(np.linalg.norm(expected))
    apart = float(np.linalg.norm(expected - found))
    return apart / length if length else apart
