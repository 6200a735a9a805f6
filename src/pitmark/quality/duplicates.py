"""Images that show the same thing twice: identical pixels, or nearly the same picture.

Inspection images all look alike, so no fixed similarity means "the same". A pair is near
when it is much closer than the neighborhood it lies in. With d the distance of two
thumbs, an image's 30th neighbor sets the scale of its neighborhood, and the growth of
distances from the 20th to the 48th neighbor tells in how many dimensions m the images
vary (median over the images). If no two images were related and all spread evenly, a
neighbor as close as r times that scale would come with a chance of about 30 r^m; r is set
so that one false pair is expected in the whole collection, and never above 0.8. Real
images come in clusters, so only a third of m is believed (found on public collections of
steel, tiles, boards and handwriting). Hence images that vary in few ways must be much more
alike than images that vary in many.

Groups of more than about 30 images of one thing look like a neighborhood and are missed:
name such images by metadata. In inspection near duplicates are normal (next frame, same
part): keep them in one split, do not delete them. Similarities are in [0, 1], larger is
more alike.

Sources: the estimate of m is that of Levina and Bickel, "Maximum likelihood estimation of
intrinsic dimension", 2004.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.fingerprints import Fingerprint, fingerprint
from pitmark.quality.near_neighbors import Neighbors, cosine_distances, nearest

__all__ = [
    "Contradiction",
    "DuplicatePair",
    "Fingerprint",
    "contradictions",
    "duplicate_groups",
    "find_duplicates",
    "fingerprint",
]

_NEIGHBORS = 96
_SCALE_RANK = 30
_GROWTH_RANKS = (20, 48)
# Below this many images there is no neighborhood to compare with.
_FEWEST_FOR_SCALE = 12
_ALIKE_WITHOUT_SCALE = 0.9
_LEAST_ALIKE = 0.4
_LARGEST_RATIO = 0.8
_BELIEVED = 1 / 3
_DIMENSIONS = (3.0, 400.0)
# Larger groups of identical pixels are told by a star instead of every pair.
_ALL_PAIRS_UP_TO = 20


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two images that show the same thing; `first` came first in the input."""

    first: str
    second: str
    kind: Literal["identical pixels", "near"]
    similarity: float
    why: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two images that show the same thing under different labels."""

    first: str
    second: str
    similarity: float
    why: str


def find_duplicates(
    keys: Sequence[str],
    fingerprints: Sequence[Fingerprint],
    embeddings: NDArray[np.floating[Any]] | None = None,
) -> list[DuplicatePair]:
    """All pairs of images with identical pixels or nearly the same picture.

    Args:
        keys: One per image, all different.
        fingerprints: One per image, in the same order.
        embeddings: (N, D) of a model, if there are any. They can confirm a pair that the
            thumbs leave open, and reject one that to the model is no neighbor at all.

    Returns:
        Pairs, most alike first. 100,000 images take some minutes and about 3 GB.

    Raises:
        InvalidInputError: Lengths that differ, or a key that occurs twice.
    """
    if len(keys) != len(fingerprints) or len(set(keys)) != len(keys):
        raise InvalidInputError(
            f"{len(fingerprints)} fingerprints need as many different keys, found"
            f" {len(set(keys))} among {len(keys)}"
        )
    if embeddings is not None and (embeddings.ndim != 2 or len(embeddings) != len(keys)):
        raise InvalidInputError(
            f"{len(keys)} images need (N, D) embeddings, not {embeddings.shape}"
        )
    identical: dict[str, list[int]] = defaultdict(list)
    for index, found in enumerate(fingerprints):
        identical[found.pixels].append(index)
    pairs = [p for group in identical.values() for p in _identical_pairs(keys, group)]
    unique = np.array([g[0] for g in identical.values()], dtype=np.intp)
    # An empty picture is like every other: only its very pixels can tell.
    unique = unique[[bool(fingerprints[i].thumb.any()) for i in unique]]
    pairs += _near_pairs(keys, fingerprints, unique, embeddings)
    return sorted(pairs, key=lambda p: (-p.similarity, p.first, p.second))


def duplicate_groups(pairs: Iterable[DuplicatePair]) -> list[tuple[str, ...]]:
    """The images that belong together by any chain of pairs.

    Args:
        pairs: As found.

    Returns:
        Groups of at least two keys, each sorted, the largest first.
    """
    root: dict[str, str] = {}

    def find(key: str) -> str:
        while root.setdefault(key, key) != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for pair in pairs:
        root[find(pair.first)] = find(pair.second)
    groups = defaultdict(list)
    for key in root:
        groups[find(key)].append(key)
    return sorted((tuple(sorted(g)) for g in groups.values()), key=lambda g: (-len(g), g))


def contradictions(
    pairs: Iterable[DuplicatePair], labels: Mapping[str, str]
) -> list[Contradiction]:
    """Pairs whose labels differ although the pictures do not.

    Args:
        pairs: As found.
        labels: Class, or hash of all labels, by key; unlabeled images are absent.

    Returns:
        Contradictions, most alike first.
    """
    found = [
        Contradiction(
            p.first,
            p.second,
            p.similarity,
            f"labeled {labels[p.first]!r} and {labels[p.second]!r}, but {p.why}",
        )
        for p in pairs
        if p.first in labels and p.second in labels and labels[p.first] != labels[p.second]
    ]
    return sorted(found, key=lambda c: (-c.similarity, c.first, c.second))


def _identical_pairs(keys: Sequence[str], group: Sequence[int]) -> list[DuplicatePair]:
    together: Iterable[tuple[int, int]] = combinations(group, 2)
    if len(group) > _ALL_PAIRS_UP_TO:
        together = ((group[0], other) for other in group[1:])
    why = "every pixel is the same"
    return [DuplicatePair(keys[a], keys[b], "identical pixels", 1.0, why) for a, b in together]


def _near_pairs(
    keys: Sequence[str],
    fingerprints: Sequence[Fingerprint],
    unique: NDArray[np.intp],
    embeddings: NDArray[np.floating[Any]] | None,
) -> list[DuplicatePair]:
    count = len(unique)
    if count < 2:
        return []
    bits = np.array([fingerprints[i].bits for i in unique])
    thumbs = np.array([fingerprints[i].thumb for i in unique])
    neighbors = nearest(bits, thumbs, neighbors=min(_NEIGHBORS, count - 1))
    if count < _FEWEST_FOR_SCALE:
        close = neighbors.similarity >= _ALIKE_WITHOUT_SCALE
        scale = np.full(count, np.nan)
    else:
        close, scale = _close(neighbors)
        if embeddings is not None:
            close = _with_embeddings(close, neighbors, embeddings[unique])
    rows, columns = np.nonzero(close)
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        other = int(neighbors.indices[row, column])
        pair = (int(unique[min(row, other)]), int(unique[max(row, other)]))
        usual = float(max(scale[row], scale[other]))
        found[pair] = (float(np.clip(neighbors.similarity[row, column], 0, 1)), usual)
    return [
        DuplicatePair(keys[a], keys[b], "near", similarity, _why(similarity, usual))
        for (a, b), (similarity, usual) in found.items()
    ]


def _why(similarity: float, usual: float) -> str:
    alike = f"the pictures agree to {similarity:.3f} after removing brightness and contrast"
    if np.isnan(usual):
        return alike
    return f"{alike}, where otherwise the nearest ones agree to about {max(usual, 0):.2f}"


def _close(neighbors: Neighbors) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which neighbors are near duplicates, and each image's similarity at its scale."""
    similarity = neighbors.similarity.astype(np.float64)
    ratio, scale = _ratios(np.sqrt(np.maximum(1 - similarity, 0)), neighbors.indices)
    close = (ratio[0] <= ratio[1]) & (similarity >= _LEAST_ALIKE)
    return close, 1 - np.square(scale)


def _with_embeddings(
    close: NDArray[np.bool_], neighbors: Neighbors, embeddings: NDArray[np.floating[Any]]
) -> NDArray[np.bool_]:
    """Rejects what the model finds no neighbor, adds what both views find nearly close."""
    distance = np.sqrt(np.maximum(1 - neighbors.similarity.astype(np.float64), 0))
    thumb, _ = _ratios(distance, neighbors.indices)
    cosine = cosine_distances(embeddings, neighbors.indices).astype(np.float64)
    model, _ = _ratios(cosine, neighbors.indices)
    # Two views that agree may each be half as strict (in logarithms of chance).
    lenient = min(float(np.sqrt(thumb[1])), _LARGEST_RATIO)
    both = (thumb[0] <= lenient) & (model[0] <= np.sqrt(model[1]))
    both &= neighbors.similarity >= _LEAST_ALIKE
    return np.asarray((close & (model[0] < 1)) | both)


def _ratios(
    distance: NDArray[np.float64], indices: NDArray[np.intp]
) -> tuple[tuple[NDArray[np.float64], float], NDArray[np.float64]]:
    """Distances over the larger scale of the two images, the limit, and the scales (N,)."""
    count, known = distance.shape
    ordered = np.sort(distance, axis=1)
    rank = min(_SCALE_RANK, max(known // 2, 1))
    scale = np.maximum(ordered[:, rank - 1], 1e-6)
    low, high = (min(r, known) for r in _GROWTH_RANKS)
    if high - low < 5:
        low, high = known // 3, known
    logs = np.log(np.maximum(ordered[:, high - 1 : high], 1e-6))
    growth = (logs - np.log(np.maximum(ordered[:, low : high - 1], 1e-6))).mean(axis=1)
    dimensions = float(np.clip(1 / max(float(np.median(growth)), 1e-6), *_DIMENSIONS))
    limit = min((1 / (count * rank)) ** (1 / (_BELIEVED * dimensions)), _LARGEST_RATIO)
    # The pair must be close for both: an outlier's scale alone would pair it with anything.
    both: NDArray[np.float64] = np.minimum(scale[:, None], scale[indices])
    return (distance / both, limit), scale
