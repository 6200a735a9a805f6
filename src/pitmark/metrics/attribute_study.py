"""Attribute agreement analysis: repeatability, reproducibility, and against the reference.

One table of ratings gives everything: every labeler with themselves, with the others and
with the reference, every two of them, and every class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.against_reference import ReferenceFigures, against_reference
from pitmark.metrics.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    left_out_effect,
    object_alpha,
    positive_agreement,
)
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Interval, Proportion, clustered_proportion
from pitmark.metrics.ratings import NO_ANSWER, Ints, Ratings
from pitmark.metrics.record import Record


@dataclass(frozen=True)
class LabelerFigures(Record):
    """One labeler: with themselves, with the others, against the reference.

    `repeated` counts things called the same in all trials; it and its kappa are None
    without repeated trials. `left_out` is what agreement between the others gains when
    this labeler is left out.
    """

    labeler: str
    answers: int
    repeated: Proportion | None
    repeat_kappa: Interval | None
    with_others: Interval
    left_out: Interval
    against_reference: ReferenceFigures | None


@dataclass(frozen=True)
class PairFigures(Record):
    """Two labelers on what both of them answered."""

    first: str
    second: str
    things: int
    same: Proportion
    kappa: Interval


@dataclass(frozen=True)
class ClassFigures(Record):
    """One class: how often it was called, and how often another labeler calls it too.

    `alpha` is this class against all others; it is None for objects, for which it is the
    same figure as `positive_agreement`.
    """

    name: str
    called: int
    alpha: Interval | None
    positive_agreement: Interval


@dataclass(frozen=True)
class AgreementFigures(Record):
    """All figures on one kind of judgement, such as the classes of images.

    `alpha` is the headline: Krippendorff's alpha, for objects its limit (see
    `object_alpha`); `unit_alpha` is then alpha over the matched objects alone, in which
    nobody can agree upon an object that is not there. `all_same` counts things on which
    all answers, repeated trials included, are the same.
    """

    kind: str
    things: int
    classes: tuple[str, ...]
    alpha: Interval
    unit_alpha: Interval | None
    fleiss_kappa: Interval
    all_same: Proportion
    per_labeler: tuple[LabelerFigures, ...]
    pairs: tuple[PairFigures, ...]
    per_class: tuple[ClassFigures, ...]


def measure(
    kind: str,
    ratings: Ratings,
    draws: ClusterDraws,
    *,
    reference: Ints | None = None,
    good: Sequence[str] = (),
) -> AgreementFigures:
    """Everything that can be told about a table of ratings.

    Args:
        kind: What is judged, such as "classes".
        ratings: At least two labelers, or one with repeated trials.
        draws: Over the images.
        reference: (N,) true class of each row, -1 where it is not known.
        good: Classes of parts without a defect.

    Returns:
        The figures.

    Raises:
        InvalidInputError: Another number of references than of rows.
    """
    if reference is not None and reference.shape != (len(ratings.codes),):
        raise InvalidInputError(
            f"{len(ratings.codes)} things were judged, {reference.shape[0]} have a reference"
        )
    of_objects = ratings.unseen is not None
    nothing = Interval(None, None, None)
    between = object_alpha if of_objects else krippendorff_alpha
    seen = ratings.only(ratings.names)
    several = len(ratings.names) > 1
    return AgreementFigures(
        kind=kind,
        things=len(seen.codes),
        classes=tuple(c for k, c in enumerate(ratings.classes) if k != ratings.unseen),
        alpha=between(seen, draws) if several else nothing,
        unit_alpha=krippendorff_alpha(seen, draws) if several and of_objects else None,
        fleiss_kappa=fleiss_kappa(seen, draws),
        all_same=_all_same(seen),
        per_labeler=tuple(
            _labeler(ratings, name, draws, reference=reference, good=good)
            for name in ratings.names
        ),
        pairs=tuple(
            _pair(ratings, one, other, draws) for one, other in combinations(ratings.names, 2)
        ),
        per_class=_classes(seen, draws) if several else (),
    )


def _labeler(
    ratings: Ratings,
    name: str,
    draws: ClusterDraws,
    *,
    reference: Ints | None,
    good: Sequence[str],
) -> LabelerFigures:
    mine = ratings.only([name])
    repeated, kappa = _repeatability(mine, draws)
    judged = None
    if reference is not None:
        judged = against_reference(ratings, name, reference, draws, good=good)
    return LabelerFigures(
        labeler=name,
        answers=int((mine.codes != NO_ANSWER).sum()),
        repeated=repeated,
        repeat_kappa=kappa,
        with_others=_with_others(ratings, name, draws),
        left_out=left_out_effect(ratings, name, draws),
        against_reference=judged,
    )


def _repeatability(
    mine: Ratings, draws: ClusterDraws
) -> tuple[Proportion | None, Interval | None]:
    """Trials of one labeler, each taken for a labeler of its own."""
    twice = (mine.codes != NO_ANSWER).sum(axis=1) > 1
    if not twice.any():
        return None, None
    trials = Ratings(
        mine.codes[twice],
        mine.classes,
        tuple(f"trial {n}" for n in range(mine.codes.shape[1])),
        mine.clusters[twice],
        mine.unseen,
    )
    between = object_alpha if mine.unseen is not None else krippendorff_alpha
    return _all_same(trials), between(trials, draws)


def _with_others(ratings: Ratings, name: str, draws: ClusterDraws) -> Interval:
    """Alpha of one labeler with all others, who are not compared with each other."""
    if len(ratings.names) < 2:
        return Interval(None, None, None)
    both = Ratings(
        ratings.codes,
        ratings.classes,
        tuple("this" if n == name else "others" for n in ratings.labelers),
        ratings.clusters,
        ratings.unseen,
    )
    if ratings.unseen is not None:
        return object_alpha(both, draws)
    return krippendorff_alpha(both, draws)


def _pair(ratings: Ratings, one: str, other: str, draws: ClusterDraws) -> PairFigures:
    table = ratings.only([one, other])
    first, second = table.columns(one), table.columns(other)
    trials = min(first.shape[1], second.shape[1])
    first, second = first[:, :trials], second[:, :trials]
    both = ((first != NO_ANSWER) & (second != NO_ANSWER)).any(axis=1)
    table = Ratings(
        table.codes[both], table.classes, table.labelers, table.clusters[both], table.unseen
    )
    if table.unseen is not None:
        kappa = object_alpha(table, draws)
    else:
        kappa = cohen_kappa(
            first[both],
            second[both],
            len(table.classes),
            clusters=table.clusters,
            draws=draws,
        )
    return PairFigures(one, other, int(both.sum()), _all_same(table), kappa)


def _all_same(ratings: Ratings) -> Proportion:
    codes = ratings.codes
    known = codes != NO_ANSWER
    rows = known.sum(axis=1) > 1
    highest = np.where(known, codes, -2).max(axis=1, initial=-2)
    lowest = np.where(known, codes, len(ratings.classes)).min(
        axis=1, initial=len(ratings.classes)
    )
    return clustered_proportion((highest == lowest)[rows], ratings.clusters[rows])


def _classes(ratings: Ratings, draws: ClusterDraws) -> tuple[ClassFigures, ...]:
    return tuple(
        ClassFigures(
            name=name,
            called=int((ratings.codes == k).sum()),
            alpha=(
                krippendorff_alpha(ratings.against_rest(k), draws)
                if ratings.unseen is None
                else None
            ),
            positive_agreement=positive_agreement(ratings, k, draws),
        )
        for k, name in enumerate(ratings.classes)
        if k != ratings.unseen
    )
