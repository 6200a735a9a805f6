"""Which images show the same thing nearly the same way, told from those that only look alike.

Inspection images all look alike, so no fixed similarity means "the same". Candidates come
from a perceptual hash and, where there are vectors of a model, from these; pictures of
candidates are laid over each other. Similarities are taken as z = artanh. An image's
neighborhood is described by the z at its 30th candidate and by how fast z falls from the
24th to the 48th: unrelated images that all look alike have an exponential tail, which tells
how high the best would come by chance. A pair is near when it lies above that for
both images. Hence images that share a layout must agree far better than images of bare
texture, and an image that is like nothing else is not paired with anything.

Groups of more than about 24 images of one thing look like a neighborhood and are missed:
name such images by metadata. Turned and mirrored copies must lie above the same limits
and share much of the marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.copies.fingerprints import Fingerprint, hash_bits
from pitmark.quality.copies.near_neighbors import nearest, nearest_of_others
from pitmark.quality.copies.nearest_rows import nearest_rows
from pitmark.quality.copies.registered import TURNS, Registered, turned
from pitmark.quality.copies.tail_limits import MOST_SIMILAR, tail_limits

_BY_HASH, _BY_THUMB, _BY_MODEL, _BY_TURN = 96, 48, 16, 3
# Pictures that share less than this are never the same, whatever the others do.
_LEAST_ALIKE = 0.2
# A stored flip is a copy of all; repeating patterns (pads, holes) are a little like theirs.
_LEAST_ALIKE_TURNED = 0.4
_MOST_FOR_TURNS = 20_000
# Of more images than this only the likest one is tried for each turn.
_FEW = 3000

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two images by number, how alike they are, and how alike unrelated ones come.

    `usual` is nan where there are too few images to tell. `turn` is the way in which the
    first one must be turned to lie on the second.
    """

    first: int
    second: int
    similarity: float
    usual: float
    turn: int = 0


def near_pairs(
    fingerprints: Sequence[Fingerprint], embeddings: NDArray[np.floating[Any]] | None = None
) -> list[NearPair]:
    """Pairs of images that show the same thing.

    Args:
        fingerprints: One per image, none of them empty.
        embeddings: (N, D) of a model, or None.

    Returns:
        The pairs, each once, in no order.
    """
    count = len(fingerprints)
    if count < 2:
        return []
    registered = Registered([f.picture for f in fingerprints])
    indices = _candidates(fingerprints, embeddings)
    z = _similarities(registered, indices)
    limit, usual = tail_limits(z, count)
    rows, columns = np.nonzero(z > np.arctanh(_LEAST_ALIKE))
    others = indices[rows, columns]
    bound = np.maximum(limit[rows], limit[others])
    found = {
        (min(a, b), max(a, b)): NearPair(
            min(a, b), max(a, b), float(np.tanh(v)), float(np.tanh(max(usual[a], usual[b])))
        )
        for a, b, v, least in zip(
            rows.tolist(), others.tolist(), z[rows, columns], bound, strict=True
        )
        if v > least
    }
    if count <= _MOST_FOR_TURNS:
        for pair in _turned_pairs(registered, fingerprints, limit, usual):
            found.setdefault((pair.first, pair.second), pair)
    return list(found.values())


def _candidates(
    fingerprints: Sequence[Fingerprint], embeddings: NDArray[np.floating[Any]] | None
) -> Numbers:
    """(N, k) numbers of images that may show the same; an image's own number fills gaps."""
    count = len(fingerprints)
    bits = np.array([f.bits for f in fingerprints])
    thumbs = np.array([f.thumb for f in fingerprints])
    found = nearest(bits, thumbs, neighbors=min(_BY_HASH, count - 1))
    keep = min(_BY_THUMB, count - 1)
    best = np.argsort(-found.similarity, axis=1)[:, :keep]
    indices = np.take_along_axis(found.indices, best, axis=1)
    if embeddings is None:
        return indices
    other, _ = nearest_rows(embeddings, min(_BY_MODEL, count - 1))
    indices = np.sort(np.concatenate([indices, other], axis=1), axis=1)
    again = np.zeros(indices.shape, np.bool_)
    again[:, 1:] = indices[:, 1:] == indices[:, :-1]
    return np.where(again, np.arange(count)[:, None], indices)


def _similarities(registered: Registered, indices: Numbers) -> Floats:
    """(N, k) z of each image and its candidates; those that are itself are far below all."""
    own = np.repeat(np.arange(len(indices)), indices.shape[1])
    other = indices.ravel()
    low, high = np.minimum(own, other), np.maximum(own, other)
    codes, place = np.unique(low * len(indices) + high, return_inverse=True)
    first, second = np.divmod(codes, len(indices))
    found = _z(registered.similarity(first, second))
    found[first == second] = -1.0
    return np.asarray(found[place].reshape(indices.shape))


def _z(similarity: NDArray[np.float32]) -> Floats:
    return np.arctanh(np.clip(similarity.astype(np.float64), -MOST_SIMILAR, MOST_SIMILAR))


def _turned_pairs(
    registered: Registered,
    fingerprints: Sequence[Fingerprint],
    limit: Floats,
    usual: Floats,
) -> list[NearPair]:
    """Pairs of which one is the other turned or mirrored."""
    bits = np.array([f.bits for f in fingerprints])
    own = np.arange(len(bits))
    wanted = _BY_TURN if len(bits) <= _FEW else 1
    found: dict[tuple[int, int], NearPair] = {}
    for turn in range(1, TURNS):
        ways = np.array([hash_bits(turned(f.thumb, turn)) for f in fingerprints])
        indices = nearest_of_others(ways, bits, neighbors=min(wanted, len(bits) - 1))
        first, second = np.repeat(own, indices.shape[1]), indices.ravel()
        z = _z(registered.similarity(first, second, turn=turn))
        least = np.maximum(limit[first], limit[second])
        least = np.maximum(least, np.arctanh(_LEAST_ALIKE_TURNED))
        for k in np.flatnonzero(z > least).tolist():
            a, b = int(first[k]), int(second[k])
            level = float(np.tanh(max(usual[a], usual[b])))
            pair = NearPair(a, b, float(np.tanh(z[k])), level, turn)
            known = found.get((min(a, b), max(a, b)))
            if known is None or known.similarity < pair.similarity:
                found[min(a, b), max(a, b)] = pair
    return list(found.values())
