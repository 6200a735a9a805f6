"""The images most like each image, and how alike: exact search, in blocks of rows.

Similarity is the correlation of two thumbs at the best shift of up to three of their
pixels, in [-1, 1], larger is more alike. Frequencies count by how little power they have in
the whole collection: what all images share (a seam, a bright rim, brushed metal) says
little, what is rare says much. And a loud spot counts no more than the texture around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SHIFT_PX = 3
_ROWS = 64
_PAIRS = 4096
# Frequencies that no image has must not be raised to the power of the others.
_LEAST_POWER = 1e-3
_EMPTY = 1e-9
# A single line or spot may look like another one; the faint texture around it does not.
_LOUD = 0.5


@dataclass(frozen=True, slots=True)
class Neighbors:
    """For each of N images its k nearest by hash: indices and similarities (N, k)."""

    indices: NDArray[np.intp]
    similarity: NDArray[np.float32]


def nearest(
    bits: NDArray[np.uint8], thumbs: NDArray[np.float16], *, neighbors: int
) -> Neighbors:
    """The nearest images by perceptual hash, with the similarity of their thumbs.

    Args:
        bits: (N, 32) hashes, N at least 2.
        thumbs: (N, 32, 32) with mean square 1 or 0.
        neighbors: How many for each image, at most N - 1.

    Returns:
        Indices, in no order, and similarities. Time grows with the square of N: every
        pair of hashes is compared, 256 bits at a time.
    """
    indices = _nearest_by_hash(bits.view(np.uint64), bits.view(np.uint64), neighbors)
    spectra = _spectra(thumbs)
    similarity = np.empty(indices.shape, np.float32)
    rows = max(1, _PAIRS // neighbors)
    for start in range(0, len(indices), rows):
        block = indices[start : start + rows]
        product = spectra[start : start + rows, None].conj() * spectra[block]
        similarity[start : start + rows] = _best_shift(product, thumbs.shape[1])
    return Neighbors(indices, similarity)


def nearest_of_others(
    queries: NDArray[np.uint8], bits: NDArray[np.uint8], *, neighbors: int
) -> NDArray[np.intp]:
    """The nearest images by hash, where the hash that is looked for is another one.

    Args:
        queries: (N, 32) hashes to look for, such as those of the mirrored images.
        bits: (N, 32) hashes of the images.
        neighbors: How many for each, at most N - 1.

    Returns:
        (N, neighbors) numbers of images in no order, never the query's own.
    """
    return _nearest_by_hash(queries.view(np.uint64), bits.view(np.uint64), neighbors)


def _nearest_by_hash(
    queries: NDArray[np.uint64], words: NDArray[np.uint64], neighbors: int
) -> NDArray[np.intp]:
    count = len(words)
    found = np.empty((count, neighbors), np.intp)
    columns = np.ascontiguousarray(words.T)
    for start in range(0, count, _ROWS):
        rows = queries[start : start + _ROWS]
        distance = np.zeros((len(rows), count), np.uint16)
        for word, column in enumerate(columns):
            distance += np.bitwise_count(rows[:, word, None] ^ column)
        own = np.arange(len(rows))
        distance[own, start + own] = np.iinfo(np.uint16).max
        part = np.argpartition(distance, neighbors - 1, axis=1)[:, :neighbors]
        found[start : start + _ROWS] = part
    return found


def _spectra(thumbs: NDArray[np.float16]) -> NDArray[np.complex64]:
    """Of thumbs with equal power at all frequencies and no loud spots, each of size 1."""
    spectra = np.fft.rfft2(thumbs.astype(np.float32)).astype(np.complex64)
    power = np.zeros(spectra.shape[1:])
    for start in range(0, len(spectra), _PAIRS):
        power += np.square(np.abs(spectra[start : start + _PAIRS])).sum(axis=0)
    gain = (1 / np.sqrt(power + _LEAST_POWER * power.max() + _EMPTY)).astype(np.float32)
    for start in range(0, len(spectra), _PAIRS):
        block = np.fft.irfft2(spectra[start : start + _PAIRS] * gain, s=thumbs.shape[1:])
        bound = _LOUD * block.std(axis=(1, 2), keepdims=True)
        block = np.clip(block, -bound, bound)
        block -= block.mean(axis=(1, 2), keepdims=True)
        block /= np.sqrt(np.square(block).sum(axis=(1, 2), keepdims=True)) + _EMPTY
        spectra[start : start + _PAIRS] = np.fft.rfft2(block)
    return spectra


def _best_shift(product: NDArray[np.complex64], size: int) -> NDArray[np.float32]:
    """Largest correlation over small shifts, from products of spectra."""
    correlation = np.fft.irfft2(product, s=(size, size))
    shifts = np.r_[: _SHIFT_PX + 1, -_SHIFT_PX:0]
    window = correlation[..., shifts, :][..., shifts]
    return np.asarray(window.max(axis=(-2, -1)), np.float32)
