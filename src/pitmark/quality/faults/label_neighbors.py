"""What the things that look alike are labeled: nearest neighbors in an embedding.

Neighbors of the same group (the same part, its exposures, the same image) never vote: they
were labeled at one glance. All embeddings must come from one model; those of different
folds lie in different spaces.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

NEIGHBORS = 10
_BLOCK_CELLS = 20_000_000


@dataclass(frozen=True, eq=False)
class NeighborVotes:
    """The labels of the nearest neighbors of N things.

    Attributes:
        labels: (N, k) class of each neighbor, -1 where there are not as many.
        likeness: (N,) mean cosine to them in [-1, 1]; 0 where there are none.
        class_count: K.
    """

    labels: NDArray[np.int32]
    likeness: NDArray[np.float64]
    class_count: int

    @property
    def votes(self) -> NDArray[np.float64]:
        """(N, K) how many neighbors carry each class."""
        return self._counted(self.labels)

    def count(self, row: int, label: int) -> int:
        """How many neighbors of a thing carry a class.

        Args:
            row: The thing.
            label: The class, in [0, K).

        Returns:
            Their number.
        """
        return int((self.labels[row] == label).sum())

    def total(self, row: int) -> int:
        """How many neighbors a thing has.

        Args:
            row: The thing.

        Returns:
            Their number.
        """
        return int((self.labels[row] >= 0).sum())

    def shares(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of each class among the neighbors of some things.

        Args:
            rows: (B,) things.

        Returns:
            (B, K); 0 for things without neighbors.
        """
        votes = self._counted(self.labels[rows])
        return np.asarray(votes / np.maximum(votes.sum(axis=1, keepdims=True), 1))

    def logits(self) -> NDArray[np.float64]:
        """(N, K) log of the smoothed share of each class among the neighbors."""
        votes = self.votes
        total = votes.sum(axis=1, keepdims=True)
        share = votes.sum(axis=0) / max(votes.sum(), 1)
        return np.asarray(np.log((votes + share + 1e-3) / (total + 1)))

    def _counted(self, labels: NDArray[np.int32]) -> NDArray[np.float64]:
        out = np.zeros((len(labels), self.class_count))
        rows, places = np.nonzero(labels >= 0)
        np.add.at(out, (rows, labels[rows, places]), 1)
        return out


def nearest_votes(
    embeddings: NDArray[np.floating],
    labels: NDArray[np.integer],
    class_count: int,
    *,
    groups: Sequence[Hashable] | None = None,
    neighbors: int = NEIGHBORS,
) -> NeighborVotes:
    """The votes of the nearest things of other groups, by exact search.

    Args:
        embeddings: (N, D), all from one model.
        labels: (N,) class in [0, class_count).
        class_count: K.
        groups: (N,) those that are one physical part; None means each is its own.
        neighbors: How many vote, at least 1.

    Returns:
        The votes; fewer than `neighbors` where there are not as many other groups.

    Raises:
        InvalidInputError: The embeddings do not fit the labels.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(labels):
        raise InvalidInputError(
            f"embeddings must have shape ({len(labels)}, D), found {embeddings.shape}"
        )
    count = len(labels)
    given = np.asarray(labels, dtype=np.int32)
    found = np.full((count, max(0, min(neighbors, count - 1))), -1, dtype=np.int32)
    likeness = np.zeros(count)
    for rows, near, cosine in nearest_things(embeddings, groups, neighbors):
        counts = np.isfinite(cosine)
        found[rows] = np.where(counts, given[near], -1)
        total = np.where(counts, cosine, 0).sum(axis=1)
        likeness[rows] = total / np.maximum(counts.sum(axis=1), 1)
    return NeighborVotes(found, likeness, class_count)


def nearest_things(
    embeddings: NDArray[np.floating], groups: Sequence[Hashable] | None, neighbors: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.float32]]]:
    """The nearest things of other groups, block by block, so that memory stays small.

    Args:
        embeddings: (N, D), all from one model.
        groups: (N,) those that are one physical part; None means each is its own.
        neighbors: How many, at least 1.

    Yields:
        (B,) things, the (B, k) things most like them in no order, and their (B, k) cosines in
        [-1, 1]; minus infinity where there are not as many of other groups. Nothing for
        fewer than two things.
    """
    count = len(embeddings)
    codes = _codes(groups, count)
    if count < 2:
        return
    unit = unit_rows(embeddings)
    wanted = min(neighbors, count - 1)
    step = max(1, _BLOCK_CELLS // count)
    for low in range(0, count, step):
        rows = np.arange(low, min(low + step, count))
        cosine = unit[rows] @ unit.T
        cosine[codes[rows][:, None] == codes[None, :]] = -np.inf
        near = np.argpartition(-cosine, wanted - 1, axis=1)[:, :wanted]
        yield rows, near, np.take_along_axis(cosine, near, axis=1)


def unit_rows(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    """Centered rows of length 1: what all things share says nothing about any of them.

    Args:
        embeddings: (N, D).

    Returns:
        (N, D); a row of zeros stays one.
    """
    clean = np.nan_to_num(np.asarray(embeddings, dtype=np.float32), posinf=0, neginf=0)
    centered = clean - clean.mean(axis=0, keepdims=True)
    length = np.linalg.norm(centered, axis=1, keepdims=True)
    return np.asarray(centered / np.where(length > 0, length, 1), dtype=np.float32)


def _codes(groups: Sequence[Hashable] | None, count: int) -> NDArray[np.int64]:
    if groups is None:
        return np.arange(count)
    if len(groups) != count:
        raise InvalidInputError(f"{count} labels need {count} groups, found {len(groups)}")
    return group_codes(groups)
