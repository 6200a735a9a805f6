"""The ceiling from images that several people labeled: their agreement with each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, image_class, shape_box, shape_mask
from pitmark.core.records import LabeledImage
from pitmark.quality.agreement.ceiling import Ceiling, ceiling_of_repeats
from pitmark.quality.agreement.object_votes import NOTHING, object_votes
from pitmark.store.annotation_rows import AnnotationRow
from pitmark.store.db import ProjectStore

FEWEST_REPEATED = 30
_RESAMPLES = 500
_ASSUMES = "Assumes that labelers err independently of each other and alike."

Floats = NDArray[np.float64]
Said = Sequence[Mapping[str, tuple[Shape, ...]]]
# (agreeing, of) per image and class; what agrees is counted once per pair and direction.
Counts = tuple[Floats, Floats]


def repeated_ceiling(
    project: ProjectStore, images: Sequence[LabeledImage], book: LabelBook
) -> tuple[dict[str, Ceiling], str, int] | None:
    """The ceiling of some labels, as far as people labeled them twice.

    Args:
        project: The project.
        images: The images that are scored.
        book: The label book.

    Returns:
        Metric to ceiling, what it assumes, and the number of images with two labelers;
        None where those are fewer than thirty, or nothing was labeled on them.
    """
    latest = project.annotations.all_latest()
    wanted = {i.image.sha256: i for i in images}
    said = [
        (wanted[sha], {who: row.shapes for who, row in rows.items()})
        for sha, rows in latest.items()
        if sha in wanted and len(rows) > 1 and not _settled(wanted[sha], rows)
    ]
    if len(said) < FEWEST_REPEATED:
        return None
    found = _TASKS[project.task](said, book)
    status = _status(said, book)
    if status is not None:
        found["AUROC"] = status
    return (found, _ASSUMES, len(said)) if found else None


def _settled(item: LabeledImage, rows: Mapping[str, AnnotationRow]) -> bool:
    """Whether a reviewer chose what none of the labelers had said."""
    return all(row.shapes != item.shapes for row in rows.values())


def _classes(said: Sequence[tuple[LabeledImage, Mapping[str, Any]]], book: LabelBook) -> Any:
    """Whole-image classes: accuracy, and the mean over classes."""
    names = [{k: image_class(s) or NOTHING for k, s in m.items()} for _, m in said]
    labels = sorted({label for m in names for label in m.values()})
    counts = _pair_counts(names, labels)
    voters = float(np.mean([len(m) for m in names]))
    kinds = max(2, len(labels))

    def made(share: Callable[[Counts], float | None]) -> Ceiling | None:
        return _ceiling(counts, share, labelers=voters, kinds=kinds)

    found = {"accuracy": made(_overall), "mean_recall": made(_mean_by_class)}
    return {name: c for name, c in found.items() if c is not None}


def _objects(said: Sequence[tuple[LabeledImage, Mapping[str, Any]]], book: LabelBook) -> Any:
    """Objects: positive agreement of boxes that were matched one to one."""
    labels = sorted({s.label for _, m in said for shapes in m.values() for s in shapes})
    agreed, total = np.zeros((2, len(said), max(len(labels), 1)))
    for row, (_, by_labeler) in enumerate(said):
        for pair in combinations(by_labeler, 2):
            for thing in object_votes({k: by_labeler[k] for k in pair}):
                one, two = (thing.said[k] for k in pair)
                for label in (one, two):
                    if label != NOTHING:
                        total[row, labels.index(label)] += 1
                        agreed[row, labels.index(label)] += one == two
    counts = (agreed, total)
    # Where each misses a few, agreement is their precision times their recall.
    average = _plain(counts, _mean_by_class)
    both = _plain(counts, _overall)
    if average is None or both is None:
        return {}
    return {"mAP50": average, "recall": _halfway(both), "precision": _halfway(both)}


def _areas(said: Sequence[tuple[LabeledImage, Mapping[str, Any]]], book: LabelBook) -> Any:
    """Areas: overlap of two people, half of whose distance is between one and the truth."""
    labels = sorted({s.label for _, m in said for shapes in m.values() for s in shapes})
    both, either = np.zeros((2, len(said), max(len(labels), 1)))
    for row, (item, by_labeler) in enumerate(said):
        for one, two in combinations(by_labeler.values(), 2):
            for place, label in enumerate(labels):
                a, b = (_mask(shapes, label, item.image.size_wh) for shapes in (one, two))
                both[row, place] += (a & b).sum()
                either[row, place] += (a | b).sum()
    overlap = _plain((both, either), _mean_by_class)
    dice = _plain((2 * both, both + either), _mean_by_class)
    if overlap is None or dice is None:
        return {}
    return {"IoU": _halfway(overlap), "Dice": _halfway(dice)}


def _nothing(said: Sequence[tuple[LabeledImage, Mapping[str, Any]]], book: LabelBook) -> Any:
    return {}


_TASKS: Mapping[str, Callable[..., dict[str, Ceiling]]] = {
    "classification": _classes,
    "detection": _objects,
    "segmentation": _areas,
    "anomaly": _nothing,
}


def _status(
    said: Sequence[tuple[LabeledImage, Mapping[str, tuple[Shape, ...]]]], book: LabelBook
) -> Ceiling | None:
    """The best AUROC: how often two agree whether an image is good, good and bad alike."""
    names = [{k: str(book.is_defect(s)) for k, s in m.items()} for _, m in said]
    counts = _pair_counts(names, ["False", "True"])
    if not counts[1].sum(axis=0).all():
        return None
    voters = float(np.mean([len(m) for m in names]))
    return _ceiling(counts, _mean_by_class, labelers=voters, kinds=2)


def _pair_counts(names: Sequence[Mapping[str, str]], labels: Sequence[str]) -> Counts:
    agreed, total = np.zeros((2, len(names), len(labels)))
    for row, said in enumerate(names):
        for one, two in combinations(said.values(), 2):
            for label in (one, two):
                total[row, labels.index(label)] += 1
                agreed[row, labels.index(label)] += one == two
    return agreed, total


def _overall(counts: Counts) -> float | None:
    total = float(counts[1].sum())
    return float(counts[0].sum()) / total if total > 0 else None


def _mean_by_class(counts: Counts) -> float | None:
    agreed, total = counts[0].sum(axis=0), counts[1].sum(axis=0)
    used = total > 0
    return float((agreed[used] / total[used]).mean()) if used.any() else None


def _resampled(counts: Counts, share: Callable[[Counts], float | None]) -> Floats | None:
    """The share as measured, then on resampled images."""
    value = share(counts)
    if value is None:
        return None
    rng = np.random.default_rng(0)
    size = len(counts[0])
    drawn = (rng.integers(size, size=size) for _ in range(_RESAMPLES))
    found = (share((counts[0][rows], counts[1][rows])) for rows in drawn)
    return np.array([value, *(f for f in found if f is not None)])


def _ceiling(
    counts: Counts,
    share: Callable[[Counts], float | None],
    *,
    labelers: float,
    kinds: int,
) -> Ceiling | None:
    found = _resampled(counts, share)
    if found is None:
        return None
    return ceiling_of_repeats(found, len(counts[0]), labelers=labelers, kinds=kinds)


def _plain(counts: Counts, share: Callable[[Counts], float | None]) -> Ceiling | None:
    """The agreement itself with its interval."""
    found = _resampled(counts, share)
    if found is None:
        return None
    low, high = (float(v) for v in np.quantile(found, [0.025, 0.975]))
    value = float(found[0])
    return Ceiling(value, min(low, value), max(high, value))


def _halfway(agreement: Ceiling) -> Ceiling:
    """Two people who err alike are twice as far from each other as from the truth."""
    return Ceiling(*((1 + v) / 2 for v in (agreement.value, agreement.low, agreement.high)))


def _mask(shapes: Sequence[Shape], label: str, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    out = np.zeros(size_wh[::-1], dtype=bool)
    for shape in shapes:
        if shape.label == label and shape_box(shape) is not None:
            out |= shape_mask(shape, size_wh)
    return out
