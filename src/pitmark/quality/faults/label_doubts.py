"""How doubtful each label is, from all that speaks for and against it.

Three witnesses who do not know the label: a model that never saw it, the labels of all
things that look alike, and whether the label is forgotten when a model learns from other
things. What their words are worth is found out by planting faults in a copy of the labels.
All scores lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.quality.faults.class_search import ClassDoubts, blocks_of, search_classes
from pitmark.quality.faults.kernel_votes import kernel_votes
from pitmark.quality.faults.label_neighbors import NeighborVotes, nearest_votes
from pitmark.quality.faults.loss_dynamics import label_margins, loss_dynamics
from pitmark.quality.faults.planted_faults import fit_fault_odds, plant
from pitmark.quality.faults.rate import ASSUMED_FAULT_RATE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Comparing each thing with every other takes time that grows with the square: 50,000 take
# a minute. Beyond it the predictions speak alone.
MOST_COMPARED = 50_000
_FLOOR = 1e-6
_LEAST_VOTE = 0.02


@dataclass(frozen=True, eq=False)
class LabelDoubts:
    """What is known about N labels.

    Attributes:
        wrong: (N,) probability that the label is wrong.
        stray: (N,) the part of `wrong` where no class fits.
        instead: (N,) the most likely class other than the given one.
        clearest: (N,) probability of the clearest class, the label left aside.
        ambiguity: (N,) 1 where the witnesses cannot tell the given class from another, 0
            where they can, whichever way.
        fault_rate: The share of wrong labels that is likely.
        alike: (N,) how strongly the labels of things that look alike support the label,
            about 1 for fully; None without embeddings.
        kept: (N,) margin of the label while a model learned from other things; below 0 it
            was forgotten. None without embeddings.
        near: The nearest neighbors, where there are embeddings.
    """

    wrong: Floats
    stray: Floats
    instead: Ints
    clearest: Floats
    ambiguity: Floats
    fault_rate: float
    alike: Floats | None
    kept: Floats | None
    near: NeighborVotes | None


def doubt_labels(
    labels: NDArray[np.integer],
    probs: ArrayLike,
    class_count: int,
    *,
    embeddings: NDArray[np.floating] | None = None,
    groups: Sequence[Hashable] | None = None,
) -> LabelDoubts:
    """Weighs all labels of a set against each other.

    Args:
        labels: (N,) given class in [0, K).
        probs: (N, K) out-of-fold probabilities in [0, 1]; an array mapped from a file is
            read in blocks. What is no number counts as nothing known.
        class_count: K.
        embeddings: (N, D) of one model, or None. Of more than 50,000 things they are not
            looked at: comparing all with all would take minutes.
        groups: (N,) those that are one physical part, or None.

    Returns:
        The doubts; no label is wrong where fewer than two classes are in use.
    """
    given = np.asarray(labels, dtype=np.int64)
    table = probs if isinstance(probs, np.ndarray) else np.asarray(probs)

    def model(rows: Ints) -> Floats:
        return np.log(np.clip(_known(table[rows]), _FLOOR, 1.0))

    if embeddings is None or len(given) > MOST_COMPARED or len(np.unique(given)) < 2:
        found = search_classes([model], given, class_count, stray_rate=ASSUMED_FAULT_RATE)
        margin = _read(lambda rows: label_margins(model(rows), given[rows]), given, class_count)
        near = None
        if embeddings is not None and len(given) <= MOST_COMPARED:
            near = nearest_votes(embeddings, given, class_count, groups=groups)
        return _doubts(found, found.wrong, ambiguity_of([margin]), near=near)
    return _with_embeddings(given, model, class_count, embeddings, groups)


def ambiguity_of(margins: Sequence[Floats]) -> Floats:
    """How undecided witnesses are between the given class and the strongest other.

    Args:
        margins: (N,) each; far from 0, on either side, is decided.

    Returns:
        (N,) in [0, 1], the mean over the witnesses; 0.5 is usual for the set.
    """
    told = []
    for margin in margins:
        away = np.abs(np.nan_to_num(margin))
        usual = float(np.median(away)) if len(away) else 0.0
        told.append(np.exp2(-away / usual) if usual > 0 else (away == 0).astype(np.float64))
    return np.asarray(np.mean(told, axis=0))


def _with_embeddings(
    given: Ints,
    model: Callable[[Ints], Floats],
    depth: int,
    embeddings: NDArray[np.floating],
    groups: Sequence[Hashable] | None,
) -> LabelDoubts:
    near = nearest_votes(embeddings, given, depth, groups=groups)
    planted, changed = _planted(given, model, near, depth)
    votes = kernel_votes(embeddings, [given, planted], depth, groups=groups)

    own = np.empty((len(given), depth), np.float32)
    columns: list[tuple[Floats, ...]] = []
    for rows in blocks_of(len(given), depth):
        said, (own[rows], other) = model(rows), votes.values(rows)
        at, true, false = np.arange(len(rows)), given[rows], planted[rows]
        columns.append((said[at, true], said[at, false], other[at, false]))

    def alike(rows: Ints) -> NDArray[np.floating]:
        return np.log(np.clip(own[rows], _LEAST_VOTE, 1.0))

    found = search_classes([model, alike], given, depth, stray_rate=ASSUMED_FAULT_RATE)
    said_given, said_planted, alike_planted = (
        np.concatenate(c) for c in zip(*columns, strict=True)
    )
    alike_given = own[np.arange(len(given)), given].astype(np.float64)
    kept = loss_dynamics(embeddings, given, depth, groups=groups).kept
    as_planted = loss_dynamics(embeddings, planted, depth, groups=groups).kept
    features = np.stack([said_given, alike_given, kept], axis=1)
    changed_too = np.stack([said_planted, alike_planted, as_planted], axis=1)
    odds = fit_fault_odds(changed_too, changed, features)
    wrong, rate = odds.wrong(features)
    # Forgetting averages over many models: it knows a tie better than any one of them.
    ambiguity = ambiguity_of([kept])
    return _doubts(
        found, wrong, ambiguity, near=near, looks=_FromLooks(rate, alike_given, kept)
    )


def _planted(
    given: Ints, model: Callable[[Ints], Floats], near: NeighborVotes, depth: int
) -> tuple[Ints, NDArray[np.bool_]]:
    """Labels of which some are changed to what the model or the neighbors might take it for."""
    out, changed = given.copy(), np.zeros(len(given), dtype=bool)
    for number, rows in enumerate(blocks_of(len(given), depth)):
        looks = np.exp(model(rows)) + near.shares(rows)
        out[rows], changed[rows] = plant(given[rows], looks, seed=number)
    return out, changed


@dataclass(frozen=True, eq=False)
class _FromLooks:
    """What embeddings add: see `LabelDoubts`."""

    fault_rate: float
    alike: Floats
    kept: Floats


def _doubts(
    found: ClassDoubts,
    wrong: Floats,
    ambiguity: Floats,
    *,
    near: NeighborVotes | None,
    looks: _FromLooks | None = None,
) -> LabelDoubts:
    part = found.stray / np.where(found.wrong > 0, found.wrong, 1)
    usual = float(wrong.mean()) if len(wrong) else 0.0
    return LabelDoubts(
        wrong=wrong,
        stray=wrong * part,
        instead=found.instead,
        clearest=found.clearest,
        ambiguity=ambiguity,
        fault_rate=usual if looks is None else looks.fault_rate,
        alike=None if looks is None else looks.alike,
        kept=None if looks is None else looks.kept,
        near=near,
    )


def _read(read: Callable[[Ints], NDArray[np.floating]], given: Ints, depth: int) -> Floats:
    parts = [read(rows) for rows in blocks_of(len(given), depth)]
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


def _known(rows: NDArray[np.floating]) -> Floats:
    """Probabilities; a row without any number says the same of all classes."""
    clean = np.nan_to_num(np.asarray(rows, dtype=np.float64), posinf=1.0, neginf=0.0)
    return np.clip(clean, 0, 1)
