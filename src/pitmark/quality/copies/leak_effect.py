"""How much a score owes to held-out images whose likes were learned from.

Two figures, in points of the share of right answers. `leak_effect`: leaked and clean images
of the same class are compared, so that an easy class that leaks more does not count.
`regrouping_effect`: each image is named after the image most like it, once among all others
and once among those of other groups. Positive means that the score is too high.
Intervals are 95 %, from redrawing whole groups.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.copies.nearest_rows import nearest_rows
from pitmark.quality.group_codes import group_codes

_DRAWS = 400
_FEWEST = 5
_MOST_NEIGHBORS = 128

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """A score as it stands, as it would be without leaks, and the difference with interval."""

    stated: float
    honest: float
    low: float
    high: float
    compared: int

    @property
    def gain(self) -> float:
        """By how much the stated score is too high."""
        return self.stated - self.honest

    def sentence(self) -> str:
        """The effect in words."""
        sure = "" if self.low > 0 else "; it may be chance"
        return (
            f"the score of {self.stated:.1%} would be about {self.honest:.1%} without leaks"
            f" ({100 * self.gain:+.1f} points too high, 95 % interval"
            f" {100 * self.low:+.1f} to {100 * self.high:+.1f}{sure})"
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "stated": round(self.stated, 4),
            "honest": round(self.honest, 4),
            "points_too_high": round(100 * self.gain, 2),
            "low": round(100 * self.low, 2),
            "high": round(100 * self.high, 2),
            "compared": self.compared,
        }


def leak_effect(
    right: NDArray[np.bool_],
    leaked: NDArray[np.bool_],
    classes: Sequence[Hashable],
    groups: Sequence[Hashable],
    *,
    seed: int = 0,
) -> Effect | None:
    """What leaked images add to a score.

    Args:
        right: (N,) whether a model was right on each held-out image.
        leaked: (N,) whether something like it was in training.
        classes: (N,) of the images.
        groups: (N,) images of one group are redrawn together.
        seed: Of the draws.

    Returns:
        The effect, or None where no class has five leaked and five clean images.

    Raises:
        InvalidInputError: Lengths that differ.
    """
    if not len(right) == len(leaked) == len(classes) == len(groups):
        raise InvalidInputError("right, leaked, classes and groups differ in length")
    labels = group_codes(classes)
    told = [
        c
        for c in range(labels.max(initial=-1) + 1)
        if min((leaked & (labels == c)).sum(), (~leaked & (labels == c)).sum()) >= _FEWEST
    ]
    keep = np.isin(labels, told)
    if not keep.any():
        return None
    right, leaked, labels = right[keep], leaked[keep], labels[keep]
    units = group_codes([g for g, k in zip(groups, keep, strict=True) if k])
    every = np.ones(len(right))

    def gain(weight: Floats) -> float:
        out = 0.0
        for c in told:
            mine = (labels == c) * weight
            bad, clean = mine * leaked, mine * ~leaked
            if bad.any() and clean.any():
                lift = (bad * right).sum() / bad.sum() - (clean * right).sum() / clean.sum()
                out += lift * bad.sum() / weight.sum()
        return float(out)

    low, high = _interval(gain, units, seed)
    stated = float(right.mean())
    return Effect(stated, stated - gain(every), low, high, len(right))


def regrouping_effect(
    embeddings: NDArray[np.floating[Any]],
    classes: Sequence[Hashable],
    groups: Sequence[Hashable],
    *,
    seed: int = 0,
) -> Effect | None:
    """What a split that tears groups would add to the score of a simple model.

    Args:
        embeddings: (N, D) of one model that saw no label.
        classes: (N,) of the images.
        groups: (N,) their groups; images on their own need names of their own.
        seed: Of the draws.

    Returns:
        The effect, or None with fewer than ten images or two groups or classes.
    """
    labels, units = group_codes(classes), group_codes(groups)
    count = len(labels)
    if count < 2 * _FEWEST or labels.max() == 0 or units.max() == 0:
        return None
    largest = int(np.bincount(units).max())
    near, _ = nearest_rows(embeddings, min(largest, _MOST_NEIGHBORS, count - 1))
    foreign = units[near] != units[:, None]
    known = foreign.any(axis=1)
    if known.sum() < 2 * _FEWEST:
        return None
    own = np.arange(count)
    among_all = (labels[near[:, 0]] == labels)[known].astype(np.float64)
    apart = (labels[near[own, foreign.argmax(axis=1)]] == labels)[known].astype(np.float64)

    def gain(weight: Floats) -> float:
        return float(((among_all - apart) * weight).sum() / weight.sum())

    low, high = _interval(gain, units[known], seed)
    return Effect(float(among_all.mean()), float(apart.mean()), low, high, int(known.sum()))


def _interval(gain: Any, units: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """95 % of what redrawing whole groups gives."""
    rng = np.random.default_rng(seed)
    distinct = np.unique(units)
    place = np.searchsorted(distinct, units)
    values = []
    for _ in range(_DRAWS):
        drawn = np.bincount(
            rng.integers(len(distinct), size=len(distinct)), minlength=len(distinct)
        )
        weight = drawn[place].astype(np.float64)
        if weight.sum():
            values.append(gain(weight))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
