"""A learner that answers in milliseconds, to try what more or other examples would bring.

Class-balanced ridge regression on standardized vectors, in its dual form: all products of
vectors are made once, and learning from any part of the examples is one small system of
equations. The strength of regularization is the one with the least leave-one-out error.

Source: Saunders, Gammerman and Vovk, "Ridge regression learning algorithm in dual
variables", 1998; Allen's PRESS, 1974.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from pitmark.core.errors import InvalidInputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STRENGTHS = np.geomspace(3e-4, 1.0, 8)
_LEAST_SPREAD = 0.01


class CheapLearner:
    """Learns classes from any part of the same examples.

    Args:
        vectors: (N, D) of the examples, from a backbone that saw no label.
        labels: (N,) class numbers in 0..K-1.
        classes: Number of classes K.
        weights: (D,) how much each standardized value counts; None counts all alike.

    Raises:
        InvalidInputError: The arrays do not fit together.
    """

    def __init__(
        self,
        vectors: NDArray[np.floating],
        labels: NDArray[np.integer],
        classes: int,
        *,
        weights: NDArray[np.floating] | None = None,
    ) -> None:
        if vectors.ndim != 2 or len(vectors) != len(labels) or not len(labels):
            raise InvalidInputError(
                f"need one vector per label, found {vectors.shape} for {len(labels)} labels"
            )
        if labels.min() < 0 or labels.max() >= classes:
            raise InvalidInputError(f"class numbers must lie in 0 to {classes - 1}")
        rows = vectors.astype(np.float64)
        spread = rows.std(axis=0)
        usual = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
        scale = np.ones(rows.shape[1]) if weights is None else np.asarray(weights, float)
        scale = scale / np.sqrt(np.square(scale).sum())
        rows = (rows - rows.mean(axis=0)) / np.maximum(spread, _LEAST_SPREAD * usual) * scale
        self.labels: Ints = np.asarray(labels, np.int64)
        self.classes = classes
        self._products: Floats = rows @ rows.T

    def strength(self, train: Ints, labels: Ints | None = None) -> float:
        """The strength of regularization with the least leave-one-out error.

        Args:
            train: (M,) positions of examples to learn from.
            labels: (M,) what they are said to be, if not their own labels.

        Returns:
            For `values`.
        """
        said = self.labels[train] if labels is None else labels
        share, root, gram, wanted = self._system(train, said)
        values, vectors = np.linalg.eigh(gram * root[:, None] * root)
        values = np.maximum(values, 0.0)
        seen = vectors.T @ (wanted * root[:, None])
        own = share / share.sum()
        best, least = float(_STRENGTHS[-1]), np.inf
        for strength in _STRENGTHS:
            kept = values / (values + strength * len(train))
            hat = np.clip((vectors**2 * kept).sum(axis=1) + own, 0, 1 - 1e-6)
            gap = wanted * root[:, None] - vectors @ (kept[:, None] * seen)
            error = float(((gap / (1 - hat)[:, None]) ** 2).mean())
            if error < least:
                best, least = float(strength), error
        return best

    def values(
        self, train: Ints, test: Ints, *, strength: float, labels: Ints | None = None
    ) -> Floats:
        """What a map learned from some examples says of others.

        Args:
            train: (M,) positions of examples to learn from.
            test: (T,) positions of examples to judge.
            strength: From `strength`.
            labels: (M,) what the training examples are said to be, if not their own labels.

        Returns:
            (T, K), about 1 for the class and 0 for others; a class that no example carries
            is never the largest.
        """
        said = self.labels[train] if labels is None else labels
        share, root, gram, wanted = self._system(train, said)
        system = gram * root[:, None] * root
        system[np.diag_indices_from(system)] += strength * len(train)
        solved = cho_solve(cho_factor(system, lower=True), wanted * root[:, None])
        weights = solved * root[:, None]
        own = share / share.sum()
        across = self._products[np.ix_(test, train)]
        middle = own @ self._products[np.ix_(train, train)]
        centered = across - (across @ own)[:, None] - middle + middle @ own
        out = np.asarray(centered @ weights + self._offset(said, share))
        out[:, np.bincount(said, minlength=self.classes) == 0] = -np.inf
        return out

    def _system(self, train: Ints, said: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Weights of the examples and their roots, centered products, centered targets."""
        counts = np.bincount(said, minlength=self.classes)
        share = 1.0 / counts[said]
        share = share / share.mean()
        own = share / share.sum()
        products = self._products[np.ix_(train, train)]
        middle = own @ products
        gram = products - middle - middle[:, None] + middle @ own
        wanted = np.eye(self.classes)[said] - self._offset(said, share)
        return share, np.sqrt(share), gram, wanted

    def _offset(self, said: Ints, share: Floats) -> Floats:
        sums = np.bincount(said, weights=share, minlength=self.classes)
        return np.asarray(sums / sums.sum())
