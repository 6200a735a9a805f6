"""Rounds of a cheap learner with fewer examples of one class, judged on what it has not seen.

Every round answers: had there been only so many examples of this class, which examples of
all classes would have been named rightly?
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.quality.needs.cheap_learner import CheapLearner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SHARES = (0.35, 0.5, 0.7, 1.0)
_FOLDS = 5
_REPEATS = 4


@dataclass(frozen=True, eq=False)
class ClassRounds:
    """What fewer examples of one class did.

    Attributes:
        sizes: (S,) mean number of examples of the class that a round learned from, rising;
            the last one is all that a fold leaves.
        hits: (R, S, N) 1 where an example was named rightly in a repeat, else 0; NaN where
            it could not be judged.
    """

    sizes: Floats
    hits: Floats


def own_folds(
    labels: Ints, groups: Sequence[Hashable], *, folds: int = _FOLDS, seed: int = 0
) -> Ints:
    """Folds that share out every class and never part a group.

    Args:
        labels: (N,) class numbers.
        groups: (N,) what belongs together, such as the image or the part.
        folds: Number of folds.
        seed: Another seed gives other folds.

    Returns:
        (N,) fold numbers.
    """
    rng = np.random.default_rng(seed)
    _, group = np.unique(np.array([str(g) for g in groups]), return_inverse=True)
    classes, groups_n = int(labels.max()) + 1, int(group.max()) + 1
    holds = np.zeros((groups_n, classes))
    np.add.at(holds, (group, labels), 1)
    left = np.tile(holds.sum(axis=0) / folds, (folds, 1))
    scarce = 1 / np.maximum(holds.sum(axis=0), 1)
    # Groups with the scarcest classes first, ties by chance; each where it is missed most.
    order = np.lexsort((rng.random(groups_n), -(holds * scarce).sum(axis=1)))
    place = np.zeros(groups_n, np.int64)
    for number in order:
        missed = (left * (holds[number] * scarce)).sum(axis=1)
        place[number] = np.argmax(missed + 1e-9 * rng.random(folds))
        left[place[number]] -= holds[number]
    return np.asarray(place[group])


def run_rounds(
    learner: CheapLearner,
    groups: Sequence[Hashable],
    *,
    wanted: Sequence[int] | None = None,
    repeats: int = _REPEATS,
    seed: int = 0,
) -> dict[int, ClassRounds]:
    """Rounds for every class.

    Args:
        learner: Holds the examples.
        groups: (N,) what belongs together; never learned from and judged on at once.
        wanted: Only these class numbers; None takes all that occur.
        repeats: How often the folds are drawn anew.
        seed: Of folds and parts.

    Returns:
        Class number to its rounds.

    Raises:
        NotEnoughDataError: Fewer than two classes or groups.
    """
    labels = learner.labels
    present = np.unique(labels)
    if len(present) < 2 or len({str(g) for g in groups}) < 2:
        raise NotEnoughDataError(
            "to compare what classes need, two classes and two images of them are needed",
            hint="Label images of a second class, or good ones.",
        )
    chosen = [int(c) for c in (present if wanted is None else wanted)]
    hits = np.full((len(chosen), repeats, len(_SHARES), len(labels)), np.nan)
    sizes = np.zeros((len(chosen), len(_SHARES)))
    folds_run = 0
    for repeat in range(repeats):
        fold_of = own_folds(labels, groups, seed=seed + 7919 * repeat)
        rng = np.random.default_rng([seed, repeat])
        for fold in np.unique(fold_of):
            test, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
            if len(np.unique(labels[train])) < 2:
                continue
            folds_run += 1
            found = _fold_rounds(learner, train, test, chosen, rng)
            for n, (counts, seen) in enumerate(found):
                sizes[n] += counts
                hits[n, repeat][:, test] = seen
    return {c: ClassRounds(sizes[n] / max(folds_run, 1), hits[n]) for n, c in enumerate(chosen)}


def _fold_rounds(
    learner: CheapLearner,
    train: Ints,
    test: Ints,
    classes: Sequence[int],
    rng: np.random.Generator,
) -> list[tuple[Floats, Floats]]:
    """Per class the numbers of examples (S,), and hits (S, T) of the test examples."""
    strength, truth = learner.strength(train), learner.labels[test]
    full = learner.values(train, test, strength=strength).argmax(axis=1) == truth
    out = []
    for number in classes:
        mine = rng.permutation(train[learner.labels[train] == number])
        rest = train[learner.labels[train] != number]
        counts, rows = [], []
        for share in _SHARES:
            many = max(1, round(share * len(mine))) if len(mine) else 0
            counts.append(float(many))
            if many == len(mine):
                rows.append(full)
                continue
            part = np.concatenate([rest, mine[:many]])
            values = learner.values(part, test, strength=strength)
            rows.append(values.argmax(axis=1) == truth)
        out.append((np.array(counts), np.stack(rows).astype(float)))
    return out
