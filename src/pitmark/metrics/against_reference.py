"""One labeler's decisions against the truth, in the words of the factory.

Effectiveness is the share of right decisions, a miss is a defective part called good, a
false alarm a good part called defective.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.metrics.agreement import cohen_kappa, object_alpha
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Interval, Proportion, clustered_proportion
from pitmark.metrics.ratings import NO_ANSWER, Ints, Ratings
from pitmark.metrics.record import Record


@dataclass(frozen=True)
class ReferenceFigures(Record):
    """One labeler against the reference; None where the reference has no such cases.

    `always_right` counts things that the labeler called right in every trial.
    """

    effectiveness: Proportion
    always_right: Proportion
    miss_rate: Proportion | None
    false_alarm_rate: Proportion | None
    kappa: Interval


def against_reference(
    ratings: Ratings,
    labeler: str,
    reference: Ints,
    draws: ClusterDraws,
    *,
    good: Sequence[str] = (),
) -> ReferenceFigures | None:
    """One labeler's decisions against the truth.

    For objects a miss is a true object that was not seen, and a false alarm the share of
    the labeler's objects that are none.

    Args:
        ratings: The table.
        labeler: Whose decisions.
        reference: (N,) true class, -1 where it is not known.
        draws: Over the images.
        good: Classes without a defect; for objects "not seen" stands for them.

    Returns:
        The figures; None where the labeler answered nothing that has a reference.
    """
    codes = ratings.columns(labeler)
    answered = (codes != NO_ANSWER) & (reference != NO_ANSWER)[:, None]
    rows = np.repeat(np.arange(len(codes)), codes.shape[1]).reshape(codes.shape)[answered]
    said, true, images = codes[answered], reference[rows], ratings.clusters[rows]
    if ratings.unseen is not None:
        there = (said != ratings.unseen) | (true != ratings.unseen)
        rows, said, true, images = rows[there], said[there], true[there], images[there]
    if not said.size:
        return None
    right = said == true
    wrong_rows = np.bincount(rows[~right], minlength=len(codes)) > 0
    judged = np.unique(rows)
    return ReferenceFigures(
        effectiveness=clustered_proportion(right, images),
        always_right=clustered_proportion(~wrong_rows[judged], ratings.clusters[judged]),
        **_errors(ratings, said, true, images, good),
        kappa=_reference_kappa(ratings, said, true, images, draws),
    )


def _reference_kappa(
    ratings: Ratings, said: Ints, true: Ints, images: Ints, draws: ClusterDraws
) -> Interval:
    if ratings.unseen is None:
        return cohen_kappa(
            said[:, None], true[:, None], len(ratings.classes), clusters=images, draws=draws
        )
    codes = np.stack([said, true], axis=1)
    both = Ratings(codes, ratings.classes, ("said", "true"), images, ratings.unseen)
    return object_alpha(both, draws)


def _errors(
    ratings: Ratings, said: Ints, true: Ints, images: Ints, good: Sequence[str]
) -> dict[str, Proportion | None]:
    if ratings.unseen is not None:
        there, marked = true != ratings.unseen, said != ratings.unseen
        return {
            "miss_rate": _share(~marked[there], images[there]),
            "false_alarm_rate": _share(~there[marked], images[marked]),
        }
    fine = np.array([c in good for c in ratings.classes])
    if not fine.any() or fine.all():
        return {"miss_rate": None, "false_alarm_rate": None}
    bad = ~fine[true]
    return {
        "miss_rate": _share(fine[said[bad]], images[bad]),
        "false_alarm_rate": _share(~fine[said[~bad]], images[~bad]),
    }


def _share(hits: NDArray[np.bool_], images: Ints) -> Proportion | None:
    return clustered_proportion(hits, images) if hits.size else None
