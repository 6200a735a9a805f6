"""Right and wrong classes: confusion matrix and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.arrays import Groups, as_classes
from pitmark.metrics.intervals import (
    Interval,
    Proportion,
    Resampling,
    bootstrap_interval,
    wilson,
)
from pitmark.metrics.record import Record

Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScore(Record):
    """One class: of what is called so how much is so, and of what is so how much is found.

    A class without images has no recall, one never predicted no precision; f1 is None
    when it is neither in the data nor predicted.
    """

    support: int
    precision: Proportion
    recall: Proportion
    f1: float | None


@dataclass(frozen=True)
class ClassificationReport(Record):
    """How well the predicted classes fit the truth.

    `confusion[i][j]` counts images of true class i that were predicted as j. The means
    leave out classes that have no images.
    """

    confusion: tuple[tuple[int, ...], ...]
    per_class: tuple[ClassScore, ...]
    accuracy: Proportion
    mean_recall: Interval
    mean_f1: float | None
    log_loss: float | None


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, class_count: int) -> Matrix:
    """Counts of true class against predicted class.

    Args:
        truth: (N,) class indices in [0, class_count).
        predicted: (N,) class indices in [0, class_count).
        class_count: Number of classes C.

    Returns:
        (C, C); row = truth, column = prediction.

    Raises:
        InvalidInputError: Unequal lengths, or a class outside the range.
    """
    true = as_classes(truth, class_count, "true classes")
    called = as_classes(predicted, class_count, "predicted classes")
    if true.size != called.size:
        raise InvalidInputError(f"{true.size} true classes but {called.size} predicted ones")
    cells = np.bincount(true * class_count + called, minlength=class_count**2)
    return cells.reshape(class_count, class_count).astype(np.int64)


def class_scores(confusion: Matrix) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of every class.

    Args:
        confusion: (C, C) counts; row = truth, column = prediction.

    Returns:
        One score per class, in order.
    """
    hits, support = np.diag(confusion), confusion.sum(axis=1)
    called = confusion.sum(axis=0)
    return tuple(
        ClassScore(
            support=int(support[index]),
            precision=wilson(int(hits[index]), int(called[index])),
            recall=wilson(int(hits[index]), int(support[index])),
            f1=f1_score(int(hits[index]), int(called[index]), int(support[index])),
        )
        for index in range(len(confusion))
    )


def f1_score(hits: int, called: int, support: int) -> float | None:
    """Harmonic mean of precision and recall, from counts.

    Args:
        hits: Rightly called.
        called: All that were called so.
        support: All that are so.

    Returns:
        In [0, 1], higher is better; None when nothing is so and nothing was called so.
    """
    return 2 * hits / (called + support) if called + support else None


def mean_recall(confusion: Matrix) -> float | None:
    """Mean of the recalls of the classes that have images (balanced accuracy).

    Args:
        confusion: (C, C) counts; row = truth, column = prediction.

    Returns:
        In [0, 1], higher is better; None without images.
    """
    support = confusion.sum(axis=1)
    present = support > 0
    if not present.any():
        return None
    return float(np.mean(np.diag(confusion)[present] / support[present]))


def log_loss(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Mean negative log of the probability given to the true class.

    Args:
        truth: (N,) class indices.
        probabilities: (N, C) in [0, 1], rows summing to one.

    Returns:
        At least 0, in nats, lower is better; a probability of zero counts as 1e-15.
        None without images.

    Raises:
        InvalidInputError: Shapes that do not fit, or rows that are no probabilities.
    """
    chances = np.asarray(probabilities, dtype=np.float64)
    if chances.ndim != 2:
        raise InvalidInputError(f"probabilities must have shape (N, C), found {chances.shape}")
    true = as_classes(truth, chances.shape[1], "true classes")
    if true.size != len(chances):
        raise InvalidInputError(
            f"{true.size} true classes but {len(chances)} rows of probabilities"
        )
    if true.size == 0:
        return None
    sums = chances.sum(axis=1)
    if not ((chances >= 0).all() and np.allclose(sums, 1.0, atol=1e-3)):
        raise InvalidInputError("every row of probabilities must be >= 0 and sum to 1")
    given = chances[np.arange(true.size), true] / sums
    return float(-np.log(np.clip(given, 1e-15, 1.0)).mean())


def classification_report(
    truth: ArrayLike,
    predicted: ArrayLike,
    class_count: int,
    *,
    probabilities: ArrayLike | None = None,
    groups: Groups | None = None,
    resampling: Resampling | None = None,
) -> ClassificationReport:
    """Everything about predicted classes in one record.

    Args:
        truth: (N,) class indices in [0, class_count).
        predicted: (N,) class indices in [0, class_count).
        class_count: Number of classes C.
        probabilities: (N, C), for the log loss; None to leave it out.
        groups: Group key per image, such as its part.
        resampling: Draws, confidence and seed of the interval of the mean recall.

    Returns:
        The report.

    Raises:
        InvalidInputError: Shapes that do not fit, or a class outside the range.
    """
    confusion = confusion_matrix(truth, predicted, class_count)
    true = as_classes(truth, class_count, "true classes")
    called = as_classes(predicted, class_count, "predicted classes")
    scores = class_scores(confusion)
    f1s = [score.f1 for score in scores if score.support and score.f1 is not None]
    return ClassificationReport(
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        per_class=scores,
        accuracy=wilson(int(np.trace(confusion)), int(confusion.sum())),
        mean_recall=bootstrap_interval(
            lambda drawn: mean_recall(
                confusion_matrix(true[drawn], called[drawn], class_count)
            ),
            true.size,
            groups=groups,
            resampling=resampling,
            unit_support=_cases_behind_mean(confusion),
        ),
        mean_f1=float(np.mean(f1s)) if f1s else None,
        log_loss=None if probabilities is None else log_loss(truth, probabilities),
    )


def _cases_behind_mean(confusion: Matrix) -> int:
    """Cases with which one proportion would be as uncertain as the mean of recalls."""
    support = confusion.sum(axis=1)
    support = support[support > 0]
    return int(support.size**2 / (1 / support).sum()) if support.size else 0
