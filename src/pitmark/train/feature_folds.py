"""Out-of-fold class probabilities in closed form, from vectors that are computed once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.train.closed_form import ridge
from pitmark.train.describe import standardized

Rows = NDArray[np.float64]

_SHARPNESS = 2.0 ** np.arange(0, 7)
# The decomposition takes time and memory that grow with the rows; more bring little.
_MOST_ROWS = 10_000


def probabilities_out_of_fold(
    vectors: NDArray[np.float32],
    labels: NDArray[np.integer],
    class_count: int,
    folds: Sequence[int],
) -> Rows:
    """What a linear map that has not seen the fold of an image says about its class.

    Args:
        vectors: (N, D) from `describe_images`.
        labels: (N,) class in [0, K).
        class_count: K.
        folds: (N,) fold of each image; whole groups share one.

    Returns:
        (N, K) in [0, 1], rows summing to 1.
    """
    given, fold = np.asarray(labels, dtype=np.int64), np.asarray(folds)
    rows = standardized(vectors).astype(np.float64)
    out = np.zeros((len(rows), class_count))
    for number in np.unique(fold):
        away = fold == number
        learned = np.flatnonzero(~away)
        step = max(1, -(-len(learned) // _MOST_ROWS))
        learned = learned[::step]
        center = rows[learned].mean(axis=0)
        wanted = np.eye(class_count)[given[learned]]
        counts = np.bincount(given[learned], minlength=class_count)
        found = ridge(rows[learned] - center, wanted, 1 / np.sqrt(counts[given[learned]]))
        factor = _sharpness(found.left_out, given[learned])
        values = (rows[away] - center) @ found.weights + found.offset
        out[away] = np.exp(_logs(values * factor))
    return out


def _sharpness(left_out: Rows, given: NDArray[np.int64]) -> float:
    """The factor that makes probabilities fit the left-out rows best."""
    at = np.arange(len(given))
    costs = [-_logs(left_out * factor)[at, given].mean() for factor in _SHARPNESS]
    return float(_SHARPNESS[int(np.argmin(costs))])


def _logs(values: Rows) -> Rows:
    high = values - values.max(axis=1, keepdims=True)
    return np.asarray(high - np.log(np.exp(high).sum(axis=1, keepdims=True)))
