"""How far one image stands for another, from vectors of one backbone.

A likeness lies in [0, 1]; larger is more alike. Every number of a vector counts alike,
and what all images share counts nothing. The third power lets an image stand for its own
neighborhood and for hardly anything beyond.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

_POWER = 3
_BLOCK = 65_536
# A number that hardly varies is not stretched beyond this share of the usual spread.
_LEAST_SPREAD = 0.01


@dataclass(frozen=True, slots=True)
class Scale:
    """What to subtract from vectors, and to divide them by: (D,) each."""

    center: Rows
    spread: Rows

    def unit(self, vectors: NDArray[np.floating]) -> Rows:
        """Vectors as directions.

        Args:
            vectors: (N, D); what is no finite number counts as the mean.

        Returns:
            (N, D) of length 1; a row that is the mean everywhere stays zero.
        """
        rows = (np.asarray(vectors, dtype=np.float32) - self.center) / self.spread
        np.nan_to_num(rows, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(length > 0, length, 1), dtype=np.float32)


def scale_of(vectors: NDArray[np.floating]) -> Scale:
    """The scale of some vectors, in one pass over blocks: they may be a mapped file.

    Args:
        vectors: (N, D), N at least 1.

    Returns:
        Mean and standard deviation of each number.
    """
    width = vectors.shape[1]
    count, total, squares = np.zeros(width), np.zeros(width), np.zeros(width)
    origin = np.nan_to_num(np.asarray(vectors[0], dtype=np.float64), posinf=0, neginf=0)
    for start in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[start : start + _BLOCK], dtype=np.float32) - origin
        known = np.isfinite(block)
        block = np.where(known, block, 0)
        count += known.sum(axis=0)
        total += block.sum(axis=0, dtype=np.float64)
        squares += np.einsum("nd,nd->d", block, block, dtype=np.float64)
    mean = total / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
    spread = np.maximum(spread, _LEAST_SPREAD * float(np.median(spread)) + 1e-6)
    return Scale((mean + origin).astype(np.float32), spread.astype(np.float32))


def likeness(one: Rows, other: Rows) -> Rows:
    """How far images stand for others.

    Args:
        one: (N, D) of length 1.
        other: (M, D) of length 1.

    Returns:
        (N, M) in [0, 1].
    """
    found = np.maximum(one @ other.T, 0)
    return np.asarray(np.minimum(found, 1) ** _POWER, dtype=np.float32)
