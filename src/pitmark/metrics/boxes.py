"""Boxes of one image as the metrics take them: predicted ones and true ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import as_boxes
from pitmark.metrics.arrays import as_scores


@dataclass(frozen=True, eq=False)
class PredictedBoxes:
    """What a model found in one image.

    Attributes:
        boxes_xyxy: (N, 4) pixels.
        scores: (N,) in [0, 1], higher is more certain.
        classes: (N,) class indices.
    """

    boxes_xyxy: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.intp]

    @classmethod
    def of(cls, boxes_xyxy: ArrayLike, scores: ArrayLike, classes: ArrayLike) -> PredictedBoxes:
        """Predicted boxes from anything array-like, checked.

        Args:
            boxes_xyxy: (N, 4) pixels.
            scores: (N,) in [0, 1].
            classes: (N,) class indices.

        Returns:
            The boxes.

        Raises:
            InvalidInputError: Shapes that do not fit, or values that are no numbers.
        """
        boxes, indices = _boxes(boxes_xyxy), _class_indices(classes)
        certainty = as_scores(scores, unit_range=True)
        if not len(boxes) == certainty.size == indices.size:
            raise InvalidInputError(
                f"{len(boxes)} boxes, {certainty.size} scores and"
                f" {indices.size} classes do not fit together"
            )
        return cls(boxes, certainty, indices)


@dataclass(frozen=True, eq=False)
class TrueBoxes:
    """What there is in one image.

    Attributes:
        boxes_xyxy: (M, 4) pixels.
        classes: (M,) class indices.
    """

    boxes_xyxy: NDArray[np.float64]
    classes: NDArray[np.intp]

    @classmethod
    def of(cls, boxes_xyxy: ArrayLike, classes: ArrayLike) -> TrueBoxes:
        """True boxes from anything array-like, checked.

        Args:
            boxes_xyxy: (M, 4) pixels.
            classes: (M,) class indices.

        Returns:
            The boxes.

        Raises:
            InvalidInputError: Shapes that do not fit, or values that are no numbers.
        """
        boxes, indices = _boxes(boxes_xyxy), _class_indices(classes)
        if len(boxes) != indices.size:
            raise InvalidInputError(
                f"{len(boxes)} boxes and {indices.size} classes do not fit together"
            )
        return cls(boxes, indices)


def _boxes(boxes_xyxy: ArrayLike) -> NDArray[np.float64]:
    boxes = as_boxes(boxes_xyxy)
    if not np.isfinite(boxes).all():
        raise InvalidInputError("a box has a corner that is not a finite number")
    return boxes


def _class_indices(classes: ArrayLike) -> NDArray[np.intp]:
    array = np.asarray(classes)
    if array.size == 0:
        return np.zeros(0, dtype=np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise InvalidInputError("classes of boxes must be whole numbers from 0 on")
    return array.astype(np.intp)
