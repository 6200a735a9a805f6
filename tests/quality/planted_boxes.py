"""Images of labeled boxes with planted faults, and a detector of chosen strength."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import BoxShape, Shape
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.class_faults import Fault

CLASSES = ("scratch", "dent", "pit mark", "discoloration", "blemish")
SIDES_PX = (60, 35, 20, 90, 30)
SIZE_WH = (640, 480)
Images = dict[str, tuple[Shape, ...]]


@dataclass(frozen=True)
class Detector:
    """How good a simulated detector is."""

    recall: float
    class_noise: float
    jitter: float
    alarms_per_image: float
    lower: float = 0.0


STRONG = Detector(0.97, 0.6, 0.05, 1)
WEAK = Detector(0.7, 1.1, 0.12, 6, -1)
# Good, but of little confidence: no score above about 0.5.
TIMID = Detector(0.9, 0.8, 0.08, 3, -2.5)


def build(
    seed: int, detector: Detector, count: int = 300
) -> tuple[Images, dict[str, Prediction]]:
    """Images with right labels and what the detector says about them."""
    rng = np.random.default_rng(seed)
    images: Images = {}
    predictions = {}
    for number in range(count):
        key = f"image{number:04d}"
        boxes, kinds = _objects(rng)
        images[key] = tuple(
            BoxShape(CLASSES[k], tuple(map(float, b)))
            for b, k in zip(boxes, kinds, strict=True)
        )
        predictions[key] = _detect(boxes, kinds, detector, rng)
    return images, predictions


def relabel(
    images: Images, old: str, new: str, count: int
) -> tuple[Images, set[tuple[str, int]]]:
    """Some boxes of one class labeled as another."""
    rng = np.random.default_rng(7)
    spots = [(k, i) for k, v in images.items() for i, s in enumerate(v) if s.label == old]
    chosen = {spots[i] for i in rng.choice(len(spots), count, replace=False)}
    changed = {
        k: tuple(BoxShape(new, s.box_xyxy) if (k, i) in chosen else s for i, s in enumerate(v))
        for k, v in images.items()
    }
    return changed, chosen


def drop(images: Images, count: int) -> tuple[Images, dict[str, list[BoxShape]]]:
    """Some boxes left out."""
    rng = np.random.default_rng(8)
    spots = [(k, i) for k, v in images.items() for i in range(len(v))]
    chosen = {spots[i] for i in rng.choice(len(spots), count, replace=False)}
    gone: dict[str, list[BoxShape]] = {}
    for key, index in chosen:
        gone.setdefault(key, []).append(images[key][index])
    kept = {
        k: tuple(s for i, s in enumerate(v) if (k, i) not in chosen) for k, v in images.items()
    }
    return kept, gone


def loosen(images: Images, count: int) -> tuple[Images, set[tuple[str, int]]]:
    """Some boxes drawn far too large."""
    rng = np.random.default_rng(9)
    spots = [(k, i) for k, v in images.items() for i in range(len(v))]
    chosen = {spots[i] for i in rng.choice(len(spots), count, replace=False)}

    def wider(shape: BoxShape) -> BoxShape:
        x1, y1, x2, y2 = shape.box_xyxy
        w, h = x2 - x1, y2 - y1
        return BoxShape(shape.label, (x1 - w / 2, y1 - h / 2, x2 + w / 3, y2 + h / 3))

    changed = {
        k: tuple(wider(s) if (k, i) in chosen else s for i, s in enumerate(v))
        for k, v in images.items()
    }
    return changed, chosen


def invent(images: Images, count: int) -> tuple[Images, set[tuple[str, int]]]:
    """Some boxes where nothing is, of usual size."""
    rng = np.random.default_rng(10)
    changed, chosen = dict(images), set()
    for key in rng.choice(list(images), count, replace=False):
        kind = int(rng.integers(len(CLASSES)))
        side = SIDES_PX[kind]
        x, y = rng.uniform(0, 480 - side, 2)
        box = BoxShape(CLASSES[kind], (x, y, x + side, y + side))
        chosen.add((str(key), len(changed[key])))
        changed[str(key)] = (*changed[key], box)
    return changed, chosen


def precision_at(faults: list[Fault], spots: set[tuple[str, int]], count: int) -> float:
    """Share of the first faults that point to planted spots."""
    return sum((f.key, f.shape_index) in spots for f in faults[:count]) / count


def found_again(faults: list[Fault], gone: Mapping[str, list[BoxShape]], count: int) -> float:
    """Share of the first faults whose last suggested box is one that was left out."""
    right = 0
    for fault in faults[:count]:
        assert fault.suggestion is not None
        box = fault.suggestion[-1]
        assert isinstance(box, BoxShape)
        lost = [s.box_xyxy for s in gone.get(fault.key, [])]
        right += bool(iou_matrix([box.box_xyxy], lost).max(initial=0) > 0.3)
    return right / count


def _objects(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    boxes: list[NDArray[np.float64]] = []
    kinds = []
    for _ in range(rng.integers(0, 5)):
        kind = int(rng.integers(len(CLASSES)))
        side = SIDES_PX[kind] * np.exp(rng.normal(0, 0.3, 2))
        corner = rng.uniform(0, np.array(SIZE_WH) - side)
        box = np.concatenate([corner, corner + side])
        if iou_matrix([box], boxes).max(initial=0) == 0:
            boxes.append(box)
            kinds.append(kind)
    return np.array(boxes).reshape(-1, 4), np.array(kinds, dtype=np.int64)


def _detect(
    boxes: NDArray[np.float64],
    kinds: NDArray[np.int64],
    detector: Detector,
    rng: np.random.Generator,
) -> Prediction:
    seen: list[tuple[float, int, NDArray[np.float64]]] = []
    for box, kind in zip(boxes, kinds, strict=True):
        if rng.random() > detector.recall:
            continue
        logits = rng.normal(0, detector.class_noise, len(CLASSES))
        logits[kind] += 2
        shares = np.exp(logits) / np.exp(logits).sum()
        there = 1 / (1 + np.exp(-rng.normal(1 + detector.lower, 1)))
        for other, share in enumerate(shares):
            moved = box + rng.normal(0, detector.jitter * (box[2] - box[0]), 4)
            seen.append((float(there * share), other, moved))
    for _ in range(rng.poisson(detector.alarms_per_image)):
        side = rng.uniform(15, 90)
        corner = rng.uniform(0, np.array(SIZE_WH) - side)
        score = 0.9 / (1 + np.exp(-rng.normal(-2 + detector.lower, 1)))
        seen.append((float(score), int(rng.integers(5)), np.append(corner, corner + side)))
    seen = sorted((s for s in seen if s[0] >= 0.02), key=lambda s: -s[0])
    return Prediction(
        SIZE_WH,
        seen[0][0] if seen else 0.0,
        boxes_xyxy=np.array([s[2] for s in seen], dtype=np.float32).reshape(-1, 4),
        box_scores=np.array([s[0] for s in seen], dtype=np.float32),
        box_classes=np.array([s[1] for s in seen], dtype=np.int64),
    )
