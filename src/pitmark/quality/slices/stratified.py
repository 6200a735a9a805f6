"""Two shares compared stratum by stratum: an exact test, and the difference with interval.

Things are compared only with things of the same stratum (the same look, the same class),
so that a difference between strata passes for none. Given the margins of each stratum, the
count inside follows a noncentral hypergeometric distribution; their sum is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import gammaln

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Beyond so many cases inside, the sum is normal for all that matters.
_MOST_EXACT = 3000


@dataclass(frozen=True, eq=False)
class Strata:
    """One table of two by two per stratum, for M strata.

    Attributes:
        inside: (M,) cases on the side in question.
        hits: (M,) those of them that have the answer in question.
        others: (M,) cases on the other side.
        other_hits: (M,) those of them that have it.
    """

    inside: Ints
    hits: Ints
    others: Ints
    other_hits: Ints

    @staticmethod
    def of(side: NDArray[np.bool_], hit: NDArray[np.bool_], stratum: Ints) -> Strata:
        """The tables of N cases.

        Args:
            side: (N,) which side a case is on.
            hit: (N,) whether it has the answer in question.
            stratum: (N,) numbers from 0.

        Returns:
            The strata that have cases on both sides, and both answers.
        """
        size = int(stratum.max()) + 1 if len(stratum) else 0

        def count(rows: NDArray[np.bool_]) -> Ints:
            return np.bincount(stratum[rows], minlength=size)

        tables = np.stack([count(side), count(side & hit), count(~side), count(~side & hit)])
        both = (tables[0] > 0) & (tables[2] > 0)
        total = tables[1] + tables[3]
        told = both & (total > 0) & (total < tables[0] + tables[2])
        return Strata(*tables[:, told].astype(np.int64))

    def __len__(self) -> int:
        return len(self.inside)

    def z_score(self) -> float:
        """How many standard deviations the hits inside lie above what chance gives.

        Returns:
            0 without strata that can tell.
        """
        size = self.inside + self.others
        share = (self.hits + self.other_hits) / np.maximum(size, 1)
        variance = self.inside * self.others * share * (1 - share) / np.maximum(size - 1, 1)
        spread = float(np.sqrt(variance.sum()))
        away = float((self.hits - self.inside * share).sum())
        return away / spread if spread > 0 else 0.0

    def p_value(self, odds: float = 1.0) -> float:
        """How likely chance makes the two sides differ by as much.

        Args:
            odds: The odds ratio, inside against others, that is no surprise. Above 1 only
                more than that is one, below 1 only less.

        Returns:
            In (0, 1], two-sided in any case; 1 without strata that can tell.

        Source:
            The exact test of Mantel and Haenszel's tables (Agresti, 2013, 7.3.5).
        """
        if not len(self):
            return 1.0
        seen = int(self.hits.sum())
        if self.inside.sum() > _MOST_EXACT:
            return self._normal(seen, odds)
        low, chances = self._chances(odds)
        upper, lower = chances[seen - low :].sum(), chances[: seen - low + 1].sum()
        tails = ([upper] if odds >= 1 else []) + ([lower] if odds <= 1 else [])
        return float(min(1.0, 2 * min(tails)))

    def p_above(self) -> float:
        """How likely chance gives the first side as many hits or more.

        Returns:
            In (0, 1], one-sided; 1 without strata that can tell.
        """
        if not len(self):
            return 1.0
        if self.inside.sum() > _MOST_EXACT:
            return float(scipy.stats.norm.sf(self.z_score()))
        low, chances = self._chances(1.0)
        return float(min(1.0, chances[int(self.hits.sum()) - low :].sum()))

    def _chances(self, odds: float) -> tuple[int, Floats]:
        """Fewest hits inside over all strata, and the chances of that many and of each more."""
        chances = np.ones(1)
        low = 0
        for row in range(len(self)):
            least, mine = self._one(row, odds)
            low += least
            chances = np.convolve(chances, mine)
        return low, chances

    def _one(self, row: int, odds: float) -> tuple[int, Floats]:
        """Fewest hits inside, and the chances of that many and of each more."""
        inside, others = int(self.inside[row]), int(self.others[row])
        total = int(self.hits[row] + self.other_hits[row])
        least, most = max(0, total - others), min(inside, total)
        x = np.arange(least, most + 1)
        logs = -gammaln(x + 1) - gammaln(total - x + 1) - gammaln(inside - x + 1)
        logs += x * np.log(odds) - gammaln(others - total + x + 1)
        weights = np.exp(logs - logs.max())
        return least, weights / weights.sum()

    def _normal(self, seen: int, odds: float) -> float:
        mean = variance = 0.0
        for row in range(len(self)):
            least, chances = self._one(row, odds)
            x = least + np.arange(len(chances))
            middle = float(chances @ x)
            mean += middle
            variance += float(chances @ np.square(x - middle))
        beyond = abs(seen - mean) if odds == 1 else (seen - mean) * (1 if odds > 1 else -1)
        away = (beyond - 0.5) / np.sqrt(max(variance, 1e-12))
        return float(min(1.0, 2 * scipy.stats.norm.sf(max(away, 0.0))))

    def difference(self) -> tuple[float, float, float]:
        """The difference of the two shares with its 95 % interval.

        Returns:
            Value, low and high in [-1, 1]; 0, -1 and 1 without strata that can tell.

        Source:
            Mantel and Haenszel's weights; the variance of Sato (1989), On the variance
            estimator of the Mantel-Haenszel risk difference. Biometrics 45.
        """
        if not len(self):
            return 0.0, -1.0, 1.0
        inside, others = self.inside.astype(float), self.others.astype(float)
        size = inside + others
        weight = float((inside * others / size).sum())
        value = float(((self.hits * others - self.other_hits * inside) / size).sum()) / weight
        first = inside**2 * self.other_hits - others**2 * self.hits
        first = (first + inside * others * (others - inside) / 2) / size**2
        second = self.hits * (others - self.other_hits) + self.other_hits * (inside - self.hits)
        variance = (value * first.sum() + (second / size).sum() / 2) / weight**2
        # A difference without any exception has no spread; one exception is the least.
        spread = max(float(np.sqrt(max(variance, 0.0))), 1 / (1 + weight))
        half = float(scipy.stats.norm.ppf(0.975)) * spread
        return value, max(-1.0, value - half), min(1.0, value + half)

    def shares(self) -> tuple[float, float]:
        """The share of hits inside, and among others in the same proportions of strata.

        Returns:
            Each in [0, 1]; 0 without strata that can tell.
        """
        weight = self.inside * self.others / np.maximum(self.inside + self.others, 1)
        if not weight.sum():
            return 0.0, 0.0
        own = float((weight * self.hits / self.inside).sum() / weight.sum())
        other = float((weight * self.other_hits / self.others).sum() / weight.sum())
        return own, other


def false_discovery_levels(p_values: Sequence[float]) -> Floats:
    """The share of false discoveries one accepts by taking each test and all stronger ones.

    Args:
        p_values: Of all tests that were made, in [0, 1].

    Returns:
        (N,) in [0, 1].

    Source:
        Benjamini and Hochberg (1995), Controlling the false discovery rate.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    ranked = values[order] * len(values) / np.arange(1, len(values) + 1)
    out = np.ones(len(values))
    out[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
    return out
