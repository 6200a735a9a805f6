"""Which labeled images to learn from where there are more than time allows.

Every class keeps a share of its own; within a class the images are cut into cells of
things that look alike, and in each cell those are kept that stand best for the rest.
Images that are hard for a model count more, those whose label is likely wrong do not.
Everything streams: a million vectors may lie in a mapped file.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes
from pitmark.quality.selection.covering import cover
from pitmark.quality.selection.likeness import Rows, Scale, likeness, scale_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Cells of about so many images: their table of likeness stays small.
_CELL = 1000
_MOST_CELLS = 256
_FIT_PER_CELL = 24
_ROUNDS = 6
_BLOCK = 32_768
# Shares of classes follow the root of their counts: rare ones get more than their part.
_BALANCE = 0.5
_HARD = 2.0
# A model this sure of another class doubts the label rather than the image.
_LABEL_DOUBT = 0.9


@dataclass(frozen=True, eq=False)
class Coreset:
    """The images to keep.

    Attributes:
        rows: (k,) rows of the vectors, rising.
        stands_for: (k,) how many images each stands for, itself included; they sum to N.
        by_class: (K,) how many of each class were kept.
        likeness: How far the kept images stand for all, in [0, 1]; 1 when all are kept.
    """

    rows: Ints
    stands_for: Ints
    by_class: Ints
    likeness: float


def select_coreset(
    vectors: NDArray[np.floating],
    count: int,
    *,
    labels: Ints | None = None,
    hardness: Floats | None = None,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Coreset:
    """The images to keep out of N.

    Args:
        vectors: (N, D) of all images from one backbone; may be a mapped file.
        count: How many to keep, 1 to N.
        labels: (N,) class numbers; None takes all for one class.
        hardness: (N,) in [0, 1], 1 hardest; see `hardness_of`. None takes all alike.
        groups: (N,) images of one group count once while there are others in their cell.
        seed: Of the cells.

    Returns:
        The coreset.

    Raises:
        InvalidInputError: Shapes do not fit, or the count is not within 1 and N.
    """
    total = len(vectors)
    sizes = {len(v) for v in (labels, hardness, groups) if v is not None}
    if vectors.ndim != 2 or not 1 <= count <= total or sizes - {total}:
        raise InvalidInputError(
            f"cannot keep {count} of {vectors.shape} vectors with {sorted(sizes)} labels",
            hint="Keep at least 1 and at most as many as there are.",
        )
    kinds = np.zeros(total, np.int64) if labels is None else np.asarray(labels, np.int64)
    codes = np.arange(total) if groups is None else group_codes(groups)
    weight = np.ones(total) if hardness is None else 1 + _HARD * np.asarray(hardness)
    scale = scale_of(vectors)
    counts = np.bincount(kinds)
    quotas = shares(counts.astype(np.float64) ** _BALANCE, counts, count)
    rng = np.random.default_rng(seed)
    kept: list[Ints] = []
    stands: list[Ints] = []
    similar = 0.0
    for kind, quota in enumerate(quotas.tolist()):
        members = np.flatnonzero(kinds == kind)
        for cell, share in _cells(vectors, members, quota, weight, scale, rng):
            unit = scale.unit(vectors[cell])
            found = _keep(unit, share, weight[cell], codes[cell])
            kept.append(cell[found[0]])
            stands.append(found[1])
            similar += found[2]
    rows = np.concatenate(kept)
    order = np.argsort(rows)
    by_class = np.bincount(kinds[rows], minlength=len(counts))
    return Coreset(rows[order], np.concatenate(stands)[order], by_class, similar / total)


def hardness_of(chances: Floats, labels: Ints) -> Floats:
    """How close a model that never saw an image was to taking it for another class.

    Args:
        chances: (N, K) out of fold.
        labels: (N,) class numbers.

    Returns:
        (N,) in [0, 1]; 0 too where the model is so sure of another class that the label
        is more likely wrong than the image hard.
    """
    own = chances[np.arange(len(labels)), labels]
    other = chances.copy()
    other[np.arange(len(labels)), labels] = 0
    rival = other.max(axis=1)
    close = 1 - np.abs(own - rival) / np.maximum(own + rival, 1e-12)
    return np.asarray(np.where(rival >= _LABEL_DOUBT, 0, close))


def shares(weight: Floats, most: Ints, count: int) -> Ints:
    """A number shared out by weight, never above what is there.

    Args:
        weight: (K,) not negative.
        most: (K,) upper limits.
        count: What to share out, at most the sum of the limits.

    Returns:
        (K,) whole numbers that sum to `count`; at least one wherever there is room and
        something to give.
    """
    out = np.zeros(len(weight), np.int64)
    order = np.argsort(-weight, kind="stable")
    if count >= (most > 0).sum():
        out[most > 0] = 1
    while (left := count - int(out.sum())) > 0:
        open_ = out < most
        part = np.where(open_, np.maximum(weight, 1e-12), 0)
        want = count * part / part.sum() - np.where(open_, out, 0)
        want = np.maximum(want, 0)
        give = np.floor(want * min(1.0, left / max(want.sum(), 1e-12))).astype(np.int64)
        give = np.minimum(give, most - out) * open_
        if not give.any():
            # Less than one is left for each: one by one, those first that lack most.
            lack = np.where(open_, want, -1)
            give[order[np.argsort(-lack[order], kind="stable")][: min(left, open_.sum())]] = 1
        out += give
    return out


def _cells(
    vectors: NDArray[np.floating],
    members: Ints,
    quota: int,
    weight: Floats,
    scale: Scale,
    rng: np.random.Generator,
) -> list[tuple[Ints, int]]:
    """Images of one class in cells that look alike, each with how many to keep."""
    if quota == 0 or not len(members):
        return []
    wanted = min(len(members) // _CELL + 1, _MOST_CELLS, quota)
    if wanted == 1:
        return _cut([members], np.array([quota]))
    sample = np.sort(rng.permutation(members)[: wanted * _FIT_PER_CELL])
    centers = _centers(scale.unit(vectors[sample]), wanted, rng)
    own = np.concatenate(
        [
            (scale.unit(vectors[part]) @ centers.T).argmax(axis=1)
            for part in np.array_split(members, len(members) // _BLOCK + 1)
        ]
    )
    order = np.argsort(own, kind="stable")
    ends = np.cumsum(np.bincount(own, minlength=wanted))[:-1]
    cells = [c for c in np.split(members[order], ends) if len(c)]
    heavy = np.array([weight[c].sum() for c in cells])
    return _cut(cells, shares(heavy, np.array([len(c) for c in cells]), quota))


def _cut(cells: Sequence[Ints], quotas: Ints) -> list[tuple[Ints, int]]:
    """Cells with their quotas; those far too large for a table are cut up."""
    out: list[tuple[Ints, int]] = []
    for cell, quota in zip(cells, quotas.tolist(), strict=True):
        pieces = np.array_split(cell, max(1, min(len(cell) // (4 * _CELL) + 1, max(quota, 1))))
        sizes = np.array([len(p) for p in pieces])
        parts = shares(sizes.astype(np.float64), sizes, quota)
        out += zip(pieces, parts.tolist(), strict=True)
    return out


def _centers(unit: Rows, wanted: int, rng: np.random.Generator) -> Rows:
    """Spherical k-means on a sample."""
    centers = unit[rng.permutation(len(unit))[:wanted]].copy()
    for _ in range(_ROUNDS):
        own = (unit @ centers.T).argmax(axis=1)
        sums = np.zeros_like(centers)
        np.add.at(sums, own, unit)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centers = np.where(length > 0, sums / np.where(length > 0, length, 1), centers)
    return centers


def _keep(unit: Rows, count: int, weight: Floats, groups: Ints) -> tuple[Ints, Ints, float]:
    """What to keep of one cell, how many each stands for, and the sum of likeness."""
    if count == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0
    table = likeness(unit, unit)
    found = cover(table, count, demand=weight, groups=groups)
    best = table[:, found.picks]
    stands = np.bincount(best.argmax(axis=1), minlength=len(found.picks))
    return found.picks, stands.astype(np.int64), float(best.max(axis=1).sum())
