"""What decisions teach about a queue: how scores read as chances of a fault, and what is left.

A queue promises: of findings scored 0.8, eight in ten are faults. People decide from the top,
so what they teach must be carried to lower scores, where it is less certain. The score's log
odds x become shift + stretch * x; shift and stretch have a prior around 0 and 1 and
are kept as a grid of weights, so that every figure comes with its uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, logit

from pitmark.core.errors import InvalidInputError

Floats = NDArray[np.float64]

SHIFT_SPREAD = 1.5
STRETCH_SPREAD = 0.4
_SHIFTS = np.linspace(-5.0, 5.0, 61)
_LOG_STRETCHES = np.linspace(-1.2, 1.2, 25)
_SURE = 0.005
_BINS_PER_UNIT = 10
_DRAWS = 2000


@dataclass(frozen=True, eq=False)
class ReviewCurve:
    """How the scores of one kind of finding read as chances, given what was decided.

    Attributes:
        shift: Added to the log odds; 0 before any decision, below 0 where less was found
            than promised.
        stretch: Factor on the log odds; 1 before any decision.
        decided: Number of decisions it was learned from.
        weights: (61, 25) probability of each shift and stretch of the grid.
    """

    shift: float
    stretch: float
    decided: int
    weights: Floats

    def chances(self, scores: ArrayLike) -> Floats:
        """Chance of a fault; the order of scores stays.

        Args:
            scores: (N,) as the search gave them, in [0, 1].

        Returns:
            (N,) in (0, 1); before any decision the scores, away from 0 and 1.
        """
        return np.asarray(expit(self.shift + self.stretch * _log_odds(scores)))

    def draw_faults(self, scores: ArrayLike, *, seed: int = 0, draws: int = _DRAWS) -> Floats:
        """Possible numbers of faults among findings, as uncertain as the curve and chance.

        Args:
            scores: (N,) as the search gave them, in [0, 1].
            seed: The same seed gives the same numbers.
            draws: How many.

        Returns:
            (draws,) numbers in 0..N.
        """
        odds, counts = _binned(_log_odds(scores))
        rng = np.random.default_rng(seed)
        node = rng.choice(self.weights.size, size=draws, p=self.weights.ravel())
        row, column = np.unravel_index(node, self.weights.shape)
        shift, stretch = _SHIFTS[row][:, None], np.exp(_LOG_STRETCHES[column])[:, None]
        faults = rng.binomial(counts[None, :], expit(shift + stretch * odds[None, :]))
        return np.asarray(faults.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class FaultRange:
    """A number of faults: what to expect, and the range that holds nine times in ten."""

    expected: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """The numbers as plain JSON types."""
        return {
            "expected": round(self.expected, 2),
            "low": round(self.low, 2),
            "high": round(self.high, 2),
        }


def learn_curve(scores: ArrayLike, faults: ArrayLike) -> ReviewCurve:
    """The curve of one kind of finding from what was decided.

    Args:
        scores: (N,) of the decided findings, in [0, 1]; N may be 0.
        faults: (N,) bool, whether it was a fault.

    Returns:
        The curve.

    Raises:
        InvalidInputError: Unequal lengths, or a score outside [0, 1].
    """
    said = np.asarray(faults, dtype=bool)
    odds = _log_odds(scores)
    if odds.shape != said.shape:
        raise InvalidInputError(f"{len(odds)} scores and {len(said)} decisions")
    log_weights = (
        -0.5 * (_SHIFTS[:, None] / SHIFT_SPREAD) ** 2
        - 0.5 * (_LOG_STRETCHES[None, :] / STRETCH_SPREAD) ** 2
    )
    for outcome, sign in ((True, 1.0), (False, -1.0)):
        at, counts = _binned(odds[said == outcome])
        for column, log_stretch in enumerate(_LOG_STRETCHES):
            x = _SHIFTS[:, None] + np.exp(log_stretch) * at[None, :]
            log_weights[:, column] += log_expit(sign * x) @ counts
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    shift = float((weights.sum(axis=1) * _SHIFTS).sum())
    stretch = float(np.exp((weights.sum(axis=0) * _LOG_STRETCHES).sum()))
    return ReviewCurve(shift, stretch, len(said), weights)


def fault_range(draws: Sequence[Floats], *, confidence: float = 0.9) -> FaultRange:
    """The sum of independent numbers of faults, such as those of several kinds.

    Args:
        draws: From `ReviewCurve.draw_faults`, all of one length, each with its own seed.
        confidence: Probability that the sum lies within the range, in (0, 1).

    Returns:
        The middle and the range; all 0 without draws.
    """
    if not draws:
        return FaultRange(0.0, 0.0, 0.0)
    total = np.sum(np.stack(draws), axis=0)
    tail = (1 - confidence) / 2
    low, high = np.quantile(total, (tail, 1 - tail))
    return FaultRange(float(total.mean()), float(low), float(high))


def _log_odds(scores: ArrayLike) -> Floats:
    values = np.asarray(scores, dtype=np.float64).reshape(-1)
    if values.size and not (
        np.isfinite(values).all() and 0 <= values.min() <= values.max() <= 1
    ):
        raise InvalidInputError("scores of findings must be in [0, 1]")
    return np.asarray(logit(np.clip(values, _SURE, 1 - _SURE)))


def _binned(odds: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Log odds to a tenth with their counts: a million findings cost no more than a hundred."""
    steps, counts = np.unique(np.round(odds * _BINS_PER_UNIT), return_counts=True)
    return steps / _BINS_PER_UNIT, counts
