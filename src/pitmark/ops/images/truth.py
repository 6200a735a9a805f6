"""What is held to be true of labeled images, as the arrays that metrics take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, image_class, shape_box, shape_mask
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes


def defective(images: Sequence[LabeledImage], book: LabelBook) -> NDArray[np.bool_]:
    """Which images are NG by their labels.

    Args:
        images: Labeled images.
        book: The label book, which knows the good classes.

    Returns:
        (N,) bool.
    """
    return np.array([book.is_defect(i.shapes or ()) for i in images], dtype=bool)


def class_indices(images: Sequence[LabeledImage], classes: Sequence[str]) -> NDArray[np.int64]:
    """The class of each image as its index; -1 where the model does not know it.

    Args:
        images: Labeled images.
        classes: Of the model.

    Returns:
        (N,) in [-1, K).
    """
    place = {name: i for i, name in enumerate(classes)}
    return np.array(
        [place.get(image_class(i.shapes or ()) or "", -1) for i in images], dtype=np.int64
    )


def true_boxes(shapes: Sequence[Shape], classes: Sequence[str]) -> TrueBoxes:
    """The boxes around all shapes whose class a model knows.

    Args:
        shapes: Of one image.
        classes: Of the model.

    Returns:
        Boxes in pixels of the stored image.
    """
    pairs = [(shape_box(s), s.label) for s in shapes if s.label in classes]
    found = [(box, classes.index(label)) for box, label in pairs if box is not None]
    return TrueBoxes.of([f[0] for f in found], np.array([f[1] for f in found], dtype=np.int64))


def predicted_boxes(prediction: Prediction) -> PredictedBoxes:
    """The boxes of a prediction as metrics take them.

    Args:
        prediction: Of a detection model.

    Returns:
        Boxes, scores, classes.
    """
    return PredictedBoxes.of(
        prediction.boxes_xyxy, prediction.box_scores, prediction.box_classes
    )


def true_map(
    shapes: Sequence[Shape], size_wh: tuple[int, int], classes: Sequence[str]
) -> NDArray[np.int64]:
    """The class of every pixel: 0 background, k + 1 class k; later shapes lie on top.

    Args:
        shapes: Of one image.
        size_wh: Width and height of the image in pixels.
        classes: Of the model.

    Returns:
        (H, W).
    """
    out = np.zeros((size_wh[1], size_wh[0]), dtype=np.int64)
    for shape in shapes:
        if shape.label in classes:
            out[shape_mask(shape, size_wh)] = classes.index(shape.label) + 1
    return out


def defect_mask(
    shapes: Sequence[Shape], size_wh: tuple[int, int], book: LabelBook
) -> NDArray[np.bool_] | None:
    """The pixels of all defects; None where a defect is known but not where it lies.

    Args:
        shapes: Of one image.
        size_wh: Width and height of the image in pixels.
        book: The label book.

    Returns:
        (H, W) bool, or None.
    """
    out = np.zeros((size_wh[1], size_wh[0]), dtype=bool)
    drawn = [s for s in shapes if shape_box(s) is not None and book.is_defect([s])]
    if not drawn and book.is_defect(shapes):
        return None
    for shape in drawn:
        out |= shape_mask(shape, size_wh)
    return out
