"""Whether a label is forgotten as soon as a model learns from other things.

A small model learns one half of the things until it knows them, then only the other half.
What follows from the other half is kept; a wrong label, held up by nothing but itself, is
forgotten. A rare but right one is forgotten later.

Source: Maini et al. (2022), Characterizing datapoints via second-split forgetting. Here
with a linear model on an embedding, so that it takes seconds.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

DRAWS = 6
_EPOCHS = 10
_BATCH = 64
# For rows of mean square length 1.
_STEP = 5.0
_MOMENTUM = 0.9
_DECAY = 1e-4
_CONSTANT = 0.3


@dataclass(frozen=True, eq=False)
class LossDynamics:
    """What became of N labels while a model learned.

    Attributes:
        learned: (N,) mean margin of the label against the strongest other class while its
            own half was learned; easy ones high.
        kept: (N,) mean margin while only the other half was learned; below 0 the label was
            forgotten.
    """

    learned: NDArray[np.float64]
    kept: NDArray[np.float64]


def loss_dynamics(
    embeddings: NDArray[np.floating],
    labels: NDArray[np.integer],
    class_count: int,
    *,
    groups: Sequence[Hashable] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> LossDynamics:
    """Margins over the epochs of a linear model, averaged over several halvings.

    Args:
        embeddings: (N, D), all from one model.
        labels: (N,) class in [0, K).
        class_count: K.
        groups: (N,) those that are one physical part are in the same half.
        draws: How many halvings, at least 1.
        seed: Of the halvings.

    Returns:
        The margins; all 0 for fewer than two things or classes.

    Raises:
        InvalidInputError: The arrays do not fit together.
    """
    given, count = np.asarray(labels, dtype=np.int64), len(labels)
    if embeddings.ndim != 2 or len(embeddings) != count:
        raise InvalidInputError(
            f"embeddings must have shape ({count}, D), found {embeddings.shape}"
        )
    if groups is not None and len(groups) != count:
        raise InvalidInputError(f"{count} labels need {count} groups, found {len(groups)}")
    learned, kept = np.zeros(count), np.zeros(count)
    codes = np.arange(count) if groups is None else group_codes(groups)
    if len(np.unique(given)) < 2 or len(np.unique(codes)) < 2:
        return LossDynamics(learned, kept)
    rows = _prepared(embeddings)
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        side = (rng.permutation(int(codes.max()) + 1) % 2)[codes]
        for half in (0, 1):
            mine, others = np.flatnonzero(side == half), np.flatnonzero(side != half)
            probe = _Probe.new(rows.shape[1], class_count, rng)
            learned[mine] += probe.learn(rows, given, learn=mine, watch=mine) / draws
            kept[mine] += probe.learn(rows, given, learn=others, watch=mine) / draws
    return LossDynamics(learned, kept)


@dataclass(slots=True)
class _Probe:
    """A linear model in training: (D, K) weights and their speed."""

    weights: Floats
    speed: Floats
    rng: np.random.Generator

    @staticmethod
    def new(depth: int, classes: int, rng: np.random.Generator) -> _Probe:
        zeros = np.zeros((depth, classes), np.float32)
        return _Probe(zeros, zeros.copy(), rng)

    def learn(self, rows: Floats, given: Ints, *, learn: Ints, watch: Ints) -> Floats:
        """Learn some rows over all epochs; gives the mean margins of the rows to watch."""
        margins = np.zeros(len(watch), np.float32)
        self.speed[:] = 0
        seen = rows[watch]
        for _ in range(_EPOCHS):
            order = self.rng.permutation(learn)
            for low in range(0, len(order), _BATCH):
                self._step(rows, given, order[low : low + _BATCH])
            margins += label_margins(seen @ self.weights, given[watch]) / _EPOCHS
        return margins

    def _step(self, rows: Floats, given: Ints, part: Ints) -> None:
        seen = rows[part]
        logits = seen @ self.weights
        slope = np.exp(logits - logits.max(axis=1, keepdims=True))
        slope /= slope.sum(axis=1, keepdims=True)
        slope[np.arange(len(part)), given[part]] -= 1
        self.speed *= _MOMENTUM
        self.speed -= (_STEP / len(part)) * (seen.T @ slope) + _STEP * _DECAY * self.weights
        self.weights += self.speed


def label_margins(values: NDArray[np.floating], labels: Ints) -> NDArray[np.floating]:
    """How far the value of the given class lies above the strongest other.

    Args:
        values: (N, K), K at least 2.
        labels: (N,) given class.

    Returns:
        (N,), below 0 where another class speaks louder.
    """
    rows = np.arange(len(labels))
    others = values.copy()
    others[rows, labels] = -np.inf
    return np.asarray(values[rows, labels] - others.max(axis=1))


def _prepared(embeddings: NDArray[np.floating]) -> Floats:
    """Centered, of mean square length 1, with a constant."""
    clean = np.nan_to_num(np.asarray(embeddings, dtype=np.float32), posinf=0, neginf=0)
    centered = clean - clean.mean(axis=0)
    length = float(np.sqrt(np.square(centered, dtype=np.float64).sum(axis=1).mean()))
    constant = np.full((len(centered), 1), _CONSTANT, np.float32)
    return np.hstack([centered / np.float32(length or 1.0), constant])
