"""Vectors as points of a plane, those that are alike near each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# What lies beyond this share of the points would squeeze all others into a corner.
_WITHIN = 0.995


def plane_of(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """The two directions in which vectors differ most, by principal components.

    Args:
        vectors: (N, D), at least one.

    Returns:
        (N, 2) in [-1, 1]; both directions have the same scale, and far outliers lie on
        the border. The signs are fixed, so that the same vectors give the same map.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    centered = rows - rows.mean(axis=0)
    spread = centered.T @ centered
    _, directions = np.linalg.eigh(spread)
    two = directions[:, ::-1][:, :2]
    if two.shape[1] < 2:
        two = np.pad(two, ((0, 0), (0, 2 - two.shape[1])))
    strongest = two[np.abs(two).argmax(axis=0), np.arange(2)]
    points = centered @ (two * np.where(strongest < 0, -1.0, 1.0))
    points -= np.median(points, axis=0)
    reach = float(np.quantile(np.abs(points).max(axis=1), _WITHIN))
    return np.asarray(np.clip(points / max(reach, 1e-12), -1, 1), dtype=np.float32)
