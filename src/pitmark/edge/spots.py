"""Spots on a map: connected cells, found without scipy, which a device does not have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Spot:
    """Connected cells; `rows` and `columns` are their places, one entry per cell."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    def box_xyxy(self, cell_wh: tuple[float, float]) -> tuple[float, float, float, float]:
        """The box around the spot.

        Args:
            cell_wh: Width and height of a cell in pixels of the image.

        Returns:
            (x1, y1, x2, y2) in pixels of the image.
        """
        width, height = cell_wh
        return (
            float(self.columns.min() * width),
            float(self.rows.min() * height),
            float((self.columns.max() + 1) * width),
            float((self.rows.max() + 1) * height),
        )


def find_spots(mask_hw: NDArray[np.bool_]) -> list[Spot]:
    """The connected groups of cells of a mask; corners touching is not connected.

    Args:
        mask_hw: (h, w) bool.

    Returns:
        The spots in the order of their first cells, row by row.
    """
    rows, starts, ends = _runs(mask_hw)
    parents = _joined(rows, starts, ends)
    groups: dict[int, list[int]] = {}
    for run in range(len(rows)):
        groups.setdefault(_root(parents, run), []).append(run)
    out = []
    for runs in groups.values():
        lengths = [ends[r] - starts[r] for r in runs]
        at = np.repeat([rows[r] for r in runs], lengths).astype(np.intp)
        columns = np.concatenate([np.arange(starts[r], ends[r]) for r in runs])
        out.append(Spot(at, columns.astype(np.intp)))
    return out


def _runs(mask_hw: NDArray[np.bool_]) -> tuple[list[int], list[int], list[int]]:
    """Row, first column and column after the last of every run of cells in a row."""
    padded = np.zeros((mask_hw.shape[0], mask_hw.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = mask_hw
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    return rows.tolist(), starts.tolist(), ends.tolist()


def _joined(rows: list[int], starts: list[int], ends: list[int]) -> list[int]:
    """Runs that overlap in neighboring rows, joined; the smaller number is the parent."""
    parents = list(range(len(rows)))
    above = 0
    for run in range(len(rows)):
        while rows[above] < rows[run] - 1 or (
            rows[above] == rows[run] - 1 and ends[above] <= starts[run]
        ):
            above += 1
        other = above
        while rows[other] == rows[run] - 1 and starts[other] < ends[run]:
            one, two = _root(parents, other), _root(parents, run)
            parents[max(one, two)] = min(one, two)
            other += 1
    return parents


def _root(parents: list[int], run: int) -> int:
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run
