"""The best score that labels allow: what a model without any fault would get on them.

Labels that are wrong count against a model that is right. All scores lie in [0, 1]; a
ceiling is never below 0 or above 1 and has an interval wherever it has a value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError

Floats = NDArray[np.float64]

_DRAWS = 1000
# Probabilities of a fault are taken to be right within a factor of two of their odds.
_ODDS_FACTOR = 2.0
_CONFIDENCE = 0.95
_NORMAL = 1.959964


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The best value of one metric, with its 95 % interval, all in [0, 1]."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """The fields as plain JSON types."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Stake:
    """What one possible fault would cost a perfect model.

    `lost` of what is labeled `lost_class` would not be found (it is not there), and `gained`
    of `gained_class` would be found without label; in images, objects or square pixels.
    A class of -1 means none. `chance` is the probability that the label is wrong.
    """

    chance: float
    lost_class: int
    gained_class: int
    lost: float = 1.0
    gained: float = 1.0


@dataclass(frozen=True, eq=False)
class Tally:
    """What a perfect model gets right on R draws of the true labels.

    Attributes:
        hits: (R, K) labeled and there.
        labeled: (K,) labeled at all.
        extra: (R, K) there without a label.
    """

    hits: Floats
    labeled: Floats
    extra: Floats

    def recall(self) -> Floats:
        """(R,) mean over the labeled classes of what is found."""
        return self._mean(self.hits / np.maximum(self.labeled, 1e-12))

    def precision_times_recall(self) -> Floats:
        """(R,) mean over classes: the average precision of one who is always sure."""
        share = self.hits**2 / np.maximum(self.labeled * (self.hits + self.extra), 1e-12)
        return self._mean(share)

    def overlap(self) -> Floats:
        """(R,) mean over classes of the intersection over union."""
        return self._mean(self.hits / np.maximum(self.labeled + self.extra, 1e-12))

    def dice(self) -> Floats:
        """(R,) mean over classes of twice the intersection over the sum."""
        both = self.labeled + self.hits + self.extra
        return self._mean(2 * self.hits / np.maximum(both, 1e-12))

    def all_recall(self) -> Floats:
        """(R,) share of all that is labeled."""
        return np.asarray(self.hits.sum(axis=1) / max(self.labeled.sum(), 1e-12))

    def all_precision(self) -> Floats:
        """(R,) share of all that is found."""
        found = (self.hits + self.extra).sum(axis=1)
        return np.asarray(self.hits.sum(axis=1) / np.maximum(found, 1e-12))

    def _mean(self, table: Floats) -> Floats:
        return np.asarray(np.clip(table[:, self.labeled > 0].mean(axis=1), 0, 1))


_METRICS: dict[str, dict[str, Callable[[Tally], Floats]]] = {
    "classification": {"accuracy": Tally.all_recall, "mean_recall": Tally.recall},
    "detection": {
        "mAP50": Tally.precision_times_recall,
        "recall": Tally.all_recall,
        "precision": Tally.all_precision,
    },
    "segmentation": {"IoU": Tally.overlap, "Dice": Tally.dice},
    "anomaly": {},
}


def ceiling_of_faults(
    task: str, labeled: Sequence[float], stakes: Sequence[Stake], *, seed: int = 0
) -> dict[str, Ceiling]:
    """What possible faults leave of a perfect score, metric by metric.

    Args:
        task: classification, detection, segmentation or anomaly (which has no classes).
        labeled: (K,) how much is labeled of each class: images, objects, square pixels.
        stakes: The possible faults, each taken to be independent of the others.
        seed: Of the draws.

    Returns:
        Metric to ceiling; empty where nothing is labeled. The interval holds which labels
        are wrong and a factor of two on all odds.

    Raises:
        InvalidInputError: A chance outside [0, 1] or a class out of range.
    """
    amounts = np.asarray(labeled, dtype=np.float64)
    if not (len(amounts) and amounts.sum() > 0):
        return {}
    for stake in stakes:
        if not 0 <= stake.chance <= 1 or max(stake.lost_class, stake.gained_class) >= len(
            amounts
        ):
            raise InvalidInputError(f"no such fault: {stake}")
    wrong = _draws(np.array([s.chance for s in stakes]), seed)
    lost, gained = np.zeros((2, len(stakes), len(amounts)))
    for row, stake in enumerate(stakes):
        if stake.lost_class >= 0:
            lost[row, stake.lost_class] = stake.lost
        if stake.gained_class >= 0:
            gained[row, stake.gained_class] = stake.gained
    hits = np.maximum(amounts - wrong @ lost, 0)
    tally = Tally(hits, amounts, wrong @ gained)
    return {name: _summed_up(metric(tally)) for name, metric in _METRICS[task].items()}


def ceiling_of_flips(
    defective: NDArray[np.bool_], flips: NDArray[np.floating], *, seed: int = 0
) -> Ceiling | None:
    """The best AUROC of images where some that are labeled good are not, or the reverse.

    Args:
        defective: (N,) whether an image is labeled not good.
        flips: (N,) probability that this is the wrong way round.
        seed: Of the draws.

    Returns:
        The ceiling; None without images of both sorts.

    Raises:
        InvalidInputError: The lengths do not fit.
    """
    bad, chance = np.asarray(defective, dtype=bool), np.asarray(flips, dtype=np.float64)
    if bad.shape != chance.shape:
        raise InvalidInputError(f"{bad.size} images need as many chances, found {chance.size}")
    if bad.all() or not bad.any():
        return None
    wrong = _draws(chance, seed)
    return _summed_up(1 - (wrong[:, bad].mean(axis=1) + wrong[:, ~bad].mean(axis=1)) / 2)


def ceiling_of_repeats(
    agreement: Floats, groups: int, *, labelers: float = 1.0, kinds: int = 2
) -> Ceiling:
    """What independent labelers who agree this often leave of a perfect score.

    Two who err alike and independently agree in (1 - e)^2 + e^2 / (kinds - 1) of the
    cases. Where more than one labeler says what is held to be true, the majority errs less.

    Args:
        agreement: (R,) share in [0, 1] of pairs that agree: the first as measured, the
            others on resampled images.
        groups: How many images it was measured on.
        labelers: How many answers decide what is held to be true of an image, on average.
        kinds: How many classes there are to confuse, at least 2.

    Returns:
        The ceiling.

    Raises:
        InvalidInputError: No agreement, or one outside [0, 1].
    """
    shares = np.asarray(agreement, dtype=np.float64)
    if not len(shares) or shares.min() < 0 or shares.max() > 1:
        raise InvalidInputError("agreement must be shares in [0, 1]")
    odds = kinds / (kinds - 1)
    # Roots of kinds/(kinds-1) e^2 - 2e + (1 - agreement): the smaller is the error.
    error = (1 - np.sqrt(np.maximum(1 - odds * (1 - shares), 0))) / odds
    right = _majority(1 - error, max(1, round(labelers)))
    value = float(right[0])
    low, high = _middle(right[1:] if len(right) > 1 else right)
    # Without one disagreement the bootstrap knows no doubt; the rule of three does.
    doubt = 3 / (2 * max(groups, 3)) if high - low < 1e-9 else 0.0
    return Ceiling(value, max(0.0, min(low, value) - doubt), max(high, value))


def _draws(chances: Floats, seed: int) -> Floats:
    """(1 + R, M) of what is wrong: first the chances themselves, then draws of 0 and 1."""
    rng = np.random.default_rng(seed)
    inside = np.clip(chances, 1e-9, 1 - 1e-9)
    odds = np.log(inside) - np.log1p(-inside)
    shift = rng.normal(0, np.log(_ODDS_FACTOR) / _NORMAL, (_DRAWS, 1))
    certain = (chances <= 0) | (chances >= 1)
    moved = np.where(certain, chances, 1 / (1 + np.exp(-(odds + shift))))
    drawn = rng.random(moved.shape) < moved
    return np.vstack([chances[None], drawn.astype(np.float64)])


def _summed_up(values: Floats) -> Ceiling:
    value, (low, high) = float(values[0]), _middle(values[1:])
    return Ceiling(value, min(low, value), max(high, value))


def _middle(values: Floats) -> tuple[float, float]:
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _majority(right: Floats, labelers: int) -> Floats:
    """How often more than half of so many independent answers are right; ties by chance."""
    out = np.zeros_like(right)
    ways = 1.0
    for good in range(labelers + 1):
        weight = 1.0 if 2 * good > labelers else (0.5 if 2 * good == labelers else 0.0)
        out += weight * ways * right**good * (1 - right) ** (labelers - good)
        ways *= (labelers - good) / (good + 1)
    return out


def as_json(ceilings: dict[str, Ceiling]) -> dict[str, Any]:
    """Ceilings as plain JSON types.

    Args:
        ceilings: Metric to ceiling.

    Returns:
        Metric to value, low and high.
    """
    return {name: c.to_json() for name, c in ceilings.items()}
