"""The rows most like each row of a large table of vectors: blocked products, few in memory.

Up to 50,000 rows every pair is compared. Beyond that rows are first gathered into about
sqrt(N) cells around typical ones, and compared with the rows of the nearest cells only.
Tables may be memory-mapped float16 files; they are read in blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError

_EXACT_UP_TO = 50_000
# Blocks that stay in the cache of a processor, and are not asked of the system anew.
_ROWS, _COLUMNS = 1024, 2048
_CELLS_LOOKED_AT = 12
_PASSES = 4
_TO_LEARN = 40
# Dimensions after projection; similarities are always those of the full vectors.
_FEW = 64

Numbers = NDArray[np.intp]
Vectors = NDArray[np.float32]


def nearest_rows(
    rows: NDArray[np.floating[Any]], neighbors: int, *, seed: int = 0
) -> tuple[Numbers, NDArray[np.float32]]:
    """For each row the others with the highest cosine.

    Args:
        rows: (N, D), any length of vectors, N above `neighbors`; may be memory-mapped.
        neighbors: How many, at least 1.
        seed: Of the cells of large tables.

    Returns:
        Numbers (N, k), the most alike first, and cosines (N, k). Exact up to 50,000 rows;
        beyond, a row may miss a neighbor of a far cell, and
        where there are too few in the near ones the cosine is -3.

    Raises:
        InvalidInputError: Fewer rows than neighbors.
    """
    if rows.ndim != 2 or not 1 <= neighbors < len(rows):
        raise InvalidInputError(
            f"{neighbors} neighbors need a table of more rows, not {rows.shape}"
        )
    if len(rows) <= _EXACT_UP_TO:
        return _exact(rows, neighbors)
    return _by_cells(rows, neighbors, np.random.default_rng(seed))


def nearest_of(
    queries: NDArray[np.floating[Any]], rows: NDArray[np.floating[Any]], neighbors: int
) -> tuple[Numbers, NDArray[np.float32]]:
    """For each query the rows of another table with the highest cosine.

    Args:
        queries: (Q, D).
        rows: (N, D), N at least `neighbors`; may be memory-mapped.
        neighbors: How many, at least 1.

    Returns:
        Numbers of rows (Q, k), the most alike first, and cosines (Q, k).

    Raises:
        InvalidInputError: Fewer rows than neighbors.
    """
    if not 1 <= neighbors <= len(rows):
        raise InvalidInputError(f"{neighbors} neighbors of {len(rows)} rows were asked for")
    indices = np.empty((len(queries), neighbors), np.intp)
    cosines = np.empty((len(queries), neighbors), np.float32)
    for low in range(0, len(queries), _ROWS):
        part = _unit(queries[low : low + _ROWS])
        best = _Best(len(part), neighbors)
        for start in range(0, len(rows), _COLUMNS):
            block = _unit(rows[start : start + _COLUMNS])
            best.take(part @ block.T, np.arange(start, start + len(block)))
        indices[low : low + _ROWS], cosines[low : low + _ROWS] = best.ordered()
    return indices, cosines


def _unit(block: NDArray[np.floating[Any]]) -> Vectors:
    wide = np.asarray(block, np.float32)
    size = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(size > 0, size, 1), np.float32)


def _exact(
    rows: NDArray[np.floating[Any]], neighbors: int
) -> tuple[Numbers, NDArray[np.float32]]:
    count = len(rows)
    indices = np.empty((count, neighbors), np.intp)
    cosines = np.empty((count, neighbors), np.float32)
    half = np.empty(rows.shape, np.float16)
    for start in range(0, count, _COLUMNS):
        half[start : start + _COLUMNS] = _unit(rows[start : start + _COLUMNS])
    for low in range(0, count, _ROWS):
        queries = half[low : low + _ROWS].astype(np.float32)
        best = _Best(len(queries), neighbors)
        for start in range(0, count, _COLUMNS):
            part = half[start : start + _COLUMNS].astype(np.float32)
            product = queries @ part.T
            own = np.arange(max(low, start), min(low + len(queries), start + len(part)))
            product[own - low, own - start] = -2.0
            best.take(product, np.arange(start, start + len(part)))
        indices[low : low + _ROWS], cosines[low : low + _ROWS] = best.ordered()
    return indices, cosines


class _Best:
    """The best columns of each row, over blocks of columns."""

    def __init__(self, rows: int, neighbors: int) -> None:
        self._values = np.full((rows, neighbors), -3.0, np.float32)
        self._numbers = np.zeros((rows, neighbors), np.intp)

    def take(self, product: Vectors, numbers: Numbers) -> None:
        """Merge a block of similarities (rows, columns) of the columns `numbers`."""
        # Hardly any column gets in after the first blocks: only those are sorted.
        rows, columns = np.nonzero(product > self._values.min(axis=1)[:, None])
        if len(rows) > product.size // 8:
            self._merge(np.arange(len(product)), product, numbers)
            return
        if not len(rows):
            return
        counts = np.bincount(rows, minlength=len(product))
        touched = np.flatnonzero(counts)
        place = np.arange(len(rows)) - np.repeat((np.cumsum(counts) - counts)[touched],
                                                 counts[touched])  # fmt: skip
        line = np.repeat(np.arange(len(touched)), counts[touched])
        values = np.full((len(touched), counts.max()), -3.0, np.float32)
        those = np.zeros(values.shape, np.intp)
        values[line, place] = product[rows, columns]
        those[line, place] = numbers[columns]
        self._merge(touched, values, those)

    def _merge(self, lines: Numbers, values: Vectors, numbers: Numbers) -> None:
        keep = self._values.shape[1]
        numbers = np.broadcast_to(numbers, values.shape)
        values = np.concatenate([self._values[lines], values], axis=1)
        numbers = np.concatenate([self._numbers[lines], numbers], axis=1)
        part = np.argpartition(-values, keep - 1, axis=1)[:, :keep]
        self._values[lines] = np.take_along_axis(values, part, axis=1)
        self._numbers[lines] = np.take_along_axis(numbers, part, axis=1)

    def ordered(self) -> tuple[Numbers, Vectors]:
        """Numbers and values, the largest first."""
        order = np.argsort(-self._values, axis=1, kind="stable")
        return (
            np.take_along_axis(self._numbers, order, axis=1),
            np.take_along_axis(self._values, order, axis=1),
        )


def _by_cells(
    rows: NDArray[np.floating[Any]], neighbors: int, rng: np.random.Generator
) -> tuple[Numbers, NDArray[np.float32]]:
    count = len(rows)
    small = _projected(rows, rng)
    centers = _centers(small, round(np.sqrt(count)), rng)
    cell = _nearest_center(small, centers)
    order = np.argsort(cell, kind="stable")
    del small
    ends = np.cumsum(np.bincount(cell, minlength=len(centers)))
    starts = ends - np.bincount(cell, minlength=len(centers))
    half = np.empty(rows.shape, np.float16)
    for start in range(0, count, _COLUMNS):
        half[start : start + _COLUMNS] = _unit(rows[start : start + _COLUMNS])
    near = np.argsort(-(centers @ centers.T), axis=1)[:, :_CELLS_LOOKED_AT]
    indices = np.empty((count, neighbors), np.intp)
    cosines = np.empty((count, neighbors), np.float32)
    for number, beside in enumerate(near):
        own = order[starts[number] : ends[number]]
        others = np.concatenate([order[starts[b] : ends[b]] for b in beside])
        for low in range(0, len(own), _ROWS):
            mine = own[low : low + _ROWS]
            queries = half[mine].astype(np.float32)
            best = _Best(len(mine), neighbors)
            for start in range(0, len(others), _COLUMNS):
                part = others[start : start + _COLUMNS]
                product = queries @ half[part].astype(np.float32).T
                product[mine[:, None] == part[None]] = -2.0
                best.take(product, part)
            indices[mine], cosines[mine] = best.ordered()
    return indices, cosines


def _projected(rows: NDArray[np.floating[Any]], rng: np.random.Generator) -> Vectors:
    """(N, up to 64) unit rows along directions at random."""
    few = min(_FEW, rows.shape[1])
    ways = rng.normal(size=(rows.shape[1], few)).astype(np.float32)
    out = np.empty((len(rows), few), np.float32)
    for start in range(0, len(rows), _COLUMNS):
        out[start : start + _COLUMNS] = _unit(_unit(rows[start : start + _COLUMNS]) @ ways)
    return out


def _centers(small: Vectors, cells: int, rng: np.random.Generator) -> Vectors:
    """Typical directions: a few rounds of means on a sample."""
    sample = small[np.sort(rng.choice(len(small), min(len(small), _TO_LEARN * cells), False))]
    centers = sample[rng.choice(len(sample), cells, False)]
    for _ in range(_PASSES):
        cell = _nearest_center(sample, centers)
        sums = np.zeros(centers.shape, np.float64)
        np.add.at(sums, cell, sample)
        known = np.bincount(cell, minlength=cells) > 0
        centers = np.where(known[:, None], _unit(sums), centers).astype(np.float32)
    return centers


def _nearest_center(small: Vectors, centers: Vectors) -> Numbers:
    starts = range(0, len(small), _COLUMNS)
    return np.concatenate(
        [(small[s : s + _COLUMNS] @ centers.T).argmax(axis=1) for s in starts]
    )
