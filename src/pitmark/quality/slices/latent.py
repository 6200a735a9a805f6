"""Regions of an embedding in which a loss piles up: slices that no metadata name.

Two kinds of regions are tried: a neighborhood (all that looks like one case) and a side
(all that lies far enough in one direction, such as darker and blurrier). A direction is
judged on cases that it was not fitted to; a neighborhood without its center, and it pays for
the number of centers that were tried. What a region is worth is told in the same measure
as for rules: evidence less the logarithm of what was tried.

Source: finding slices where errors concentrate follows Eyuboglu et al. (2022), Domino:
discovering systematic errors with cross-modal embeddings; instead of a mixture, regions are
scanned, which a held-out test can judge without fitting anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.slices.search import evidence, skew_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

DIRECTIONS = 32
_MOST_CENTERS = 800
_MOST_CASES = 20_000
_FOLDS = 5
_MOST_SHARE = 0.4
_SIZES = 16
_STRENGTHS = 10.0 ** np.arange(-2, 4)
_FITTED_ROWS = 20_000
_BLOCK = 65_536


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the embedding: cases within `limit` of a center, or beyond it in a direction.

    Attributes:
        kind: near or side.
        vector: (D,) the center, or the direction.
        limit: The radius, or the least coordinate along the direction.
    """

    kind: Literal["near", "side"]
    vector: Floats
    limit: float

    def depth(self, looks: Singles) -> Floats:
        """How far inside each case lies; below 0 is outside.

        Args:
            looks: (N, D).

        Returns:
            (N,).
        """
        if self.kind == "side":
            return np.asarray(looks @ self.vector - self.limit, dtype=np.float64)
        return self.limit - np.sqrt(_squares(looks, self.vector))


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """A region with its evidence on the cases that were searched."""

    region: Region
    cases: int
    z_score: float
    gain: float


def main_directions(embeddings: NDArray[np.floating]) -> Singles:
    """The few coordinates in which embeddings differ most; large sets go by in blocks.

    Args:
        embeddings: (N, D), in memory or mapped from a file.

    Returns:
        (N, up to 32) with a mean square of about 1 in all.
    """
    count, width = embeddings.shape
    step = max(1, count // _FITTED_ROWS)
    sample = np.asarray(embeddings[::step], dtype=np.float64)
    center, spread = sample.mean(0), sample.std(0)
    alive = spread > 1e-6 * max(float(spread.max(initial=0.0)), 1e-12)
    if not alive.any():
        return np.zeros((count, 1), dtype=np.float32)
    scaled = (sample[:, alive] - center[alive]) / spread[alive]
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    kept = min(DIRECTIONS, width, max(1, count // 4))
    axes = vectors[:, ::-1][:, :kept]
    # Half of the differences in strength are taken off: faint directions tell as well.
    axes = axes / np.maximum(values[::-1][:kept], 1e-6) ** 0.25
    axes /= np.sqrt(np.square(scaled @ axes).sum(1).mean())
    out = np.empty((count, kept), dtype=np.float32)
    for start in range(0, count, _BLOCK):
        block = np.asarray(embeddings[start : start + _BLOCK], dtype=np.float64)[:, alive]
        out[start : start + _BLOCK] = (block - center[alive]) / spread[alive] @ axes
    return out


class RegionSearch:
    """Searches one set of cases, as often as the losses change.

    Args:
        looks: (N, D) coordinates from `main_directions`.
        groups: (N,) numbers; cases of one group never foretell each other.
        least_cases: Smallest slice.
        seed: Of folds and centers.
    """

    def __init__(self, looks: Singles, groups: Ints, *, least_cases: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 3])
        self._looks, self._least = looks, least_cases
        _, place = np.unique(groups, return_inverse=True)
        fold = (rng.permutation(int(place.max(initial=0)) + 1) % _FOLDS)[place]
        self._folds = [np.flatnonzero(fold == n) for n in range(_FOLDS)]
        self._grams = [(looks[f].T @ looks[f]).astype(np.float64) for f in self._folds]
        self._gram = np.sum(self._grams, axis=0)
        kept = rng.permutation(len(looks))[:_MOST_CASES]
        self._scanned = np.sort(kept)
        self._share = len(self._scanned) / max(len(looks), 1)
        self._centers = np.sort(rng.permutation(kept)[:_MOST_CENTERS])
        self._order: list[tuple[int, Ints, Floats]] | None = None

    def best(self, excess: Floats, *, least_gain: float = 0.0) -> FoundRegion | None:
        """The region with the most evidence that losses are higher inside.

        Args:
            excess: (N,) loss beyond what is expected, in standard deviations.
            least_gain: A region with less is none.

        Returns:
            The region; None where there is none.
        """
        if len(self._looks) < 4 * self._least:
            return None
        found = [r for r in (self._side(excess), self._near(excess)) if r is not None]
        best = max(found, key=lambda r: r.gain, default=None)
        return best if best is not None and best.gain > least_gain else None

    def _sizes(self, count: int, least: int) -> Ints:
        most = max(int(_MOST_SHARE * count), least)
        return np.unique(np.geomspace(least, most, _SIZES).round().astype(np.int64))

    def _side(self, excess: Floats) -> FoundRegion | None:
        """Ridge regression of the loss; its strength and size by cases left out."""
        sizes = self._sizes(len(self._looks), self._least)
        sums = np.stack([self._looks[f].T @ excess[f].astype(np.float32) for f in self._folds])
        whole = sums.astype(np.float64).sum(0)
        skew = skew_of(excess)
        best = (0.0, 0, 0.0, 0.0)
        for strength in _STRENGTHS:
            told = np.zeros(len(self._looks), dtype=np.float32)
            for rows, gram, own in zip(self._folds, self._grams, sums, strict=True):
                direction = _ridge(self._gram - gram, whole - own, strength)
                told[rows] = self._looks[rows] @ direction.astype(np.float32)
            running = np.cumsum(excess[np.argsort(-told, kind="stable")])[sizes - 1]
            worth = evidence(running, sizes, skew)
            top = int(worth.argmax())
            if worth[top] > best[0]:
                best = float(worth[top]), int(sizes[top]), float(strength), float(running[top])
        if best[0] <= 0:
            return None
        found, size, strength, total = best
        direction = _ridge(self._gram, whole, strength)
        along = self._looks @ direction
        limit = float(np.sort(along)[len(along) - size])
        tried = np.log(len(sizes) * len(_STRENGTHS))
        region = Region("side", direction, limit)
        return FoundRegion(region, size, total / float(np.sqrt(size)), found - tried)

    def _near(self, excess: Floats) -> FoundRegion | None:
        """The neighborhood of a case, of any size, in which losses pile up."""
        # A sample of a large set holds fewer cases of the same region.
        least = max(5, int(np.ceil(self._least * self._share)))
        if len(self._scanned) < 4 * least:
            return None
        sizes = self._sizes(len(self._scanned), least)
        own = excess[self._scanned]
        skew = skew_of(own)
        neighbors = self._neighbors(int(sizes[-1]) + 1)
        sums = np.stack([np.cumsum(own[order[1:]])[sizes - 1] for _, order, _ in neighbors])
        worth = evidence(sums, sizes[None, :], skew)
        best, top = np.unravel_index(int(worth.argmax()), worth.shape)
        if worth[best, top] <= 0:
            return None
        center, _, reach = neighbors[best]
        size = int(sizes[top])
        tried = np.log(len(neighbors) * len(sizes))
        region = Region("near", self._looks[center].astype(np.float64), float(reach[size]))
        z_score = float(sums[best, top] / np.sqrt(size))
        return FoundRegion(
            region, round(size / self._share), z_score, float(worth[best, top] - tried)
        )

    def _neighbors(self, most: int) -> list[tuple[int, Ints, Floats]]:
        """Per center the nearest scanned cases, and how far they are."""
        if self._order is None:
            scanned = self._looks[self._scanned]
            self._order = []
            for center in self._centers:
                squares = _squares(scanned, self._looks[center].astype(np.float64))
                near = np.argpartition(squares, most - 1)[:most]
                order = near[np.argsort(squares[near], kind="stable")]
                self._order.append((int(center), order, np.sqrt(squares[order])))
        return self._order


def _squares(looks: Singles, center: Floats) -> Floats:
    away = looks - center.astype(np.float32)
    return np.asarray(np.einsum("nd,nd->n", away, away), dtype=np.float64)


def _ridge(gram: Floats, told: Floats, strength: float) -> Floats:
    return np.asarray(np.linalg.solve(gram + strength * np.eye(len(gram)), told))
