"""What a detector that never saw the labels says about labeled objects and empty places.

The same four questions for boxes and for regions: is the class another one, is an object
without label, does a label mark nothing, is an outline off. All probabilities lie in
[0, 1]; higher means more likely a fault.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.faults.class_evidence import ClassEvidence, weigh_classes
from pitmark.quality.faults.label_neighbors import NeighborVotes, nearest_votes
from pitmark.quality.faults.object_outlines import sloppy_ratio
from pitmark.quality.faults.odds import (
    LabelOdds,
    LikeLabels,
    fit_label_odds,
    log_odds,
    unfound_ratio,
)
from pitmark.quality.faults.rate import (
    ASSUMED_FAULT_RATE,
    ASSUMED_RATE_OF_A_KIND,
    with_fitted_rate,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Outlines are what people draw worst.
_ASSUMED_SLOPPY = ASSUMED_FAULT_RATE / 2
_AS_SURE = 0.7


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One labeled object as the detector sees it; `position` is that of its class, or K.

    `scores` are the detector's per class (K,) at this place, `overlap` that of its best
    object there with the label, or None where it sees none. `peak` is its highest value
    there, where there are maps: a sloppy outline lowers the score of a label, not its peak.
    """

    key: str
    shape_index: int
    label: str
    position: int
    area_px: float
    scores: Floats
    overlap: float | None
    peak: float | None = None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place where the detector sees something: its class, score, and if it is labeled."""

    key: str
    position: int
    score: float
    labeled: bool


@dataclass(frozen=True, eq=False)
class ObjectEvidence:
    """What became of N labels and P places.

    Attributes:
        judged: (C,) rows of the labels whose class was judged.
        classes: Evidence on the class of those; None where there is nothing to tell apart.
        near: Their neighbors' votes, where there are embeddings.
        unfound: (N,) probability that the label marks nothing.
        found_share: (N,) share of labels like it at which the detector sees more.
        sloppy: (N,) probability that the outline is off.
        usual_overlap: (N,) overlap that is usual for labels like it.
        missing: (P,) probability that the place lacks a label.
        labeled_share: (P,) share of places of such a score that are labeled.
    """

    judged: Ints
    classes: ClassEvidence | None
    near: NeighborVotes | None
    unfound: Floats
    found_share: Floats
    sloppy: Floats
    usual_overlap: Floats
    missing: Floats
    labeled_share: Floats


def weigh_objects(
    labels: Sequence[LabelRow],
    places: Sequence[PlaceRow],
    placebo: Floats,
    *,
    class_count: int,
    embeddings: NDArray[np.floating] | None = None,
) -> ObjectEvidence:
    """Weighs all labels and all places of a set against each other.

    Args:
        labels: All labeled objects.
        places: All places where the detector sees something.
        placebo: (Q,) the detector's best score at places that nobody labeled, chosen
            without looking at it.
        class_count: K.
        embeddings: (N, D) of the labeled objects, of one model, or None.

    Returns:
        The evidence.
    """
    floor = _floor(labels, places)
    odds = fit_label_odds(
        log_odds(np.array([p.score for p in places]), floor),
        _ints([p.position for p in places]),
        np.array([p.labeled for p in places], dtype=bool),
        class_count + 1,
        beside=_unlabeled_beside(places, floor),
    )
    missing, share = _weigh_places(places, odds, floor)
    judged, classes, near = _weigh_label_classes(labels, floor, class_count, embeddings)
    unfound, found, empty_share = _weigh_presence(labels, placebo, floor)
    if classes is not None and embeddings is None:
        # Where the detector sees no more than at an empty place, it knows no class either.
        classes = replace(classes, wrong=classes.wrong * (1 - empty_share[judged]))
    sloppy, usual = _weigh_outlines(labels, odds, floor)
    return ObjectEvidence(judged, classes, near, unfound, found, sloppy, usual, missing, share)


def _floor(labels: Sequence[LabelRow], places: Sequence[PlaceRow]) -> float:
    """Half the lowest score that the detector gives: what "sees nothing" counts as."""
    scores = [p.score for p in places if p.score > 0]
    scores += [float(s) for row in labels for s in row.scores if s > 0]
    return float(np.clip(min(scores, default=0.02) / 2, 1e-6, 0.25))


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _weigh_places(
    places: Sequence[PlaceRow], odds: LabelOdds, floor: float
) -> tuple[Floats, Floats]:
    scores = log_odds(np.array([p.score for p in places]), floor)
    classes = _ints([p.position for p in places])
    labeled = np.array([p.labeled for p in places], dtype=bool)
    beside = _unlabeled_beside(places, floor)
    missing = np.where(labeled, 0.0, odds.missing(scores, classes, beside))
    return missing, odds.kept * odds.real(scores, classes, beside)


def _unlabeled_beside(places: Sequence[PlaceRow], floor: float) -> Floats:
    """(P,) other places of the image as sure of the same class that nobody labeled."""
    count = np.zeros(len(places))
    together: dict[tuple[str, int], list[int]] = {}
    for row, place in enumerate(places):
        together.setdefault((place.key, place.position), []).append(row)
    for rows in together.values():
        odds = log_odds(np.array([places[r].score for r in rows]), floor)
        bare = np.array([not places[r].labeled for r in rows])
        # Of two alike the detector is never equally sure.
        as_sure = odds[None, :] >= odds[:, None] - _AS_SURE
        count[rows] = (as_sure & bare[None, :]).sum(axis=1) - bare
    return count


def _weigh_label_classes(
    labels: Sequence[LabelRow],
    floor: float,
    class_count: int,
    embeddings: NDArray[np.floating] | None,
) -> tuple[Ints, ClassEvidence | None, NeighborVotes | None]:
    # Where the detector sees nothing, only embeddings can tell the class.
    judged = _ints(
        [
            i
            for i, row in enumerate(labels)
            if row.position < class_count
            and (embeddings is not None or row.scores.max(initial=0.0) > 0)
        ]
    )
    given = _ints([labels[i].position for i in judged])
    if len(set(given.tolist())) < 2:
        return judged, None, None
    experts = [log_odds(np.stack([labels[i].scores for i in judged]), floor)]
    near = None
    if embeddings is not None:
        groups: list[Hashable] = [labels[i].key for i in judged]
        near = nearest_votes(embeddings[judged], given, class_count, groups=groups)
        experts.append(near.logits())
    weighed = weigh_classes(experts, given)
    return judged, replace(weighed, wrong=_at_own_rate(weighed, given)), near


def _at_own_rate(weighed: ClassEvidence, given: Ints) -> Floats:
    """(C,) `wrong`, with the share of wrong classes that is usual among objects."""
    share = np.bincount(given, minlength=len(weighed.mislabeled_as)) / len(given)
    fitted = float(share @ (1 - np.diag(weighed.mislabeled_as)))
    if not 0 < fitted < 1:
        return weighed.wrong
    odds = weighed.wrong / np.maximum(1 - weighed.wrong, 1e-12)
    # A detector blunders at any score: beyond even odds, being surer counts by its logarithm.
    sober = np.where(odds > 1, 1 + np.log(np.maximum(odds, 1)) / 4, odds)
    return with_fitted_rate(sober * (1 - fitted) / fitted)[0]


def _like(labels: Sequence[LabelRow]) -> LikeLabels:
    areas = np.array([max(row.area_px, 1e-6) for row in labels])
    return LikeLabels(_ints([row.position for row in labels]), np.log(areas) / 2)


def _best_scores(labels: Sequence[LabelRow], floor: float) -> Floats:
    return log_odds(np.array([row.scores.max(initial=0.0) for row in labels]), floor)


def _weigh_presence(
    labels: Sequence[LabelRow], placebo: Floats, floor: float
) -> tuple[Floats, Floats, Floats]:
    if not labels:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    seen = _best_scores(labels, floor)
    share = _like(labels).share_up_to(seen)
    empty = np.sort(log_odds(placebo, floor))
    as_much = len(empty) - np.searchsorted(empty, seen, side="left")
    # No more than half of the labels that it cannot tell from nothing are held to be wrong.
    nothing = np.median(empty) if len(empty) else log_odds(np.zeros(1), floor)[0]
    unseen = (np.count_nonzero(seen <= nothing) + 1) / (len(seen) + 2)
    rate = min(ASSUMED_RATE_OF_A_KIND, unseen / 2)
    placebo_share = (as_much + 1) / (len(empty) + 2)
    unfound, _ = with_fitted_rate(unfound_ratio(share, placebo_share), assumed=rate)
    return unfound, 1 - share, placebo_share


def _weigh_outlines(
    labels: Sequence[LabelRow], odds: LabelOdds, floor: float
) -> tuple[Floats, Floats]:
    """Of labels at which the detector outlines anything."""
    sloppy, usual = np.zeros(len(labels)), np.zeros(len(labels))
    rows = [i for i, row in enumerate(labels) if row.overlap is not None]
    if not rows:
        return sloppy, usual
    judged = [labels[i] for i in rows]
    like, scores = _like(judged), [row.scores.max(initial=0.0) for row in judged]
    peaks = [s if r.peak is None else r.peak for r, s in zip(judged, scores, strict=True)]
    best = log_odds(np.array(peaks), floor)
    # What the detector hardly sees it outlines badly: it is compared with what it sees as well.
    as_sure = replace(like, sureness=best)
    overlaps = np.array([row.overlap or 0.0 for row in judged])
    off, usual[rows] = sloppy_ratio(overlaps, as_sure)
    real = np.maximum(
        odds.real(best, _ints([r.position for r in judged])),
        np.minimum(2 * like.share_up_to(best), 1),
    )
    # Where nothing is there, an overlap speaks neither for nor against the outline.
    ratio = real * off + 1 - real
    sloppy[rows], _ = with_fitted_rate(ratio, assumed=_ASSUMED_SLOPPY)
    return sloppy, usual
