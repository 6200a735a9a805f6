"""Images that show the same thing twice: identical pixels, or nearly the same picture.

In inspection near duplicates are normal (next frame, same part under another light): keep
them in one split, do not delete them. How near is near is said in `near_pairs`.
Similarities are in [0, 1], larger is more alike.
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
from pitmark.quality.copies.fingerprints import Fingerprint, fingerprint
from pitmark.quality.copies.near_pairs import NearPair, near_pairs
from pitmark.quality.copies.registered import TURN_WORDS

__all__ = [
    "Contradiction",
    "DuplicatePair",
    "Fingerprint",
    "contradictions",
    "duplicate_groups",
    "find_duplicates",
    "fingerprint",
]

_OTHER_LIGHT = 1.15
# Larger groups of identical pixels are told by a star instead of every pair.
_ALL_PAIRS_UP_TO = 20


Kind = Literal["identical pixels", "near", "turned"]


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two images that show the same thing; `first` came first in the input."""

    first: str
    second: str
    kind: Kind
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
        embeddings: (N, D) of a model, if there are any: images close to it are laid over
            each other as well as those of similar hashes.

    Returns:
        Pairs, most alike first.

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
    unique = unique[[_has_marks(fingerprints[i]) for i in unique]]
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


def _has_marks(found: Fingerprint) -> bool:
    return bool(found.thumb.any() and found.picture.any())


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
    prints = [fingerprints[i] for i in unique]
    vectors = None if embeddings is None else embeddings[unique]
    out = []
    for pair in near_pairs(prints, vectors):
        one, other = sorted((int(unique[pair.first]), int(unique[pair.second])))
        kind: Kind = "turned" if pair.turn else "near"
        why = _why(pair, fingerprints[one], fingerprints[other])
        out.append(DuplicatePair(keys[one], keys[other], kind, pair.similarity, why))
    return out


def _why(pair: NearPair, one: Fingerprint, other: Fingerprint) -> str:
    told = f"laid over each other the marks agree to {pair.similarity:.2f}"
    if pair.turn:
        told = f"one is the other {TURN_WORDS[pair.turn]}: {told}"
    if not np.isnan(pair.usual):
        told += f", where unrelated images reach {max(pair.usual, 0):.2f}"
    light = (one.light + 1) / (other.light + 1)
    if max(light, 1 / light) > _OTHER_LIGHT:
        told += f"; one is {max(light, 1 / light):.1f} times as bright"
    if one.size_wh != other.size_wh:
        told += "; they are cut differently"
    return told
