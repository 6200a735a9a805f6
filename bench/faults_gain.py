"""What correcting half of the planted label faults brings, measured on clean test images.

Faults are planted into the training labels. Pitmark ranks the training images from
out-of-fold predictions of models trained on those labels, and a person who knows the truth
goes down that order, putting every image right, until half of the faults are gone. Three
models are trained alike, on the labels with faults, half corrected, and without faults; the
differences carry an interval over the test images, whole groups at a time.

The interval does not know that the same training may end elsewhere. The clean labels are the
yardstick for that: where half corrected gains clearly more than all corrected, the difference
is one of training runs, not of labels, and more --seeds are needed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.faults_draws import Judged, Source, folded, open_source, predicted, with_labels
from bench.faults_judging import judge, strongest
from bench.faults_plants import plant
from bench.shape import tell
from pitmark.core.labels import ImageClass, Shape, shape_box, shape_mask
from pitmark.core.records import LabeledImage
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.detection import coco_matches, mean_average_precision
from pitmark.metrics.paired import PairedComparison, paired_difference
from pitmark.metrics.ranking import average_precision_of_counts

Statistic = Callable[[NDArray[np.intp]], float | None]
_LABELS_AT_FAULT = 0.15
_CORRECTED = 0.5
_BINS = 256


@dataclass(frozen=True)
class _Noisy:
    """Training images with faults, and how many faults each holds."""

    images: list[LabeledImage]
    faults: Mapping[str, int]


def run_gain(
    arguments: argparse.Namespace,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Results of all sets; there is no gate: the interval is the statement."""
    results: list[dict[str, Any]] = []
    for data in arguments.data:
        with open_source(Path(data), arguments) as source:
            for seed in range(arguments.seeds):
                results += _one(source, seed, arguments)
    return results, []


def _one(source: Source, seed: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    images = source.draw(arguments.train, seed)
    clean = {i.image.sha256: i.shapes or () for i in images}
    noisy = _planted([i for i in images if i.split == "train"], seed)
    labels = {i.image.sha256: i.shapes or () for i in noisy.images}
    seen = folded(source, with_labels(images, labels), seed, arguments)
    corrected, looked_at = _corrected(source, seen, noisy, clean)
    variants = {"faulty": labels, "corrected": labels | corrected, "clean": {}}
    figures: dict[str, Statistic] = {}
    groups: list[str] = []
    for name, given in variants.items():
        judged = predicted(source, with_labels(images, given), seed, arguments)
        figures[name] = _statistic(source, judged)
        groups = [i.image.group_key for i in judged.images]
    shared: dict[str, Any] = {
        "data": source.name,
        "task": source.task,
        "budget": arguments.train,
        "seed": seed,
        "metric": "mAP50" if source.task == "detection" else "pixel AP",
        "faults": sum(noisy.faults.values()),
        "looked_at": round(looked_at, 3),
    }
    out = []
    for name in ("corrected", "clean"):
        found = paired_difference(figures["faulty"], figures[name], len(groups), groups=groups)
        what = f"{shared['metric']} with {name} labels"
        tell(f"{source.name} draw {seed}: {found.sentence(what)}")
        out.append({**shared, "case": name, **_row(found)})
    return out


def _row(found: PairedComparison) -> dict[str, Any]:
    values = {
        "before": found.first,
        "after": found.second,
        "median": found.difference.value,
        "low": found.difference.low,
        "high": found.difference.high,
    }
    return {k: None if v is None else round(v, 4) for k, v in values.items()}


def _planted(images: Sequence[LabeledImage], seed: int) -> _Noisy:
    """Faults in a share of the labels, at most one per image and round."""
    rng = np.random.default_rng([seed, 8])
    total = sum(not isinstance(s, ImageClass) for i in images for s in i.shapes or ())
    wanted = max(1, round(_LABELS_AT_FAULT * total))
    current, faults = list(images), Counter[str]()
    while sum(faults.values()) < wanted:
        share = min((wanted - sum(faults.values())) / len(current), 0.999)
        planting = plant(current, "all", share, rng)
        if not planting.kinds:
            break
        current = with_labels(current, planting.changed)
        faults.update(planting.kinds.keys())
    return _Noisy(current, faults)


def _corrected(
    source: Source,
    seen: Judged,
    noisy: _Noisy,
    clean: Mapping[str, tuple[Shape, ...]],
) -> tuple[dict[str, tuple[Shape, ...]], float]:
    """The true labels of the images looked at, and the share of images that took."""
    doubts = strongest(judge(source.task, seen, {}))
    order = sorted(seen.labels, key=lambda sha: (-doubts.get(sha, 0.0), sha))
    goal, fixed = _CORRECTED * sum(noisy.faults.values()), 0
    corrected: dict[str, tuple[Shape, ...]] = {}
    for sha in order:
        if fixed >= goal:
            break
        corrected[sha] = clean[sha]
        fixed += noisy.faults.get(sha, 0)
    return corrected, len(corrected) / max(len(order), 1)


def _statistic(source: Source, judged: Judged) -> Statistic:
    return _box_figure(judged) if source.task == "detection" else _pixel_figure(judged)


def detector_figure(judged: Judged) -> float | None:
    """mAP50 of a detector on the labels as they are."""
    return _box_figure(judged)(np.arange(len(judged.images)))


def _box_figure(judged: Judged) -> Statistic:
    matches = coco_matches(*_told_and_true(judged), len(judged.classes))
    return lambda drawn: mean_average_precision(matches, iou=0.5, drawn=drawn)


def _told_and_true(judged: Judged) -> tuple[list[PredictedBoxes], list[TrueBoxes]]:
    """Predicted and labeled boxes per image."""
    order = {name: i for i, name in enumerate(judged.classes)}
    told, true = [], []
    for image in judged.images:
        found = judged.predictions[image.image.sha256]
        told.append(PredictedBoxes.of(found.boxes_xyxy, found.box_scores, found.box_classes))
        pairs = [(shape_box(s), order.get(s.label)) for s in image.shapes or ()]
        known = [(b, k) for b, k in pairs if b is not None and k is not None]
        true.append(TrueBoxes.of([b for b, _ in known], [k for _, k in known]))
    return told, true


def _pixel_figure(judged: Judged) -> Statistic:
    """Average precision of pixels being of any defect, from counts per image and value."""
    rows = []
    for image in judged.images:
        maps = judged.predictions[image.image.sha256].maps_at(image.image.size_wh)
        truth = np.zeros(maps.shape[1:], dtype=bool)
        for shape in image.shapes or ():
            if not isinstance(shape, ImageClass):
                truth |= shape_mask(shape, image.image.size_wh)
        bins = np.clip(maps.max(axis=0) * _BINS, 0, _BINS - 1).astype(np.int64)
        rows.append([np.bincount(bins[m], minlength=_BINS)[::-1] for m in (truth, ~truth)])
    counts = np.array(rows, dtype=np.int64)

    def figure(drawn: NDArray[np.intp]) -> float | None:
        positives, negatives = counts[drawn].sum(axis=0)
        return average_precision_of_counts(positives, negatives)

    return figure
