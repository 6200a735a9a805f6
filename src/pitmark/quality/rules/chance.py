"""Whether any of many features says anything about which of two names is used.

Under chance, what an image adds to the sum of products of answer and feature is as often
positive as negative. So the signs of whole images are flipped at random, for all features
at once: the largest of all sums then has a distribution that holds for as many features
as one likes, and for answers that hang together within an image.
Source: Westfall and Young (1993) for the largest of many; Hemerik, Goeman and Finos (2020),
Robust testing in generalized linear models by sign flipping score contributions.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

FEWEST_GROUPS = 10
_FLIPS = 4000
_AT_ONCE = 250

Floats = NDArray[np.float64]


def chance_levels(
    features: NDArray[np.floating],
    second: NDArray[np.bool_],
    groups: Sequence[Hashable],
    *,
    strata: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Floats:
    """How likely chance alone makes some feature fit the answers as well as each does.

    Args:
        features: (N, F) finite; ranks are compared, so that one odd value decides nothing.
        second: (N,) whether an answer is the second of two names.
        groups: (N,) those that are about one image or part.
        strata: (N,) answers that are compared among themselves only, such as those of
            one labeler; None compares all.
        seed: Of the flips.

    Returns:
        (F,) in (0, 1]; lower is stronger, and no correction for F is needed. All 1 with
        fewer than ten groups, for which nothing can be said.

    Raises:
        InvalidInputError: The lengths do not fit.
    """
    table = np.asarray(features, dtype=np.float64)
    if table.ndim != 2 or not len(table) == len(second) == len(groups):
        raise InvalidInputError(
            f"features {table.shape}, {len(second)} answers and {len(groups)} groups"
            " do not fit together"
        )
    codes = group_codes(groups)
    if not table.shape[1] or not len(codes) or codes.max() + 1 < FEWEST_GROUPS:
        return np.ones(table.shape[1])
    among = np.zeros(len(codes), np.int64) if strata is None else group_codes(strata)
    ranks = np.column_stack([_ranks(column) for column in table.T])
    residuals = _centered(np.asarray(second, dtype=np.float64)[:, None], among)
    products = residuals * _centered(ranks, among)
    # Deviations from a mean of few are too small; what chance does must not be as well.
    of_few = np.bincount(among)[among] / np.maximum(np.bincount(among)[among] - 2, 1)
    sums, wide = _by_group(products, codes), _by_group(products * of_few[:, None] ** 0.5, codes)
    size = np.sqrt(np.square(wide).sum(axis=0))
    # A column that never differs, or where only one image speaks, proves nothing.
    told = (size > 0) & (np.square(wide).max(axis=0) < 0.5 * np.square(size))
    scale = np.where(told, 1 / np.where(size > 0, size, 1), 0.0)
    rng, seen = np.random.default_rng(seed), np.abs(sums.sum(axis=0)) * scale
    beyond = np.zeros(len(seen), np.int64)
    for _ in range(_FLIPS // _AT_ONCE):
        signs = rng.choice((-1.0, 1.0), (_AT_ONCE, len(wide)))
        largest = np.abs(signs @ (wide * scale)).max(axis=1)
        beyond += (largest[:, None] >= seen - 1e-9).sum(axis=0)
    return np.asarray(np.where(told, (1 + beyond) / (1 + _FLIPS), 1.0))


def _by_group(products: Floats, codes: NDArray[np.int64]) -> Floats:
    out = np.zeros((codes.max() + 1, products.shape[1]))
    np.add.at(out, codes, products)
    return out


def _centered(columns: Floats, strata: NDArray[np.int64]) -> Floats:
    total = np.zeros((strata.max() + 1, columns.shape[1]))
    np.add.at(total, strata, columns)
    return np.asarray(columns - (total / np.bincount(strata)[:, None])[strata])


def _ranks(values: Floats) -> Floats:
    """Mean ranks in [0, 1], equal for equal values."""
    levels, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(levels) < 2:
        return np.zeros(len(values))
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray((middle / max(len(values) - 1, 1))[place])
