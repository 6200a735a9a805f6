"""The few directions in which a model's embeddings differ, and what they leave out.

A basis fitted to few images flatters those very images: they lie closer to it than any
later image will. A reference is therefore measured by bases that did not see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.block_spread import independent_images

Array = NDArray[np.float64]

_FOLDS = 5
_MOST_DIRECTIONS = 12
_IMAGES_PER_DIRECTION = 10


@dataclass(frozen=True, slots=True)
class EmbeddingBasis:
    """Center (D,) and orthonormal directions (K, D) of embeddings, strongest first."""

    center: Array
    directions: Array

    def measure(self, embeddings: Array) -> Array:
        """Coordinates along each direction and the distance that they leave.

        Args:
            embeddings: (N, D).

        Returns:
            (N, K + 1); (N, 0) where there are no directions.
        """
        if not len(self.directions):
            return np.empty((len(embeddings), 0))
        centered = embeddings - self.center
        along = centered @ self.directions.T
        rest = np.square(centered).sum(axis=1) - np.square(along).sum(axis=1)
        return np.column_stack([along, np.sqrt(np.maximum(rest, 0.0))])


def fit_basis(embeddings: Array) -> tuple[EmbeddingBasis, Array]:
    """The basis of some embeddings, and what new images like them would measure.

    Args:
        embeddings: (N, D) in order of time; D may be 0.

    Returns:
        The basis with up to 12 directions (one per ten images, neighbors in time that
        resemble each other counting as one), and (N, K + 1) measurements of the same
        images, each by a basis fitted without it and without its neighbors in time,
        turned to agree with the whole basis.
    """
    count, width = embeddings.shape
    images = independent_images(embeddings)
    wanted = min(_MOST_DIRECTIONS, int(images / _IMAGES_PER_DIRECTION), width - 1)
    center = embeddings.mean(axis=0)
    none = np.empty((0, width))
    directions = _strongest(embeddings - center, wanted) if wanted > 0 else none
    # Rounded as they will be stored, so that a stored basis measures the very same.
    basis = EmbeddingBasis(center, directions.astype(np.float32).astype(np.float64))
    if not len(directions):
        return basis, np.empty((count, 0))
    held_out = np.empty((count, len(directions) + 1))
    for fold in np.array_split(np.arange(count), _FOLDS):
        if len(fold):
            held_out[fold] = _by_others(embeddings, fold, basis)
    return basis, held_out


def _by_others(embeddings: Array, fold: NDArray[np.intp], basis: EmbeddingBasis) -> Array:
    """Measurements of some images by the basis that the others give."""
    others = np.delete(embeddings, fold, axis=0)
    center = others.mean(axis=0)
    directions = _strongest(others - center, len(basis.directions))
    turned = EmbeddingBasis(center, _turned(directions, basis.directions))
    found = turned.measure(embeddings[fold])
    # Coordinates count from the one center that later images will be measured from.
    found[:, :-1] += (center - basis.center) @ turned.directions.T
    return found


def _strongest(centered: Array, wanted: int) -> Array:
    """Up to `wanted` leading right singular vectors as rows, with a settled sign."""
    # The smaller of the two Gram matrices: embeddings are wide, references short.
    if centered.shape[0] < centered.shape[1]:
        values, vectors = np.linalg.eigh(centered @ centered.T)
        values, vectors = values[::-1][:wanted], vectors[:, ::-1][:, :wanted]
        real = values > max(values[0], 0.0) * 1e-9
        rows = (vectors[:, real].T @ centered) / np.sqrt(values[real])[:, None]
    else:
        values, vectors = np.linalg.eigh(centered.T @ centered)
        values = values[::-1][:wanted]
        rows = vectors.T[::-1][:wanted][values > max(values[0], 0.0) * 1e-9]
    if not len(rows):
        return np.empty((0, centered.shape[1]))
    leading = np.abs(rows).argmax(axis=1)
    return np.asarray(rows * np.sign(rows[np.arange(len(rows)), leading])[:, None])


def _turned(directions: Array, target: Array) -> Array:
    """The same subspace with axes as near to those of `target` as they can be."""
    if not len(directions):
        return np.zeros_like(target)
    left, _, right = np.linalg.svd(target @ directions.T, full_matrices=False)
    return np.asarray(left @ right @ directions)
