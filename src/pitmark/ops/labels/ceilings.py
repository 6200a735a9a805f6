"""The best score that the labels of a snapshot allow, to stand beside every report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.geometry import iou_matrix
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import (
    Shape,
    image_class,
    shape_box,
    shape_from_json,
    shape_mask,
    shapes_hash,
)
from pitmark.core.records import LabeledImage
from pitmark.metrics.intervals import percent
from pitmark.ops.images.truth import defective
from pitmark.ops.labels.asked import WHOLE_IMAGE_TASKS
from pitmark.ops.labels.audit_record import audits, read_audit
from pitmark.ops.labels.repeats import repeated_ceiling
from pitmark.quality.agreement.ceiling import (
    Ceiling,
    Stake,
    as_json,
    ceiling_of_faults,
    ceiling_of_flips,
)
from pitmark.store.db import ProjectStore

_HALF = 0.5
_CONFIRMED = {"accepted": 1.0, "corrected": 1.0, "dismissed": 0.0}
_FROM_FAULTS = (
    "Assumes that the audit's probabilities of a fault are right within a factor of two,"
    " and that a perfect model knows nothing of the faults."
)
_UNKNOWN = (
    "The ceiling cannot be said: these labels were not audited, and too few images are"
    " labeled by two people."
)

Fault = Mapping[str, Any]


def ceiling_of(project: ProjectStore, snapshot_id: str) -> dict[str, Any]:
    """The ceiling of the test images of a snapshot; of all its images without a test split.

    Where at least thirty images carry the answers of two labelers, their agreement
    says how good the labels are; otherwise the newest audit of these labels does.

    Args:
        project: The project.
        snapshot_id: The snapshot.

    Returns:
        Plain JSON types: `metrics` (name to value, low, high; empty where nothing can be
        said), `from`, `sentence`, `assumes`, `images`.
    """
    _, everything = project.snapshots.load(snapshot_id)
    labeled = [i for i in everything if i.shapes is not None]
    images = [i for i in labeled if i.split == "test"] or labeled
    book = project.book.current()
    repeated = repeated_ceiling(project, images, book)
    if repeated is not None:
        metrics, assumes, count = repeated
        return _told(metrics, "repeated labels", assumes, count)
    faults = _known_faults(project, images)
    if faults is None:
        return _told({}, "nothing", "", len(images))
    return _told(
        _from_faults(project.task, images, faults, book),
        "audit",
        _FROM_FAULTS,
        len(images),
    )


def _told(
    metrics: dict[str, Ceiling], source: str, assumes: str, images: int
) -> dict[str, Any]:
    named = ", ".join(
        f"{name} {percent(c.value)} % (between {percent(c.low)} and {percent(c.high)})"
        for name, c in metrics.items()
    )
    noun = "image" if images == 1 else "images"
    sentence = f"The labels of these {images} {noun} allow at best: {named}."
    return {
        "metrics": as_json(metrics),
        "from": source if metrics else "nothing",
        "sentence": sentence if metrics else _UNKNOWN,
        "assumes": assumes if metrics else "",
        "images": images,
    }


def _known_faults(
    project: ProjectStore, images: Sequence[LabeledImage]
) -> dict[str, list[Fault]] | None:
    """Possible faults by image, from the newest audit that judged most of these labels."""
    hashes = {i.image.sha256: shapes_hash(i.shapes or ()) for i in images}
    for run in audits(project):
        kept = read_audit(project, run)
        judged = {s for s, h in hashes.items() if kept["labels"].get(s) == h}
        if len(judged) < _HALF * len(hashes) or not judged:
            continue
        settled = _settled(project)
        out: dict[str, list[Fault]] = {sha: [] for sha in judged}
        for fault in _strongest(kept["faults"], project.task):
            if fault["sha256"] in out:
                chance = settled.get(_subject(fault), fault["score"])
                out[fault["sha256"]].append({**fault, "score": chance})
        return out
    return None


def _strongest(faults: Sequence[Fault], task: str) -> list[Fault]:
    """One fault per label: it can be wrong but once. What lacks a label is counted each."""
    out: dict[Any, Fault] = {}
    for number, fault in enumerate(faults):
        index = fault["shape_index"]
        if index is None and task not in WHOLE_IMAGE_TASKS:
            index = f"missing {number}"
        key = (fault["sha256"], index)
        if key not in out or fault["score"] > out[key]["score"]:
            out[key] = fault
    return list(out.values())


def _settled(project: ProjectStore) -> dict[tuple[str, str, int | None], float]:
    """What people decided about single labels: 1 for a fault, 0 for none."""
    rows = [r for r in project.findings.briefs() if r.state in _CONFIRMED]
    return {(r.sha256, r.kind, r.shape_index): _CONFIRMED[r.state] for r in rows}


def _subject(fault: Fault) -> tuple[str, str, int | None]:
    return fault["sha256"], fault["kind"], fault["shape_index"]


def _from_faults(
    task: str,
    images: Sequence[LabeledImage],
    faults: Mapping[str, Sequence[Fault]],
    book: LabelBook,
) -> dict[str, Ceiling]:
    judged = [i for i in images if i.image.sha256 in faults]
    classes = sorted({s.label for i in judged for s in i.shapes or ()} | set(book.names))
    amounts = dict.fromkeys(classes, 0.0)
    stakes: list[Stake] = []
    for item in judged:
        for label, amount in _amounts(task, item).items():
            amounts[label] += amount
        for fault in faults[item.image.sha256]:
            stakes += _stakes(task, item, fault, classes)
    out = ceiling_of_faults(task, list(amounts.values()), stakes)
    flips = np.array([_flip(i, faults[i.image.sha256], book) for i in judged])
    ranking = ceiling_of_flips(defective(judged, book), flips)
    return out if ranking is None else {**out, "AUROC": ranking}


def _amounts(task: str, item: LabeledImage) -> dict[str, float]:
    """How much is labeled of each class: the image, its objects, their pixels."""
    shapes = item.shapes or ()
    if task == "classification":
        label = image_class(shapes)
        return {label: 1.0} if label is not None else {}
    out: dict[str, float] = defaultdict(float)
    for shape in shapes:
        if shape_box(shape) is not None:
            out[shape.label] += (
                float(shape_mask(shape, item.image.size_wh).sum())
                if task == "segmentation"
                else 1.0
            )
    return out


def _stakes(task: str, item: LabeledImage, fault: Fault, classes: Sequence[str]) -> list[Stake]:
    """What one possible fault would cost; nothing where the costs cannot be told."""
    shapes = item.shapes or ()
    chance = float(np.clip(fault["score"], 0, 1))
    given = fault["suggestion"]
    meant = None if given is None else tuple(shape_from_json(s) for s in given)
    if task == "classification":
        label, other = image_class(shapes), image_class(meant or ())
        lost = classes.index(label) if label is not None else -1
        gained = classes.index(other) if other in classes else -1
        return [Stake(chance, lost, gained)]
    if meant is None:
        index = fault["shape_index"]
        return _without(task, item, index, chance, classes)
    removed = [s for s in shapes if s not in meant]
    added = [s for s in meant if s not in shapes]
    if task == "segmentation":
        return _areas(item, (removed, added), chance, classes)
    if len(removed) == len(added) == 1 and _same_object(removed[0], added[0]):
        return []
    return [
        *(Stake(chance, classes.index(s.label), -1) for s in removed),
        *(Stake(chance, -1, classes.index(s.label)) for s in added if s.label in classes),
    ]


def _without(
    task: str, item: LabeledImage, index: int | None, chance: float, classes: Sequence[str]
) -> list[Stake]:
    shapes = item.shapes or ()
    if index is None or index >= len(shapes) or shape_box(shapes[index]) is None:
        return []
    shape = shapes[index]
    size = shape_mask(shape, item.image.size_wh).sum() if task == "segmentation" else 1.0
    return [Stake(chance, classes.index(shape.label), -1, lost=float(size))]


def _same_object(first: Shape, second: Shape) -> bool:
    """Whether a detector that draws one is right about the other at half overlap."""
    one, two = shape_box(first), shape_box(second)
    if one is None or two is None or first.label != second.label:
        return False
    return bool(iou_matrix([one], [two])[0, 0] >= _HALF)


def _areas(
    item: LabeledImage,
    change: tuple[Sequence[Shape], Sequence[Shape]],
    chance: float,
    classes: Sequence[str],
) -> list[Stake]:
    """Pixels of each class that would be lost and gained by a change of shapes."""
    before, after = (_planes(part, item.image.size_wh) for part in change)
    empty = np.zeros(item.image.size_wh[::-1], dtype=bool)
    out = []
    for label in sorted(before.keys() | after.keys()):
        old, new = before.get(label, empty), after.get(label, empty)
        place = classes.index(label) if label in classes else -1
        lost, gained = float((old & ~new).sum()), float((new & ~old).sum())
        out.append(Stake(chance, place, place, lost=lost, gained=gained))
    return out


def _planes(shapes: Sequence[Shape], size_wh: tuple[int, int]) -> dict[str, NDArray[np.bool_]]:
    out: dict[str, NDArray[np.bool_]] = {}
    for shape in shapes:
        mask = shape_mask(shape, size_wh)
        out[shape.label] = out[shape.label] | mask if shape.label in out else mask
    return out


def _flip(item: LabeledImage, faults: Sequence[Fault], book: LabelBook) -> float:
    """How likely the image is good though labeled not good, or the reverse."""
    bad = book.is_defect(item.shapes or ())
    chances = [0.0]
    for fault in faults:
        given = fault["suggestion"]
        if given is None:
            turned = fault["kind"] == "image_fault" and fault["shape_index"] is None
        else:
            turned = book.is_defect(shape_from_json(s) for s in given) != bad
        chances.append(float(fault["score"]) if turned else 0.0)
    return float(np.clip(max(chances), 0, 1))
