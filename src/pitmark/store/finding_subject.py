"""What a finding is about, so that the same one is known again, and kept up to date.

A suggestion holds all shapes of an image as they should be. When the image is corrected
in one place, the suggestions for its other places are carried over to the new labels;
otherwise settling the second finding would undo the first.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import Box, Shape, shape_box, shapes_hash

_SAME_PLACE_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that a finding is about, on one image.

    `shape_hash` is that of a labeled shape; `boxes_xyxy` are the places in question;
    `related` names other images where nothing else says what is meant.
    """

    shape_hash: str | None
    boxes_xyxy: tuple[Box, ...]
    related: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The subject as plain JSON types."""
        return {
            "shape": self.shape_hash,
            "boxes": [list(b) for b in self.boxes_xyxy],
            "related": list(self.related),
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Subject:
        """The subject that `to_json` wrote.

        Args:
            data: The JSON object.

        Returns:
            The subject.
        """
        boxes: list[Box] = [(b[0], b[1], b[2], b[3]) for b in data["boxes"]]
        return Subject(data["shape"], tuple(boxes), tuple(data["related"]))

    def fingerprint(self, kind: str, sha256: str) -> str:
        """A hash that is equal for exactly the same finding.

        Args:
            kind: Of the finding.
            sha256: Of the image.

        Returns:
            64 hexadecimal digits.
        """
        text = json.dumps([kind, sha256, self.to_json()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def same_as(self, settled: Subject) -> bool:
        """Whether this is about what was settled already.

        Args:
            settled: Of a settled finding of the same kind on the same image.

        Returns:
            True for the same shape, or the same place where either has no shape or the
            shape was corrected since, or no image that was not named then.
        """
        if self.shape_hash is not None and self.shape_hash == settled.shape_hash:
            return True
        if self.boxes_xyxy or settled.boxes_xyxy:
            iou = iou_matrix(self.boxes_xyxy, settled.boxes_xyxy)
            return bool(iou.size and (iou.max(axis=1) >= _SAME_PLACE_IOU).all())
        if self.shape_hash or settled.shape_hash:
            return True
        return set(self.related) <= set(settled.related)


def subject_of(
    shape_index: int | None,
    suggestion: Sequence[Shape] | None,
    *,
    labels: Sequence[Shape],
    related: Sequence[str],
) -> Subject:
    """What a finding is about.

    Args:
        shape_index: The labeled shape in question, if any.
        suggestion: All shapes of the image as they should be, if there is a proposal.
        labels: The shapes that were judged.
        related: Other images that were named.

    Returns:
        The labeled shape with its place; else the places where the proposal differs.
    """
    if shape_index is not None and shape_index < len(labels):
        shape = labels[shape_index]
        box = shape_box(shape)
        return Subject(shapes_hash([shape]), (box,) if box else (), ())
    if suggestion is None:
        return Subject(None, (), tuple(sorted(related)))
    removed, added = _difference(labels, suggestion)
    boxes = [shape_box(s) for s in (added or removed)]
    return Subject(None, tuple(b for b in boxes if b is not None), ())


def carry_over(
    suggestion: Sequence[Shape], *, judged: Sequence[Shape], now: Sequence[Shape]
) -> tuple[Shape, ...] | None:
    """A suggestion for labels that changed elsewhere in the meantime.

    Args:
        suggestion: All shapes as they should be, made from `judged`.
        judged: The shapes at that time.
        now: The shapes at present.

    Returns:
        The present shapes with the suggested change made in them; None when a shape
        to be changed is not there any more.
    """
    removed, added = _difference(judged, suggestion)
    present = list(now)
    place = len(present)
    for shape in removed:
        if shape not in present:
            return None
        place = present.index(shape)
        present.remove(shape)
    have = Counter(present)
    fresh = [s for s in added if have[s] == 0]
    return (*present[:place], *fresh, *present[place:])


def carry_index(
    shape_index: int, *, judged: Sequence[Shape], now: Sequence[Shape]
) -> int | None:
    """Where a labeled shape is after the labels changed elsewhere.

    Args:
        shape_index: In `judged`.
        judged: The shapes at that time.
        now: The shapes at present.

    Returns:
        Its index in `now`, or None when it is not there any more.
    """
    if shape_index >= len(judged) or judged[shape_index] not in now:
        return None
    return list(now).index(judged[shape_index])


def _difference(
    before: Sequence[Shape], after: Sequence[Shape]
) -> tuple[list[Shape], list[Shape]]:
    """Shapes removed and shapes added, equal ones counted."""
    removed, added = Counter(before), Counter(after)
    both = removed & added
    return list((removed - both).elements()), list((added - both).elements())
