"""Logistic regression on a few labels and many features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_FOLDS = 3
_LEAST_CHANCE = 1e-6

Rows = NDArray[np.float64]
Labels = NDArray[np.int64]


def classify(
    learned: Rows, labels: Labels, test: Rows, *, seed: int, weights: Rows | None = None
) -> Labels:
    """The classes of test rows by standardized, balanced logistic regression.

    The strength of regularization is the one with the best likelihood of left-out rows
    (three folds; a class with a single label is never left out).

    Args:
        learned: (N, D) features.
        labels: (N,) class numbers, at least two different ones.
        test: (M, D) features.
        seed: Of the folds.
        weights: (D,) how much each standardized feature counts; None counts all alike.

    Returns:
        (M,) class numbers.
    """
    center, spread = learned.mean(0), learned.std(0)
    alive = spread > 1e-8 * (1 + np.abs(center))
    scale = (np.ones(len(center)) if weights is None else weights)[alive]
    scale = scale / np.sqrt(np.square(scale).sum()) / spread[alive]
    one = (learned[:, alive] - center[alive]) * scale
    other = (test[:, alive] - center[alive]) * scale
    # The penalty is blind to rotations: N dimensions hold all that N rows can tell.
    _, values, axes = np.linalg.svd(one, full_matrices=False)
    axes = axes[values > 1e-8 * values[0]].T
    one, other = one @ axes, other @ axes
    folds = _folds(labels, seed)
    best = max(_STRENGTHS, key=lambda c: _likelihood(one, labels, folds, c))
    return np.asarray(_fitted(one, labels, best).predict(other))


def _fitted(rows: Rows, labels: Labels, strength: float) -> LogisticRegression:
    # Rows have about unit length, so the usable range of C begins where it ends elsewhere.
    model = LogisticRegression(C=1e4 * strength, class_weight="balanced", max_iter=2000)
    return model.fit(rows, labels)


def _likelihood(rows: Rows, labels: Labels, folds: Labels, strength: float) -> float:
    logs = []
    for fold in range(_FOLDS):
        away = folds == fold
        if not away.any():
            continue
        model = _fitted(rows[~away], labels[~away], strength)
        chances = model.predict_proba(rows[away])
        column = {k: i for i, k in enumerate(model.classes_)}
        own = [chances[i, column[k]] for i, k in enumerate(labels[away])]
        logs += np.log(np.maximum(own, _LEAST_CHANCE)).tolist()
    return float(np.mean(logs)) if logs else 0.0


def _folds(labels: Labels, seed: int) -> Labels:
    """(N,) fold numbers, each class spread over them; -1 for a class with one label."""
    out = np.full(len(labels), -1)
    rng = np.random.default_rng(seed)
    for kind in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == kind))
        if len(members) > 1:
            out[members] = (np.arange(len(members)) + rng.integers(_FOLDS)) % _FOLDS
    return out
