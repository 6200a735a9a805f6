"""What quick models of the first labels can tell apart, judged on parts they never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import Box, Shape, shape_box
from pitmark.core.progress import Reporter
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.core.splits import SplitItem, assign_folds
from pitmark.metrics.intervals import wilson
from pitmark.ops.data.selecting import class_numbers
from pitmark.ops.data.vector_learner import closed_form_learner
from pitmark.ops.images.embeddings import embed_all, embed_places
from pitmark.quality.feasibility.first_look import OTHER_PLACES, Told
from pitmark.quality.selection.replay import mean_recall
from pitmark.store.db import ProjectStore

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_DEFECTS = 120
_FEWEST_OF_A_CLASS = 4
_FEWEST_FOR_ROUNDS = 16
_ROUNDS = 8
_FOLDS = 5


def first_models(
    project: ProjectStore,
    labeled: Sequence[ImageRecord],
    said: Mapping[str, Sequence[Shape]],
    report: Reporter,
) -> tuple[list[Told], list[tuple[int, float]]]:
    """How well a first model tells classes apart, and scores by number of images.

    Args:
        project: The project.
        labeled: Its labeled images.
        said: sha256 to what is held to be true of them.
        report: Told of the progress.

    Returns:
        Pairs of classes with enough cases (where objects are marked: also defects against
        other places), and for whole images pairs of number of images and mean recall.
    """
    shapes = {r.sha256: said[r.sha256] for r in labeled}
    drawn = {s: [b for x in v if (b := shape_box(x)) is not None] for s, v in shapes.items()}
    if any(drawn.values()) and project.task != "classification":
        return _objects(project, labeled, shapes, report), []
    if len(labeled) < 2:
        return [], []
    found = embed_all(project, [LabeledImage(r, None, "train") for r in labeled], report)
    vectors = np.stack([found[r.sha256] for r in labeled]).astype(np.float64)
    classes, labels = class_numbers([shapes[r.sha256] for r in labeled])
    groups = [r.group_key for r in labeled]
    return _told(vectors, classes, labels, groups), _rounds(vectors, labels, groups)


def _objects(
    project: ProjectStore,
    labeled: Sequence[ImageRecord],
    shapes: Mapping[str, Sequence[Shape]],
    report: Reporter,
) -> list[Told]:
    """Defects against each other by class, and against other places of their images."""
    places: dict[str, tuple[str, Box | None]] = {}
    names: list[str] = []
    groups: list[str] = []
    rng = np.random.default_rng(1)
    share = max(1, MOST_DEFECTS // max(len(labeled), 1))
    for record in labeled:
        pairs = [(s.label, b) for s in shapes[record.sha256] if (b := shape_box(s)) is not None]
        order = rng.permutation(len(pairs))[:share]
        for label, box in (pairs[i] for i in order):
            free = _free_place(box, [b for _, b in pairs], record.size_wh, rng)
            for name, place in ((label, box), (OTHER_PLACES, free)):
                if place is not None:
                    places[f"{record.sha256}#{len(names)}"] = (record.sha256, place)
                    names.append(name)
                    groups.append(record.group_key)
    if len(set(groups)) < 2:
        return []
    found = embed_places(project, places, report)
    vectors = np.stack([found[k] for k in places]).astype(np.float64)
    defects = np.array([n != OTHER_PLACES for n in names])
    either = ("defects", OTHER_PLACES)
    out = _told(vectors, either, (~defects).astype(np.int64), groups)
    kinds = tuple(sorted({n for n in names if n != OTHER_PLACES}))
    rows = np.flatnonzero(defects)
    labels = np.array([kinds.index(names[r]) for r in rows], dtype=np.int64)
    return out + _told(vectors[rows], kinds, labels, [groups[r] for r in rows])


def _free_place(
    box: Box, taken: Sequence[Box], size_wh: tuple[int, int], rng: np.random.Generator
) -> Box | None:
    """As large a place without a defect; None if none is found."""
    width, height = box[2] - box[0], box[3] - box[1]
    if width >= size_wh[0] or height >= size_wh[1]:
        return None
    for _ in range(20):
        x = float(rng.uniform(0, size_wh[0] - width))
        y = float(rng.uniform(0, size_wh[1] - height))
        if all(x > b[2] or y > b[3] or x + width < b[0] or y + height < b[1] for b in taken):
            return x, y, x + width, y + height
    return None


def _told(
    vectors: Floats, classes: Sequence[str], labels: Ints, groups: Sequence[str]
) -> list[Told]:
    """Of each pair of classes with enough cases, how many a model named right."""
    counts = np.bincount(labels, minlength=len(classes))
    enough = [k for k in range(len(classes)) if counts[k] >= _FEWEST_OF_A_CLASS]
    folds = _folds(labels, groups)
    if len(enough) < 2 or folds is None:
        return []
    learn = closed_form_learner(len(classes))
    chances = np.zeros((len(labels), len(classes)))
    for fold in np.unique(folds):
        away = folds == fold
        chances[away] = learn(vectors[~away], labels[~away], vectors[away])
    out = []
    for one, two in combinations(enough, 2):
        first = chances[labels == one]
        second = chances[labels == two]
        right = [first[:, one] > first[:, two], second[:, two] > second[:, one]]
        cases = len(first) + len(second)
        # Each class counts alike: naming everything by the larger one is no art.
        share = float(np.mean([r.mean() for r in right]))
        span = wilson(round(share * cases), cases)
        out.append(Told(classes[one], classes[two], share, span.low, span.high, cases))
    return out


def _folds(labels: Ints, groups: Sequence[str]) -> Ints | None:
    count = min(_FOLDS, len(set(groups)))
    if count < 2:
        return None
    items = [
        SplitItem(str(n), group, (str(k),))
        for n, (k, group) in enumerate(zip(labels.tolist(), groups, strict=True))
    ]
    return np.array(assign_folds(items, count, seed=0), dtype=np.int64)


def _rounds(vectors: Floats, labels: Ints, groups: Sequence[str]) -> list[tuple[int, float]]:
    """Scores of quick models that learned from a quarter, half and most of the images."""
    folds = _folds(labels, groups)
    if len(labels) < _FEWEST_FOR_ROUNDS or len(np.unique(labels)) < 2 or folds is None:
        return []
    learn = closed_form_learner(int(labels.max()) + 1)
    out = []
    rng = np.random.default_rng(0)
    for share in (0.25, 0.5, 1.0):
        for _ in range(_ROUNDS if share < 1 else 1):
            chances = np.zeros((len(labels), int(labels.max()) + 1))
            size = 0.0
            for fold in np.unique(folds):
                away = folds == fold
                rows = rng.permutation(np.flatnonzero(~away))
                rows = rows[: max(2, round(share * len(rows)))]
                chances[away] = learn(vectors[rows], labels[rows], vectors[away])
                size += len(rows) / len(np.unique(folds))
            out.append((round(size), mean_recall(labels, chances)))
    return out


def by_size(rounds: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The mean score at each number of images.

    Args:
        rounds: Numbers of images and scores, repeated.

    Returns:
        The same, each number once, rising.
    """
    sizes = sorted({n for n, _ in rounds})
    return [(n, float(np.mean([v for m, v in rounds if m == n]))) for n in sizes]
