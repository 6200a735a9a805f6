"""Would choosing have beaten drawing by lot? The strategies replayed on labels there are.

Half of the labeled groups play the pool, the others are the test. The strategies pick
from the same pools and are judged by the same test, so that only the choice differs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.quality.group_codes import group_codes
from pitmark.quality.selection.next_labels import FEWEST_LABELS, Known, Strategy, select_next

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Learner = Callable[[Floats, Ints, Floats], Floats]
"""From (L, D) vectors, (L,) class numbers and (M, D) vectors to (M, K) chances."""

Outcome = Literal["better", "as good", "worse", "unknown"]

# With fewer labeled groups both halves are too small to tell anything.
FEWEST_GROUPS = 24
_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Replay:
    """A strategy against random draws, in mean class recall on groups held out.

    Attributes:
        strategy: Which one.
        budget: Labels that were picked in each draw; 0 where nothing was replayed.
        value: Median mean class recall with it.
        random_value: The same with random draws.
        difference: Mean of strategy minus random; `low` and `high` hold the real one in
            nine of ten cases.
        draws: How many.
    """

    strategy: Strategy
    budget: int = 0
    value: float = 0.0
    random_value: float = 0.0
    difference: float = 0.0
    low: float = -1.0
    high: float = 1.0
    draws: int = 0

    @property
    def outcome(self) -> Outcome:
        """Better or worse only where the interval leaves zero out."""
        if not self.draws:
            return "unknown"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "as good"

    def sentence(self) -> str:
        """The result for a person."""
        if not self.draws:
            return (
                f"Too few labeled images to replay the choice (under {FEWEST_GROUPS} parts):"
                " whether choosing beats drawing at random here is not known, and random is"
                " as good as far as can be told."
            )
        span = f"between {100 * self.low:+.0f} and {100 * self.high:+.0f} points"
        told = (
            f"Replayed on your own labels, {self.budget} chosen images instead of"
            f" {self.budget} random ones changed the mean class recall by"
            f" {100 * self.difference:+.1f} points ({span}, {self.draws} draws)"
        )
        ends = {
            "better": "choosing pays here.",
            "worse": "draw at random here.",
            "as good": "drawing at random is as good as far as can be told.",
        }
        return f"{told}: {ends[self.outcome]}"

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return {
            "strategy": self.strategy,
            "outcome": self.outcome,
            "budget": self.budget,
            "mean_recall": self.value if self.draws else None,
            "random_mean_recall": self.random_value if self.draws else None,
            "difference": self.difference if self.draws else None,
            "low": self.low if self.draws else None,
            "high": self.high if self.draws else None,
            "draws": self.draws,
        }


def replay(
    vectors: Floats,
    labels: Ints,
    learn: Learner,
    *,
    strategy: Strategy,
    groups: Sequence[Hashable] | None = None,
    draws: int = 12,
) -> Replay:
    """One strategy against random draws on images whose labels are known.

    A quarter of the pool is picked (6 to 50 images), in two steps where it is more than 15,
    so that a strategy may learn from its first picks.

    Args:
        vectors: (N, D).
        labels: (N,) class numbers in [0, K).
        learn: Makes a model of some labels and asks it.
        strategy: typical or needed.
        groups: (N,) never parted; None means each image is its own.
        draws: How often.

    Returns:
        The comparison; without draws where there are too few groups or classes.

    Source:
        Nadeau and Bengio, "Inference for the generalization error", 2003, for the
        interval: draws overlap, so their spread alone would promise too much.
    """
    codes = np.arange(len(labels)) if groups is None else group_codes(groups)
    parts = np.unique(codes)
    if len(parts) < FEWEST_GROUPS or len(np.unique(labels)) < 2:
        return Replay(strategy)
    budget = max(6, min(50, len(parts) // 8))
    pairs = []
    for seed in range(draws):
        chosen = np.random.default_rng([seed, 3]).permutation(parts)[: len(parts) // 2]
        inside = np.isin(codes, chosen)
        pool, test = np.flatnonzero(inside), np.flatnonzero(~inside)
        steps = (max(FEWEST_LABELS, budget // 2), budget) if budget > 15 else (budget,)
        trial = Trial(vectors[pool], labels[pool], codes[pool].tolist(), learn)
        pairs.append(
            [
                mean_recall(
                    labels[test],
                    learn(*trial.learned(trial.picks(how, steps, seed)), vectors[test]),
                )
                for how in (strategy, "random")
            ]
        )
    table = np.array(pairs)
    gaps = table[:, 0] - table[:, 1]
    # Pool and test are equally large: the share of a test in the variance is one.
    spread = float(gaps.std(ddof=1)) * float(np.sqrt(1 / draws + 1))
    reach = spread * float(scipy.stats.t.ppf((1 + _CONFIDENCE) / 2, draws - 1))
    middle = float(gaps.mean())
    values = np.median(table, axis=0)
    return Replay(
        strategy, budget, float(values[0]), float(values[1]), middle,
        max(-1.0, middle - reach), min(1.0, middle + reach), draws,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Trial:
    """A pool whose labels are revealed as they are picked.

    Attributes:
        vectors: (N, D).
        labels: (N,) class numbers.
        groups: (N,).
        learn: Makes a model.
    """

    vectors: Floats
    labels: Ints
    groups: Sequence[Hashable]
    learn: Learner

    def picks(self, strategy: Strategy, budgets: Sequence[int], seed: int) -> Ints:
        """What a strategy picks, step by step.

        Args:
            strategy: Which one.
            budgets: How many labels there are after each step, rising.
            seed: Of the lot.

        Returns:
            Rows in the order picked, the last of the budgets or all rows.
        """
        rows = np.zeros(0, np.int64)
        for step, budget in enumerate(budgets):
            if min(budget, len(self.labels)) <= len(rows):
                continue
            found = select_next(
                self.vectors,
                budget - len(rows),
                known=self._known(rows, asked=strategy == "needed"),
                groups=self.groups,
                strategy=strategy,
                seed=seed * 10 + step,
            )
            rows = np.concatenate([rows, found.rows])
        return rows

    def learned(self, rows: Ints) -> tuple[Floats, Ints]:
        """Vectors and labels of some rows.

        Args:
            rows: Which.

        Returns:
            (L, D) and (L,).
        """
        return self.vectors[rows], self.labels[rows]

    def _known(self, rows: Ints, *, asked: bool) -> Known:
        known = Known(rows, self.labels[rows], int(self.labels.max()) + 1)
        if not asked or not known.teaches:
            return known
        chances = self.learn(*self.learned(rows), self.vectors)
        return Known(rows, known.labels, chances.shape[1], chances)


def mean_recall(truth: Ints, chances: Floats) -> float:
    """The share of each class that is named right, averaged over the classes.

    Args:
        truth: (N,) class numbers, N at least 1.
        chances: (N, K).

    Returns:
        In [0, 1].
    """
    right = chances.argmax(axis=1) == truth
    return float(np.mean([right[truth == k].mean() for k in np.unique(truth)]))
