"""What each open finding would cost if it is a fault, kept with the findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.labels import Shape
from pitmark.core.records import SPLITS
from pitmark.ops.labels.group_members import group_members
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.quality.faults.worth import fault_worth
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

# The test set is looked at first: its faults falsify the measured score.
SPLIT_ORDER: tuple[str | None, ...] = ("test", "val", "train", None)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Labels, the split of each image, and how many labels of each class a split has."""

    held: Mapping[str, tuple[Shape, ...]]
    splits: Mapping[str, str]
    counts: Mapping[str | None, Counter[str | None]]


def weigh_findings(project: ProjectStore) -> int:
    """Keep with every open finding what it is worth, as the labels and splits are now.

    The expected gain of a finding is its score times that. Call it after findings were
    filed; findings that were not weighed are weighed whenever they are listed.

    Args:
        project: The project.

    Returns:
        How many findings were weighed.
    """
    rows = project.findings.list(state="open")
    project.findings.weigh(weights_of(project, rows))
    return len(rows)


def weights_of(project: ProjectStore, rows: Sequence[FindingRow]) -> dict[str, dict[str, Any]]:
    """What findings are worth, without keeping it.

    Args:
        project: The project.
        rows: Findings; of a group all its members too.

    Returns:
        Id to `value` (share of the mean score over classes that a fault costs), `split` of
        the image, `label` that it costs most, the `labels` of that class in the split, and
        how many labels it `covers`.
    """
    if not rows:
        return {}
    frame = _frame(project)
    out = {row.id: _single(row, frame) for row in rows if row.kind != GROUP}
    scores = {row.id: row.score for row in rows}
    for group_id, members in group_members(rows).items():
        mine = [out[m.id] for m in members]
        gain = sum(m.score * w["value"] for m, w in zip(members, mine, strict=True))
        splits = [w["split"] for w in mine]
        out[group_id] = {
            "value": gain / scores[group_id] if scores[group_id] > 0 else 0.0,
            "split": min(splits, key=SPLIT_ORDER.index, default=None),
            "label": None,
            "labels": 0,
            "covers": len(members),
        }
    return out


def _frame(project: ProjectStore) -> _Frame:
    held = {sha: row.shapes for sha, row in project.annotations.consensus().items()}
    splits: dict[str, str] = {}
    if project.snapshots.list():
        splits = {i.sha256: i.split for i in project.snapshots.get().items}
    counts: dict[str | None, Counter[str | None]] = {s: Counter() for s in (*SPLITS, None)}
    for sha, shapes in held.items():
        named: list[str | None] = [s.label for s in shapes]
        counts[splits.get(sha)].update(named or [None])
    return _Frame(held, splits, counts)


def _single(row: FindingRow, frame: _Frame) -> dict[str, Any]:
    split = frame.splits.get(row.sha256)
    removed, added = _change(row, frame.held.get(row.sha256, ()))
    worth = fault_worth(row.kind, removed, added, frame.counts[split])
    return {
        "value": worth.value,
        "split": split,
        "label": worth.label,
        "labels": worth.labels,
        "covers": 1,
    }


def _change(
    row: FindingRow, shapes: Sequence[Shape]
) -> tuple[list[str | None], list[str | None]]:
    """Classes of the labels that would go and come; the label in question where unknown."""
    if row.suggestion is not None:
        before, after = Counter(shapes), Counter(row.suggestion)
        gone = [s.label for s in (before - after).elements()]
        come = [s.label for s in (after - before).elements()]
        return [*gone], [*come]
    if row.shape_index is not None and row.shape_index < len(shapes):
        return [shapes[row.shape_index].label], []
    if not shapes:
        return [None], []
    return [s.label for s in shapes], []
