"""One set of boxes from those of several labelers: matched, weighted, with a quorum.

A confidence lies in [0, 1]; higher means more certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import iou_matrix
from pitmark.quality.agreement.dawid_skene import DawidSkene, dawid_skene
from pitmark.quality.agreement.object_units import (
    Drawn,
    Floats,
    Ints,
    match_objects,
    unit_boxes,
    unit_codes,
)
from pitmark.quality.agreement.votes import Votes

# A bias known from so many boxes is taken off by half.
_HALF_KNOWN = 10.0
# The spread of an edge is taken to be at least this, in pixels.
_LEAST_SPREAD_PX = 0.5


@dataclass(frozen=True, slots=True)
class MergedBox:
    """One object: where it is, of which class, and how many saw it.

    `confidence` is the probability that there is such an object of this class; `overlap`
    the mean IoU of the labelers' boxes with the merged one. `kept` says whether the quorum
    was reached.
    """

    box_xyxy: tuple[float, float, float, float]
    label: int
    seen_by: int
    asked: int
    confidence: float
    overlap: float
    kept: bool


@dataclass(frozen=True, slots=True)
class BoxConsensus:
    """Merged boxes per image, and what was learned about the labelers.

    `bias_px` is (R, 4): by how much the edges of each labeler were moved back;
    `spread_px` (R,) how much their edges scatter. `skill` is None where nothing was marked.
    """

    merged: tuple[tuple[MergedBox, ...], ...]
    bias_px: Floats
    spread_px: Floats
    skill: DawidSkene | None


def merge_boxes(
    images: Sequence[Sequence[Drawn | None]],
    class_count: int,
    *,
    labelers: Sequence[int],
    least_iou: float = 0.25,
    quorum: float = 0.5,
) -> BoxConsensus:
    """What several labelers together hold to be on each image.

    Boxes around the same object are matched and averaged, each labeler counting the more
    the less their edges scatter, after the systematic offset of the labeler (against the
    others) has been taken off as far as it is known. Class and confidence come from Dawid
    and Skene's model with "not seen" as one of the answers.

    Args:
        images: For each image the boxes per column; None for no answer.
        class_count: Number of classes K.
        labelers: (R,) number of the labeler of each column; equal numbers are repeated
            trials.
        least_iou: Overlap from which two boxes may be around the same object.
        quorum: An object is kept when more than this share of the labelers who looked at
            the image saw it; in [0, 1).

    Returns:
        The merged boxes, image by image, most certain first.

    Raises:
        InvalidInputError: A quorum outside [0, 1).

    Source:
        The averaging is that of weighted boxes fusion (Solovyev, Wang and Gabruseva, 2021),
        with labelers in the place of models and inverse variances as weights.
    """
    if not 0 <= quorum < 1:
        raise InvalidInputError(f"the quorum must lie in [0, 1), found {quorum}")
    who = np.asarray(labelers, dtype=np.intp)
    units = [match_objects(drawn, least_iou=least_iou) for drawn in images]
    boxes = [unit_boxes(u, d) for u, d in zip(units, images, strict=True)]
    codes = [unit_codes(u, d, unseen=class_count) for u, d in zip(units, images, strict=True)]
    every = np.concatenate([*boxes, np.zeros((0, who.size, 4))])
    bias, spread = edge_errors(every, who)
    table = np.concatenate([*codes, np.zeros((0, who.size), dtype=np.intp)])
    if not len(table):
        nothing: tuple[tuple[MergedBox, ...], ...] = tuple(() for _ in images)
        return BoxConsensus(nothing, bias, spread, None)
    skill = dawid_skene(Votes.of(table, class_count + 1, labelers=who))
    chances = np.split(skill.consensus.probabilities, np.cumsum([len(c) for c in codes])[:-1])
    merged = []
    for placed, called, chance in zip(boxes, codes, chances, strict=True):
        found = [
            _merged(placed[n], called[n], chance[n], (bias, spread, who), quorum)
            for n in range(len(called))
        ]
        merged.append(tuple(sorted(found, key=lambda m: -m.confidence)))
    return BoxConsensus(tuple(merged), bias, spread, skill)


def edge_errors(boxes_ucx: Floats, labelers: Ints) -> tuple[Floats, Floats]:
    """How each labeler's edges lie against the mean of all, and how they scatter.

    Args:
        boxes_ucx: (U, C, 4) boxes of the same objects per column, NaN for none.
        labelers: (C,) number of the labeler of each column.

    Returns:
        (R, 4) mean offsets, shrunk towards 0 where few boxes show them, and (R,) spreads,
        both in pixels; the spread of a labeler whom nobody can be compared with is that of
        all together.
    """
    count = int(labelers.max(initial=-1)) + 1
    bias, spread = np.zeros((count, 4)), np.full(count, np.nan)
    residuals = [np.zeros((0, 4))]
    for number in range(count):
        pairs = paired_boxes(boxes_ucx, labelers, number)
        size = len(pairs.mine)
        if size:
            offsets = (pairs.mine - pairs.others) * pairs.share_of_others[:, None]
            mean = offsets.mean(axis=0)
            bias[number] = mean * size / (size + _HALF_KNOWN)
            residuals.append(offsets - mean)
            spread[number] = np.sqrt((residuals[-1] ** 2).mean() + _LEAST_SPREAD_PX**2)
    every = np.concatenate(residuals)
    common = np.sqrt((every**2).mean() + _LEAST_SPREAD_PX**2) if len(every) else 1.0
    return bias, np.where(np.isfinite(spread), spread, common)


@dataclass(frozen=True, slots=True)
class PairedBoxes:
    """Boxes of one labeler with the mean of the others' around the same objects.

    `mine` and `others` are (M, 4), `units` (M,) the object of each, `share_of_others`
    (M,) how many of the boxes around it are not by this labeler.
    """

    mine: Floats
    others: Floats
    units: Ints
    share_of_others: Floats


def paired_boxes(boxes_ucx: Floats, labelers: Ints, labeler: int) -> PairedBoxes:
    """The boxes of one labeler against those of the others.

    Args:
        boxes_ucx: (U, C, 4) boxes of the same objects per column, NaN for none.
        labelers: (C,) number of the labeler of each column.
        labeler: Whose boxes.

    Returns:
        The pairs; objects that only this labeler marked are left out.
    """
    drawn = np.isfinite(boxes_ucx[:, :, 0])
    others = labelers != labeler
    seen = drawn & others
    total = np.where(seen[:, :, None], np.nan_to_num(boxes_ucx), 0.0).sum(axis=1)
    mean = total / np.maximum(seen.sum(axis=1), 1)[:, None]
    share = seen.sum(axis=1) / np.maximum(drawn.sum(axis=1), 1)
    rows, columns = np.nonzero(drawn & ~others & seen.any(axis=1)[:, None])
    return PairedBoxes(boxes_ucx[rows, columns], mean[rows], rows.astype(np.intp), share[rows])


def _merged(
    placed: Floats,
    called: Ints,
    chance: Floats,
    learned: tuple[Floats, Floats, Ints],
    quorum: float,
) -> MergedBox:
    bias, spread, who = learned
    seen = np.isfinite(placed[:, 0])
    numbers = who[seen]
    weight = 1 / spread[numbers] ** 2
    moved = placed[seen] - bias[numbers]
    box = weight @ moved / weight.sum()
    if not (box[2] > box[0] and box[3] > box[1]):
        # Offsets larger than the object itself say nothing about this one.
        box = placed[seen].mean(axis=0)
    label = int(np.argmax(chance[:-1]))
    looked = np.unique(who[called >= 0])
    by = np.unique(numbers)
    x1, y1, x2, y2 = box.tolist()
    return MergedBox(
        box_xyxy=(x1, y1, x2, y2),
        label=label,
        seen_by=len(by),
        asked=len(looked),
        confidence=float(chance[label]),
        overlap=float(iou_matrix(placed[seen], box[None]).mean()),
        kept=len(by) > quorum * len(looked),
    )
