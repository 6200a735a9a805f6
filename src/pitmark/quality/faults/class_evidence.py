"""Which class a thing is, weighed from several experts, and whether its label is wrong.

An expert is anything that says how strongly each class speaks: a model that never saw the
label, the labels of the nearest neighbors. How far each is to be believed is not assumed
but fitted on the labels themselves, together with how often one class is labeled as
another. So a weak expert weakens the verdict instead of flooding the queue, and no fixed
confidence is asked for. `wrong` lies in [0, 1]; higher means the label is more likely wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.quality.faults.class_confusion import (
    PAIR_LABELS,
    confusion_of,
    count_pairs,
    fit_confusion,
    minus_log_prior,
    prior_confusion,
)
from pitmark.quality.faults.rate import ASSUMED_FAULT_RATE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 8
_CREDIT = 0.01
# Strengths and biases are fitted to so many things at most, fewer where there are many
# classes; pairs of classes are always counted on all.
_MAX_FIT = 20_000
_LEAST_FIT = 2_000
_MAX_CELLS = 250_000
_SETTLED = 1e-3
_STRENGTH_LIMIT = 20.0
_BIAS_LIMIT = 30.0
_LOGIT_LIMIT = 30.0
_LOUDEST = 5.0


@dataclass(frozen=True, eq=False)
class ClassEvidence:
    """What the experts together say about N labeled things and K classes.

    Attributes:
        looks_like: (N, K) probability of each class, the given label left aside.
        wrong: (N,) probability in [0, 1] that the given label is wrong.
        stray: (N,) the part of `wrong` where it is a thing of no class at all.
        instead: (N,) the most likely class other than the given one.
        mislabeled_as: (K, K) how often a thing of class (row) is labeled (column).
        strengths: (M,) how far each expert is believed; 0 not at all.
    """

    looks_like: Floats
    wrong: Floats
    stray: Floats
    instead: Ints
    mislabeled_as: Floats
    strengths: Floats


@dataclass(frozen=True, eq=False)
class ClassModel:
    """Experts with their strengths, and how classes are labeled as others: fitted once.

    Attributes:
        scales: (M,) what each expert is divided by, so that none is louder than it may be.
        used: (K,) whether any label names the class.
        weights: (M + K,) strengths of the experts, then a bias per class.
        confusion: (K, K) how often a thing of class (row) is labeled (column).
        stray: (K,) chance of each label on a thing that belongs to no class.
        pair_labels: As `fit_classes` took it.
    """

    scales: Floats
    used: NDArray[np.bool_]
    weights: Floats
    confusion: Floats
    stray: Floats
    pair_labels: float

    def judge(
        self, experts: Sequence[NDArray[np.floating]], labels: NDArray[np.integer]
    ) -> ClassEvidence:
        """What the fitted experts say about things.

        Args:
            experts: (B, K) each, in the order of the fit.
            labels: (B,) given class.

        Returns:
            The evidence on these things.
        """
        given = np.asarray(labels, dtype=np.int64)
        looks = self._looks_like(experts)
        if np.count_nonzero(self.used) < 2:
            return _no_doubt(given, len(given), len(self.used), len(self.scales))
        strengths = self.weights[: len(self.scales)]
        return _evidence(looks, given, self.confusion, (self.stray[given], strengths))

    def relearned(
        self, blocks: Iterable[tuple[Sequence[NDArray[np.floating]], Ints]]
    ) -> ClassModel:
        """The same with the confusion counted anew on all things, block by block.

        Args:
            blocks: Experts (B, K) each and labels (B,), in any order.

        Returns:
            Another model.
        """
        depth = len(self.used)
        counts, shares = np.zeros((depth, depth)), np.zeros(depth)
        for experts, given in blocks:
            looks = self._looks_like(experts)
            posterior = _posterior(looks, given, self.confusion, self.stray[given])
            count_pairs(counts, posterior, given)
            shares += np.bincount(given, minlength=depth)
        share = shares / max(shares.sum(), 1)
        return replace(self, confusion=confusion_of(counts, share, self.pair_labels))

    def _looks_like(self, experts: Sequence[NDArray[np.floating]]) -> Floats:
        stack = np.stack(
            [_limited(_centered(e), s) for e, s in zip(experts, self.scales, strict=True)]
        )
        stack[:, :, ~self.used] = -_LOGIT_LIMIT
        return _looks_like(stack, self.weights)


def fit_classes(
    experts: Sequence[NDArray[np.floating]],
    labels: NDArray[np.integer],
    *,
    stray_rate: float = 0.0,
    pair_labels: float = PAIR_LABELS,
) -> ClassModel:
    """How far each expert is to be believed, and which class is labeled as which.

    Args:
        experts: (N, K) each: logits or log probabilities, up to a constant per row.
        labels: (N,) given class in [0, K).
        stray_rate: As `weigh_classes` takes it.
        pair_labels: How many labels of a class it takes to believe that it is labeled as
            one certain other more often than as any. Higher where the experts cannot tell
            some classes apart, which looks just like that.

    Returns:
        The fit; with fewer than two classes in use it doubts no label.
    """
    rows = [_centered(e) for e in experts]
    scales = np.array([_loudness(r) for r in rows])
    given = np.asarray(labels, dtype=np.int64)
    stack = np.stack([_limited(r, s) for r, s in zip(rows, scales, strict=True)])
    count, depth = stack.shape[1:]
    share = np.bincount(given, minlength=depth) / max(count, 1)
    used, stray = share > 0, stray_rate * share
    if np.count_nonzero(used) < 2:
        return ClassModel(
            scales, used, np.zeros(len(rows) + depth), np.eye(depth), stray, pair_labels
        )
    # A class that nobody used cannot be what a label should have been.
    stack[:, :, ~used] = -_LOGIT_LIMIT
    how = (stray[given], pair_labels)
    few = _alternate(stack, given, how, prior_confusion(share, ASSUMED_FAULT_RATE))
    many = _alternate(stack, given, how, _confident(stack, given, pair_labels))
    # Neighbors repeat the faults around them, so that few faults look a little likelier than
    # they are; experts who explain the labels well are given that much credit, guessers none.
    blind = -count * float((share * np.log(np.maximum(share, 1e-12))).sum())
    credit = _CREDIT * max(blind - min(few[0], many[0]), 0.0)
    _, weights, confusion = few if few[0] < many[0] - credit else many
    return ClassModel(scales, used, weights, confusion, stray, pair_labels)


def weigh_classes(
    experts: Sequence[NDArray[np.floating]],
    labels: NDArray[np.integer],
    *,
    stray_rate: float = 0.0,
) -> ClassEvidence:
    """Weighs experts against given labels.

    The class of a thing is softmax(sum of strength x expert + bias); its label is that
    class, or with a probability per pair of classes another. Strengths, biases and pairs
    are fitted in turn by expectation and maximization, with a prior that keeps twenty
    images from proving anything.
    Source: Dawid and Skene (1979) with the experts in place of the class frequencies; the
    confusion between true and given class is that of confident learning (Northcutt et
    al., 2021).

    Args:
        experts: (N, K) each: logits or log probabilities, up to a constant per row.
        labels: (N,) given class in [0, K).
        stray_rate: Share in [0, 1) of things that belong to no class and were labeled as
            any, before looking.

    Returns:
        The evidence; with fewer than two classes in use no label is wrong.
    """
    return fit_classes(experts, labels, stray_rate=stray_rate).judge(experts, labels)


def _centered(expert: NDArray[np.floating]) -> Floats:
    """Logits with a row mean of 0: a constant per row says nothing, and NaN nothing either."""
    logits = np.nan_to_num(np.asarray(expert, dtype=np.float64), posinf=1e3, neginf=-1e3)
    centered = np.clip(logits, -1e3, 1e3)
    centered -= centered.mean(axis=1, keepdims=True)
    return np.asarray(centered)


def _loudness(centered: Floats) -> float:
    """What an expert too sure of itself is divided by, so that clipping spares its order."""
    loud = float(np.sqrt((centered**2).mean())) / _LOUDEST if centered.size else 1.0
    return max(loud, 1.0)


def _limited(centered: Floats, loudness: float) -> Floats:
    return np.asarray(np.clip(centered / loudness, -_LOGIT_LIMIT, _LOGIT_LIMIT))


def _alternate(
    stack: Floats, given: Ints, how: tuple[Floats, float], confusion: Floats
) -> tuple[float, Floats, Floats]:
    """Minus the log posterior, the weights and the confusion that a start leads to."""
    stray, pair_labels = how
    experts, count, depth = stack.shape
    share = np.bincount(given, minlength=depth) / count
    most = min(_MAX_FIT, max(_LEAST_FIT, _MAX_CELLS // depth))
    picked = np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
    weights = np.concatenate([np.full(experts, 1 / experts), np.zeros(depth)])
    cost = 0.0
    for _ in range(_ROUNDS):
        fits = confusion[:, given[picked]].T
        cost, weights = _fit_weights(stack[:, picked], fits, stray[picked], weights)
        cost += minus_log_prior(confusion, share)
        posterior = _posterior(_looks_like(stack, weights), given, confusion, stray)
        before, confusion = confusion, fit_confusion(posterior, given, share, pair_labels)
        if np.abs(confusion - before).max() < _SETTLED:
            break
    return cost, weights, confusion


def _looks_like(stack: Floats, weights: Floats) -> Floats:
    logits = np.tensordot(weights[: len(stack)], stack, axes=1) + weights[len(stack) :]
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _posterior(looks: Floats, given: Ints, confusion: Floats, stray: Floats) -> Floats:
    """(N, K) probability of each true class, the given label taken into account."""
    joint = looks * confusion[:, given].T + 1e-300
    return np.asarray(joint / (joint.sum(axis=1) + stray)[:, None])


def _confident(stack: Floats, given: Ints, pair_labels: float) -> Floats:
    """A first guess at the confusion: true is what speaks louder than where it is given.

    Fitting that starts with few faults may never find those of one pair of classes.
    """
    looks = _looks_like(stack, np.concatenate([np.ones(len(stack)), np.zeros(stack.shape[2])]))
    counts = np.maximum(np.bincount(given, minlength=looks.shape[1]), 1)
    usual = np.bincount(
        given, weights=looks[np.arange(len(given)), given], minlength=len(counts)
    )
    above = np.where(looks >= usual / counts, looks, 0)
    guess = np.where(above.max(axis=1) > 0, above.argmax(axis=1), given)
    posterior = np.asarray(np.eye(len(counts))[guess])
    share = np.bincount(given, minlength=len(counts)) / len(given)
    return fit_confusion(posterior, given, share, pair_labels)


def _fit_weights(
    stack: Floats, fits: Floats, stray: Floats, start: Floats
) -> tuple[float, Floats]:
    """Strengths and biases by gradient; `fits` is (N, K) P(given label | true class)."""
    experts = len(stack)
    even = np.full(experts, 1 / experts)

    def loss(weights: Floats) -> tuple[float, Floats]:
        looks = _looks_like(stack, weights)
        joint = looks * fits + 1e-300
        labeled = joint.sum(axis=1, keepdims=True)
        seen = labeled + stray[:, None]
        slope = (looks * labeled - joint) / seen
        away, bias = weights[:experts] - even, weights[experts:]
        value = -np.log(seen).sum() + (away**2).sum() + 0.25 * (bias**2).sum()
        by_expert = np.tensordot(stack, slope, axes=([1, 2], [0, 1])) + 2 * away
        return float(value), np.concatenate([by_expert, slope.sum(axis=0) + 0.5 * bias])

    bounds = [(0.0, _STRENGTH_LIMIT)] * experts
    bounds += [(-_BIAS_LIMIT, _BIAS_LIMIT)] * (len(start) - experts)
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.fun), np.asarray(found.x, dtype=np.float64)


def _evidence(
    looks: Floats, given: Ints, confusion: Floats, rest: tuple[Floats, Floats]
) -> ClassEvidence:
    stray, strengths = rest
    posterior = _posterior(looks, given, confusion, stray)
    rows = np.arange(len(given))
    wrong = np.clip(1 - posterior[rows, given], 0, 1)
    others = posterior.copy()
    others[rows, given] = -1
    nothing = np.clip(1 - posterior.sum(axis=1), 0, wrong)
    return ClassEvidence(looks, wrong, nothing, others.argmax(axis=1), confusion, strengths)


def _no_doubt(given: Ints, count: int, depth: int, experts: int) -> ClassEvidence:
    looks = np.zeros((count, depth))
    looks[np.arange(count), given] = 1
    return ClassEvidence(
        looks, np.zeros(count), np.zeros(count), given, np.eye(depth), np.zeros(experts)
    )
