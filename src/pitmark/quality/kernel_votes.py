"""What the things around a thing are labeled, near ones counting more: a kernel expert.

Ten nearest neighbors throw most of an embedding away. Here all other things vote, weighed
by how alike they are, as the regression that explains the labels best has it. Things of one
group are left out together, so that no label confirms itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LANDMARKS = 2000
_LEARNED_FROM = 20_000
_FOLDS = 10
# In units of one over the median squared distance.
_NARROWNESS = 2.0
_STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
_JITTER = 1e-4
_BLOCK_ROWS = 2000


@dataclass(frozen=True, eq=False)
class KernelVotes:
    """Fitted votes; `values` are read block by block.

    Attributes:
        embeddings: (N, D) of all things.
        center: (D,) what is subtracted from them.
        landmarks: (M, D) centered things that stand for all.
        width: Squared distance at which a vote has fallen to 1 / e.
        fold: (N,) which of the maps has not seen a thing.
        maps: (F, M, L x K) from likeness to landmarks to the classes of L sets of labels.
        shares: (L, K) of each class among the labels.
    """

    embeddings: NDArray[np.floating]
    center: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    width: float
    fold: Ints
    maps: Floats
    shares: Floats

    def values(self, rows: Ints) -> Floats:
        """How strongly each class speaks; no vote of the thing's own group is in it.

        Args:
            rows: (B,) things.

        Returns:
            (L, B, K), about 1 for a class that is clear and 0 for the others; all are near
            their shares where nothing is alike.
        """
        out = np.empty((len(rows), self.shares.size))
        for low in range(0, len(rows), _BLOCK_ROWS):
            part = rows[low : low + _BLOCK_ROWS]
            rows_here = _clean(self.embeddings[part]) - self.center
            told = _kernel(rows_here, self.landmarks, self.width)
            for number in np.unique(self.fold[part]):
                mine = self.fold[part] == number
                out[low : low + len(part)][mine] = told[mine] @ self.maps[number]
        sets = out.reshape(len(rows), *self.shares.shape).transpose(1, 0, 2)
        return np.asarray(sets + self.shares[:, None])


def kernel_votes(
    embeddings: NDArray[np.floating],
    label_sets: Sequence[NDArray[np.integer]],
    class_count: int,
    *,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> KernelVotes:
    """Kernel ridge regression of the classes on an embedding, in ten folds of whole groups.

    Source: Nystroem's approximation on landmarks (Williams and Seeger, 2001); the strength
    of regularization is the one with the least error on the first fold.

    Args:
        embeddings: (N, D), all from one model; may be mapped from a file.
        label_sets: (N,) class in [0, K) each; a second set costs next to nothing.
        class_count: K.
        groups: (N,) those that are one physical part; None means each is its own.
        seed: Of landmarks and folds.

    Returns:
        The fit. More than 20,000 things are learned from an even sample.

    Raises:
        InvalidInputError: The arrays do not fit together.
    """
    given = np.asarray(label_sets, dtype=np.int64)
    count = given.shape[1]
    if embeddings.ndim != 2 or len(embeddings) != count:
        raise InvalidInputError(
            f"embeddings must have shape ({count}, D), found {embeddings.shape}"
        )
    rng = np.random.default_rng(seed)
    fold = _folds(groups, count, rng)
    learned = np.unique(
        np.linspace(0, max(count - 1, 0), min(count, _LEARNED_FROM)).astype(int)
    )
    center = _clean(embeddings[learned]).mean(axis=0)
    picked = np.sort(rng.permutation(learned)[:_LANDMARKS])
    landmarks = _clean(embeddings[picked]) - center
    width = _usual_distance(landmarks) / _NARROWNESS
    gram = _kernel(landmarks, landmarks, width) + _JITTER * np.eye(len(landmarks))
    whiten = cholesky(gram, lower=True)
    shares = np.stack([np.bincount(g, minlength=class_count) for g in given]) / max(count, 1)
    told = np.concatenate(
        [
            _described(_clean(embeddings[part]) - center, landmarks, width, whiten)
            for part in np.array_split(learned, max(1, len(learned) // _BLOCK_ROWS))
        ]
    )
    wanted = np.hstack(
        [np.eye(class_count)[g[learned]] - own for g, own in zip(given, shares, strict=True)]
    )
    maps = _maps(told, wanted, fold[learned], int(fold.max(initial=0)) + 1)
    unfolded = np.stack([solve_triangular(whiten, m, lower=True, trans="T") for m in maps])
    return KernelVotes(embeddings, center, landmarks, width, fold, unfolded, shares)


def _maps(told: Floats, wanted: Floats, fold: Ints, folds: int) -> Floats:
    """(F, M, K): for each fold the regression on all others."""
    square, product = told.T @ told, told.T @ wanted
    strength = 0.0
    out = []
    for number in range(folds):
        held = fold == number
        own, target = told[held], wanted[held]
        left, right = square - own.T @ own, product - own.T @ target
        if number == 0:
            errors = [
                float(((own @ _solve(left, right, s) - target) ** 2).sum()) for s in _STRENGTHS
            ]
            strength = _STRENGTHS[int(np.argmin(errors))]
        out.append(_solve(left, right, strength))
    return np.stack(out)


def _solve(square: Floats, product: Floats, strength: float) -> Floats:
    factor = cho_factor(square + strength * np.eye(len(square)), lower=True)
    return np.asarray(cho_solve(factor, product))


def _described(
    rows: NDArray[np.float32], landmarks: NDArray[np.float32], width: float, whiten: Floats
) -> Floats:
    near = _kernel(rows, landmarks, width)
    return np.asarray(solve_triangular(whiten, near.T, lower=True).T)


def _kernel(one: NDArray[np.float32], two: NDArray[np.float32], width: float) -> Floats:
    return np.asarray(np.exp(-_squared_distances(one, two) / width), dtype=np.float64)


def _squared_distances(
    one: NDArray[np.float32], two: NDArray[np.float32]
) -> NDArray[np.float32]:
    squares = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * (one @ two.T), 0))


def _usual_distance(landmarks: NDArray[np.float32]) -> float:
    some = landmarks[:: max(1, len(landmarks) // 500)]
    apart = _squared_distances(some, some)[~np.eye(len(some), dtype=bool)]
    usual = float(np.median(apart)) if apart.size else 0.0
    return usual if usual > 0 else 1.0


def _clean(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.nan_to_num(np.asarray(rows, dtype=np.float32), posinf=0, neginf=0)


def _folds(groups: Sequence[Hashable] | None, count: int, rng: np.random.Generator) -> Ints:
    if groups is not None and len(groups) != count:
        raise InvalidInputError(f"{count} labels need {count} groups, found {len(groups)}")
    codes = np.arange(count) if groups is None else group_codes(groups)
    size = int(codes.max(initial=-1)) + 1
    return np.asarray(
        (rng.permutation(size) % min(_FOLDS, max(size, 1)))[codes], dtype=np.int64
    )
