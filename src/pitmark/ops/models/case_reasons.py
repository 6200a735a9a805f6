"""Why an image is among those that a run got wrong, in words."""

from __future__ import annotations

from collections.abc import Sequence

from pitmark.core.geometry import iou_matrix
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.matching import ImageMatch

NG, OK = "NG", "OK"
NOT_FOUND, NOTHING_THERE = "not found", "nothing there"
# Less in common than this is another place, not a bad outline.
_SAME_PLACE_IOU = 0.1

Pair = tuple[str, str]


def reasons_of(pairs: Sequence[Pair], beside: Sequence[Pair] = ()) -> str:
    """What a run got wrong on an image.

    Args:
        pairs: Truth and what was said, NG or OK first.
        beside: Class and words on each outline that lies beside what it is meant for.

    Returns:
        One phrase such as "verdict right; dent not found"; empty where all is right.
    """
    (truth, said), *classes = pairs
    outlined = {name for name, _ in beside}
    told = [words for _, words in beside]
    for name, called in classes:
        if name == called or (called == NOT_FOUND and name in outlined):
            continue
        if name == NOTHING_THERE and called in outlined:
            continue
        told.append(_mistake(name, called))
    if truth != said:
        told = ["defective, but passed" if truth == NG else "good, but rejected", *told]
    elif told:
        told = ["verdict right", *told]
    return "; ".join(dict.fromkeys(told))


def outlines_beside(
    found: PredictedBoxes, there: TrueBoxes, match: ImageMatch, names: Sequence[str]
) -> list[Pair]:
    """Boxes that touch what they are meant for and still do not count as found.

    Args:
        found: Boxes of the run.
        there: Boxes of the labels.
        match: Of the two.
        names: Of the classes.

    Returns:
        Class, and words that say how much the two boxes have in common.
    """
    out = []
    for true in match.missed:
        same = [n for n in match.spurious if found.classes[n] == there.classes[true]]
        if not same:
            continue
        ious = iou_matrix(there.boxes_xyxy[[true]], found.boxes_xyxy[same])[0]
        if ious.max() >= _SAME_PLACE_IOU:
            name = names[there.classes[true]]
            share = round(100 * float(ious.max()))
            out.append((name, f"outline of {name} has {share} % in common with the label"))
    return out


def _mistake(truth: str, said: str) -> str:
    if said == NOT_FOUND:
        return f"{truth} not found"
    if truth == NOTHING_THERE:
        return f"{said} called where none is labeled"
    return f"{truth} taken for {said}"
