"""Settle a group of labels made by two rules in one decision, with the side chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import Box, BoxShape, ImageClass, Shape, shape_box
from pitmark.ops.labels.audit_record import group_of
from pitmark.ops.labels.group_members import group_members
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.ops.labels.labeling import DECISION_STATES, Decision, check_shapes
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

_SAME_OBJECT_IOU = 0.5


@dataclass(frozen=True, slots=True)
class SettledGroup:
    """What one decision on a group did.

    Attributes:
        group: Its finding, settled.
        label: What its labels were corrected to; None where none was corrected.
        relabeled: Labels that were corrected.
        kept: Findings on labels that were kept as they are.
        passed_over: Labels that another decision or labeler had changed before.
    """

    group: FindingRow
    label: str | None
    relabeled: int
    kept: int
    passed_over: int

    def sentence(self) -> str:
        """What was done, for a person."""
        told = f"{self.group.id}: {self.group.state}"
        if self.label is not None:
            told += f"; {self.relabeled} labels are {self.label} now"
        if self.kept:
            told += f"; {self.kept} labels stay as they are"
        if self.passed_over:
            told += f"; {self.passed_over} passed over, changed before"
        return f"{told}."

    def to_json(self) -> dict[str, Any]:
        """What was done as plain JSON types."""
        return {
            "id": self.group.id,
            "state": self.group.state,
            "by": self.group.by,
            "label": self.label,
            "relabeled": self.relabeled,
            "kept": self.kept,
            "passed_over": self.passed_over,
            "sentence": self.sentence(),
        }


def settle_group(
    project: ProjectStore,
    finding_id: str,
    decision: Decision,
    *,
    by: str,
    label: str | None = None,
    note: str = "",
) -> SettledGroup:
    """Decide on a group and all its labels at once; `undo` takes it back as one.

    `correct` needs the side that is right: the labels of the other side become that class
    (of the larger side those that were shown as pairs). `accept` and `dismiss` change no
    label.

    Args:
        project: The project.
        finding_id: The finding on the group.
        decision: accept, correct or dismiss.
        by: Who decides.
        label: For `correct`: the class that is right, one of the two sides.
        note: Why.

    Returns:
        What was done.

    Raises:
        NotFoundError: No such finding, or the audit that found the group is gone.
        ConflictError: The group was settled already.
        InvalidInputError: The finding is no group, or `label` is not one of its sides.
    """
    if decision not in DECISION_STATES:
        raise InvalidInputError(
            f"unknown decision {decision!r}", hint="accept, correct or dismiss."
        )
    with project.transaction():
        row = project.findings.get(finding_id)
        group = _open_group(project, row)
        if (decision == "correct") != (label is not None):
            raise _side_needed(row, group, label)
        if label is None:
            return _all_alike(project, row, DECISION_STATES[decision], by=by, note=note)
        right = _sides(group)
        if label not in right:
            raise _side_needed(row, group, label)
        reason = note or f"finding {row.id}: {label} by the rule chosen"
        number = project.findings.next_decision()
        settled = project.findings.settle(row.id, "corrected", by, reason, decision=number)
        if label == right[0]:
            changed, passed = _relabel_others(project, settled, group, reason)
            kept = _settle_members(project, settled, "dismissed")
        else:
            changed, passed = _correct_members(project, settled)
            kept = 0
        return SettledGroup(project.findings.get(row.id), label, changed, kept, passed)


def _open_group(project: ProjectStore, row: FindingRow) -> Mapping[str, Any]:
    if row.kind != GROUP:
        raise InvalidInputError(
            f"finding {row.id} is no group but {row.kind.replace('_', ' ')}",
            hint=f"Settle it by itself: pitmark settle {row.id} correct."
            f" Groups: pitmark findings --kind {GROUP}",
        )
    if row.state != "open":
        raise ConflictError(
            f"finding {row.id} was settled as {row.state} by {row.by} already",
            hint=f"To decide otherwise take that back first: pitmark undo {row.id}",
        )
    group = group_of(project, row.run_id, row.why)
    if group is None:
        raise NotFoundError(
            f"the audit that found group {row.id} is gone", hint="Audit again: pitmark audit"
        )
    return group


def _sides(group: Mapping[str, Any]) -> list[str]:
    """The class of the smaller side, and that of the others."""
    return [str(side["label"]) for side in group["sides"]]


def _side_needed(
    row: FindingRow, group: Mapping[str, Any], label: str | None
) -> InvalidInputError:
    one, two = _sides(group)
    told = (
        "without correct no class is chosen"
        if label in (one, two)
        else (
            f"group {row.id} is about {one} or {two}, not {label}"
            if label is not None
            else f"to correct group {row.id} say which side is right: {one} or {two}"
        )
    )
    return InvalidInputError(
        told, hint=f'pitmark settle --all-of {row.id} correct --as "{two}" (or "{one}")'
    )


def _all_alike(
    project: ProjectStore, row: FindingRow, state: str, *, by: str, note: str
) -> SettledGroup:
    number = project.findings.next_decision()
    settled = project.findings.settle(row.id, state, by, note, decision=number)
    kept = _settle_members(project, settled, state)
    return SettledGroup(settled, None, 0, kept, 0)


def _members(project: ProjectStore, group: FindingRow) -> list[FindingRow]:
    """The open findings on labels of a group that has just been settled."""
    return group_members([group, *project.findings.list(state="open")])[group.id]


def _settle_members(project: ProjectStore, group: FindingRow, state: str) -> int:
    members = _members(project, group)
    for one in members:
        project.findings.settle(
            one.id, state, str(group.by), group.note, decision=group.decision
        )
    return len(members)


def _correct_members(project: ProjectStore, group: FindingRow) -> tuple[int, int]:
    """Give the members of the smaller side the class of the others, as suggested."""
    book = project.book.current()
    ids = [one.id for one in _members(project, group)]
    changed = 0
    for one in ids:
        try:
            # Correcting another label of the same image has carried the suggestion over.
            now = project.findings.get(one)
        except NotFoundError:
            continue
        if now.suggestion is not None:
            check_shapes(now.suggestion, project.images.get(now.sha256), book)
        project.findings.settle(
            one,
            "corrected",
            str(group.by),
            group.note,
            correction=now.suggestion,
            decision=group.decision,
        )
        changed += 1
    return changed, len(ids) - changed


def _relabel_others(
    project: ProjectStore, settled: FindingRow, group: Mapping[str, Any], reason: str
) -> tuple[int, int]:
    """Give the look-alikes of the larger side the class of the smaller one."""
    wanted, other = _sides(group)
    book = project.book.current()
    things = {(t["sha256"], str(t["box_xyxy"])): t for _, t in group["pairs"]}
    changed = 0
    for thing in things.values():
        sha = thing["sha256"]
        held = project.annotations.consensus([sha]).get(sha)
        shapes = None if held is None else _relabeled(held.shapes, thing, other, wanted)
        if shapes is None:
            continue
        check_shapes(shapes, project.images.get(sha), book)
        project.findings.correct_beside(settled.id, sha, shapes, note=reason)
        changed += 1
    return changed, len(things) - changed


def _relabeled(
    shapes: Sequence[Shape], thing: Mapping[str, Any], before: str, after: str
) -> tuple[Shape, ...] | None:
    """Shapes with one thing called otherwise; None where it is not called `before` now."""
    box = thing["box_xyxy"]
    if box is None:
        named = [s.label for s in shapes if isinstance(s, ImageClass)] or [NOTHING]
        if named[0] != before:
            return None
        rest = tuple(s for s in shapes if not isinstance(s, ImageClass))
        return rest if after == NOTHING else (*rest, ImageClass(after))
    place = _find(shapes, box)
    if before == NOTHING:
        here = (box[0], box[1], box[2], box[3])
        return None if place is not None else (*shapes, BoxShape(after, here))
    if place is None or shapes[place].label != before:
        return None
    new = () if after == NOTHING else (replace(shapes[place], label=after),)
    return (*shapes[:place], *new, *shapes[place + 1 :])


def _find(shapes: Sequence[Shape], box_xyxy: Sequence[float]) -> int | None:
    """Position of the shape at a place, if any."""
    boxes: list[tuple[int, Box]] = [
        (n, box) for n, s in enumerate(shapes) if (box := shape_box(s)) is not None
    ]
    if not boxes:
        return None
    overlap = iou_matrix([tuple(box_xyxy)], [b for _, b in boxes])[0]
    best = int(overlap.argmax())
    return boxes[best][0] if overlap[best] >= _SAME_OBJECT_IOU else None
