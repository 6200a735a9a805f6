"""Which rows of a large table of vectors are near copies of each other.

For sets so large that only vectors are at hand: the table may be a memory-mapped float16
file. How near is near follows from the data; see `tail_limits`. Pictures should confirm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.copies.nearest_rows import nearest_rows
from pitmark.quality.copies.tail_limits import MOST_SIMILAR, NEIGHBORS, tail_limits


def vector_pairs(
    rows: NDArray[np.floating[Any]], *, seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Pairs of rows far more alike than their neighborhoods are.

    Args:
        rows: (N, D), any length of vectors; may be memory-mapped.
        seed: Of the cells into which more than 50,000 rows are gathered.

    Returns:
        Pairs (P, 2) of positions, the smaller first, each once and the most alike first,
        and their cosines (P,).
    """
    count = len(rows)
    if count < 2:
        return np.empty((0, 2), np.intp), np.empty(0, np.float32)
    near, cosine = nearest_rows(rows, min(NEIGHBORS, count - 1), seed=seed)
    z = np.arctanh(np.clip(cosine, -MOST_SIMILAR, MOST_SIMILAR)).astype(np.float64)
    limit, _ = tail_limits(z, count)
    first, column = np.nonzero(z > limit[:, None])
    second = near[first, column]
    both = z[first, column] > limit[second]
    first, second, column = first[both], second[both], column[both]
    pairs = np.stack([np.minimum(first, second), np.maximum(first, second)], axis=1)
    value = cosine[first, column]
    pairs, place = np.unique(pairs, axis=0, return_index=True)
    order = np.argsort(-value[place], kind="stable")
    return pairs[order], value[place][order]
