"""Few images that stand for many: greedy facility location.

Every image asks to be stood for, and is by the pick most like it. What a pick adds can
only shrink as others are picked, so most need never be looked at again; the result is
that of plain greedy search, which reaches at least 63 % of the best possible.

Source: Nemhauser, Wolsey and Fisher, "An analysis of approximations for maximizing
    submodular set functions", 1978; Minoux, "Accelerated greedy algorithms", 1978.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class Cover:
    """Picks in their order.

    Attributes:
        picks: (n,) rows of the candidates.
        gains: (n,) share of all demand that each pick adds, in [0, 1].
        covered: (M,) how far each image is stood for in the end, in [0, 1].
    """

    picks: Ints
    gains: Floats
    covered: Rows


def cover(
    likeness_cm: Rows,
    count: int,
    *,
    demand: Floats | None = None,
    covered: Rows | None = None,
    groups: Ints | None = None,
) -> Cover:
    """The candidates that together stand best for what is asked for.

    Args:
        likeness_cm: (C, M) how far each of C candidates stands for each of M images.
        count: How many to pick; all where there are fewer candidates.
        demand: (M,) how much each image asks to be stood for; None asks alike.
        covered: (M,) how far each is stood for already; None not at all.
        groups: (C,) candidates of one group count once: a second one is only taken when
            no other group is left. None means each is its own.

    Returns:
        The picks, the most useful first.
    """
    size, images = likeness_cm.shape
    weight = np.ones(images) if demand is None else np.asarray(demand, dtype=np.float64)
    weight = weight / (weight.sum() or 1.0)
    state = np.zeros(images, np.float32) if covered is None else covered.copy()
    codes = np.arange(size) if groups is None else groups
    picks: list[int] = []
    gains: list[float] = []
    spare = np.arange(size)
    while len(picks) < min(count, size):
        taken: set[int] = set()
        heap = _bounds(likeness_cm, spare, weight, state)
        while heap and len(picks) < count:
            row = heapq.heappop(heap)[1]
            if int(codes[row]) in taken:
                continue
            gain = float(weight @ np.maximum(likeness_cm[row] - state, 0))
            if heap and gain < -heap[0][0]:
                heapq.heappush(heap, (-gain, row))
                continue
            picks.append(row)
            gains.append(gain)
            taken.add(int(codes[row]))
            np.maximum(state, likeness_cm[row], out=state)
        spare = np.setdiff1d(spare, np.array(picks))
    return Cover(np.array(picks, dtype=np.int64), np.array(gains), state)


def _bounds(
    likeness_cm: Rows, rows: Ints, weight: Floats, state: Rows
) -> list[tuple[float, int]]:
    """A heap of what each candidate adds at first, negated."""
    heap: list[tuple[float, int]] = []
    step = max(1, _BLOCK_CELLS // max(len(state), 1))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        gains = np.maximum(likeness_cm[part] - state, 0) @ weight
        heap += zip((-gains).tolist(), part.tolist(), strict=True)
    heapq.heapify(heap)
    return heap
