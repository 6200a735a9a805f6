"""How often things of one class are labeled as another, with a prior that few are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.faults.rate import ASSUMED_FAULT_RATE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# How many labels the assumed rate is worth, and how many of a class it takes to believe
# that it is labeled as one certain other more often than as any.
_PRIOR_LABELS = 200.0
PAIR_LABELS = 100.0


def prior_confusion(share: Floats, rate: float) -> Floats:
    """A wrong label is any other class, as often as that class is used.

    Args:
        share: (K,) of the labels, in [0, 1].
        rate: Of wrong labels, in [0, 1].

    Returns:
        (K, K) how often a thing of class (row) is labeled (column).
    """
    other = np.tile(share, (len(share), 1))
    np.fill_diagonal(other, 0)
    total = other.sum(axis=1, keepdims=True)
    other = rate * other / np.where(total > 0, total, 1)
    return np.asarray(other + np.diag(1 - other.sum(axis=1)))


def minus_log_prior(confusion: Floats, share: Floats) -> float:
    """How little the share of faults in a confusion is believed before looking.

    Args:
        confusion: (K, K).
        share: (K,) of the labels, in [0, 1].

    Returns:
        Minus the log prior, up to a constant; higher is less likely.
    """
    rate = float(np.clip(share @ (1 - np.diag(confusion)), 1e-9, 0.5))
    usual = ASSUMED_FAULT_RATE * np.log(rate) + (1 - ASSUMED_FAULT_RATE) * np.log1p(-rate)
    return float(-_PRIOR_LABELS * usual)


def fit_confusion(posterior: Floats, given: Ints, share: Floats, pair_labels: float) -> Floats:
    """The confusion that what things are and what they are labeled shows.

    Args:
        posterior: (N, K) probability of each true class.
        given: (N,) labels in [0, K).
        share: (K,) of the labels, in [0, 1].
        pair_labels: As for `confusion_of`.

    Returns:
        (K, K) how often a thing of class (row) is labeled (column).
    """
    counts = np.zeros((len(share), len(share)))
    count_pairs(counts, posterior, given)
    return confusion_of(counts, share, pair_labels)


def count_pairs(counts: Floats, posterior: Floats, given: Ints) -> None:
    """Adds up how much of each true class (row) was given each label (column).

    Args:
        counts: (K, K), added to.
        posterior: (N, K) probability of each true class.
        given: (N,) labels in [0, K).
    """
    order = np.argsort(given, kind="stable")
    labels, starts = np.unique(given[order], return_index=True)
    if len(labels):
        counts[:, labels] += np.add.reduceat(posterior[order], starts, axis=0).T


def confusion_of(counts: Floats, share: Floats, pair_labels: float) -> Floats:
    """Pairs of classes, held to one rate for all pairs until they prove otherwise.

    Args:
        counts: (K, K) as `count_pairs` gives them.
        share: (K,) of the labels, in [0, 1].
        pair_labels: How many labels of a class it takes to believe that it is labeled as
            one certain other more often than as any.

    Returns:
        (K, K) how often a thing of class (row) is labeled (column); rows sum to 1, with
        at least 0.5 on the diagonal.
    """
    faults = counts.sum() - np.trace(counts) + _PRIOR_LABELS * ASSUMED_FAULT_RATE
    rate = min(faults / (counts.sum() + _PRIOR_LABELS), 0.5)
    counts = counts + pair_labels * prior_confusion(share, rate)
    confusion = counts / counts.sum(axis=1, keepdims=True)
    # A class labeled as another more often than as itself would be a change of names.
    right = np.maximum(np.diag(confusion), 0.5)
    np.fill_diagonal(confusion, 0)
    wrong = confusion.sum(axis=1)
    confusion *= ((1 - right) / np.where(wrong > 0, wrong, 1))[:, None]
    return np.asarray(confusion + np.diag(1 - confusion.sum(axis=1)))
