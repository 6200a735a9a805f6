"""Where two classes meet in an embedding, cut into small cells of things that look alike.

A thing is where two classes meet when it carries one of them and something like it the
other. Memory grows with the number of things, not with things times classes.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.faults.label_neighbors import nearest_things, unit_rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEIGHBORS = 15
_CELL = 16
_DIRECTIONS = 6
# What a model can tell apart without the label comes before any single direction.
_TOLD = 3.0
_MOST_FIT = 4000


@dataclass(frozen=True, eq=False)
class Meeting:
    """Where two classes meet: the votes for either that have the other one beside them.

    Attributes:
        first: The smaller class number.
        second: The larger one.
        votes: (M,) rows of the votes, rising.
    """

    first: int
    second: int
    votes: Ints


def meetings(
    embeddings: NDArray[np.floating],
    thing: Ints,
    label: Ints,
    groups: Sequence[Hashable],
    *,
    least: int,
) -> list[Meeting]:
    """All pairs of classes that meet often enough.

    Args:
        embeddings: (N, D) of the things, all from one model.
        thing: (V,) which thing a vote is about.
        label: (V,) the class it gives.
        groups: (N,) things of one group are never compared; they were labeled at one glance.
        least: Fewest votes of each class where they meet.

    Returns:
        The meetings, by pair.
    """
    votes, other = _sides(embeddings, thing, label, groups)
    if not len(votes):
        return []
    own = label[votes]
    size = int(label.max()) + 1
    pair = np.minimum(own, other) * size + np.maximum(own, other)
    keys = np.unique(pair * len(thing) + votes)
    pair, votes = keys // len(thing), keys % len(thing)
    out = []
    starts = np.flatnonzero(np.r_[True, np.diff(pair) > 0])
    for low, high in zip(starts, [*starts[1:], len(pair)], strict=True):
        first, second = divmod(int(pair[low]), size)
        rows = votes[low:high]
        of_first = int((label[rows] == first).sum())
        if min(of_first, len(rows) - of_first) >= least:
            out.append(Meeting(first, second, rows))
    return out


def _sides(
    embeddings: NDArray[np.floating], thing: Ints, label: Ints, groups: Sequence[Hashable]
) -> tuple[Ints, Ints]:
    """Votes, each with another class that stands beside it; pairs may repeat."""
    order = np.argsort(thing, kind="stable")
    counts = np.bincount(thing, minlength=len(embeddings))
    starts = np.cumsum(counts) - counts
    rows_out, other_out = [], []

    def note(centers: Ints, beside: Ints) -> None:
        """All votes on `centers` meet all votes on `beside`, thing by thing."""
        many = counts[centers] * counts[beside]
        pick = np.repeat(np.arange(len(centers)), many)
        offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        mine, theirs = np.divmod(offset, counts[beside][pick])
        one = order[starts[centers[pick]] + mine]
        two = order[starts[beside[pick]] + theirs]
        differ = label[one] != label[two]
        rows_out.append(one[differ])
        other_out.append(label[two[differ]])

    every = np.arange(len(embeddings))
    note(every, every)
    for rows, near, cosine in nearest_things(embeddings, groups, NEIGHBORS):
        real = np.isfinite(cosine)
        note(np.repeat(rows, real.sum(axis=1)), near[real].astype(np.int64))
    return np.concatenate(rows_out), np.concatenate(other_out)


def cells(
    embeddings: NDArray[np.floating], log_odds: NDArray[np.floating] | None = None
) -> Ints:
    """Cuts things into cells of at most 16 that look alike.

    Each cell is halved where its things differ most: along the strongest directions of the
    embedding, or in what a model that never saw the labels says.

    Args:
        embeddings: (M, D).
        log_odds: (M,) of the second class against the first, out of fold, or None.

    Returns:
        (M,) cell numbers from 0.
    """
    axes = _coordinates(embeddings)
    if log_odds is not None:
        spread = float(np.std(log_odds))
        weight = float(axes.std(axis=0).max(initial=0.0)) or 1.0
        column = (np.asarray(log_odds) - np.mean(log_odds)) * (_TOLD * weight / (spread or 1.0))
        axes = np.column_stack([column, axes])
    out = np.zeros(len(axes), np.int64)
    queue, number = [np.arange(len(axes))], 0
    while queue:
        rows = queue.pop()
        if len(rows) <= _CELL:
            out[rows] = number
            number += 1
            continue
        column = axes[rows, axes[rows].std(axis=0).argmax()]
        order = rows[np.argsort(column, kind="stable")]
        queue += [order[: len(rows) // 2], order[len(rows) // 2 :]]
    return out


def _coordinates(embeddings: NDArray[np.floating]) -> Floats:
    """(M, up to 6) along the directions in which the things differ most."""
    unit = unit_rows(embeddings).astype(np.float64)
    picked = unit[np.linspace(0, len(unit) - 1, min(len(unit), _MOST_FIT)).astype(np.int64)]
    _, _, directions = np.linalg.svd(picked, full_matrices=False)
    return np.asarray(unit @ directions[:_DIRECTIONS].T)
