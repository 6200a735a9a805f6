"""What the things around a thing are labeled, near ones counting more: a kernel expert.

Ten nearest neighbors throw most of an embedding away. Here all other things vote, weighed
by how alike they are, as the regression that explains the labels best has it. Things of one
group are left out together, so that no label confirms itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LANDMARKS = 2000
_LEARNED_FROM = 20_000
_HELD_OUT = 10
# What a thing says of itself is never all that is said of it.
_LEAST_REST = 1e-6
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
        place: (N,) where a thing stands in `own`, -1 where nothing of its group was learned.
        own: (n, L x K) what the regression without its group says of each learned thing.
        weights: (M, L x K) from likeness to landmarks to the classes of L sets of labels.
        shares: (L, K) of each class among the labels.
    """

    embeddings: NDArray[np.floating]
    center: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    width: float
    place: Ints
    own: NDArray[np.float32]
    weights: Floats
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
        learned = self.place[rows] >= 0
        out[learned] = self.own[self.place[rows[learned]]]
        others = np.flatnonzero(~learned)
        for part in np.array_split(others, len(others) // _BLOCK_ROWS + 1):
            seen = _clean(self.embeddings[rows[part]]) - self.center
            out[part] = _kernel(seen, self.landmarks, self.width) @ self.weights
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
    """Kernel ridge regression of the classes on an embedding, each group left out exactly.

    Leaving a group out of a ridge regression needs no second fit: its residuals, divided
    by what its own labels had no share in, are those of the fit without it. Sources: Allen
    (1974) for single things; Nystroem's approximation on landmarks (Williams and Seeger,
    2001). The strength of regularization is the one with the least error on a tenth of the
    groups.

    Args:
        embeddings: (N, D), all from one model; may be mapped from a file.
        label_sets: (N,) class in [0, K) each; a second set costs next to nothing.
        class_count: K.
        groups: (N,) those that are one physical part; None means each is its own.
        seed: Of landmarks and of the tenth.

    Returns:
        The fit. More than 20,000 things are learned from a sample of whole groups.

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
    codes = _codes(groups, count)
    learned = _sample(codes, rng)
    center = _clean(embeddings[learned]).mean(axis=0)
    landmarks = _clean(embeddings[np.sort(rng.permutation(learned)[:_LANDMARKS])]) - center
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
    weights, own = _left_out(told, wanted, codes[learned], rng)
    place = np.full(count, -1, dtype=np.int64)
    place[learned] = np.arange(len(learned))
    unfolded = solve_triangular(whiten, weights, lower=True, trans="T")
    return KernelVotes(embeddings, center, landmarks, width, place, own, unfolded, shares)


def _left_out(
    told: Floats, wanted: Floats, codes: Ints, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.float32]]:
    """(M, K) regression on all, and (n, K) what it says of each group without that group.

    Things of one group stand next to each other.
    """
    square, product = told.T @ told, told.T @ wanted
    strength = _strength(told, wanted, codes, square, product, rng)
    lower = cholesky(square + strength * np.eye(len(square)), lower=True)
    weights = np.asarray(cho_solve((lower, True), product))
    out = np.empty(wanted.shape, dtype=np.float32)
    edges = np.flatnonzero(np.diff(codes, prepend=-1, append=-1))
    for low, high in _blocks(edges):
        rows = told[low:high]
        rest = wanted[low:high] - rows @ weights
        share = solve_triangular(lower, rows.T, lower=True)
        alone = 1 / np.maximum(1 - (share**2).sum(axis=0), _LEAST_REST)
        missed = rest * alone[:, None]
        inside = edges[(edges >= low) & (edges <= high)] - low
        for start, end in pairwise(inside.tolist()):
            if end - start > 1:
                mine = share[:, start:end]
                left = (1 + _JITTER) * np.eye(end - start) - mine.T @ mine
                missed[start:end] = np.linalg.solve(left, rest[start:end])
        out[low:high] = wanted[low:high] - missed
    return weights, out


def _strength(
    told: Floats,
    wanted: Floats,
    codes: Ints,
    square: Floats,
    product: Floats,
    rng: np.random.Generator,
) -> float:
    """The strength with the least error on a tenth of the groups."""
    names = np.unique(codes)
    held = np.isin(codes, rng.permutation(names)[: max(1, len(names) // _HELD_OUT)])
    own, target = told[held], wanted[held]
    left, right = square - own.T @ own, product - own.T @ target
    errors = [float(((own @ _solve(left, right, s) - target) ** 2).sum()) for s in _STRENGTHS]
    return _STRENGTHS[int(np.argmin(errors))]


def _blocks(edges: Ints) -> list[tuple[int, int]]:
    """Blocks of about 2,000 rows that part no group."""
    out, low = [], int(edges[0]) if len(edges) else 0
    for edge in edges[1:].tolist():
        if edge - low >= _BLOCK_ROWS or edge == edges[-1]:
            out.append((low, edge))
            low = edge
    return out


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


def _codes(groups: Sequence[Hashable] | None, count: int) -> Ints:
    if groups is not None and len(groups) != count:
        raise InvalidInputError(f"{count} labels need {count} groups, found {len(groups)}")
    return np.arange(count) if groups is None else group_codes(groups)


def _sample(codes: Ints, rng: np.random.Generator) -> Ints:
    """Things to learn from: all, or whole groups; those of one group next to each other."""
    by_group = np.argsort(codes, kind="stable")
    if len(codes) <= _LEARNED_FROM:
        return by_group
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    taken = order[np.cumsum(sizes[order]) <= _LEARNED_FROM]
    taken = taken if len(taken) else order[:1]
    return by_group[np.isin(codes[by_group], taken)]
