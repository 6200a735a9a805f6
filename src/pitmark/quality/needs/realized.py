"""What added or corrected examples did bring, on the same test examples before and after."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.quality.needs.cheap_learner import CheapLearner
from pitmark.quality.needs.class_gains import CONFIDENCE, Gain
from pitmark.quality.needs.class_rounds import own_folds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Many folds: what is learned from is then nearly all there is.
_FOLDS = 10
_REPEATS = 2
_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Change:
    """What is different after a change of the data.

    Attributes:
        before: (B,) positions of the examples that were there before; they are the test.
        said: (B,) what these were said to be before; the labels of the learner hold now.
        added: (A,) positions of examples to add.
        corrected: Whether to learn from what the examples before are said to be now.
    """

    before: Ints
    said: Ints
    added: Ints
    corrected: bool


def realized_gain(
    learner: CheapLearner,
    groups: Sequence[Hashable],
    change: Change,
    *,
    scored: Sequence[int],
    seed: int = 0,
) -> Gain:
    """What a change of the examples brought in mean recall.

    Each example that was there before is named by a learner that has not seen its group,
    once with what was there before and once with the change. As folds leave out some of
    what was there, as large a share of the added is left out.

    Args:
        learner: Holds all examples, with their labels as they are now.
        groups: (N,) what belongs together.
        change: What is different.
        scored: Classes that the mean recall is taken over.
        seed: Of folds and draws.

    Returns:
        The gain, with an interval from drawing the groups of test examples again.

    Raises:
        NotEnoughDataError: Fewer than two groups were there before.
    """
    names = np.array([str(g) for g in groups])
    before = change.before
    if len(set(names[before])) < 2:
        raise NotEnoughDataError("a gain needs at least two groups of images to judge on")
    gap = np.zeros(len(before))
    rng = np.random.default_rng(seed)
    for repeat in range(_REPEATS):
        folds = own_folds(
            learner.labels[before], list(names[before]), folds=_FOLDS, seed=seed + repeat
        )
        for fold in np.unique(folds):
            gap[folds == fold] += _fold_gap(learner, names, change, folds == fold, rng)
    return _with_interval(
        gap / _REPEATS, learner.labels[before], names[before], scored=scored, seed=seed
    )


def _fold_gap(
    learner: CheapLearner,
    names: NDArray[np.str_],
    change: Change,
    away: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Floats:
    """(T,) hits with the change less hits without it, of the examples left out."""
    test, train, said = change.before[away], change.before[~away], change.said[~away]
    if len(np.unique(said)) < 2:
        return np.zeros(len(test))
    apart = change.added[~np.isin(names[change.added], names[test])]
    kept = rng.permutation(apart)[: round(len(apart) * len(train) / len(change.before))]
    now = learner.labels[train] if change.corrected else said
    strength = learner.strength(train, said)
    old = learner.values(train, test, strength=strength, labels=said)
    new = learner.values(
        np.concatenate([train, kept]),
        test,
        strength=strength,
        labels=np.concatenate([now, learner.labels[kept]]),
    )
    truth = learner.labels[test]
    hits = [(values.argmax(axis=1) == truth).astype(float) for values in (new, old)]
    return np.asarray(hits[0] - hits[1])


def _with_interval(
    gap: Floats,
    labels: Ints,
    names: NDArray[np.str_],
    *,
    scored: Sequence[int],
    seed: int,
) -> Gain:
    """The mean over classes of the mean gap, groups drawn again."""
    _, group = np.unique(names, return_inverse=True)
    counted = [c for c in scored if (labels == c).any()]
    number = int(group.max()) + 1
    sums = np.zeros((2, number, len(counted)))
    for column, c in enumerate(counted):
        mine = labels == c
        sums[0, :, column] = np.bincount(group[mine], weights=gap[mine], minlength=number)
        sums[1, :, column] = np.bincount(group[mine], minlength=number)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_DRAWS):
        weights = np.bincount(rng.integers(number, size=number), minlength=number)
        drawn.append(_mean_gap(weights @ sums[0], weights @ sums[1], len(scored)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    middle = _mean_gap(sums[0].sum(axis=0), sums[1].sum(axis=0), len(scored))
    return Gain(middle, float(low), float(high))


def _mean_gap(gaps: Floats, counts: Floats, scored: int) -> float:
    return float((gaps / np.maximum(counts, 1)).sum() / scored)
