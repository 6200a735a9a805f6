"""From the raw outputs of a network to a prediction: one way, for torch and ONNX.

A network gives, per patch (P patches of one image):

    classification  probs (P, K) summing to 1
    detection       scores (P, A, K) in [0, 1], boxes (P, A, 4) x1 y1 x2 y2 in patch pixels
    segmentation    maps (P, K, h, w) in [0, 1], background left out
    anomaly         maps (P, 1, h, w) in [0, 1], score (P,) in [0, 1]
    all of them     embedding (P, D)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pitmark.core.geometry import clip_boxes, iou_matrix
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import Patches, Placement

Outputs = Mapping[str, NDArray[np.float32]]

OUTPUT_NAMES: dict[str, tuple[str, ...]] = {
    "classification": ("probs", "embedding"),
    "detection": ("scores", "boxes", "embedding"),
    "segmentation": ("maps", "embedding"),
    "anomaly": ("maps", "score", "embedding"),
}

# Boxes below this never reach anybody; it bounds the work of suppression.
MIN_BOX_SCORE = 0.02
_MAX_CANDIDATES = 300


def assemble(
    outputs: Outputs,
    patches: Patches,
    *,
    image_wh: tuple[int, int],
    spec: InspectorSpec,
) -> Prediction:
    """The prediction for one image.

    Args:
        outputs: The network's outputs for all patches of the image, by name.
        patches: How the image was cut.
        image_wh: Stored width and height in pixels.
        spec: Of the model.

    Returns:
        The prediction, in pixels of the stored image.
    """
    embedding = outputs["embedding"].mean(axis=0).astype(np.float32)
    if spec.task == "classification":
        probs = outputs["probs"].mean(axis=0).astype(np.float32)
        bad = [i for i, name in enumerate(spec.classes) if name not in spec.good]
        score = float(probs[bad].sum()) if bad else 0.0
        return Prediction(image_wh, min(score, 1.0), class_probs=probs, embedding=embedding)
    if spec.task == "detection":
        boxes, scores, classes = _gather_boxes(outputs, patches, image_wh, spec)
        return Prediction(
            image_wh,
            float(scores[0]) if len(scores) else 0.0,
            boxes_xyxy=boxes,
            box_scores=scores,
            box_classes=classes,
            embedding=embedding,
        )
    maps = stitch_maps(outputs["maps"], patches, spec.preprocess.input_wh)
    score = (
        float(outputs["score"].max())
        if spec.task == "anomaly"
        else peak_score(np.minimum(maps.sum(axis=0), 1.0))
    )
    return Prediction(image_wh, score, maps_khw=maps.astype(np.float16), embedding=embedding)


def peak_score(map_hw: NDArray[np.float32]) -> float:
    """The score of an image from its map of any defect: the mean of its strongest cells.

    A mean over 0.1 % of the cells (at least four) is steadier than the maximum and
    still answers to a defect of a few pixels.

    Args:
        map_hw: (h, w) in [0, 1].

    Returns:
        In [0, 1].
    """
    flat = map_hw.ravel()
    count = min(flat.size, max(4, flat.size // 1000))
    return float(np.partition(flat, flat.size - count)[-count:].mean())


def stitch_maps(
    maps: NDArray[np.float32], patches: Patches, input_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Maps of all patches joined to maps of the image; overlaps are averaged.

    Args:
        maps: (P, K, h, w).
        patches: How the image was cut.
        input_wh: Width and height of a patch in pixels.

    Returns:
        (K, h', w') covering the image without padding.
    """
    _, depth, rows, columns = maps.shape
    step_x, step_y = input_wh[0] / columns, input_wh[1] / rows
    width = max(1, round(patches.scaled_wh[0] / step_x))
    height = max(1, round(patches.scaled_wh[1] / step_y))
    total = np.zeros((depth, height, width), dtype=np.float32)
    weight = np.zeros((height, width), dtype=np.float32)
    for patch, place in zip(maps, patches.placements, strict=True):
        left = min(round(place.offset_xy[0] / step_x), width - 1)
        top = min(round(place.offset_xy[1] / step_y), height - 1)
        high, wide = min(rows, height - top), min(columns, width - left)
        total[:, top : top + high, left : left + wide] += patch[:, :high, :wide]
        weight[top : top + high, left : left + wide] += 1
    return np.asarray(total / np.maximum(weight, 1), dtype=np.float32)


def suppress(
    boxes_xyxy: NDArray[np.float32],
    scores: NDArray[np.float32],
    classes: NDArray[np.int64],
    *,
    iou: float,
) -> NDArray[np.int64]:
    """Which boxes stay when every box silences weaker ones of its class that overlap it.

    Args:
        boxes_xyxy: (N, 4) in pixels.
        scores: (N,).
        classes: (N,).
        iou: Overlap in [0, 1] above which the weaker box goes.

    Returns:
        Indices of the boxes that stay, best first; ties keep the order given.
    """
    order = np.argsort(-scores, kind="stable")
    alive = np.ones(len(order), dtype=bool)
    for label in np.unique(classes):
        places = np.flatnonzero(classes[order] == label)
        boxes = boxes_xyxy[order[places]]
        overlap = np.triu(iou_matrix(boxes, boxes) > iou, k=1)
        for position in np.flatnonzero(overlap.any(axis=1)).tolist():
            if alive[places[position]]:
                alive[places[overlap[position]]] = False
    return order[alive]


def _gather_boxes(
    outputs: Outputs,
    patches: Patches,
    image_wh: tuple[int, int],
    spec: InspectorSpec,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Boxes of all patches in image pixels, suppressed, best first."""
    found: list[tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int64]]] = []
    for scores, boxes, place in zip(
        outputs["scores"], outputs["boxes"], patches.placements, strict=True
    ):
        anchor, label = np.nonzero(scores >= MIN_BOX_SCORE)
        values = scores[anchor, label]
        top = np.argsort(-values, kind="stable")[:_MAX_CANDIDATES]
        placed = _to_image(boxes[anchor[top]], place)
        found.append((placed, values[top], label[top].astype(np.int64)))
    boxes_xyxy = clip_boxes(np.concatenate([f[0] for f in found]), image_wh)
    scores = np.concatenate([f[1] for f in found])
    classes = np.concatenate([f[2] for f in found])
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    real = np.flatnonzero((sides > 0).all(axis=1))
    best = real[np.argsort(-scores[real], kind="stable")[: 2 * _MAX_CANDIDATES]]
    boxes32 = boxes_xyxy[best].astype(np.float32)
    keep = suppress(boxes32, scores[best], classes[best], iou=spec.nms_iou)
    keep = keep[: spec.max_boxes]
    return boxes32[keep], scores[best][keep], classes[best][keep]


def _to_image(boxes_xyxy: NDArray[np.float32], place: Placement) -> NDArray[np.float64]:
    offset = np.array([*place.offset_xy, *place.offset_xy], dtype=np.float64)
    limit = np.array([*place.valid_wh, *place.valid_wh], dtype=np.float64)
    scale = np.array([*place.scale_xy, *place.scale_xy], dtype=np.float64)
    inside = np.clip(boxes_xyxy, 0, limit)
    return np.asarray((inside + offset) / scale)
