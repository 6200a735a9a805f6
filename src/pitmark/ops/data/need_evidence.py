"""What a project knows about each class beside its learning curve."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pitmark.core.labels import Task, image_class
from pitmark.core.records import LabeledImage
from pitmark.ops.data.need_units import GOOD
from pitmark.ops.labels.audit_record import group_of
from pitmark.ops.labels.inconsistency import GROUP, MEMBER
from pitmark.quality.needs.ranking import Effort, OpenRule
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

# Findings that put the class of a label in doubt, or its being there at all.
_DOUBTS = ("wrong_class", "image_fault", "spurious_object", "missed_object", "broken_rule")
_LEAST_SCORE = 0.2
_SURE = 0.5
# Seconds that a person takes for one image, as the times of their labels tell.
_SHORTEST_S, _LONGEST_S, _FEWEST_GAPS = 1.0, 300.0, 20
# Minutes for one label where the project has not seen people label: six seconds for the
# class of an image, half a minute for a box, a minute and a half for an outline.
USUAL_MINUTES: dict[Task, float] = {
    "classification": 0.1,
    "anomaly": 0.1,
    "detection": 0.5,
    "segmentation": 1.5,
}


@dataclass(frozen=True, slots=True)
class Doubts:
    """Labels of one class in doubt: how many, and how many of them are wrong, probably."""

    labels: int
    wrong: float


def doubts_of(
    project: ProjectStore, images: Sequence[LabeledImage]
) -> tuple[dict[str, Doubts], set[tuple[str, int | None]]]:
    """Open findings that doubt labels, by class.

    Labels that a group made by two rules holds belong to that group, and are left out.

    Args:
        project: The project.
        images: Labeled images that are looked at.

    Returns:
        Class to its doubts, and the (sha256, shape index) that are more likely wrong than
        right; the index is None for the label of a whole image.
    """
    by_image = {i.image.sha256: i for i in images}
    rows = project.findings.list(state="open")
    grouped = {(r.sha256, r.shape_index) for r in rows if r.kind == MEMBER}
    worst: dict[tuple[str, int | None, str], float] = {}
    for row in rows:
        item = by_image.get(row.sha256)
        if item is None or row.kind not in _DOUBTS or row.score < _LEAST_SCORE:
            continue
        label = _label_of(row, item)
        if label is not None and (row.sha256, row.shape_index) not in grouped:
            key = (row.sha256, row.shape_index, label)
            worst[key] = max(worst.get(key, 0.0), row.score)
    found: dict[str, list[float]] = defaultdict(list)
    for (_, _, label), score in worst.items():
        found[label].append(score)
    unsure = {(sha, index) for (sha, index, _), score in worst.items() if score >= _SURE}
    return {k: Doubts(len(v), sum(v)) for k, v in found.items()}, unsure | grouped


def open_rules(project: ProjectStore) -> dict[str, tuple[OpenRule, ...]]:
    """Groups of look-alikes that are labeled by two rules and not settled yet, by class.

    Args:
        project: The project.

    Returns:
        Class to its open rules.
    """
    out: dict[str, list[OpenRule]] = defaultdict(list)
    for row in project.findings.briefs(state="open", kind=GROUP):
        group = group_of(project, row.run_id, row.why)
        if group is None:
            continue
        fewer, others = (side["label"] for side in group["sides"])
        members = float(group["sides"][0]["votes"])
        for name, other in ((fewer, others), (others, fewer)):
            out[name].append(OpenRule(other, members, f"{row.why.rstrip('.')}."))
    return {name: tuple(found) for name, found in out.items()}


def effort_of(
    project: ProjectStore, images: Sequence[LabeledImage], *, minutes: float | None = None
) -> Effort:
    """Minutes of a person, as measured in this project or as usual.

    Args:
        project: The project.
        images: Labeled images, whose labels tell how long one takes.
        minutes: For one more label, where the user knows.

    Returns:
        The effort.
    """
    if minutes is not None:
        return Effort(label=minutes, measured=False)
    shapes = {i.image.sha256: max(len(i.shapes or ()), 1) for i in images}
    times: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for sha, by_labeler in project.annotations.all_latest().items():
        for labeler, row in by_labeler.items():
            times[labeler].append((row.at.timestamp(), sha))
    gaps = [
        (later - before) / shapes.get(sha, 1)
        for said in map(sorted, times.values())
        for (before, _), (later, sha) in pairwise(said)
        if _SHORTEST_S <= later - before <= _LONGEST_S
    ]
    if len(gaps) < _FEWEST_GAPS:
        return Effort(label=USUAL_MINUTES[project.task])
    return Effort(label=statistics.median(gaps) / 60, measured=True)


def mistaken_for(
    labels: np.ndarray, guesses: np.ndarray, names: Sequence[str]
) -> dict[str, tuple[str, float]]:
    """Which class each class is mistaken for most.

    Args:
        labels: (N,) class numbers.
        guesses: (N,) what was said of each by a learner that has not seen it.
        names: Of the classes.

    Returns:
        Class to the other one and the share of its mistakes, for those with three or more.
    """
    out = {}
    for number, name in enumerate(names):
        wrong = Counter(guesses[(labels == number) & (guesses != number)].tolist())
        if wrong.total() >= 3:
            other, many = wrong.most_common(1)[0]
            out[name] = (names[other], many / wrong.total())
    return out


def _label_of(row: FindingRow, item: LabeledImage) -> str | None:
    """The class that a finding doubts; of a missed object the class it should have."""
    shapes = item.shapes or ()
    if row.shape_index is not None:
        return shapes[row.shape_index].label if row.shape_index < len(shapes) else None
    if row.kind == "missed_object":
        return row.suggestion[-1].label if row.suggestion else None
    return image_class(shapes) or GOOD
