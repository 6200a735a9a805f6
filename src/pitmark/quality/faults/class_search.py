"""Doubts about the classes of many things, block by block.

Experts are read where they are needed, so that memory grows with the number of things, and
not with things times classes. Scores lie in [0, 1]; higher means more likely wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.faults.class_evidence import ClassModel, fit_classes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Gives (B, K) log probabilities or logits of the things in rows (B,).
Expert = Callable[[Ints], NDArray[np.floating]]

_BLOCK_CELLS = 1_000_000
# The fit sees so many numbers of each expert; then all things are counted so many times.
_FIT_CELLS = 1_000_000
_FIT_ROWS = 20_000
_RECOUNTS = 2
# A model of whole images takes look-alikes for each other, which must not pass for faults.
_PAIR_LABELS = 1000.0


@dataclass(frozen=True, eq=False)
class ClassDoubts:
    """What the experts together say about N labeled things.

    Attributes:
        wrong: (N,) probability in [0, 1] that the given label is wrong.
        stray: (N,) the part of `wrong` where it is a thing of no class at all.
        instead: (N,) the most likely class other than the given one.
        given: (N,) probability of the given class, the label left aside.
        clearest: (N,) probability of the clearest class, the label left aside.
        strengths: (M,) how far each expert is believed.
    """

    wrong: Floats
    stray: Floats
    instead: Ints
    given: Floats
    clearest: Floats
    strengths: Floats


def search_classes(
    experts: Sequence[Expert], labels: Ints, class_count: int, *, stray_rate: float
) -> ClassDoubts:
    """Weighs experts against the labels of any number of things.

    Strengths are fitted on an even sample where there are many things; how often a class
    is labeled as another is counted on all.

    Args:
        experts: Read several times, in rising blocks of rows.
        labels: (N,) given class in [0, K).
        class_count: K.
        stray_rate: Share in [0, 1) of things that belong to no class, before looking.

    Returns:
        The doubts.
    """
    count = len(labels)
    model = _fitted(experts, labels, class_count, stray_rate)
    parts = []
    for rows in blocks_of(count, class_count):
        said = [expert(rows) for expert in experts]
        found = model.judge(said, labels[rows])
        at = np.arange(len(rows))
        looks = found.looks_like
        parts.append(
            (
                found.wrong,
                found.stray,
                found.instead,
                looks[at, labels[rows]],
                looks.max(axis=1),
            )
        )
    wrong, stray, instead, given, clearest = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    strengths = model.weights[: len(experts)]
    return ClassDoubts(wrong, stray, instead.astype(np.int64), given, clearest, strengths)


def blocks_of(count: int, depth: int) -> Iterator[Ints]:
    """Rising rows, so many at once that a table of them stays small.

    Args:
        count: N things.
        depth: Numbers per thing, at least 1.

    Yields:
        (B,) rows.
    """
    step = max(1, _BLOCK_CELLS // depth)
    for low in range(0, count, step):
        yield np.arange(low, min(low + step, count))


def _fitted(
    experts: Sequence[Expert], labels: Ints, class_count: int, stray_rate: float
) -> ClassModel:
    count = len(labels)
    how = {"stray_rate": stray_rate, "pair_labels": _PAIR_LABELS}
    most = min(_FIT_ROWS, max(2_000, _FIT_CELLS // class_count))
    if count <= most:
        rows = np.arange(count)
        return fit_classes([e(rows) for e in experts], labels, **how)
    picked = _sample(labels, most, class_count)
    model = fit_classes([e(picked) for e in experts], labels[picked], **how)
    for _ in range(_RECOUNTS):
        model = model.relearned(
            ([e(rows) for e in experts], labels[rows]) for rows in blocks_of(count, class_count)
        )
    return model


def _sample(labels: Ints, most: int, class_count: int) -> Ints:
    """Even over the order of things, and a few at least of every class in use."""
    rows = np.linspace(0, len(labels) - 1, most).astype(np.int64)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(class_count))
    ends = np.append(starts[1:], len(labels))
    few = [order[s : min(s + 5, e)] for s, e in zip(starts, ends, strict=True)]
    return np.unique(np.concatenate([rows, *few]))
