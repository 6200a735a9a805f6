"""Bootstrap intervals of figures that are made of sums over clusters of cases.

Kappa, alpha, means and ratios all follow from a few sums per image. Drawing images again
is then one matrix product for all draws, and every figure of a report is judged on the
same draws, so that differences between figures have intervals too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.metrics.intervals import Interval, Resampling

Floats = NDArray[np.float64]
SumFigure = Callable[[Floats], Floats]
"""From (B, S) sums to (B,) figures; NaN where a figure is undefined."""

_CHUNK = 64


class ClusterDraws:
    """Which clusters (images) each bootstrap draw holds, and how often.

    Args:
        count: Number of clusters G.
        resampling: Draws, confidence and seed.
    """

    def __init__(self, count: int, resampling: Resampling | None = None) -> None:
        self.count, self.how = count, resampling or Resampling()
        rng = np.random.default_rng(self.how.seed)
        self._weights = np.zeros((self.how.draws, count), dtype=np.uint8)
        for row in self._weights:
            if count:
                row[:] = np.bincount(rng.integers(count, size=count), minlength=count)

    def sums(self, values: ArrayLike, clusters: NDArray[np.intp]) -> Floats:
        """Values of cases added up by cluster.

        Args:
            values: (N,) or (N, S) numbers.
            clusters: (N,) integers in 0..G-1.

        Returns:
            (G, S).
        """
        rows = np.asarray(values, dtype=np.float64)
        rows = rows[:, None] if rows.ndim == 1 else rows
        columns = [
            np.bincount(clusters, weights=rows[:, k], minlength=self.count)
            for k in range(rows.shape[1])
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((self.count, 0))

    def interval(
        self, sums_gs: Floats, figure: SumFigure, *, confidence: float | None = None
    ) -> Interval:
        """A figure with its percentile interval.

        Args:
            sums_gs: (G, S) sums of each cluster; a cluster without cases is all zero.
            figure: From sums to the figure.
            confidence: Instead of that of the resampling.

        Returns:
            Value and interval; None for the value where the figure is undefined, and for
            low and high with fewer than two clusters that hold cases or when more than
            half of the draws are undefined.

        Source:
            Field and Welsh (2007), Bootstrapping clustered data. Journal of the Royal
            Statistical Society B 69.
        """
        value = _known(figure(sums_gs.sum(axis=0)[None]))
        held = np.flatnonzero(np.any(sums_gs != 0, axis=1))
        if not value.size or held.size < 2:
            return Interval(float(value[0]) if value.size else None, None, None)
        parts = []
        for start in range(0, self.how.draws, _CHUNK):
            weights = self._weights[start : start + _CHUNK][:, held]
            parts.append(figure(weights.astype(np.float64) @ sums_gs[held]))
        drawn = _known(np.concatenate(parts))
        if drawn.size * 2 < self.how.draws:
            return Interval(float(value[0]), None, None)
        tail = (1 - (confidence or self.how.confidence)) / 2
        low, high = (float(x) for x in np.quantile(drawn, [tail, 1 - tail]))
        return Interval(float(value[0]), low, high)


def divided(part: Floats, whole: Floats) -> Floats:
    """A ratio, NaN where there is nothing to divide by.

    Args:
        part: Any shape.
        whole: The same shape.

    Returns:
        part / whole.
    """
    empty = np.full(np.shape(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=empty, where=whole > 0))


def mean_of_sums(sums: Floats) -> Floats:
    """The mean from sums of values and of cases: a figure for `ClusterDraws.interval`.

    Args:
        sums: (B, 2): values, cases.

    Returns:
        (B,) means.
    """
    return divided(sums[:, 0], sums[:, 1])


def exp_mean_of_sums(sums: Floats) -> Floats:
    """The geometric mean from sums of logarithms and of cases.

    Args:
        sums: (B, 2): logarithms, cases.

    Returns:
        (B,) means.
    """
    return np.asarray(np.exp(mean_of_sums(sums)))


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]
