"""Which boxes of several labelers are around the same object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import as_boxes, iou_matrix

ABSENT = -1
# Of two equally good partners the one of the same class wins.
_SAME_CLASS_BONUS = 0.05
_ROUNDS = 3
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The boxes of one labeler on one image: (M, 4) in pixels, and (M,) class indices."""

    boxes_xyxy: Floats
    classes: Ints

    @staticmethod
    def of(boxes_xyxy: Sequence[Sequence[float]], classes: Sequence[int]) -> Drawn:
        """Checked boxes.

        Args:
            boxes_xyxy: M boxes in pixels.
            classes: M class indices.

        Returns:
            The boxes.

        Raises:
            InvalidInputError: Unequal numbers.
        """
        boxes = as_boxes(boxes_xyxy)
        if len(boxes) != len(classes):
            raise InvalidInputError(f"{len(boxes)} boxes have {len(classes)} classes")
        return Drawn(boxes, np.asarray(classes, dtype=np.intp).reshape(-1))


def match_objects(drawn: Sequence[Drawn | None], *, least_iou: float = 0.25) -> Ints:
    """The objects of one image, each with the box that every labeler drew around it.

    Two labelers are matched by the assignment with the largest sum of overlaps. With more
    of them each is matched in turn with the objects of all others, until nothing moves.

    Args:
        drawn: Boxes per labeler (or trial); None for no answer.
        least_iou: Overlap from which two boxes may be around the same object, in (0, 1].

    Returns:
        (U, R): index of the box of each labeler, -1 for none.

    Raises:
        InvalidInputError: The least overlap is not in (0, 1].

    Source:
        Kuhn (1955), The Hungarian method for the assignment problem, as in
        scipy.optimize.linear_sum_assignment.
    """
    if not 0 < least_iou <= 1:
        raise InvalidInputError(f"the least overlap must lie in (0, 1], found {least_iou}")
    units: list[dict[int, int]] = []
    present = [r for r, d in enumerate(drawn) if d is not None and len(d.boxes_xyxy)]
    for labeler in present:
        units = _join(units, labeler, drawn, least_iou)
    for _ in range(_ROUNDS if len(present) > 2 else 0):
        before = sorted(sorted(u.items()) for u in units)
        for labeler in present:
            units = [u for u in (_without(u, labeler) for u in units) if u]
            units = _join(units, labeler, drawn, least_iou)
        if sorted(sorted(u.items()) for u in units) == before:
            break
    out = np.full((len(units), len(drawn)), ABSENT, dtype=np.intp)
    for row, unit in enumerate(units):
        for labeler, box in unit.items():
            out[row, labeler] = box
    return out


def unit_codes(units: Ints, drawn: Sequence[Drawn | None], *, unseen: int) -> Ints:
    """What every labeler calls every object of an image.

    Args:
        units: (U, R) from `match_objects`.
        drawn: The boxes it was made from.
        unseen: Index that stands for "not seen".

    Returns:
        (U, R) class indices, -1 for labelers who did not answer.
    """
    out = np.full(units.shape, -1, dtype=np.intp)
    for column, one in enumerate(drawn):
        if one is not None:
            mine = units[:, column]
            seen = mine != ABSENT
            out[:, column] = unseen
            out[seen, column] = one.classes[mine[seen]]
    return out


def unit_boxes(units: Ints, drawn: Sequence[Drawn | None]) -> Floats:
    """The boxes of the objects of an image.

    Args:
        units: (U, R) from `match_objects`.
        drawn: The boxes it was made from.

    Returns:
        (U, R, 4) in pixels, NaN where a labeler has none.
    """
    out = np.full((*units.shape, 4), np.nan)
    for column, one in enumerate(drawn):
        if one is not None:
            seen = units[:, column] != ABSENT
            out[seen, column] = one.boxes_xyxy[units[seen, column]]
    return out


def _without(unit: dict[int, int], labeler: int) -> dict[int, int]:
    return {k: v for k, v in unit.items() if k != labeler}


def _join(
    units: list[dict[int, int]],
    labeler: int,
    drawn: Sequence[Drawn | None],
    least_iou: float,
) -> list[dict[int, int]]:
    """The units with the boxes of one more labeler: matched, or as units of their own."""
    mine = drawn[labeler]
    assert mine is not None
    gain = np.zeros((len(mine.boxes_xyxy), len(units)))
    for column, unit in enumerate(units):
        boxes, classes = _members(unit, drawn)
        overlap = iou_matrix(mine.boxes_xyxy, boxes).mean(axis=1)
        same = (mine.classes[:, None] == classes).mean(axis=1)
        gain[:, column] = np.where(
            overlap >= least_iou - 1e-12, overlap + _SAME_CLASS_BONUS * same, 0.0
        )
    rows, columns = scipy.optimize.linear_sum_assignment(gain, maximize=True)
    out = [dict(u) for u in units]
    taken = set()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if gain[row, column] > 0:
            out[column][labeler] = row
            taken.add(row)
    fresh = (n for n in range(len(mine.boxes_xyxy)) if n not in taken)
    return [*out, *({labeler: n} for n in fresh)]


def _members(unit: dict[int, int], drawn: Sequence[Drawn | None]) -> tuple[Floats, Ints]:
    boxes, classes = [], []
    for labeler, box in unit.items():
        one = drawn[labeler]
        assert one is not None
        boxes.append(one.boxes_xyxy[box])
        classes.append(one.classes[box])
    return np.array(boxes), np.array(classes, dtype=np.intp)
