"""From what a detector finds and misses to the probability that a label is at fault.

Nothing here asks for a fixed confidence: every probability comes from how often the same
detector agreed with the labels at the same score, or found labels of the same sort. The one
assumption, used where the data cannot tell, is that one label in twenty is at fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import expit

from pitmark.quality.faults.rate import ASSUMED_FAULT_RATE

Floats = NDArray[np.float64]

_PRIOR_PLACES = 60.0
_WIDEST_OUTLIER_Z = 12.0
_DEGREES = 5
_OTHER_CLASS = 0.1
_WORTH_OF_ALL = 3.0
_SIZE_STEP = np.log(2)
_REFERENCES = 4000
_BLOCK_ROWS = 256


@dataclass(frozen=True, eq=False)
class LabelOdds:
    """How a detector's score relates to a thing being there and being labeled.

    P(labeled | score) = kept x sigmoid(slope x log odds of the score + offset of the
    class - crowding x log(1 + k)), with k the things as sure of the same class beside it
    that nobody labeled. A weak detector bends the sigmoid; only a ceiling below 1 that the
    best scores do not pass is laid to labels that are missing. What repeats all over an
    image is rather a pattern that the detector takes for a defect.
    """

    kept: float
    slope: float
    offsets: Floats
    crowding: float = 0.0

    def real(
        self, odds: Floats, classes: NDArray[np.integer], beside: Floats | None = None
    ) -> Floats:
        """Probability in [0, 1] that something is there.

        Args:
            odds: (N,) log odds of the scores.
            classes: (N,) class of each.
            beside: (N,) unlabeled things as sure of the same class in the image; none.

        Returns:
            (N,).
        """
        crowd = 0.0 if beside is None else self.crowding * np.log1p(beside)
        return np.asarray(expit(self.slope * odds + self.offsets[classes] - crowd))

    def missing(
        self, odds: Floats, classes: NDArray[np.integer], beside: Floats | None = None
    ) -> Floats:
        """Probability in [0, 1] that something without a label should have one.

        Args:
            odds: (N,) log odds of the scores.
            classes: (N,) class of each.
            beside: (N,) unlabeled things as sure of the same class in the image; none.

        Returns:
            (N,).
        """
        real = self.real(odds, classes, beside)
        return np.asarray(real * (1 - self.kept) / (1 - self.kept * real))


def fit_label_odds(
    odds: Floats,
    classes: NDArray[np.integer],
    labeled: NDArray[np.bool_],
    class_count: int,
    *,
    beside: Floats | None = None,
) -> LabelOdds:
    """How often predictions of each score are labeled, by maximum a posteriori.

    Source: Elkan and Noto (2008), "Learning classifiers from only positive and unlabeled
    data", with their constant as the ceiling of the calibration.

    Args:
        odds: (N,) log odds of the scores of predicted things.
        classes: (N,) class of each in [0, class_count).
        labeled: (N,) whether a label is there.
        class_count: K.
        beside: (N,) unlabeled things as sure of the same class in the image; none.

    Returns:
        The fit; without a labeled one nothing is held to be real.
    """
    if not labeled.any():
        return LabelOdds(1 - ASSUMED_FAULT_RATE, 1.0, np.full(class_count, -10.0))
    # The many weak ones below nearly all labeled ones would bend the curve at the top.
    used = odds >= np.quantile(odds[labeled], 0.05)
    x, y, rows = odds[used], labeled[used].astype(np.float64), classes[used]
    crowd = np.zeros(len(x)) if beside is None else np.log1p(beside[used])

    def loss(weights: Floats) -> tuple[float, Floats]:
        """Minus log posterior in (log odds of kept, slope, crowding, common and own offset)."""
        kept, common, own = expit(weights[0]), weights[3], weights[4:]
        real = expit(weights[1] * x - weights[2] * crowd + common + own[rows])
        here = np.clip(kept * real, 1e-12, 1 - 1e-12)
        value = -(y * np.log(here) + (1 - y) * np.log1p(-here)).sum()
        value -= _PRIOR_PLACES * (1 - ASSUMED_FAULT_RATE) * np.log(kept)
        value -= _PRIOR_PLACES * ASSUMED_FAULT_RATE * np.log1p(-kept)
        value += 0.5 * (weights[1] - 1) ** 2 + 0.5 * weights[2] ** 2
        value += 0.02 * common**2 + 0.5 * (own**2).sum()
        pull = (y - here) / (1 - here)
        d_eta = -pull * (1 - real)
        d_kept = -(pull * (1 - kept)).sum()
        d_kept -= _PRIOR_PLACES * (1 - ASSUMED_FAULT_RATE - kept)
        d_own = np.bincount(rows, weights=d_eta, minlength=class_count) + own
        d_slope = (d_eta * x).sum() + weights[1] - 1
        d_crowd = weights[2] - (d_eta * crowd).sum()
        d_common = d_eta.sum() + 0.04 * common
        return float(value), np.concatenate([[d_kept, d_slope, d_crowd, d_common], d_own])

    start = np.concatenate([[np.log(19.0), 1.0, 0.0, 0.0], np.zeros(class_count)])
    bounds = [(-6.0, 8.0), (0.0, 20.0), (0.0, 20.0)] + [(-30.0, 30.0)] * (class_count + 1)
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    kept, slope, crowding = float(expit(found[0])), float(found[1]), float(found[2])
    return LabelOdds(kept, slope, found[3] + found[4:], crowding)


def log_odds(values: NDArray[np.floating], floor: float) -> Floats:
    """Log odds of probabilities, finite at the ends.

    Args:
        values: Any shape, in [0, 1]; what is no number counts as the floor.
        floor: The lowest probability told apart from 0, in (0, 0.5).

    Returns:
        Same shape.
    """
    clean = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=floor)
    inside = np.clip(clean, floor, 1 - min(floor, 1e-4))
    return np.asarray(np.log(inside) - np.log1p(-inside))


def unfound_ratio(real_share: Floats, placebo_share: Floats) -> Floats:
    """How much better "marks nothing" explains how little the detector sees there.

    Args:
        real_share: (N,) share of labels like it at which the detector sees no more.
        placebo_share: (N,) share of places without a label at which it sees as much.

    Returns:
        (N,) likelihood ratio, at least 0; low where the detector misses many labels like it.
    """
    return np.asarray(placebo_share / (real_share + 1e-12))


def outlier_ratio(z: Floats) -> Floats:
    """How much better "no member of its kind" explains a value, from its robust z.

    Members follow a Student t with five degrees of freedom, strangers are spread evenly
    up to z = 12.

    Args:
        z: (N,) robust z-values; only high ones are suspicious.

    Returns:
        (N,) likelihood ratio, rising with z; 0 below z = 1.
    """
    high = np.clip(np.nan_to_num(z, nan=0.0), 0, _WIDEST_OUTLIER_Z)
    ratio = 1 / _WIDEST_OUTLIER_Z / scipy.stats.t.pdf(high, _DEGREES)
    return np.asarray(np.where(high > 1, ratio, 0.0))


def outlier_probability(z: Floats) -> Floats:
    """Probability that a value is no member of its kind, from its robust z.

    Members follow a Student t with five degrees of freedom, strangers are spread evenly
    up to z = 12, and one in twenty is a stranger.

    Args:
        z: (N,) robust z-values; only high ones are suspicious.

    Returns:
        (N,) in [0, 1], rising with z; 0 below z = 1.
    """
    odds = ASSUMED_FAULT_RATE / (1 - ASSUMED_FAULT_RATE) * outlier_ratio(z)
    return np.asarray(odds / (1 + odds))


@dataclass(frozen=True, eq=False)
class LikeLabels:
    """Labels to compare a label with: those of its class and about its size count most.

    Another class counts a tenth; a factor of two in side length takes 0.6.

    Attributes:
        classes: (N,).
        log_sides: (N,) log of the square root of the area.
        sureness: (N,) log odds at which the detector finds each, where that matters too;
            a step of one takes 0.6.
    """

    classes: NDArray[np.int64]
    log_sides: Floats
    sureness: Floats | None = None

    def share_up_to(self, values: Floats) -> Floats:
        """How often labels like each have no more than its value.

        Args:
            values: (N,) one per label.

        Returns:
            (N,) share in (0, 1), the label itself left out; where few are like it the
            share among all labels stands in.
        """
        share = np.zeros(len(values))
        for rows, picked, weights in self._blocks():
            below = values[picked][None, :] <= values[rows][:, None]
            overall = (below.sum(axis=1) + 1) / (len(picked) + 2)
            support = weights.sum(axis=1) + _WORTH_OF_ALL
            share[rows] = ((weights * below).sum(axis=1) + _WORTH_OF_ALL * overall) / support
        return share

    def robust_z(self, values: Floats, *, least_spread: float) -> tuple[Floats, Floats]:
        """How far each value lies below those of labels like it.

        Args:
            values: (N,) one per label.
            least_spread: Spread that is assumed at least, in the unit of the values.

        Returns:
            (N,) robust z (median and quartiles), high where the value is low, and (N,) the
            median it was compared with.
        """
        z, middle = np.zeros(len(values)), np.zeros(len(values))
        for rows, picked, weights in self._blocks():
            order = np.argsort(values[picked], kind="stable")
            ranked = np.cumsum(weights[:, order], axis=1)
            ranked /= np.maximum(ranked[:, -1:], 1e-12)
            at = [(ranked < q).sum(axis=1).clip(max=len(order) - 1) for q in (0.25, 0.5, 0.75)]
            low, mid, high = (values[picked][order][i] for i in at)
            # Few labels tell little about the spread.
            support = weights.sum(axis=1)
            spread = np.hypot((high - low) / 1.349, least_spread) * (1 + 4 / (support + 1))
            z[rows], middle[rows] = (mid - values[rows]) / spread, mid
        return z, middle

    def _blocks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
        """Rows, the labels they are compared with, and the (rows, labels) weights."""
        count = len(self.classes)
        picked = np.unique(np.linspace(0, count - 1, min(count, _REFERENCES)).astype(int))
        for low in range(0, count, _BLOCK_ROWS):
            rows = np.arange(low, min(low + _BLOCK_ROWS, count))
            step = (self.log_sides[rows][:, None] - self.log_sides[picked]) / _SIZE_STEP
            same = self.classes[rows][:, None] == self.classes[picked]
            weights = np.where(same, 1.0, _OTHER_CLASS) * np.exp(-0.5 * step**2)
            if self.sureness is not None:
                apart = self.sureness[rows][:, None] - self.sureness[picked]
                weights *= np.exp(-0.5 * apart**2)
            weights[rows[:, None] == picked] = 0
            yield rows, picked, weights
