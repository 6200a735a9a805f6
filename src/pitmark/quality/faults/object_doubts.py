"""The evidence on labeled objects and empty places, put into words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pitmark.quality.faults.class_faults import (
    MIN_SCORE,
    FaultKind,
    FaultVerdict,
    alone_among,
    class_sentence,
    class_verdict,
)
from pitmark.quality.faults.object_evidence import LabelRow, ObjectEvidence, PlaceRow


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt about one label or place, by its row; `label` is the class it should have."""

    row: int
    kind: FaultKind
    score: float
    why: str
    label: str
    verdict: FaultVerdict


def label_doubts(
    labels: Sequence[LabelRow], evidence: ObjectEvidence, classes: Sequence[str]
) -> list[Doubt]:
    """The strongest doubt about each label.

    Args:
        labels: All labeled objects.
        evidence: On them.
        classes: (K,) class names.

    Returns:
        At most one per label, none below one in a hundred.
    """
    strongest: dict[int, Doubt] = {}
    doubts = [*_class_doubts(labels, evidence, classes), *_shape_doubts(labels, evidence)]
    for doubt in doubts:
        known = strongest.get(doubt.row)
        # A wrong class costs more than a sloppy outline: it is named unless far less likely.
        weight = 0.5 if doubt.kind == "sloppy_outline" else 1.0
        if known is None or weight * doubt.score > known.score:
            strongest[doubt.row] = doubt
    return list(strongest.values())


def place_doubts(
    places: Sequence[PlaceRow], evidence: ObjectEvidence, classes: Sequence[str]
) -> list[Doubt]:
    """The places that likely lack a label.

    Args:
        places: All places where the detector sees something.
        evidence: On them.
        classes: (K,) class names.

    Returns:
        At most one per place, none below one in a hundred.
    """
    doubts = []
    # A class of which hardly any place is labeled cannot be told from a false alarm.
    few = alone_among(np.array([p.position for p in _labeled(places)], dtype=np.int64), None)
    known = {p.position for p, alone in zip(_labeled(places), few, strict=True) if not alone}
    for row in np.flatnonzero(evidence.missing >= MIN_SCORE).tolist():
        place, score = places[row], float(evidence.missing[row])
        name = classes[place.position]
        why = (
            f"no label here; the model that never saw this image finds a {name}"
            f" ({place.score:.2f}), and {100 * evidence.labeled_share[row]:.0f} of 100 places"
            " with such a score are labeled"
        )
        verdict: FaultVerdict = "wrong" if score >= 0.5 else "ambiguous"
        verdict = verdict if place.position in known else "rare"
        doubts.append(Doubt(row, "missed_object", score, why, name, verdict))
    return doubts


def _labeled(places: Sequence[PlaceRow]) -> list[PlaceRow]:
    return [p for p in places if p.labeled]


def _class_doubts(
    labels: Sequence[LabelRow], evidence: ObjectEvidence, classes: Sequence[str]
) -> Iterator[Doubt]:
    judged = evidence.classes
    if judged is None:
        return
    given = np.array([labels[i].position for i in evidence.judged], dtype=np.int64)
    alone = alone_among(given, evidence.near)
    for at in np.flatnonzero(judged.wrong >= MIN_SCORE):
        row, other = int(evidence.judged[at]), int(judged.instead[at])
        yield Doubt(
            row,
            "wrong_class",
            float(judged.wrong[at]),
            class_sentence(
                (labels[row].label, classes[other]),
                evidence.near,
                int(at),
                other,
                float(labels[row].scores[other]),
            ),
            classes[other],
            class_verdict(judged, int(at), alone=bool(alone[at])),
        )


def _shape_doubts(labels: Sequence[LabelRow], evidence: ObjectEvidence) -> Iterator[Doubt]:
    """Labels that mark nothing, and outlines that are off."""
    if not labels:
        return
    few = alone_among(np.array([row.position for row in labels], dtype=np.int64), None)
    for row, label in enumerate(labels):
        unfound, sloppy = float(evidence.unfound[row]), float(evidence.sloppy[row])
        if max(unfound, sloppy) < MIN_SCORE:
            continue
        verdict: FaultVerdict = "wrong" if max(unfound, sloppy) >= 0.5 else "ambiguous"
        verdict = "rare" if few[row] else verdict
        if unfound >= sloppy:
            why = (
                f"labeled {label.label}; the model that never saw this label finds nothing"
                f" here ({label.scores.max(initial=0.0):.2f}), though it sees more at"
                f" {100 * evidence.found_share[row]:.0f} of 100 labels like it"
            )
            yield Doubt(row, "spurious_object", unfound, why, label.label, verdict)
        else:
            why = (
                f"labeled {label.label}; its outline and that of the model overlap by"
                f" {label.overlap or 0.0:.2f}, where {evidence.usual_overlap[row]:.2f}"
                " is usual for labels like it"
            )
            yield Doubt(row, "sloppy_outline", sloppy, why, label.label, verdict)
