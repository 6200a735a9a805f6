"""How faults look in this very set: some labels of a copy are changed, and watched.

No threshold is carried over from other data. Whatever tells changed labels from the others
here is believed as far as it does so, and gives a probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import expit, logit

from pitmark.quality.faults.rate import ASSUMED_FAULT_RATE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SHARE = 0.1
_LEAST_CHANCE = 1e-3
# What weights are before looking: the better a label fits, the less it is doubted.
_USUAL_WEIGHT = -1.0
_PRIOR = 2.0
_PRIOR_LABELS = 200.0
_ROUNDS = 50
_CLEANED = 4
_WIDEST = 6.0


@dataclass(frozen=True, eq=False)
class FaultOdds:
    """From how well labels fit to the probability that they are wrong.

    Attributes:
        center: (F,) of the features among labels with planted faults.
        spread: (F,) of the same.
        weights: (F + 1,) on standardized features, then a constant; negative: a label that
            fits less is more likely wrong.
        planted: Share of labels that were changed when this was fitted.
    """

    center: Floats
    spread: Floats
    weights: Floats
    planted: float

    def wrong(self, features: Floats) -> tuple[Floats, float]:
        """Probability that each label is wrong, and the share of faults that is likely.

        Args:
            features: (N, F) of the labels as given.

        Returns:
            (N,) in [0, 1], and the share.
        """
        odds = self._standard(features) @ self.weights[:-1] + self.weights[-1]
        odds = odds - logit(np.clip(self.planted, 1e-6, 0.5))
        rate = ASSUMED_FAULT_RATE
        for _ in range(_ROUNDS):
            likely = float(expit(odds + logit(rate)).sum())
            likely += _PRIOR_LABELS * ASSUMED_FAULT_RATE
            rate = float(np.clip(likely / (len(odds) + _PRIOR_LABELS), 1e-4, 0.5))
        return np.asarray(expit(odds + logit(rate))), rate

    def _standard(self, features: Floats) -> Floats:
        return np.asarray(np.clip((features - self.center) / self.spread, -_WIDEST, _WIDEST))


def plant(labels: Ints, looks: Floats, *, seed: int = 0) -> tuple[Ints, NDArray[np.bool_]]:
    """A copy of the labels with one in ten changed as a person might err.

    Args:
        labels: (N,) class in [0, K).
        looks: (N, K) how much each thing looks like each class, at least 0; a thing is
            given one of the other classes in these proportions.
        seed: Of the choice.

    Returns:
        (N,) labels, and (N,) which of them were changed: one at least, of the classes in use.
    """
    rng = np.random.default_rng([seed, 17])
    count, depth = looks.shape
    used = np.bincount(labels, minlength=depth) > 0
    changed = np.zeros(count, dtype=bool)
    changed[rng.permutation(count)[: max(1, round(_SHARE * count))]] = True
    rows = np.flatnonzero(changed)
    chances = np.maximum(looks[rows], _LEAST_CHANCE) * used
    chances[np.arange(len(rows)), labels[rows]] = 0
    edges = np.cumsum(chances, axis=1)
    drawn = rng.random(len(rows)) * edges[:, -1]
    out = labels.copy()
    out[rows] = (drawn[:, None] >= edges).sum(axis=1).clip(max=depth - 1)
    return out, changed


def fit_fault_odds(
    with_planted: Floats, changed: NDArray[np.bool_], as_given: Floats
) -> FaultOdds:
    """Which features tell planted faults from right labels, by logistic regression.

    The labels that were not changed hold faults of their own; in further rounds they count
    as far as they are likely right.

    Args:
        with_planted: (N, F) how well each label fits, higher is better, of all labels with
            the planted ones among them.
        changed: (N,) which labels were planted.
        as_given: (N, F) the same features of the labels as they were given.

    Returns:
        The fit. No feature may count against what it means: a label that fits better is
        never doubted more.
    """
    trust = np.ones(len(changed))
    odds = _fit(with_planted, changed, trust)
    for _ in range(_CLEANED):
        wrong, _ = odds.wrong(as_given)
        trust = np.where(changed, 1.0, 1 - wrong)
        odds = _fit(with_planted, changed, trust)
    return odds


def _fit(features: Floats, changed: NDArray[np.bool_], trust: Floats) -> FaultOdds:
    center, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    share = float(changed.sum() / trust.sum())
    table = np.clip((features - center) / spread, -_WIDEST, _WIDEST)
    table = np.column_stack([table, np.ones(len(table))])
    start = np.full(table.shape[1], _USUAL_WEIGHT)
    start[-1] = float(logit(np.clip(share, 1e-3, 0.5))) - 1
    strength = np.full(len(start), _PRIOR)
    strength[-1] = 0.1

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = table @ weights
        value = (trust * np.logaddexp(0, odds)).sum() - odds[changed].sum()
        away = weights - start
        slope = table.T @ (trust * (expit(odds) - changed)) + strength * away
        return float(value + 0.5 * (strength * away**2).sum()), slope

    bounds = [(-20.0, 0.0)] * (len(start) - 1) + [(-30.0, 30.0)]
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return FaultOdds(center, spread, np.asarray(found.x, dtype=np.float64), share)
